"""Served by a browser test: the real pages over a source whose list takes long, as a large one."""

from __future__ import annotations

import time
from pathlib import Path

import streamlit as st

from decision.clinical.record import ListingProblem, PatientListing
from decision.ui.services import install
from tests.fakes import COMPLETE, FakeSource, page_record, page_services


class SlowSource(FakeSource):
    def patients(self) -> tuple[PatientListing | ListingProblem, ...]:
        time.sleep(1)
        return super().patients()


install(page_services(source=SlowSource(*(page_record(i, *COMPLETE) for i in ("p1", "p2")))))
app = st.App(Path(__file__).parent.parent / "decision" / "ui" / "script" / "main.py")
