"""The patients of the demo, what each shows, and what could not be listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from decision.clinical.errors import RecordSourceError
from decision.clinical.record import ListingProblem, PatientListing
from decision.ui.components import frame
from decision.ui.components.markup import paragraph, plain_label, text
from decision.ui.opened import unopened
from decision.ui.services import Services
from decision.ui.session import choose, take_chosen, widget_key
from decision.ui.texts import pages
from decision.visit import Visit


def render(
    services: Services, visit: Visit, head: DeltaGenerator, show_patient: Callable[[], None]
) -> None:
    """One click opens a patient; a file with a problem is named and hides nobody else.

    The click is answered before the folder is read, because any further click ends this run.
    """
    if take_chosen():
        show_patient()
    unopened(services, head)
    try:
        lines = visit.source.patients()
    except RecordSourceError as error:
        st.html(frame.stop(pages.EMPTY_WORKLIST, error.message, error.remedy))
        return
    patients = [line for line in lines if isinstance(line, PatientListing)]
    problems = [line for line in lines if isinstance(line, ListingProblem)]
    st.html(
        f'<section class="tr"><h1>{pages.WORKLIST}</h1>{paragraph(pages.WORKLIST_INTRO)}</section>'
    )
    if not patients:
        st.html(frame.stop(pages.EMPTY_WORKLIST, "", heading=False))
    for problem in problems:
        st.html(_problem(problem))
    for title, group in _grouped(services, patients):
        nobody = "" if group else paragraph(pages.NOBODY)
        st.html(f'<div class="tr tr-group"><h2>{text(title)}</h2>{nobody}</div>')
        for listing in group:
            _line(listing)


def _grouped(
    services: Services, patients: Sequence[PatientListing]
) -> Iterator[tuple[str, list[PatientListing]]]:
    """Each patient once, under the first decision that arises, or under none."""
    known = {decision.id: decision.spec.title for decision in services.decisions}
    first = [next((d for d in p.decisions if d in known), "") for p in patients]
    for decision, title in (*known.items(), ("", pages.NO_DECISION)):
        group = [p for p, of in zip(patients, first, strict=True) if of == decision]
        if group or decision:
            yield title, group


def _line(listing: PatientListing) -> None:
    with st.container(key=f"listed-{listing.patient_id}"):
        button, said = st.columns([2, 7], vertical_alignment="center")
        said.html(_patient(listing))
        button.button(
            plain_label(listing.identity.name) or pages.NAMELESS,
            key=widget_key(f"open-{listing.patient_id}"),
            type="tertiary",
            on_click=choose,
            args=(listing.patient_id,),
            width="stretch",
        )


def _patient(listing: PatientListing) -> str:
    about = paragraph(pages.listed(listing), "tr-small")
    return f'<div class="tr">{paragraph(listing.note)}{about}</div>'


def _problem(problem: ListingProblem) -> str:
    return (
        f'<section class="tr tr-problem" role="note"><h2>Not listed: {text(problem.file)}</h2>'
        f"{paragraph(problem.message)}{paragraph(problem.remedy)}</section>"
    )
