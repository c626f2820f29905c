"""Part of the record could not be read: absence there is unknown, presence stands."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decision.assess import assess
from decision.clinical.assessment import Abstention, AbstentionReason, Assessment, ComparisonCard
from decision.clinical.codes import Codelist
from decision.clinical.features import Finding, Found, Missing, MissingReason
from decision.clinical.gaps import UncheckedCaution, UnreadCriterion
from decision.clinical.record import (
    Condition,
    Gap,
    GapReason,
    MedicationExposure,
    Observation,
    Part,
    PatientRecord,
)
from decision.clinical.spec import CautionFinding, CriterionResult, Eligibility, Presence
from decision.rules import derive_features
from tests.builders import CONTEXT, FakePredictor, ListAuditLog
from tests.clinical_records import (
    AS_OF,
    SPEC,
    activity,
    code_of,
    condition,
    eligible,
    medication,
    observation,
    record,
)


def gap(
    part: Part,
    *concepts: str,
    reason: GapReason = GapReason.FAILED,
    label: str = "",
) -> Gap:
    """A search of these concepts that failed; of the whole part when none is named."""
    return Gap(
        part=part,
        reason=reason,
        label=label or part.value,
        detail="The server answered 500.",
        remedy="Open the page again in a minute.",
        codes=tuple(code_of(concept) for concept in concepts),
    )


OBSERVATIONS, CONDITIONS, MEDICATIONS = (gap(p) for p in list(Part)[:3])


def with_gaps(told: PatientRecord, *gaps: Gap) -> PatientRecord:
    return dataclasses.replace(told, gaps=gaps)


def found(feature: str, told: PatientRecord) -> Finding:
    return derive_features(told, SPEC)[feature]


def caution(rule: str, told: PatientRecord) -> CautionFinding:
    return next(f for f in SPEC.find_cautions(told, SPEC) if f.rule.id == rule)


def criterion(name: str, told: PatientRecord) -> CriterionResult:
    return next(r for r in SPEC.eligibility(told, SPEC) if r.id == name)


def assessed(told: PatientRecord) -> Assessment:
    return assess(told, SPEC, FakePredictor(), ListAuditLog(), CONTEXT)


def reasons(told: PatientRecord) -> list[AbstentionReason]:
    answer = assessed(told)
    assert isinstance(answer, Abstention)
    return [cause.reason for cause in answer.causes]


# Predictors


def test_a_result_found_nowhere_is_not_read_rather_than_not_found_while_its_search_failed():
    crp = gap(Part.OBSERVATIONS, "crp", label="C-reactive protein")
    missing = found("crp", with_gaps(eligible(), crp))
    assert isinstance(missing, Missing)
    assert missing.reason is MissingReason.NOT_READ
    assert missing.gaps == (crp,)
    assert missing.detail == "C-reactive protein could not be read. The server answered 500."
    other = found("esr", with_gaps(eligible(), crp))
    assert isinstance(other, Missing)
    assert other.reason is MissingReason.NOT_FOUND


@pytest.mark.parametrize("reason", list(GapReason))
def test_a_result_that_was_found_stays_and_says_that_a_newer_one_may_exist(reason):
    cut = gap(Part.OBSERVATIONS, "crp", reason=reason, label="C-reactive protein")
    kept = found("crp", with_gaps(eligible([observation("crp", 24)]), cut))
    assert isinstance(kept, Found)
    assert kept.value == 24
    assert kept.evidence.caveat == "newer or other entries may exist that could not be read"


def test_a_result_that_is_too_old_is_not_called_the_most_recent_while_others_were_not_read():
    old = eligible([observation("crp", 24, on="2024-01-02")])
    assert isinstance(before := found("crp", old), Missing)
    assert before.reason is MissingReason.TOO_OLD
    after = found("crp", with_gaps(old, gap(Part.OBSERVATIONS, "crp")))
    assert isinstance(after, Missing)
    assert after.reason is MissingReason.NOT_READ
    assert "Of what was read: The most recent value is from 2024-01-02" in after.detail


def test_an_unusable_result_stays_unusable_and_names_the_gap():
    told = eligible([observation("crp", "high")])
    after = found("crp", with_gaps(told, OBSERVATIONS))
    assert isinstance(after, Missing)
    assert after.reason is MissingReason.UNUSABLE
    assert after.gaps == (OBSERVATIONS,)
    assert after.detail.endswith("could not be read. The server answered 500.")


@pytest.mark.parametrize(
    ("feature", "value"), [("prior_tnfi_count", 0), ("primary_failure", 0), ("monotherapy", 1)]
)
def test_nothing_is_inferred_from_a_medication_list_that_could_not_be_read(feature, value):
    told = record(activity(), [condition("rheumatoid_arthritis")], [medication("prednisone")])
    inferred = found(feature, told)
    assert isinstance(inferred, Found)
    assert inferred.value == value
    missing = found(feature, with_gaps(told, MEDICATIONS))
    assert isinstance(missing, Missing)
    assert missing.reason is MissingReason.NOT_READ
    unnamed = found(feature, with_gaps(told, CONDITIONS, gap(Part.MEDICATIONS, "rituximab")))
    assert unnamed == inferred


def test_a_listed_drug_counts_although_the_list_was_cut_off_and_says_that_there_may_be_more():
    told = eligible(medications=[medication("adalimumab", "stopped", start="2024-01")])
    cut = gap(Part.MEDICATIONS, reason=GapReason.CUT_OFF)
    count = found("prior_tnfi_count", with_gaps(told, cut))
    assert isinstance(count, Found)
    assert count.value == 1
    assert "other entries may exist that could not be read" in count.evidence.caveat


def test_a_recorded_onset_stands_and_a_missing_one_may_lie_in_the_unread_diagnoses():
    dated = found("disease_duration", with_gaps(eligible(), CONDITIONS))
    assert isinstance(dated, Found)
    assert dated.gaps == (CONDITIONS,)
    undated = found("disease_duration", with_gaps(record(activity()), CONDITIONS, OBSERVATIONS))
    assert isinstance(undated, Missing)
    assert undated.reason is MissingReason.NOT_READ
    assert set(undated.gaps) == {CONDITIONS, OBSERVATIONS}


def test_what_the_clinician_enters_fills_a_gap():
    told = with_gaps(eligible(), OBSERVATIONS, MEDICATIONS)
    entries = (
        observation("crp", 24, by="clinician"),
        observation("methotrexate_status", answer="answer_not_taking", by="clinician"),
        observation("prior_tnfi_count", 0, by="clinician"),
        observation("disease_duration", 3, by="clinician"),
    )
    filled = told.with_entries(entries)
    for feature, value in (
        ("crp", 24),
        ("monotherapy", 1),
        ("prior_tnfi_count", 0),
        ("primary_failure", 0),
    ):
        entered = found(feature, filled)
        assert isinstance(entered, Found)
        assert (entered.value, entered.gaps) == (value, ())


# Criteria and abstentions


@pytest.mark.parametrize("name", ["no_overlap", "rheumatoid_arthritis"])
def test_diagnoses_that_could_not_be_read_are_neither_there_nor_excluded(name):
    told = record(activity(), [condition("uveitis")], [medication("methotrexate")])
    assert criterion(name, told).state is not Eligibility.UNKNOWN
    open_ = criterion(name, with_gaps(told, CONDITIONS))
    assert isinstance(open_, UnreadCriterion)
    assert open_.state is Eligibility.UNKNOWN


def test_a_diagnosis_that_was_read_counts_although_others_were_not():
    assert criterion("rheumatoid_arthritis", with_gaps(eligible(), CONDITIONS)).state is (
        Eligibility.MET
    )
    overlap = eligible(conditions=[condition("systemic_sclerosis")])
    assert criterion("no_overlap", with_gaps(overlap, CONDITIONS)).state is Eligibility.NOT_MET
    assert reasons(with_gaps(overlap, CONDITIONS)) == [AbstentionReason.NOT_ELIGIBLE]


@pytest.mark.parametrize("name", ["no_prior_il6i", "prior_lines", "same_question"])
def test_no_drug_is_excluded_by_a_list_that_could_not_be_read(name):
    assert criterion(name, eligible()).state is Eligibility.MET
    assert isinstance(criterion(name, with_gaps(eligible(), MEDICATIONS)), UnreadCriterion)


def test_a_drug_that_was_read_excludes_although_the_list_was_cut_off():
    told = eligible(medications=[medication("tocilizumab", start="2024-01")])
    assert reasons(with_gaps(told, MEDICATIONS)) == [AbstentionReason.NOT_ELIGIBLE]


@pytest.mark.parametrize(
    ("lost", "named"), [(CONDITIONS, "Diagnoses"), (MEDICATIONS, "Medication lists")]
)
def test_an_answer_that_would_rest_on_absence_is_withheld_once_per_search(lost, named):
    assert isinstance(assessed(eligible()), ComparisonCard)
    answer = assessed(with_gaps(eligible(), lost))
    assert isinstance(answer, Abstention)
    (cause,) = answer.causes
    assert cause.reason is AbstentionReason.RECORD_INCOMPLETE
    assert cause.detail.startswith(f"{named} could not be read. ")
    assert "500" not in cause.detail
    assert cause.remedy == "Open the page again in a minute."


def test_nothing_is_asked_that_cannot_settle_the_gap_and_everything_that_can():
    whole = with_gaps(eligible(), MEDICATIONS)
    assert [r.entry for r in SPEC.eligibility(whole, SPEC) if isinstance(r, UnreadCriterion)] == [
        None,
        None,
        None,
    ]
    il6i = gap(Part.MEDICATIONS, "tocilizumab")
    told = with_gaps(eligible(), il6i)
    asked = [r.entry for r in SPEC.eligibility(told, SPEC) if isinstance(r, UnreadCriterion)]
    assert None not in asked
    assert reasons(told) == [AbstentionReason.RECORD_INCOMPLETE]
    answered = told.with_entries(
        (
            observation("prior_il6i", answer="answer_negative", by="clinician"),
            observation("prior_lines", 0, unit="{count}", by="clinician"),
        )
    )
    assert isinstance(assessed(answered), ComparisonCard)


def test_an_earlier_denial_in_the_record_does_not_fill_a_gap_in_the_list():
    told = eligible([observation("prior_il6i", answer="answer_negative")])
    state = criterion("no_prior_il6i", with_gaps(told, gap(Part.MEDICATIONS, "tocilizumab"))).state
    assert state is Eligibility.UNKNOWN


def test_a_required_result_in_a_gap_could_not_be_read_and_the_search_is_not_spelt_out():
    told = record(
        [o for o in activity() if "tender" not in o.source.reference],
        [condition("rheumatoid_arthritis")],
        [medication("methotrexate")],
    )
    answer = assessed(with_gaps(told, gap(Part.OBSERVATIONS, "tender_joints", label="Joints")))
    assert isinstance(answer, Abstention)
    (cause,) = answer.causes
    assert cause.reason is AbstentionReason.REQUIRED_MISSING
    assert cause.detail == "Tender joint count: could not be read."
    assert "0 to 28" in cause.remedy


def test_an_optional_result_in_a_gap_withholds_nothing():
    assert isinstance(
        assessed(with_gaps(eligible(), gap(Part.OBSERVATIONS, "crp"))), ComparisonCard
    )


def test_gaps_are_part_of_what_was_given_and_of_what_was_shown():
    audit = ListAuditLog()
    cut = gap(Part.OBSERVATIONS, "crp", reason=GapReason.CUT_OFF, label="C-reactive protein")
    refused = dataclasses.replace(cut, reason=GapReason.NOT_PERMITTED)
    told = eligible([observation("crp", 24)])
    hashes = {
        assess(with_gaps(told, *gaps), SPEC, FakePredictor(), audit, CONTEXT).input_hash
        for gaps in ((), (cut,), (refused,))
    }
    assert len(hashes) == 3
    assert [e.outcome["gaps"] for e in audit.events][1] == [
        ["results and scores", "C-reactive protein", "only partly read"]
    ]


# Cautions


def test_a_caution_without_evidence_was_not_checked_while_its_search_failed():
    for rule, lost in (("R1", CONDITIONS), ("R10", OBSERVATIONS), ("R24", MEDICATIONS)):
        unchecked = caution(rule, with_gaps(eligible(), lost))
        assert isinstance(unchecked, UncheckedCaution)
        assert unchecked.presence is Presence.NOT_FOUND
        assert "not checked" in unchecked.detail.lower()
        assert unchecked.detail.endswith("could not be read.")


def test_a_negative_test_does_not_reassure_while_newer_ones_may_be_unread():
    told = eligible([observation("hbsag", answer="answer_negative")])
    assert caution("R10", told).presence is Presence.ABSENT
    after = caution("R10", with_gaps(told, gap(Part.OBSERVATIONS, "hbsag", label="HBsAg")))
    assert after.presence is Presence.NOT_FOUND
    assert "negative on 2026-10-20; not fully checked" in after.detail
    assert caution("R10", with_gaps(told, gap(Part.OBSERVATIONS, "crp"))) == caution("R10", told)


def test_what_the_clinician_denies_is_absent_whatever_could_not_be_read():
    told = with_gaps(eligible(), OBSERVATIONS, CONDITIONS)
    denied = told.with_entries((observation("hbsag", answer="answer_negative", by="clinician"),))
    assert caution("R10", denied).presence is Presence.ABSENT


def test_a_man_is_not_asked_about_pregnancy_whatever_could_not_be_read():
    told = with_gaps(eligible(sex="male"), OBSERVATIONS, CONDITIONS)
    assert caution("R15", told).presence is Presence.ABSENT


# Everything that looks for something, whatever the decision


class _Watched(PatientRecord):
    """A record that notes which concepts of which part were looked for."""

    def observed(self, codelist: Codelist) -> tuple[Observation, ...]:
        self.asked.add((Part.OBSERVATIONS, codelist.id))
        return ()

    def diagnosed(self, codelist: Codelist) -> tuple[Condition, ...]:
        self.asked.add((Part.CONDITIONS, codelist.id))
        return ()

    def exposed(self, codelist: Codelist) -> tuple[MedicationExposure, ...]:
        self.asked.add((Part.MEDICATIONS, codelist.id))
        return ()


def watched() -> _Watched:
    """Of a woman young enough to be asked everything."""
    empty = record(born="1990-05-04")
    told = _Watched(patient_id="p", identity=empty.identity, as_of=AS_OF)
    object.__setattr__(told, "asked", set())
    return told


@pytest.mark.parametrize("feature", [f.id for f in SPEC.features])
def test_every_predictor_minds_every_search_it_depends_on(feature):
    told, spec = watched(), SPEC.feature(feature)
    spec.derive(told, spec, SPEC.codelists)
    for part, concept in told.asked:
        lost = gap(part, concept)
        after = found(feature, with_gaps(record(), lost))
        assert isinstance(after, Missing)
        assert (after.reason, after.gaps) == (MissingReason.NOT_READ, (lost,)), concept


@pytest.mark.parametrize("place", range(len(SPEC.cautions)))
def test_every_caution_minds_every_search_it_depends_on(place):
    from decision.catalog.ra_biologic_response.triggers import TRIGGERS

    told, rule = watched(), SPEC.cautions[place].id
    TRIGGERS[rule](told, SPEC)
    assert told.asked
    # what others take with a drug is added to a finding that is there, and decides nothing
    beside = {"glucocorticoid", "nsaid"}
    for part, concept in told.asked:
        if concept not in beside:
            lost = gap(part, concept)
            after = caution(rule, with_gaps(record(born="1990-05-04"), lost))
            assert isinstance(after, UncheckedCaution), concept
            assert after.gaps == (lost,)


@pytest.mark.parametrize("place", range(9))
def test_every_criterion_minds_every_search_it_depends_on(place):
    from decision.catalog.ra_biologic_response.eligibility import CRITERIA

    told = watched()
    result = CRITERIA[place](told, SPEC)
    for part, concept in told.asked:
        # CDAI is a required input: its own gap is said there, and the criterion stays unknown
        after = CRITERIA[place](with_gaps(record(), gap(part, concept)), SPEC)
        scored = result.id == "active_disease" or concept in {f.id for f in SPEC.features}
        assert after.state is Eligibility.UNKNOWN
        assert scored or isinstance(after, UnreadCriterion), concept


# Invariants

_RESULTS = st.sampled_from(
    [
        observation("crp", 24),
        observation("crp", 24, on="2024-01-02"),
        observation("hbsag", answer="answer_negative"),
        observation("hbsag", answer="answer_positive"),
        observation("anti_hbc", answer="answer_positive"),
        observation("neutrophils", 1.2, unit="10*9/L"),
        observation("neutrophils", 4.2, unit="10*9/L"),
        observation("prior_tnfi_count", 2),
        observation("last_tnfi_stop_reason", answer="stop_primary_failure"),
        observation("methotrexate_status", answer="answer_not_taking"),
        observation("prior_il6i", answer="answer_negative"),
        observation("prior_il6i", answer="answer_negative", by="clinician"),
        observation("prior_lines", 1, unit="{count}", by="clinician"),
        observation("bowel_history", answer="answer_negative"),
        observation("severe_heart_failure", answer="answer_negative"),
        observation("nyha_class", answer="nyha_1_2"),
        observation("biologic_decision", answer="answer_not_now"),
        observation("biologic_decision", answer="answer_starting_or_changing"),
        observation("weight", 120, unit="kg"),
    ]
)
_DIAGNOSES = st.builds(
    condition,
    st.sampled_from(
        ["heart_failure", "multiple_sclerosis", "lupus", "rheumatoid_arthritis", "psoriasis"]
    ),
    st.sampled_from(["active", "resolved", "unconfirmed", "refuted"]),
)
_DRUGS = st.builds(
    medication,
    st.sampled_from(["adalimumab", "etanercept", "tocilizumab", "rituximab", "methotrexate"]),
    st.sampled_from(["planned", "active", "stopped"]),
    start=st.sampled_from(["", "2024-01"]),
    stop=st.sampled_from(["", "stop_primary_failure", "stop_adverse_event"]),
)
_CONCEPTS = {
    Part.OBSERVATIONS: ["crp", "hbsag", "neutrophils", "prior_tnfi_count", "tender_joints"],
    Part.CONDITIONS: ["heart_failure", "lupus", "rheumatoid_arthritis"],
    Part.MEDICATIONS: ["adalimumab", "tocilizumab", "methotrexate", "rituximab"],
    Part.EXPRESSION: [],
}


@st.composite
def _gaps(draw: st.DrawFn) -> Gap:
    part = draw(st.sampled_from(list(Part)))
    known = _CONCEPTS[part]
    concepts = draw(st.lists(st.sampled_from(known), max_size=2)) if known else []
    return gap(part, *concepts, reason=draw(st.sampled_from(list(GapReason))))


@st.composite
def _records(draw: st.DrawFn) -> PatientRecord:
    visit = activity() if draw(st.booleans()) else activity(tender_joints=0, swollen_joints=0)
    kept = draw(st.lists(st.sampled_from(visit), unique=True)) if draw(st.booleans()) else visit
    ra = [condition("rheumatoid_arthritis", onset="2018-06")] * draw(st.booleans())
    return record(
        (*kept, *draw(st.lists(_RESULTS, max_size=4))),
        (*ra, *draw(st.lists(_DIAGNOSES, max_size=2))),
        draw(st.lists(_DRUGS, max_size=3)),
    )


@given(_records(), _gaps())
@settings(max_examples=300)
def test_a_gap_hides_no_caution_turns_no_abstention_into_a_card_and_changes_no_found_value(
    told, lost
):
    # what a gap can hold is unknown: it may take certainty away, and never add any
    holed = with_gaps(told, lost)
    before, after = assessed(told), assessed(holed)
    if isinstance(before, Abstention):
        assert isinstance(after, Abstention)
    for old, new in zip(before.cautions, after.cautions, strict=True):
        if old.presence is Presence.PRESENT:
            assert (new.presence, new.severity) == (Presence.PRESENT, old.severity)
        else:
            assert new.presence in (old.presence, Presence.NOT_FOUND)
    for (name, old_finding), (_, new_finding) in zip(
        before.features.findings, after.features.findings, strict=True
    ):
        if isinstance(old_finding, Missing):
            assert isinstance(new_finding, Missing), name
        elif old_finding.evidence.sources:
            assert isinstance(new_finding, Found), name
            assert new_finding.value == old_finding.value
        else:
            # inferred from absence
            assert isinstance(new_finding, Missing) or new_finding == old_finding
    for was, now in zip(before.criteria, after.criteria, strict=True):
        assert now.state in (was.state, Eligibility.UNKNOWN)
