"""A prognosis in the chart: one prediction for each horizon, where the child stands, and the same
ledger, identifiers and looks before anything is sent again.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from fhir.resources.R4B.riskassessment import RiskAssessment
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.assessment import AuditAction
from decision.clinical.codes import LOCAL
from decision.clinical.record import Gap, GapReason, Origin, Part, Source
from decision.clinical.spec import Presence, Severity
from decision.clinical.writing import Delivery
from fhir.errors import NotWritableError
from fhir.write.checks import check, check_percentages
from fhir.write.document import document_reference
from fhir.write.launched import assessment_key
from fhir.write.prognosis import after
from fhir.write.recorder import ChartRecorder
from fhir.write.risk_assessment import risk_assessment, used
from tests.builders import AS_OF
from tests.prognosis_cards import (
    AGE_RULE,
    CLASSIFICATION,
    INFECTION_RULE,
    RISKS,
    SITUATION,
    ProgressionPredictor,
    found,
    make_caution,
    make_prognosis,
    progression_spec,
)
from tests.writing import DOCUMENT, KINDS, Case, Chart, Desk, Json, case, foretold, launched

SUBJECT = "Patient/p1"
_CODE = "test_progression.outcome-within."


@pytest.fixture
def desk(tmp_path, loop) -> Desk:
    return Desk(tmp_path, loop)


def assessment(shown: Case | None = None, **changes: object) -> Json:
    shown = shown or foretold(**changes)  # type: ignore[arg-type]
    return risk_assessment(shown.record, shown.card, launched())


def note(**changes: object) -> str:
    return assessment(**changes)["note"][0]["text"]


def write(recorder: ChartRecorder, shown: Case, decided) -> object:
    return recorder.write(shown.record, shown.card, decided, DOCUMENT)


def standing(**changes: object) -> object:
    """A specification whose patients stand somewhere else."""
    classification = dataclasses.replace(CLASSIFICATION, **changes)  # type: ignore[arg-type]
    situation = dataclasses.replace(SITUATION, classification=classification)
    return progression_spec(situation=situation)


# The resource


def test_it_passes_every_check_it_is_sent_through_and_is_r4():
    shown = foretold()
    made = assessment(shown)
    check(made, SUBJECT)
    check_percentages(made, shown.card)
    read = RiskAssessment.model_validate(made)
    assert [p.probabilityDecimal for p in read.prediction] == [Decimal(n) for n in (8, 17, 41)]


def test_there_is_one_prediction_for_each_horizon_with_outcome_percentage_and_period():
    made = assessment()["prediction"]
    assert [p["outcome"]["text"] for p in made] == [
        "clinical diabetes within 1 year",
        "clinical diabetes within 2 years",
        "clinical diabetes within 5 years",
    ]
    assert [p["outcome"]["coding"] for p in made] == [
        [{"system": LOCAL, "code": _CODE + name}] for name in ("1y", "2y", "5y")
    ]
    assert [p["probabilityDecimal"] for p in made] == [8, 17, 41]
    assert {p["whenPeriod"]["start"] for p in made} == {"2026-11-02T09:00:00+00:00"}
    assert [p["whenPeriod"]["end"][:10] for p in made] == ["2027-11-02", "2028-11-02", "2031-11-02"]


def test_each_number_is_beside_its_range_its_people_its_class_and_that_it_is_simulated():
    """One prediction may be copied without the others and without the note."""
    *_, last = assessment()["prediction"]
    assert last["rationale"].startswith(
        "41 of 100 simulated children with the same antibodies and stage develop it within 5 "
        "years; likely range 31 to 51 of 100 (90 %). Stage 1. SIMULATED model"
    )
    assert "Research use, not a cleared device" in last["rationale"]


def test_only_the_last_horizon_has_a_band_and_it_says_whose_word_that_is():
    *others, last = assessment()["prediction"]
    assert all("qualitativeRisk" not in p for p in others)
    assert last["qualitativeRisk"] == {
        "coding": [
            {
                "system": LOCAL,
                "code": "test_progression.band.intermediate",
                "display": "intermediate",
            }
        ],
        "text": "Intermediate. Bands are words of this project; no published source.",
    }


def test_a_band_of_several_words_has_a_code_without_spaces():
    shown = foretold()
    card = dataclasses.replace(shown.card, band="very high")
    made = risk_assessment(shown.record, card, launched())
    check(made, SUBJECT)
    coding = made["prediction"][-1]["qualitativeRisk"]["coding"][0]
    assert (coding["code"], coding["display"]) == ("test_progression.band.very-high", "very high")


def test_the_note_says_where_the_child_stands_by_which_rules_and_whose_the_bands_are():
    words = note()
    assert "Stage 1: Two confirmed antibodies, glucose in the usual range. Rules:" in words
    assert "Rules: Thresholds of test guidance 2024, United States." in words
    assert "Missing for that: Fasting glucose." in words
    assert "Band of the risk within 5 years: intermediate. Bands are words of this" in words
    assert "Missing: Genetic risk score." in words


def test_published_scores_stay_on_the_page():
    """Beside our number they would pass for ours, and they hold for other people."""
    assert "44 of 100" not in str(assessment())


def test_a_class_that_is_not_settled_says_so_wherever_it_stands():
    spec = standing(label="Stage 2", detail="One raised glucose on 2026-10-28.", settled=False)
    made = assessment(spec=spec)
    assert "Stage 2 (not settled): One raised glucose on 28 Oct 2026." in made["note"][0]["text"]
    assert all("Stage 2 (not settled)." in p["rationale"] for p in made["prediction"])


def test_rules_that_nobody_named_leave_nothing_empty_behind():
    shown = foretold(spec=standing(rules="", missing=(), detail=""))
    made = assessment(shown)
    check(made, SUBJECT)
    assert "Rules:" not in made["note"][0]["text"]


def test_after_the_class_the_note_says_what_speaks_against_the_treatment_and_what_is_open():
    present, unknown = found(AGE_RULE, Presence.PRESENT), found(INFECTION_RULE, Presence.NOT_FOUND)
    words = note(spec=progression_spec(unknown, present))
    assert words.startswith("Stage 1: ")
    assert (
        "STOP for a delaying drug: Youngest age of the label: Recorded on 30 Oct 2026. "
        "Before a delaying drug, not found in the record, which does not mean absent: "
        "Active serious infection."
    ) in words


def test_a_caution_speaks_of_a_treatment_and_stands_beside_no_risk_without_one():
    spec = progression_spec(found(AGE_RULE, Presence.PRESENT))
    assert all("STOP" not in p["rationale"] for p in assessment(spec=spec)["prediction"])


def test_a_decision_without_any_treatment_is_written_too():
    rule = dataclasses.replace(AGE_RULE, severity={}, message={})
    nothing = dataclasses.replace(found(AGE_RULE, Presence.PRESENT), rule=rule, severity={})
    shown = foretold(spec=progression_spec(nothing, treatments=()))
    made = assessment(shown)
    check(made, SUBJECT)
    assert made["note"][0]["text"].startswith("Stage 1")


def test_what_was_entered_and_what_could_not_be_read_are_named():
    gap = Gap(
        part=Part.OBSERVATIONS, reason=GapReason.FAILED, label="Results", detail="d", remedy="r"
    )
    shown = foretold(gaps=(gap,))
    own = Source(reference="entered/age-local", origin=Origin.CLINICIAN)
    findings = tuple(
        (i, dataclasses.replace(f, evidence=_entered(f.evidence, own)) if i == "age" else f)
        for i, f in shown.card.features.findings
    )
    features = dataclasses.replace(shown.card.features, findings=findings)
    card = dataclasses.replace(shown.card, features=features)
    words = risk_assessment(shown.record, card, launched())["note"][0]["text"]
    assert "Entered by clinician: Age." in words
    assert f"Not to be had from the record: Results ({gap.reason.value})." in words


def _entered(evidence, source: Source):
    return dataclasses.replace(evidence, sources=(source,), origin=Origin.CLINICIAN)


def test_the_basis_is_what_the_values_and_cautions_rest_on():
    shown = foretold(spec=progression_spec(found(AGE_RULE, Presence.PRESENT)))
    assert used(shown.card, launched()) == ("Observation/1", "Condition/c1")
    assert assessment(shown)["basis"] == [
        {"reference": "Observation/1"},
        {"reference": "Condition/c1"},
    ]


def test_a_simulated_model_says_so_in_words_and_codes_and_one_of_patients_does_not():
    made = assessment()
    assert made["meta"]["tag"] == made["method"]["coding"]
    assert made["method"]["coding"][0]["code"] == "simulated-model"
    real = assessment(predictor=ProgressionPredictor(simulated=False))
    check(real, SUBJECT)
    assert "simulated" not in str(real).lower()
    assert "41 of 100 children with" in real["prediction"][-1]["rationale"]


def test_identifiers_tell_decisions_and_inputs_apart():
    card = foretold().card
    other = dataclasses.replace(card, input_hash="1" * 64)
    keys = {assessment_key(c, launched()) for c in (card, other, case().card)}
    assert len(keys) == 3
    shown_again = dataclasses.replace(card, audit_id="x")
    assert assessment_key(shown_again, launched()) == assessment_key(card, launched())


def test_a_document_names_the_decision_and_what_was_chosen():
    shown = foretold(spec=progression_spec(found(AGE_RULE, Presence.PRESENT)))
    for chosen, words in (
        ("delaying", "Chosen: delaying drug, against STOP. "),
        ("repeat-test", "Chosen: Repeat the glucose test. "),
        ("later", "Chosen: Decide later. "),
    ):
        made = document_reference(shown.card, shown.decide(chosen), DOCUMENT, launched(), AS_OF)
        check(made, SUBJECT)
        expected = f"{words}Decision support, Progression in tests (simulated model)."
        assert made["description"] == expected


# The numbers


SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=6).map(sorted)


@given(SHARES)
def test_every_risk_is_written_as_the_percentage_it_is_and_none_goes_down(risks):
    """R4 counts in percent, `fhir.resources` takes any number, and a later horizon whose number is
    lower would be read as a fault of the model.
    """
    years = tuple(float(n) for n in range(1, len(risks) + 1))
    answer = make_prognosis(risks, years=years)
    shown = _SHOWN
    card = dataclasses.replace(shown.card, answer=answer)
    made = risk_assessment(shown.record, card, launched())
    check_percentages(made, card)
    written = [p["probabilityDecimal"] for p in made["prediction"]]
    assert all(abs(w - 100 * p) <= 0.5 + 1e-9 for w, p in zip(written, risks, strict=True))
    assert all(0 < w < 100 for w in written)
    assert all(a <= b for a, b in pairwise(written))


_SHOWN = foretold()


@pytest.mark.parametrize("fault", ["shares", "swapped", "one", "none", "code"])
def test_numbers_that_were_not_shown_do_not_leave(fault):
    made = assessment(_SHOWN)
    first, second, last = made["prediction"]
    if fault == "shares":
        for prediction in made["prediction"]:
            prediction["probabilityDecimal"] /= 100
    elif fault == "swapped":
        a, b = first["probabilityDecimal"], last["probabilityDecimal"]
        first["probabilityDecimal"], last["probabilityDecimal"] = b, a
    elif fault == "one":
        made["prediction"] = [last]
    elif fault == "none":
        del second["probabilityDecimal"]
    else:
        last["outcome"]["coding"][0]["code"] = f"{_CODE}10y"
    with pytest.raises(NotWritableError, match="not what was shown"):
        check_percentages(made, _SHOWN.card)


@pytest.mark.parametrize(
    ("start", "years", "end"),
    [
        ("2026-11-02", 5, "2031-11-02"),
        ("2028-02-29", 1, "2029-02-28"),
        ("2028-02-29", 4, "2032-02-29"),
        ("2026-08-31", 0.5, "2027-02-28"),
        ("2026-12-15", 1 / 12, "2027-01-15"),
    ],
)
def test_a_horizon_ends_on_the_same_day_of_a_later_month(start, years, end):
    ended = after(datetime.fromisoformat(f"{start}T09:30:00+01:00"), years)
    assert ended.isoformat() == f"{end}T09:30:00+01:00"


@given(
    st.datetimes(max_value=datetime(2900, 1, 1), timezones=st.just(UTC)),
    st.lists(st.integers(0, 40), min_size=2, max_size=4).map(sorted),
)
def test_later_horizons_never_end_earlier(start, years):
    ends = [after(start, n) for n in years]
    assert all(a <= b for a, b in pairwise(ends))
    assert ends[0] >= start


# Through the recorder


def test_written_twice_it_is_there_once(desk):
    chart, shown = Chart(), foretold(desk.audit)
    decided = shown.decide("repeat-test")
    for _ in range(2):
        receipt = write(desk.recorder(chart), shown, decided)
        assert receipt.delivery is Delivery.SENT
        desk.start()
    assert [r["resourceType"] for r in chart.stored] == list(KINDS)
    assert chart.posts == 3
    (kept,), (document,) = chart.of("RiskAssessment"), chart.of("DocumentReference")
    assert [p["probabilityDecimal"] for p in kept["prediction"]] == [8, 17, 41]
    assert document["context"]["related"][0]["reference"] == receipt.resources[0]
    assert receipt.detail.startswith("Written to the chart: the risk assessment, the document")


def test_deciding_anew_leaves_the_assessment_and_replaces_the_document(desk):
    chart, shown = Chart(), foretold(desk.audit)
    for chosen in ("monitor", "delaying"):
        write(desk.recorder(chart), shown, shown.decide(chosen, AuditAction.DECIDED))
    assert len(chart.of("RiskAssessment")) == 1
    assert len(chart.of("DocumentReference")) == 2
    assert "relatesTo" in chart.of("DocumentReference")[1]


@pytest.mark.parametrize("fault", [403, 422, 500, "lost", "cut", "late"])
def test_whatever_a_server_does_nothing_is_lost_and_nothing_is_there_twice(desk, fault):
    chart, shown = Chart(faults=[fault]), foretold(desk.audit)
    decided = shown.decide("monitor")
    write(desk.recorder(chart), shown, decided)
    desk.start()
    desk.clock.forward(hours=1)
    recorder = desk.recorder(chart)
    if recorder.outstanding():
        assert recorder.retry(decided.audit_id).delivery is Delivery.SENT
    assert recorder.standing(decided.audit_id).delivery is Delivery.SENT
    assert sorted(r["resourceType"] for r in chart.stored) == sorted(KINDS)


def test_the_offer_names_the_horizons_and_no_pair_of_estimates(desk):
    card, recorder = foretold(desk.audit).card, desk.recorder(Chart())
    document, assessment_line, _ = recorder.offers("Monitor as due", card)
    assert document == "Document: your decision (Monitor as due) with what this page showed."
    assert assessment_line == (
        "Risk assessment: the risks at 1, 2 and 5 years with ranges (simulated)."
    )
    assert "both" not in " ".join(recorder.offers("", card))


@pytest.mark.parametrize(
    ("years", "words"),
    [
        ((5.0,), "the risk at 5 years with"),
        ((1.0,), "the risk at 1 year with"),
        ((0.5, 1.0), "the risks at 0.5 and 1 years with"),
    ],
)
def test_the_offer_counts_the_horizons(desk, years, words):
    answer = make_prognosis(RISKS[-len(years) :], years=years)
    card = dataclasses.replace(_SHOWN.card, answer=answer)
    assert any(words in line for line in desk.recorder(Chart()).offers("", card))


def test_what_stands_in_the_way_says_nothing_of_a_pair_of_estimates(desk):
    recorder = desk.recorder(Chart(kinds=()))
    whys = [recorder._sender.obstacle(kind) for kind in KINDS]
    assert all(why.endswith("does not take that.") for why in whys)
    assert "both" not in " ".join(whys)


def test_a_caution_against_another_treatment_is_not_held_against_what_was_chosen():
    rule = make_caution("C", "Something", Severity.AVOID)
    shown = foretold(spec=progression_spec(found(rule, Presence.PRESENT)))
    made = document_reference(shown.card, shown.decide("monitor"), DOCUMENT, launched(), AS_OF)
    assert "against" not in made["description"]
