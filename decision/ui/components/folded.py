"""A part of a page that is drawn only while it is open: closed, it costs neither room nor time."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from decision.clinical.assessment import Card
from decision.ui import visiting
from decision.ui.guard import guarded
from decision.ui.services import Services
from decision.ui.session import Chart
from decision.visit import Closed, Visit


def folded(
    services: Services, visit: Visit, chart: Chart, card: Card, parts: dict[str, Callable[[], None]]
) -> None:
    """Each part under its title, closed; opening one redraws nothing else of the page."""
    for place, (title, draw) in enumerate(parts.items()):
        _fold(services, visit, chart, card, f"fold-{place}", title, draw)


def _fold(
    services: Services,
    visit: Visit,
    chart: Chart,
    card: Card,
    key: str,
    title: str,
    draw: Callable[[], None],
) -> None:
    @st.fragment
    def part() -> None:
        guarded(opened)

    def opened() -> None:
        """A fragment runs without the page around it, so it looks itself whose chart is open."""
        now = visiting.current(services)
        if (
            isinstance(now, Closed)
            or now.key != visit.key
            or chart.assessments.get(card.spec.id) is not card
        ):
            st.rerun(scope="app")
        with st.container(key=f"{key}-part"):
            fold = st.expander(title, key=key, on_change="rerun")
            with fold:
                if fold.open:
                    draw()

    part()
