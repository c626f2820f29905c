"""One frame around every page: who is here, where they can go, and the page they asked for."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from decision.ui import visiting
from decision.ui.components import ending, frame
from decision.ui.guard import guarded
from decision.ui.pages import about, compare, data_used, patient, trends, worklist
from decision.ui.services import Services, services
from decision.ui.session import take_chosen
from decision.ui.style import STYLE
from decision.ui.texts import pages as texts
from decision.visit import Closed, Visit

_PATHS = {
    "patient": "Patient",
    "compare": "Compare and reasons",
    "data": "Data used",
    "trends": "Trends",
    "about": "About this model",
}


def draw() -> None:
    """Everything of one run: style, navigation and the page that was asked for."""
    st.set_page_config(page_title="Treatment response", layout="wide")
    st.html(STYLE)
    ports = services()
    visit = visiting.current(ports)
    if isinstance(visit, Closed):
        _closed(visit)
    elif visit.patient_id is None:
        _with_worklist(ports, visit)
    else:
        _with_one_patient(ports, visit)


def _of_a_patient(
    ports: Services, visit: Visit, head: DeltaGenerator, first: str = ""
) -> list[st.Page]:
    """`head` stands above the bar: whose chart it is comes before everything else. `first` is the
    one at the bare address.
    """

    def page(path: str, render: Callable[[Services, Visit, DeltaGenerator], None]) -> st.Page:
        def draw_page() -> None:
            guarded(lambda: render(ports, visit, head))

        return st.Page(draw_page, title=_PATHS[path], url_path=path, default=path == first)

    return [
        page("patient", patient.render),
        page("compare", compare.render),
        page("data", data_used.render),
        page("trends", trends.render),
        page("about", about.render),
    ]


def _with_worklist(ports: Services, visit: Visit) -> None:
    head = st.container(key="head")
    shared = _of_a_patient(ports, visit, head)
    parameters = visiting.address(visit)

    def show_patient() -> None:
        st.switch_page(shared[0], query_params=parameters)

    def draw_worklist() -> None:
        guarded(lambda: worklist.render(ports, visit, head, show_patient))

    first = st.Page(draw_worklist, title=texts.WORKLIST, url_path="worklist", default=True)
    asked = st.navigation([first, *shared], position="hidden")
    if asked is not first:
        take_chosen()  # a second click came before the worklist could answer the first
    _bar(ports, visit, [first, *shared])
    asked.run()


def _with_one_patient(ports: Services, visit: Visit) -> None:
    """A launch: no list of others. The page that the chart asked for is the one at the bare
    address: to go on to an address of its own would take a second run before anything is shown.
    """
    head = st.container(key="head")
    pages = _of_a_patient(ports, visit, head, visit.page if visit.page in _PATHS else "patient")
    asked = st.navigation(pages, position="hidden")
    _bar(ports, visit, pages)
    asked.run()


def _bar(ports: Services, visit: Visit, linked: list[st.Page]) -> None:
    """The links, and who is here. Streamlit folds its own menu into a drawer on narrow screens,
    where it stays open over the page that was asked for; these stay one click away at every width.
    """
    with st.container(horizontal=True, key="pages"):
        for page in linked:
            st.page_link(page, query_params=visiting.address(visit))
        if visit.handle:
            st.html(frame.signed_in(visit.agent))
            ending.button(ports, visit)
    ending.question(ports)
    visiting.watch(ports, visit)


def _closed(why: Closed) -> None:
    """The stop alone, at every address this server draws pages at."""

    def stop() -> None:
        st.html(frame.stop(why.title, why.detail, why.remedy, offers=why.offers))

    every = [st.Page(stop, title="Closed", default=True)]
    every += [st.Page(stop, title=title, url_path=path) for path, title in _PATHS.items()]
    st.navigation(every, position="hidden").run()
