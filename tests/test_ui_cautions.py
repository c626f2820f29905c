"""Sentences on cautions: what was found, what it says of each drug, what was not found."""

from __future__ import annotations

import dataclasses

import pytest

from decision.clinical.spec import CautionFinding, Entry, EntryKind, Presence, Severity
from decision.ui.components.cautions import row
from decision.ui.texts import cautions
from tests.fakes import make_rule, page_spec

SPEC = page_spec()


def finding(
    title: str,
    detail: str = "x",
    a: Severity = Severity.AVOID,
    b: Severity = Severity.NONE,
    presence: Presence = Presence.PRESENT,
    source: str = "label",
) -> CautionFinding:
    rule = dataclasses.replace(make_rule("X", title, a, b), source=source)
    return CautionFinding(rule=rule, presence=presence, severity=rule.severity, detail=detail)


@pytest.mark.parametrize(
    ("title", "detail", "said"),
    [
        ("Heart failure", "Heart failure, NYHA III on 2026-10-15.", None),
        ("Low neutrophils", "Neutrophils 1.6 on 2026-11-09, below 2.0.", None),
        ("Bowel perforation risk", "Diverticulitis.", "Bowel perforation risk: Diverticulitis."),
    ],
)
def test_a_title_stands_before_a_finding_only_where_it_adds_a_word(title, detail, said):
    shown = cautions.finding_text(finding(title, detail))
    assert shown == (
        said or detail.replace("2026-10-15", "15 Oct 2026").replace("2026-11-09", "9 Nov 2026")
    )


def test_a_caution_says_of_each_drug_what_its_chip_means_and_keeps_its_source_folded():
    found = finding("Heart failure", a=Severity.AVOID, b=Severity.FAVOUR)
    assert cautions.says(SPEC, found) == (
        (("IL-6 inhibitor: FAVOUR",), "Heart failure: say of B"),
        (("TNF inhibitor: AVOID",), "Heart failure: say of A"),
    )
    shown, folded = row(SPEC, (found,)).split("<details>")
    assert "Heart failure: say of A" in shown
    assert "Source" not in shown
    assert "Source: label" in folded


def test_drugs_with_the_same_message_share_it():
    found = finding("Infection", a=Severity.STOP, b=Severity.STOP)
    rule = dataclasses.replace(found.rule, message={"a": "Do not start.", "b": "Do not start."})
    said = cautions.says(SPEC, dataclasses.replace(found, rule=rule))
    assert said == ((("IL-6 inhibitor: STOP", "TNF inhibitor: STOP"), "Do not start."),)


def test_a_rule_without_a_source_says_so_in_its_chip():
    (((chip,), _),) = cautions.says(SPEC, finding("Uveitis", source="Source to be supplied"))
    assert chip == "TNF inhibitor: AVOID (unsourced, verify)"


def gap(title: str, a: Severity, priority: int = 0) -> CautionFinding:
    found = finding(title, a=a, presence=Presence.NOT_FOUND)
    return dataclasses.replace(found, rule=dataclasses.replace(found.rule, priority=priority))


def asked(found: CautionFinding) -> CautionFinding:
    """One that the form has a question for."""
    entry = Entry(kind=EntryKind.CHOICE, question="?", concept="x", choices={"no": "No"})
    return dataclasses.replace(found, entries=(entry,))


def test_what_the_form_can_settle_is_named_first_and_the_rest_is_counted():
    gaps = [gap(f"Mild {i}", Severity.CAUTION) for i in range(9)]
    gaps += [gap("Neutrophils", Severity.STOP, 4)]
    gaps += [asked(gap("Second", Severity.CAUTION, 2)), asked(gap("First", Severity.CAUTION, 1))]
    assert cautions.not_found(gaps) == (
        "Please confirm: First; Second. "
        "Not found in the record, which does not mean absent: Neutrophils; 9 others."
    )
    assert cautions.not_found(gaps[:1]) == (
        "Not found in the record, which does not mean absent: Mild 0."
    )
    assert cautions.not_found(gaps[:9]).endswith("absent: 9 cautions.")
    assert cautions.not_found(()) == ""


def test_one_of_two_tests_is_not_both():
    """The rule reads "ALT or AST above": a normal ALT alone does not make it absent."""
    half = dataclasses.replace(gap("Raised liver enzymes", Severity.STOP, 4), evidence=("O/1",))
    assert "Raised liver enzymes (known in part)." in cautions.not_found((half,))


def test_what_is_not_asked_of_this_patient_or_only_informs_is_no_gap():
    pregnancy = dataclasses.replace(gap("Pregnancy", Severity.AVOID), arises=False)
    payer = finding(
        "Payer", a=Severity.INFORMATION, b=Severity.INFORMATION, presence=Presence.NOT_FOUND
    )
    both = (pregnancy, payer)
    assert cautions.not_found(both) == ""
    assert [cautions.state(f) for f in both] == ["not applicable"] * 2
    assert cautions.counts(both) == (
        "All 2 cautions: 0 present, 0 absent, 0 not found in the record, 2 not applicable"
    )


def test_gaps_are_said_once_at_every_width():
    markup = row(SPEC, (gap("Tuberculosis", Severity.STOP), gap("Infection", Severity.STOP)))
    assert markup.count("does not mean absent") == 1
    assert "tr-wide" not in markup


def test_what_only_informs_is_not_counted_as_a_caution_that_was_found():
    told = finding("Payer", a=Severity.INFORMATION, b=Severity.INFORMATION)
    assert cautions.counts((told,)) == (
        "All 1 caution: 0 present, 1 information only, 0 absent, 0 not found in the record"
    )
    assert cautions.present((told,)) == ()
