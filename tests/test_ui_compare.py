"""Compare and reasons: numbers add up, both drugs are alike, and a what-if leaves no trace."""

from __future__ import annotations

import dataclasses
import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from decision.assess import assess
from decision.catalog import changeable as table
from decision.catalog.changeable import Changeable
from decision.clinical.assessment import ComparisonCard
from decision.clinical.errors import ModelError
from decision.clinical.outlook import CheckedGroup, ExpectedRange, Unexpected
from decision.clinical.spec import Modality
from decision.ui.texts import checked_groups, steps
from decision.ui.texts import compare as words
from decision.ui.texts.estimate import difference_shown
from decision.ui.texts.numbers import per_100
from tests.builders import CONTEXT, FakePredictor, ListAuditLog, make_answer
from tests.fakes import (
    COMPLETE,
    NamingPredictor,
    TenderPredictor,
    observe,
    page_record,
    page_services,
    page_spec,
)
from tests.screens import bodies, field, go, opened, press, shown

FULL = page_record("p1", *COMPLETE)
BARE = page_record("p1", observe("crp", 42, "mg/L"))


@pytest.fixture(autouse=True)
def _offered(monkeypatch):
    rows = (Changeable(feature="tender"), Changeable(feature="crp"))
    monkeypatch.setitem(table._CHANGEABLE, "test_decision", rows)


def made(predictor=None, record=FULL, **changes) -> ComparisonCard:
    found = assess(
        record, page_spec(**changes), predictor or TenderPredictor(), ListAuditLog(), CONTEXT
    )
    assert isinstance(found, ComparisonCard)
    return found


def compared(record=FULL, *, unfolded: bool = True, **parts) -> AppTest:
    """With everything open that is drawn on request, unless told otherwise."""
    at = opened(page_services(record, **parts))
    for place in range(3):
        at.session_state[f"fold-{place}"] = unfolded
    return go(at, "compare")


def charts(at: AppTest) -> dict[str, list[dict]]:
    """Rows of every chart by its alternative text, as they reach the browser."""
    found = {}
    for chart in at.get("vega_lite_chart"):
        rows = pa.ipc.open_stream(chart.proto.data.data).read_all().to_pylist()
        found[chart.proto.alt] = rows
    return found


def specs(at: AppTest) -> dict[str, dict]:
    """Every chart's specification by its alternative text."""
    return {c.proto.alt: json.loads(c.proto.spec) for c in at.get("vega_lite_chart")}


EFFECTS = st.lists(st.floats(-0.2, 0.2), max_size=steps.MOST)


@given(EFFECTS, st.floats(-0.1, 0.1), st.integers(0, 100))
def test_r07_a_waterfall_adds_up_to_the_number_on_the_page(effects, rest, base):
    exact = base / 100 + sum(effects) + rest
    listed = [(str(i), str(i), effect) for i, effect in enumerate(effects)]
    found = steps.waterfall("x", (("Average", base), ("Estimate", per_100(exact))), listed, rest)
    first, *inner, last = found.steps
    assert (first.kind, last.kind) == ("base", "total")
    assert first.end + sum(step.end - step.start for step in inner) == last.end
    at = first.end
    for step, effect in zip(inner, [*effects, rest], strict=True):
        assert step.start == at  # each begins where the one above it ended
        at = step.end
        assert abs((step.end - step.start) - 100 * effect) <= 1.0 + 1e-6
        assert (step.kind == "raises") is (step.end > step.start)
        assert (step.kind == "lowers") is (step.end < step.start)
    low, high = found.scale
    assert all(low < value < high for step in found.steps for value in (step.start, step.end))


@given(st.text("abcdef ghi", max_size=120))
def test_a_label_is_at_most_two_short_lines(words_of):
    lines = steps.broken(words_of).split("\n")
    assert len(lines) <= steps.LINES
    assert all(len(line) <= steps.LINE for line in lines)


def test_no_line_ends_between_a_number_and_its_unit():
    assert "42\u00a0mg/L" in steps.broken("C-reactive protein in serum 42 mg/L")


def test_both_drugs_show_the_same_inputs_in_the_same_order_on_one_scale():
    page = compared()
    mine = [alt for alt in charts(page) if "inhibitor, of 100: Average" in alt]
    assert len(mine) == 2
    labels = [[row["label"] for row in charts(page)[alt]] for alt in mine]
    assert labels[0] == labels[1]
    domains = {
        tuple(layer["encoding"]["x"]["scale"]["domain"])
        for alt in mine
        for layer in specs(page)[alt]["layer"]
    }
    assert len(domains) == 1


def test_r07_charts_of_reasons_and_checks_wait_for_their_request_and_the_words_do_not():
    page = compared(unfolded=False)
    assert not any("Average" in alt or alt.startswith("Checked on") for alt in charts(page))
    assert "Moves both drugs" in shown(page)
    assert shown(page).count("Reasons describe the model, not causes.") == 1


def test_r06_arms_stand_in_the_neutral_order_in_cards_and_charts():
    page = compared(predictor=NamingPredictor())
    body = bodies(page)
    assert body.index(">IL-6 inhibitor<") < body.index(">TNF inhibitor<")
    ranges = next(rows for alt, rows in charts(page).items() if alt.startswith("Of 100: IL-6"))
    assert [r["label"] for r in ranges] == ["IL-6 inhibitor", "TNF inhibitor"]
    assert body.count('role="img"') == 2


@pytest.mark.parametrize("predictor", [TenderPredictor(), NamingPredictor()])
def test_every_chart_says_the_order_of_its_rows(predictor):
    page = compared(predictor=predictor)
    drawn = {alt: rows for alt, rows in charts(page).items() if "label" in rows[0]}
    assert len(drawn) == 7
    for alt, rows in drawn.items():
        order = list(dict.fromkeys(row["label"] for row in rows))
        for layer in specs(page)[alt]["layer"]:
            if "y" in layer["encoding"]:
                assert layer["encoding"]["y"]["sort"] == order


def test_the_gap_ends_at_the_difference_of_the_whole_numbers_on_the_page():
    card = made(NamingPredictor())
    gap = steps.of_gap(card, "Gap")
    assert gap.steps[-1].end == difference_shown(card.answer) == 30
    assert words.toward_first(card.spec, card.answer)[0] == 30


def test_what_moves_both_is_apart_from_what_moves_the_gap():
    card = made()
    both, gap = steps.of_both(card, "Both"), steps.of_gap(card, "Gap")
    assert both.steps[-1].end == 50
    assert gap.steps[-1].end == per_100(0.52) - per_100(0.48)


def test_the_alternative_of_a_waterfall_says_every_number():
    card = made()
    told = steps.told(steps.of_drugs(card)[0])
    assert told.startswith("IL-6 inhibitor, of 100: Average 50; ")
    assert "Tender joints 12" in told
    assert told.endswith("Estimate 52.")


def test_an_absent_kind_of_data_is_exactly_nothing_and_says_so():
    card = made()
    absent = dataclasses.replace(
        card,
        answer=dataclasses.replace(card.answer, absent_modalities=(Modality.TRANSCRIPTOMIC,)),
    )
    rows = words.kind_rows(absent, gap=True)
    assert rows[-1] == ("Transcriptomic data\nnot measured", 0, "0")
    assert len(words.kind_rows(absent, gap=False)) == len(rows) - 2


def test_r05_the_local_sentence_stands_over_the_whole_scale_with_the_own_band():
    page = compared()
    assert "Checked on 84 simulated validation patients scored" in shown(page)
    scales = [rows for alt, rows in charts(page).items() if alt.startswith("Checked on")]
    for rows in scales:
        assert len(rows) == 10
        assert [r["own"] for r in rows].count(1.0) == 1
    assert scales


def test_r05_bands_and_groups_with_fewer_than_twenty_are_too_few_to_say():
    page = compared()
    body = shown(page)
    assert "90 to 100 11 too few to say" in body
    assert "11: too few to say" in body
    scale = next(rows for alt, rows in charts(page).items() if alt.startswith("Checked on"))
    assert scale[9]["observed"] != scale[9]["observed"]  # NaN: no point is drawn


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ({"label": "nobody treated", "own": True}, "Nobody treated (this patient)"),
        ({"feature": "crp", "low": 10.0, "high": float("inf")}, "CRP 10 mg/L or more"),
        ({"feature": "crp", "low": float("-inf"), "high": 10.0}, "CRP below 10 mg/L"),
        ({"feature": "mtx", "low": 0.0, "high": 0.4999}, "Methotrexate: on methotrexate"),
        ({"feature": "mtx", "low": 0.5, "high": float("inf")}, "Methotrexate: no methotrexate"),
    ],
)
def test_groups_are_worded_by_the_decision(group, name):
    found = CheckedGroup(
        n=90, events=30, expected=33.0, observed_low=0.24, observed_high=0.44, **group
    )
    assert checked_groups.name(page_spec(), found) == name
    told = checked_groups.cell(page_spec(), found)
    assert told == "90: 33 of 100 observed (24 to 44), 37 expected"


def test_the_measurement_worth_most_is_named_with_what_it_is_expected_to_leave():
    body = shown(compared())
    assert "Measuring methotrexate would narrow the range of the difference most: from 30" in body
    assert "6 of 100 narrower for 25 of 100 of its values 7 of 100" in body


def test_that_no_measurement_would_change_the_answer_is_said_where_it_is_so_and_only_there():
    card, named = made(), made(NamingPredictor())
    within = ExpectedRange(players=("mtx",), now=0.3, expected=0.2, one_sided=0.0)
    beyond = ExpectedRange(players=("crp",), now=0.3, expected=0.2, one_sided=0.1)
    assert words.still_silent(card, (within,)) == words.NONE_NAMES
    assert words.still_silent(card, (within, beyond)) == ""
    assert words.still_silent(named, (within,)) == ""


def test_what_cannot_be_expected_says_why_and_what_widens_is_not_called_narrower():
    card = made()
    few = ExpectedRange(players=("crp",), now=0.3, expected=None, why=Unexpected.RARELY_MEASURED)
    wider = ExpectedRange(players=("mtx",), now=0.30, expected=0.33, one_sided=0.0)
    rows = words.expected_rows(card, (wider, few), compared=True)
    assert rows[0][2:4] == ("3 of 100 wider", words.NO_SHARE)
    assert rows[1][1] == "cannot be said: too few training patients had it"
    assert words.most_narrowed(card, (wider, few)).startswith("No single missing input")
    assert words.most_narrowed(card, (few,)) == words.NOT_SAYABLE
    assert words.most_narrowed(card, ()) == words.NOTHING_MISSING


def test_without_an_estimate_the_page_says_why_and_draws_and_tries_nothing():
    page = compared(BARE)
    body = shown(page)
    assert words.NOTHING_TO_COMPARE in body
    assert "Tender joints: not found in the record." in body
    assert not page.get("vega_lite_chart")
    assert not page.number_input


def test_beside_a_stop_no_difference_is_drawn_explained_or_tried():
    page = compared(spec=page_spec(stop=True), predictor=NamingPredictor())
    body = shown(page)
    assert words.NO_DIFFERENCE_DRAWN in body
    assert not any("minus" in alt or alt.startswith(words.GAP) for alt in charts(page))
    assert words.GAP.lower() not in " ".join(charts(page)).lower()
    field(page, "Tender joints").set_value(4).run()
    tried = shown(page)
    assert "nothing is said of which estimate would be larger" in tried
    assert "as it is;" not in " ".join(charts(page))
    assert tried.count("STOP.") >= 2


def test_an_unusual_patient_keeps_the_range_first_on_this_page():
    page = compared(predictor=FakePredictor(make_answer(half=0.3)))
    assert "Between 8 and 68" in shown(page)
    ranges = next(rows for alt, rows in charts(page).items() if alt.startswith("Of 100: IL-6"))
    assert all(r["point"] != r["point"] for r in ranges)  # NaN: the point is not drawn


def test_a_model_that_cannot_say_more_leaves_the_answer_as_it_is():
    class Silent(TenderPredictor):
        def outlook(self, features, *, site, level):
            raise ModelError("No.", "")

    body = shown(compared(predictor=Silent()))
    assert "52 of 100 simulated patients like this one reach" in body
    assert words.NO_BANDS in body
    assert words.NO_GROUPS in body


def test_r08_a_what_if_is_marked_and_restates_that_cautions_are_not_recomputed():
    page = compared()
    assert "Nothing is changed" in shown(page)
    field(page, "Tender joints").set_value(4).run()
    body = shown(page)
    assert "Hypothetical This view is not saved, printed or sent." in body
    assert "60 of 100 would reach low disease activity (CDAI ≤ 10) by week 24" in body
    assert "Now: 52 of 100." in body
    assert "Cautions are not recomputed" in body
    assert "Hypothetical: tender joints 4 instead of 12." in body
    assert "No clear preference: about the same. The estimates are 4 of 100 apart" in body


def test_r08_a_what_if_leaves_trail_assessment_and_other_pages_as_they_were():
    audit = ListAuditLog()
    page = compared(audit=audit)
    before = list(audit.events)
    field(page, "Tender joints").set_value(4).run()
    assert "60 of 100 would reach" in shown(page)
    assert audit.events == before
    patient = shown(go(page, "patient"))
    assert "52 of 100 simulated patients like this one reach" in patient
    assert "60 of 100 would" not in patient
    assert "Hypothetical" not in patient
    assert audit.events == before


def test_r08_a_reset_brings_the_patients_values_back():
    page = compared()
    field(page, "Tender joints").set_value(4).run()
    press(page, "Back to the patient's values")
    assert "Nothing is changed" in shown(page)
    assert field(page, "Tender joints").value == 12


def test_r08_fields_have_the_limits_of_what_the_model_has_seen():
    page = compared()
    tender = field(page, "Tender joints")
    assert (tender.min, tender.max) == (1, 24)
    crp = field(page, "CRP (mg/L)")
    assert (crp.min, crp.max) == (1.5, 160.0)
    assert "1 to 24; now 12" in shown(page)


def test_a_value_outside_what_was_seen_starts_empty_and_says_what_it_is():
    page = compared(page_record("p1", observe("tender", 12), observe("crp", 300, "mg/L")))
    assert field(page, "CRP (mg/L)").value is None
    assert "1.5 to 160; now 300" in shown(page)
    assert "Nothing is changed" in shown(page)


def test_what_is_tried_in_one_chart_is_not_tried_in_the_next():
    other = page_record("p2", observe("tender", 20), observe("crp", 10, "mg/L"))
    page = go(opened(page_services(FULL, other)), "compare")
    field(page, "Tender joints").set_value(4).run()
    go(page, "")
    (button,) = [b for b in page.button if b.key and b.key.startswith("open-p2-")]
    button.click().run()
    go(page, "compare")
    assert field(page, "Tender joints").value == 20
    assert "Nothing is changed" in shown(page)
