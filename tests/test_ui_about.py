"""How often a class is named stands on the About page as counts, never as a share of few."""

from __future__ import annotations

import dataclasses

from decision.clinical.assessment import ChallengeRecord, NamingRecord
from decision.ui.texts import about
from tests.fakes import TenderPredictor, page_record, page_services
from tests.screens import go, opened, shown


def record(named: int, right: int) -> NamingRecord:
    return NamingRecord(
        setting="SIMULATED, k = 0.5, 8 seeds", named=named, right=right, silent_share=0.9998
    )


class NamedPredictor(TenderPredictor):
    @property
    def identity(self):
        return dataclasses.replace(super().identity, naming=(record(13, 13), record(590, 578)))


def test_d14_few_named_patients_are_counted_and_not_judged():
    few, many = about.naming_rows(NamedPredictor().identity)
    assert few == (
        "SIMULATED, k = 0.5, 8 seeds",
        "13 patients",
        "13 of 13; too few to judge",
        "99.98 %",
    )
    assert many[2] == "578 of 590"


def test_d14_the_about_page_says_that_the_counts_are_simulated_or_that_there_are_none():
    at = opened(page_services(page_record("p1"), predictor=NamedPredictor()))
    assert "SIMULATED, k = 0.5, 8 seeds" in shown(go(at, "about"))
    at = opened(page_services(page_record("p1")))
    assert about.UNMEASURED in shown(go(at, "about"))


def challenge(passed: bool = False) -> ChallengeRecord:
    return ChallengeRecord(
        served="additive",
        challenger="deep challenger",
        cohort="SIMULATED",
        purpose="The served biology",
        patients=1000,
        repeats=5,
        loss=0.6135,
        challenger_loss=0.5742,
        difference=-0.0393,
        error=0.0028,
        policy=0.385,
        challenger_policy=0.381,
        open=passed,
    )


class ChallengedPredictor(TenderPredictor):
    @property
    def identity(self):
        return dataclasses.replace(super().identity, challenges=(challenge(), challenge(True)))


def test_who_was_tried_against_the_model_stands_with_both_figures_and_the_verdict():
    shut, passed = about.challenge_rows(ChallengedPredictor().identity)
    assert shut == (
        "The served biology: SIMULATED, 1,000 patients, 5 repeats",
        "0.614",
        "0.574",
        "−0.039 (standard error 0.003)",
        "there 0.381, here 0.385",
        "shut",
    )
    assert passed[-1] == "open"


def test_the_about_page_tells_of_a_challenger_only_where_one_was_tried():
    at = opened(page_services(page_record("p1"), predictor=ChallengedPredictor()))
    page = shown(go(at, "about"))
    assert "Tried against the model that answers here, on the same folds: deep challenger." in page
    assert "−0.039 (standard error 0.003)" in page
    at = opened(page_services(page_record("p1")))
    assert "Tried against it" not in shown(go(at, "about"))
