"""One frame around every page: who is here, where they can go, and the page they asked for."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from decision.ui import visiting
from decision.ui.components import ending, frame
from decision.ui.guard import guarded
from decision.ui.pages import about, data_used, patient, worklist
from decision.ui.services import Services, services
from decision.ui.session import take_chosen
from decision.ui.style import STYLE
from decision.visit import Closed, Visit

Draw = Callable[[], None]
_PATHS = {"patient": "Patient", "data": "Data used", "about": "About this model"}


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


def _page(path: str, render: Draw) -> st.Page:
    def draw_page() -> None:
        guarded(render)

    return st.Page(draw_page, title=_PATHS[path], url_path=path)


def _of_a_patient(ports: Services, visit: Visit, head: DeltaGenerator) -> list[st.Page]:
    """`head` stands above the bar: whose chart it is comes before everything else."""
    return [
        _page("patient", lambda: patient.render(ports, visit, head)),
        _page("data", lambda: data_used.render(ports, visit, head)),
        _page("about", lambda: about.render(ports, visit, head)),
    ]


def _with_worklist(ports: Services, visit: Visit) -> None:
    shared = _of_a_patient(ports, visit, st.container(key="head"))
    parameters = visiting.address(visit)

    def show_patient() -> None:
        st.switch_page(shared[0], query_params=parameters)

    def draw_worklist() -> None:
        guarded(lambda: worklist.render(ports, visit, show_patient))

    first = st.Page(draw_worklist, title="Worklist", url_path="worklist", default=True)
    asked = st.navigation([first, *shared], position="hidden")
    if asked is not first:
        take_chosen()  # a second click came before the worklist could answer the first
    _bar(ports, visit, [first, *shared])
    asked.run()


def _with_one_patient(ports: Services, visit: Visit) -> None:
    """A launch: no list of others. The bare address leads to the page that the chart asked for."""
    shared = _of_a_patient(ports, visit, st.container(key="head"))
    wanted = next((page for page in shared if page.url_path == visit.page), shared[0])

    def draw_first() -> None:
        st.switch_page(wanted, query_params=visiting.address(visit))

    first = st.Page(draw_first, title=wanted.title, default=True)
    asked = st.navigation([first, *shared], position="hidden")
    if asked is not first:
        _bar(ports, visit, shared)
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
