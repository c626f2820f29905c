"""The worklist, the data page and the About page, with fakes of the ports."""

from __future__ import annotations

from decision.clinical.errors import RecordSourceError
from decision.clinical.record import ListingProblem
from tests.builders import FakePredictor
from tests.fakes import (
    COMPLETE,
    FakeSource,
    NamingPredictor,
    observe,
    page_record,
    page_services,
)
from tests.screens import bodies, go, open_patient, opened, press, shown, start

FULL = page_record("p1", *COMPLETE)
PROBLEM = ListingProblem(
    file="cut.json", message="cut.json: not complete JSON", remedy="Export it again."
)


def test_each_patient_is_one_click_away_with_what_the_case_shows():
    at = start(page_services(FULL, page_record("p2")))
    page = shown(at)
    assert page.count("shows a case") == 2
    assert "F · born 1 Mar 1972 · data as of 2 Nov 2026, 09:00 UTC" in page
    assert "52 of 100" in shown(press(at, "Name of p1"))


def test_a_file_that_cannot_be_listed_is_named_with_its_remedy_and_hides_nobody():
    at = start(page_services(source=FakeSource(FULL, problems=(PROBLEM,))))
    assert "Not listed: cut.json cut.json: not complete JSON Export it again." in shown(at)
    assert "52 of 100" in shown(open_patient(at, "p1"))


def test_nobody_to_list_is_said_in_words():
    page = shown(start(page_services(source=FakeSource(problems=(PROBLEM,)))))
    assert "No patient could be listed." in page
    assert "Not listed: cut.json" in page


class NoFolder(FakeSource):
    def patients(self):
        raise RecordSourceError("demo: the folder cannot be opened", "Check its path.")


def test_a_source_that_cannot_list_at_all_says_what_to_do():
    page = shown(start(page_services(source=NoFolder())))
    assert "No patient could be listed. demo: the folder cannot be opened Check its path." in page


def test_the_worklist_shows_no_probability():
    at = open_patient(start(page_services(FULL)), "p1")
    assert "of 100" not in shown(go(at, ""))


def test_every_input_has_a_row_with_value_date_age_source_and_state():
    record = page_record("p1", observe("tender", 12), observe("crp", 900, "mg/L"))
    body = bodies(go(opened(page_services(record)), "data"))
    rows = body.split('<th scope="row">')[1:]
    named = [row.split("<")[0] for row in rows]
    assert named == 2 * ["Tender joints", "Methotrexate", "CRP"]  # as used, then as searched
    for cell in (">12<", ">2 Nov 2026 (same day)<", ">Observation/1<", ">used<"):
        assert cell in rows[0]
    assert "not found in the record" in rows[1]
    assert "outside the supported limits" in rows[2]


def test_r14_about_says_what_for_what_not_for_and_what_is_behind_it():
    page = shown(go(opened(page_services(FULL, predictor=NamingPredictor())), "about"))
    for expected in (
        "Next drug in tests Intended use Tests.",
        "Not for patients",
        "Not modelled abatacept",
        "Version 1.0.0",
        "ab12cd34ef56" * 5,
        "SIMULATED - not patients. simulated",
        "6,000",
        "TNF inhibitor Discrimination (AUROC) 0.680",
        "a drug class is named",
        "the difference is at least 5 of 100",
        "at least 20 comparable training patients",
    ):
        assert expected.casefold() in page.casefold()


def test_about_claims_no_figure_that_the_artefact_does_not_carry():
    page = shown(go(opened(page_services(FULL, predictor=FakePredictor())), "about"))
    assert "No validation figures are available." in page
    assert "How often a class is named, and rightly, has not been measured." in page
    assert "AUROC" not in page


def test_about_works_before_any_patient_is_chosen():
    page = shown(go(start(page_services(FULL)), "about"))
    assert "About this model" in page
    assert "Name of p1" not in page
