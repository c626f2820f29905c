"""How often a class is named stands on the About page as counts, never as a share of few."""

from __future__ import annotations

import dataclasses

from decision.clinical.assessment import NamingRecord
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
