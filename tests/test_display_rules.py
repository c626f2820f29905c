"""Each display rule (docs/display_rules.md) over every demo patient of every decision, on the pages
as the served app draws them. What these patients do not show has tests of its own (`test_ui_*.py`).
"""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from decision.clinical.assessment import (
    AbstentionReason,
    AuditAction,
    ComparisonCard,
    range_first,
)
from decision.clinical.features import Found
from decision.clinical.spec import Severity
from decision.rules import stops
from decision.ui.source_attributes import PATH
from decision.ui.texts import estimate, inputs, pages, reasons, risk, trail
from decision.ui.texts import what_if as tried
from decision.ui.texts.cautions import stop_reasons
from decision.ui.texts.displayed import displayed
from decision.ui.texts.numbers import number, per_100
from tests.drawn_pages import (
    HEADINGS,
    abstentions,
    arms,
    cards,
    chart_of,
    comparisons,
    drawn,
    every_case,
    prognoses,
    some,
    words,
)
from tests.screens import go, open_patient, press, start
from tests.test_source_attributes import PARAGRAPHS

BANNED = re.compile(
    r"relative risk|odds ratio|times (more|less) likely|better drug|high risk|low risk|you should"
    r"|recommended drug|AI says|\b1 in \d",
    re.IGNORECASE,
)
N_OF_100 = re.compile(r"(\d+) of 100\b")


@pytest.fixture(scope="module")
def services(real_services, tmp_path_factory):
    return real_services(tmp_path_factory.mktemp("rules"))


@pytest.fixture(scope="module")
def cases(services):
    return every_case(services)


def plain(said: str) -> str:
    return re.sub(r"\s+", " ", said).strip()


def test_every_state_is_among_the_demo_patients(cases):
    """Else a rule below could hold because nobody was asked."""
    assert len(cases) >= 20
    assert len(comparisons(cases)) >= 5
    assert len(prognoses(cases)) >= 5
    reasons_given = {c.reason for _, found in abstentions(cases) for c in found.causes}
    assert {AbstentionReason.NOT_ELIGIBLE, AbstentionReason.REQUIRED_MISSING} <= reasons_given
    assert any(range_first(card) for _, card in cards(cases))
    assert any(not range_first(card) for _, card in cards(cases))
    assert any(stops(f) for _, card in comparisons(cases) for f in card.cautions)
    assert any(card.features.missing for _, card in cards(cases))


def test_r01_a_headline_is_n_of_100_with_outcome_and_time_and_its_range_follows(cases):
    for case, card in comparisons(cases):
        for treatment, prediction, element in arms(case, card):
            said = words(element)
            assert f"{per_100(prediction.probability)} of 100" in said
            assert f"by week {card.spec.outcome.horizon_weeks}" in said
            assert treatment.label_with_article in said
            assert plain(estimate.detail(prediction)) in said
    for case, card in prognoses(cases):
        (element,) = case.page.of("tr-risks")
        said = words(element)
        for found in card.answer.risks:
            assert f"{per_100(found.probability)} of 100" in said
            assert plain(risk.in_years(found.years)) in said
    for case, _ in cards(cases):
        for element in case.page.of("tr-card", "tr-difference"):
            assert set(re.findall(r"\bof (\d+)\b(?! simulated)", words(element))) <= {"100"}


def test_r02_differences_are_absolute_with_a_range_and_silent_where_it_says_nothing(cases):
    for case in cases:
        for page in case.pages.values():
            assert BANNED.findall(page.words) == []
    for case, card in comparisons(cases):
        (element,) = case.page.of("tr-difference")
        said, contrast = words(element), card.answer.contrast
        margin = card.spec.thresholds["naming_margin"].value
        if any(stops(f) for f in card.cautions):
            assert "favour" not in said
            continue
        ends = contrast.interval
        undecided = ends.low <= 0 <= ends.high or abs(contrast.difference) < margin
        assert ("No clear preference" in said or "No preference stated" in said) >= undecided
        assert ("favour a" in said) <= (not undecided)
        assert re.search(rf"\b{abs(estimate.difference_shown(card.answer))} (more )?of 100", said)
        assert re.search(r"likely range .+ 90 %", said)
        assert "association" in said


def test_r03_every_number_has_outcome_time_and_whom_it_rests_on(cases):
    for case, card in comparisons(cases):
        for _, prediction, element in arms(case, card):
            said = words(element)
            told = estimate.reference_class(card.spec, prediction, card.model.simulated)
            assert plain(told) in said
            assert plain(card.spec.outcome.label) in said
    for case, card in prognoses(cases):
        (element,) = case.page.of("tr-risks")
        said = words(element)
        assert plain(risk.reference_class(card)) in said
        assert plain(card.spec.outcome.label) in said
        assert card.situation.people in said


def test_r04_chance_and_range_are_apart_and_a_doubtful_point_steps_back(cases):
    for case, card in cards(cases):
        for grid in case.page.of("tr-icons"):
            assert words(grid) == ""
            assert "range" not in grid.get("aria-label", "")
        first = [
            e for e in case.page.of("tr-card") if e.find(".//*[@class='tr-number']") is not None
        ]
        assert first
        for element in first:
            lead = words(element.find(".//*[@class='tr-number']"))
            grey = [e for e in element.iter() if e.get("class") == "tr-grey"]
            assert lead.startswith("Between") == bool(grey) == range_first(card)


def test_r05_each_estimate_says_how_those_scored_alike_fared(cases):
    for case, card in comparisons(cases):
        fewest = card.spec.thresholds["smallest_calibration_band"].value
        for _, prediction, element in arms(case, card):
            said, found = words(element), prediction.calibration
            assert ("Too few" in said) == (found.n < fewest)
            assert plain(estimate.calibration(card.spec, prediction, card.model.simulated)) in said
    for case, card in prognoses(cases):
        (element,) = case.page.of("tr-risks")
        for found in card.answer.risks:
            assert plain(risk.calibration(card, found)) in words(element)


def test_r06_a_hundred_marks_in_one_order_and_the_alternative_says_the_count(cases):
    orders = set()
    for case, card in cards(cases):
        grids = case.page.of("tr-icons")
        assert grids
        for grid in grids:
            marks = [mark.get("class") for mark in grid]
            filled = marks.count("tr-disc")
            assert marks == ["tr-disc"] * filled + ["tr-ring"] * (100 - filled)
            assert grid.get("role") == "img"
            assert N_OF_100.match(grid.get("aria-label", ""))[1] == str(filled)
        if isinstance(card, ComparisonCard):
            shown = tuple(words(e.find("h2")) for e in case.page.of("tr-card"))
            orders.add((shown, shown == tuple(sorted(shown))))
            told = [
                per_100(card.answer.prediction(t.id).probability)
                for t in estimate.ordered(card.spec)
            ]
            assert [len([m for m in g if m.get("class") == "tr-disc"]) for g in grids] == told
    assert len(orders) == 1
    assert all(by_name for _, by_name in orders)


def test_r07_few_reasons_each_way_in_words_and_none_is_a_cause(cases):
    for case, card in cards(cases):
        (section,) = [e for e in case.page if e.get("aria-label") == "Reasons"]
        said = words(section)
        assert reasons.NOTE in said
        shown = [ul for e in case.page.of("tr-two") for ul in e.iter("ul")]
        assert all(1 <= len(list(ul)) <= 3 for ul in shown)
        assert "waterfall" not in case.page.words.lower()
        if isinstance(card, ComparisonCard):
            assert said.index("Moves both drugs") < said.index("Moves the gap")
            for group in (*reasons.prognostic(card), *reasons.differential(card)):
                for line in group.lines:
                    assert plain(line) in said
                    assert re.search(r"\d|listed|not ", line)


def test_r08_what_is_tried_stays_within_what_was_seen_and_is_kept_nowhere(services, cases):
    at, tried_any = start(services), 0
    for case, card in some(cases):
        go(open_patient(at, case.patient), "compare")
        before = services.audit.entries(case.record.patient_id, case.record.identity).entries
        fields = [n for n in at.number_input if n.key and n.key.startswith("what-if-")]
        for field in fields:
            feature = card.spec.feature(re.sub(r"^what-if-|(-\d+)+$", "", field.key))
            assert feature.supported.low <= field.min < field.max <= feature.supported.high
        if not fields:
            continue
        field = fields[0]
        field.set_value(field.max if field.value != field.max else field.min).run()
        shown = drawn(at)
        assert shown.of("tr-ribbon"), case.patient
        assert tried.RIBBON in words(shown.of("tr-ribbon")[0])
        tried_any += 1
        assert chart_of(at, case.patient).assessments[card.spec.id].input_hash == card.input_hash
        go(at, "patient")
        assert tried.RIBBON not in drawn(at).words
        after = services.audit.entries(case.record.patient_id, case.record.identity).entries
        assert after == before
    assert tried_any >= 4


def test_r09_what_is_missing_stands_above_the_numbers_with_its_cost(cases):
    for case, card in comparisons(cases):
        known = {i for i in card.features.missing if not inputs.is_research(card.spec.feature(i))}
        (row,) = [e for e in case.page if e.get("aria-label") == "Data"]
        assert case.page.place(row) < case.page.place(case.page.of("tr-cards")[0])
        for name in known:
            assert card.spec.feature(name).label in words(row)
        if card.features.missing and inputs.missing(card):
            assert "of 100" in words(row)
    for case, card in prognoses(cases):
        if said := inputs.without(card):
            (element,) = case.page.of("tr-risks")
            assert words(element).index(plain(said)) < words(element).index(" of 100")
    needed = [
        (case, cause)
        for case, found in abstentions(cases)
        for cause in found.causes
        if cause.reason is AbstentionReason.REQUIRED_MISSING
    ]
    for case, cause in needed:
        assert case.page.of("tr-icons", "tr-cards") == []
        assert words(case.page.of("tr-abstention")[0]).startswith(pages.NO_ESTIMATE)
        for name in cause.features:
            assert case.assessment.spec.feature(name).label.split(" (")[0] in case.page.words


def test_r10_what_is_out_of_range_is_named_with_its_range(cases):
    for case, card in cards(cases):
        for name, _, low, high in card.answer.domain.outside_usual:
            assert card.spec.feature(name).label in case.page.words
            assert f"{number(low)} to {number(high)}" in case.page.words
            assert range_first(card)
    told = 0
    for case, found in abstentions(cases):
        for cause in found.causes:
            rows = pages.outside(found.spec, cause)
            told += len(rows)
            for label, here, usual in rows:
                assert all(plain(part) in case.page.words for part in (label, here, usual))
    assert told
    for _, card in cards(cases):  # nothing outside the limits of the decision has an estimate
        for feature in card.spec.features:
            found = card.features[feature.id]
            if isinstance(found, Found):
                assert feature.supported.low <= found.value <= feature.supported.high


def test_r11_nothing_pops_up_and_red_is_a_stop_alone(cases):
    stopped = 0
    for case in cases:
        assert all(page.kinds == frozenset() for page in case.pages.values())
        red = case.page.of("tr-stop", "tr-chip-stop")
        applies = [f for f in case.assessment.cautions if stops(f)]
        assert bool(red) == bool(applies), case.patient
        assert all(Severity.STOP.value in words(e) for e in red)
        stopped += len(applies)
        for treatment in case.assessment.spec.treatments:
            for said in stop_reasons(case.assessment.cautions, treatment.id):
                assert plain(said) in case.page.words
    assert stopped


def test_r12_every_page_begins_with_whose_it_is_and_how_old(cases):
    names = {case.record.identity.name for case in cases}
    assert len(names) == len(cases)
    for case in cases:
        name, rest = pages.strip(case.record)
        for page in case.pages.values():
            (strip,) = page.of("tr-strip")
            assert words(strip) == plain(" ".join((name, *rest)))
            assert page.place(strip) <= 3
            assert [n for n in names if n in page.words] == [name]
            (banner,) = [e for e in page.of("tr-banner") if pages.SIMULATED[0] in words(e)]
            assert page.place(banner) > page.place(strip)


def test_r13_one_choice_and_one_click_are_kept_with_what_was_shown(services, cases):
    at, recorded = start(services), 0
    for case, _ in some(cases):
        open_patient(at, case.patient)
        (card,) = chart_of(at, case.patient).assessments.values()
        free = [code for code in card.spec.choices() if not trail.needs_reason(card, code)]
        if not free:
            continue
        (choice,) = [c for c in at.segmented_control if (c.key or "").startswith("chosen-")]
        choice.set_value(free[0])
        press(at.run(), "Record decision")
        _, event = services.audit.entries(case.record.patient_id, case.record.identity).entries[-1]
        assert event.action in (AuditAction.DECIDED, AuditAction.ACCEPTED)
        assert event.outcome["chosen"] == free[0]
        assert event.outcome["about"] == card.audit_id
        assert event.outcome["displayed"] == list(displayed(card))
        assert event.input_hash == card.input_hash
        assert card.model.checksum[:12] in event.model_version
        recorded += 1
    assert recorded >= 4


def test_r14_about_is_one_click_away_and_says_what_for_and_what_not(cases):
    for case in cases:
        assert all("about" in page.links for page in case.pages.values()), case.patient
        about, spec = case.pages["about"].words, case.assessment.spec
        assert plain(spec.intended_use) in about
        assert all(plain(said) in about for said in spec.not_for)
        model = case.assessment.model
        if model is not None:
            assert model.version in about
            assert model.checksum[:8] in about


def test_r14_about_has_all_31_attributes_in_order_and_something_in_each(cases):
    for case in cases:
        page = case.pages["about"]
        rows = [list(map(words, row)) for t in page.of("tr-attributes") for row in t.iter("tr")]
        told = {row[0]: row[1:] for row in rows if row[0] in PARAGRAPHS}
        assert list(told) == list(PARAGRAPHS), case.patient
        assert all(name and said for name, said in told.values())
        assert f"{PATH}/{case.assessment.spec.id}" in [e.get("href") for e in page]


def test_r15_one_heading_of_the_first_level_and_none_left_out(cases):
    for case in cases:
        for path, page in case.pages.items():
            levels = [int(e.tag[1]) for e in page if e.tag in HEADINGS]
            assert levels.count(1) == 1, (case.patient, path)
            steps = pairwise(levels)
            assert all(later <= earlier + 1 for earlier, later in steps), (case.patient, path)
            for picture in (e for e in page if e.get("role") == "img"):
                assert re.search(r"\d", picture.get("aria-label", ""))
