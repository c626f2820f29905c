"""What a clinician thinks of an answer: at most two clicks, coded, kept with what it is about."""

from __future__ import annotations

import pytest

from decision import catalog
from decision.clinical.assessment import AuditAction
from decision.clinical.choices import DISAGREE, View, feedback_reasons
from decision.ui.texts import feedback as words
from decision.ui.texts.trail import what
from tests.builders import ListAuditLog
from tests.fakes import COMPLETE, page_record, page_services, page_spec
from tests.screens import bodies, opened, press, shown

FULL = page_record("p1", *COMPLETE)


class Clicks:
    """A page whose clicks are counted."""

    def __init__(self, record=FULL, audit=None):
        self.audit = audit or ListAuditLog()
        self.at = opened(page_services(record, audit=self.audit))
        self.count = 0

    def view(self, view):
        (views,) = [c for c in self.at.segmented_control if c.label == words.TITLE]
        self.count += 1
        views.set_value(view)
        self.at.run()
        return self

    def why(self, code):
        (pills,) = [p for p in self.at.pills if p.label == words.WHY]
        self.count += 1
        pills.set_value(code)
        self.at.run()
        return self

    def note(self, text):
        (box,) = [t for t in self.at.text_input if t.label == words.REMARK and "view" in t.key]
        box.set_value(text)
        self.at.run()
        return self

    @property
    def given(self):
        return [e for e in self.audit.events if e.action is AuditAction.FEEDBACK]


def test_r13_to_agree_takes_one_click():
    page = Clicks().view(View.AGREE)
    (entry,) = page.given
    assert page.count == 1
    assert entry.outcome["view"] == "agree"
    assert "reason" not in entry.outcome
    assert "Feedback recorded: agree" in shown(page.at)


@pytest.mark.parametrize(
    ("view", "code"), [(View.DISAGREE, "too-high"), (View.OTHER, "patient-preference")]
)
def test_r13_to_disagree_or_to_have_chosen_other_takes_two_with_a_coded_reason(view, code):
    page = Clicks().view(view)
    assert page.given == []  # a view alone is not recorded where a reason is asked for
    page.why(code)
    (entry,) = page.given
    assert page.count == 2
    assert (entry.outcome["view"], entry.outcome["reason"]) == (view.value, code)


def test_r13_it_is_kept_with_the_model_the_inputs_and_the_words_that_were_read():
    page = Clicks().view(View.AGREE)
    (entry,) = page.given
    assessed = page.audit.events[0]
    assert entry.input_hash == assessed.input_hash
    assert entry.model_version == assessed.model_version
    assert len(str(entry.outcome["model_sha256"])) >= 12
    assert entry.outcome["about"] == "audit-1"
    said = shown(page.at)
    displayed_then = entry.outcome["displayed"]
    assert displayed_then
    assert all(" ".join(sentence.split())[:30] in said for sentence in displayed_then)


def test_a_remark_is_kept_when_there_is_one():
    page = Clicks().view(View.DISAGREE).note("  joints swollen by gout ").why("data-wrong")
    (entry,) = page.given
    assert entry.outcome["note"] == "joints swollen by gout"
    assert page.count == 2


def test_an_abstention_takes_feedback_and_no_reason_that_speaks_of_an_estimate():
    page = Clicks(page_record("p1")).view(View.DISAGREE)
    (pills,) = [p for p in page.at.pills if p.label == words.WHY]
    assert "Estimate too high" not in pills.options
    page.why("should-estimate")
    (entry,) = page.given
    assert entry.outcome["reason"] == "should-estimate"
    assert "No estimate." in entry.outcome["displayed"][0]


def test_it_can_be_changed_and_both_stay_in_the_trail():
    page = Clicks().view(View.AGREE)
    page.at = press(page.at, words.CHANGE)
    page.view(View.DISAGREE).why("other")
    assert [e.outcome["view"] for e in page.given] == ["agree", "disagree"]
    assert "Feedback recorded: disagree" in shown(page.at)


def test_the_same_said_again_is_not_written_again():
    page = Clicks().view(View.AGREE)
    page.at = press(page.at, words.CHANGE)
    page.view(View.AGREE)
    assert len(page.given) == 1


def test_a_rerun_writes_nothing():
    page = Clicks().view(View.DISAGREE).why("other")
    page.at.run()
    page.at.run()
    assert len(page.given) == 1


def test_without_a_trail_nothing_says_that_it_was_recorded():
    page = Clicks()
    page.audit.broken = True
    page.view(View.AGREE)
    assert "Feedback recorded" not in shown(page.at)
    assert page.given == []


def test_feedback_is_no_decision():
    page = Clicks().view(View.OTHER).why("formulary")
    decisions = (AuditAction.ACCEPTED, AuditAction.DECIDED, AuditAction.OVERRODE)
    assert not any(e.action in decisions for e in page.audit.events)
    assert "Recorded:" not in shown(page.at)


def test_the_trail_tells_it_in_words():
    page = Clicks().view(View.DISAGREE).why("too-low")
    (entry,) = page.given
    assert what(page_spec(), entry) == "disagree; reason: Estimate too low"
    assert "Estimate too low" in bodies(page.at)


def test_a_view_that_nobody_knows_any_more_is_shown_as_it_was_written():
    assert words.line(page_spec(), "shrugged", "x", "") == "shrugged"


@pytest.mark.parametrize("name", catalog.offered())
@pytest.mark.parametrize("estimated", [True, False])
def test_every_view_but_agreement_has_coded_reasons_in_every_decision(name, estimated):
    overrides = catalog.load(name).override_reasons
    assert feedback_reasons(View.AGREE, overrides, estimated=estimated) == {}
    for view in (View.DISAGREE, View.OTHER):
        found = feedback_reasons(view, overrides, estimated=estimated)
        assert "other" in found
        assert len(found) >= 5
        assert len(set(found.values())) == len(found)


def test_the_reasons_for_disagreeing_stand_in_one_list_once_each():
    codes = [reason.code for reason in DISAGREE]
    assert len(set(codes)) == len(codes)
