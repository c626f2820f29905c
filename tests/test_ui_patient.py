"""The Patient page in every state, with fakes of the ports; no browser."""

from __future__ import annotations

import dataclasses
import html
import itertools
import logging
import re

import pytest

from decision.assess import NoModel
from decision.clinical.assessment import AuditAction
from decision.clinical.errors import AuditError, RecordSourceError
from decision.clinical.quantities import Moment
from decision.clinical.record import DataIssue, IssueKind
from decision.clinical.spec import CriterionResult, Eligibility
from tests.builders import ListAuditLog, make_finding
from tests.fakes import (
    COMPLETE,
    FakeSource,
    NamingPredictor,
    TenderPredictor,
    observe,
    page_record,
    page_services,
    page_spec,
)
from tests.screens import bodies, field, go, open_patient, opened, press, shown, start

FULL = page_record("p1", *COMPLETE)
BARE = page_record("p2", observe("crp", 42, "mg/L"))


def no_estimate(page: str) -> bool:
    """No probability anywhere: neither as a frequency nor as icons."""
    return "patients like this one" not in page and "tr-icons" not in page


def test_a_card_shows_both_numbers_ranges_difference_and_reasons():
    page = shown(opened(page_services(FULL)))
    assert "52 of 100 simulated patients like this one reach" in page
    assert "48 of 100 simulated patients like this one reach" in page
    assert "Likely range 37 to 67 of 100 (90 %)" in page
    assert "No clear preference: about the same." in page
    assert "Moves both drugs" in page
    assert "Moves the gap" in page


def test_the_order_of_reading_is_identity_banner_cautions_data_estimates_difference():
    body = bodies(opened(page_services(FULL)))
    marks = [
        "tr-strip",
        "tr-banner",
        ">Cautions<",
        ">Data<",
        "tr-cards",
        ">Difference<",
        ">Reasons<",
    ]
    places = [body.index(mark) for mark in marks]
    assert places == sorted(places)


def test_r09_missing_inputs_stand_above_the_estimates_with_their_cost():
    body = bodies(opened(page_services(FULL)))
    assert body.index("Methotrexate (7 of 100)") < body.index("tr-cards")


@pytest.mark.parametrize("page", ["patient", "data", "about"])
def test_r12_every_page_says_who_this_is_and_how_old_the_data_are(page):
    at = go(opened(page_services(FULL)), page)
    strip = re.search(r'<div class="tr-strip".*?</div>', bodies(at))[0]
    assert "Name of p1" in strip
    assert "F 54" in strip
    assert "born 1 Mar 1972" in strip
    assert "no. MRN-7" in strip
    assert "Data as of 2 Nov 2026, 09:00 UTC" in strip


@pytest.mark.parametrize("page", ["", "patient", "data", "about"])
def test_the_simulated_model_is_named_on_every_page(page):
    at = go(opened(page_services(FULL)), page)
    assert "Simulated model. Trained on generated records, not on patients." in shown(at)


@pytest.mark.parametrize("page", ["", "patient", "data", "about"])
@pytest.mark.parametrize("record", [FULL, dataclasses.replace(BARE, patient_id="p1")])
def test_every_page_has_one_first_heading_and_skips_no_level(page, record):
    body = bodies(go(opened(page_services(record)), page))
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", body)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


def test_three_states_of_a_caution_are_three_different_words():
    body = bodies(opened(page_services(FULL, spec=page_spec(stop=True))))
    assert "All 3 cautions: 1 present, 1 absent, 1 not found in the record" in body
    assert "Not found in the record, which does not mean absent: Tuberculosis." in body
    assert "to be verified" not in re.search(r"<li>.*?Low neutrophils.*?</li>", body)[0]


def test_what_a_caution_would_say_is_never_shown_as_what_it_says():
    body = bodies(opened(page_services(FULL)))
    neutrophils = re.search(r"<strong>Low neutrophils</strong>.*?</ul>", body)[0]
    assert "not found in the record" in neutrophils
    assert "<strong>STOP if present.</strong>" in neutrophils


def test_r11_red_is_kept_for_a_stop_that_applies():
    assert "tr-chip-stop" not in bodies(opened(page_services(FULL)))
    assert "tr-chip-stop" in bodies(opened(page_services(FULL, spec=page_spec(stop=True))))


def test_a_stop_heads_its_drug_silences_the_preference_and_changes_no_number():
    services = page_services(FULL, spec=page_spec(stop=True), predictor=NamingPredictor())
    body = bodies(opened(services))
    il6, tnf = body.split('<section class="tr-card">')[1:3]
    assert il6.index("STOP.") < il6.index("60 of 100")
    assert "A caution never changes the model&#x27;s estimate" in il6
    assert "STOP." not in tnf
    assert "No preference stated: STOP for an IL-6 inhibitor (low neutrophils)." in body
    assert "The estimates favour" not in body
    calm = bodies(opened(page_services(FULL, predictor=NamingPredictor())))
    assert "60 of 100" in calm
    assert "The estimates favour an IL-6 inhibitor." in calm


def test_an_abstention_names_what_is_missing_its_range_and_opens_the_form():
    at = opened(page_services(BARE), "p2")
    page = shown(at)
    assert no_estimate(page)
    assert "No estimate." in page
    assert "Required input missing" in page
    assert "Enter it below (0 to 28)." in page
    assert "Cautions" in page
    (form,) = [e for e in at.expander if e.label == "Enter what the record lacks"]
    assert form.proto.expanded
    assert field(at, "Tender joints").value is None


def test_a_patient_who_is_not_eligible_gets_the_reason_and_no_form():
    outside = CriterionResult(
        id="x", state=Eligibility.NOT_MET, detail="Already received it.", remedy="Not built for it."
    )
    spec = page_spec(eligibility=lambda record, spec: (outside,))
    at = opened(page_services(FULL, spec=spec))
    page = shown(at)
    assert no_estimate(page)
    assert "Not eligible Already received it. Not built for it." in page
    assert "Enter what the record lacks" not in [e.label for e in at.expander]
    assert "Methotrexate not found" not in page


def test_without_a_model_the_page_works_and_says_so():
    broken = NoModel(detail="Checksum differs.", remedy="Install the model again.")
    at = opened(page_services(FULL, predictor=broken))
    page = shown(at)
    assert no_estimate(page)
    assert "Model unavailable Checksum differs. Install the model again." in page
    assert "Low neutrophils" in page
    assert "Not available. Checksum differs." in shown(go(at, "about"))


def test_no_audit_entry_no_card():
    at = opened(page_services(FULL, audit=ListAuditLog(broken=True)))
    page = shown(at)
    assert no_estimate(page)
    assert "Cannot assess: the audit entry could not be written." in page
    assert "Free some space." in page
    assert "Name of p1" not in page


def test_a_trail_that_breaks_while_deciding_takes_the_card_away():
    audit = ListAuditLog()
    at = opened(page_services(FULL, audit=audit, predictor=NamingPredictor()))
    audit.broken = True
    page = shown(press(at, "Accept"))
    assert "Cannot assess: the audit entry could not be written." in page
    assert no_estimate(page)
    assert "Accepted" not in page


def test_somebody_elses_record_stops_everything():
    source = FakeSource(FULL, BARE, wrong=True)
    audit = ListAuditLog()
    page = shown(opened(page_services(source=source, audit=audit)))
    assert "belongs to a different patient" in page
    assert no_estimate(page)
    assert "Name of p2" not in page
    assert "MRN-7" not in page
    assert audit.events == []


def test_a_record_that_cannot_be_read_says_what_to_do_and_others_still_open():
    source = FakeSource(FULL, BARE)
    at = start(page_services(source=source))
    source.broken = RecordSourceError("a.json: not complete JSON", "Export it again.")
    page = shown(open_patient(at, "p1"))
    assert "Cannot assess. a.json: not complete JSON Export it again." in page
    source.broken = None
    assert "No estimate." in shown(open_patient(at, "p2"))


def test_a_failed_reading_leaves_no_older_card_behind():
    source = FakeSource(FULL, BARE)
    at = open_patient(start(page_services(source=source)), "p1")
    assert "52 of 100" in shown(at)
    source.broken = RecordSourceError("a.json: gone", "Look for it.")
    page = shown(open_patient(at, "p1"))
    assert "a.json: gone" in page
    assert no_estimate(page)
    assert no_estimate(shown(go(at, "data")))
    assert "Name of p1" not in shown(go(at, "about"))


class BuggyPredictor(TenderPredictor):
    def answer(self, features, *, site, level):
        raise ZeroDivisionError("Name of p1 has CRP 42")


def test_a_bug_shows_a_stop_and_logs_its_type_but_no_value(caplog):
    with caplog.at_level(logging.DEBUG):
        at = opened(page_services(FULL, predictor=BuggyPredictor()))
    page = shown(at)
    assert "Cannot assess: something unexpected went wrong." in page
    assert no_estimate(page)
    assert len(at.exception) == 0
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("decision")]
    assert ours == ["page failed: ZeroDivisionError"]
    assert "Name of p1" not in caplog.text


def test_after_a_stop_the_next_patient_opens():
    predictor = BuggyPredictor()
    at = opened(page_services(FULL, BARE, predictor=predictor))
    assert "No estimate." in shown(open_patient(at, "p2"))


def test_no_patient_chosen_is_a_state_of_its_own():
    at = start(page_services(FULL))
    for page in ("patient", "data"):
        assert "No patient is chosen." in shown(go(at, page))


def test_a_death_in_the_record_is_said_above_the_estimate():
    died = Moment.instant(FULL.as_of)
    body = bodies(opened(page_services(dataclasses.replace(FULL, deceased=died))))
    assert body.index("for review only") < body.index("tr-cards")


def test_doubts_about_the_record_are_shown_with_resource_and_remedy():
    issue = DataIssue(
        kind=IssueKind.UNKNOWN_UNIT,
        reference="Observation/9",
        detail="The unit mmol/X is not known.",
        remedy="Enter the value.",
    )
    at = opened(page_services(dataclasses.replace(FULL, issues=(issue,))))
    for page in (shown(at), shown(go(at, "data"))):
        assert "Unknown unit (Observation/9): The unit mmol/X is not known." in page
        assert "Enter the value." in page


def test_a_name_that_looks_like_markup_is_shown_as_it_is_written():
    identity = dataclasses.replace(FULL.identity, name='<img src=x onerror="alert(1)"> & Co')
    at = opened(page_services(dataclasses.replace(FULL, identity=identity)))
    assert "<img" not in bodies(at)
    assert '<img src=x onerror="alert(1)"> & Co' in html.unescape(bodies(at))


def test_the_trail_of_this_patient_is_on_the_page_and_nobody_elses():
    audit = ListAuditLog()
    at = opened(page_services(FULL, BARE, audit=audit))
    assert "IL-6 inhibitor 52 of 100, TNF inhibitor 48 of 100; preference: none named" in shown(at)
    page = shown(open_patient(at, "p2"))
    assert "no estimate: required input missing" in page
    assert "52 of 100" not in page


def test_entries_about_somebody_else_with_the_same_id_are_counted_and_not_shown():
    audit = ListAuditLog()
    assert "of another identity" not in shown(opened(page_services(FULL, audit=audit)))
    identity = dataclasses.replace(FULL.identity, name="Somebody Else")
    namesake = dataclasses.replace(BARE, patient_id="p1", identity=identity)

    page = shown(opened(page_services(namesake, audit=audit)))
    assert "1 entry of another identity with this id is not shown" in page
    assert "no estimate: required input missing" in page
    assert "52 of 100" not in page


def test_looking_again_writes_no_second_entry():
    audit = ListAuditLog()
    at = opened(page_services(FULL, audit=audit))
    at.run()
    go(at, "data")
    go(at, "patient")
    assert [e.action for e in audit.events] == [AuditAction.ASSESSED]


def test_opening_again_reads_the_record_again_and_is_a_new_entry():
    audit, source = ListAuditLog(), FakeSource(FULL)
    at = opened(page_services(source=source, audit=audit))
    open_patient(at, "p1")
    assert source.loads == 2
    assert [e.action for e in audit.events] == [AuditAction.ASSESSED] * 2


def test_a_trail_that_cannot_be_read_is_a_stop_too():
    class Unreadable(ListAuditLog):
        def entries(self, patient_id, identity):
            raise AuditError("cannot read the audit trail", "Check the disk.")

    assert no_estimate(shown(opened(page_services(FULL, audit=Unreadable()))))


def test_present_cautions_come_hardest_first():
    spec = page_spec(find_cautions=lambda record, spec: (make_finding(),))
    assert "IL-6 inhibitor: STOP" in shown(opened(page_services(FULL, spec=spec)))
