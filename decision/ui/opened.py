"""The visit's patient with chart and assessment, or the stop that explains why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from decision.assess import Decision
from decision.clinical.assessment import Assessment
from decision.clinical.errors import RecordSourceError
from decision.clinical.progress import Watch
from decision.ui import assessing, session
from decision.ui.components import frame
from decision.ui.components.markup import plain_label
from decision.ui.services import Services
from decision.ui.session import Chart
from decision.ui.texts import pages
from decision.visit import Visit


@dataclass(frozen=True, slots=True)
class Opened:
    """What a page draws, and the place where it draws it."""

    place: DeltaGenerator
    chart: Chart
    assessment: Assessment


def patient_of(visit: Visit) -> str | None:
    """The one patient of a launch; in a visit with a worklist, whoever was chosen there."""
    return session.current_patient() if visit.patient_id is None else visit.patient_id


def opened(
    services: Services, visit: Visit, head: DeltaGenerator, *, heading: bool = False
) -> Opened | None:
    """Read, check and assess the patient, and say in the page's `head` whose chart it is; draws the
    reason and gives None when it cannot.
    """
    patient_id = patient_of(visit)
    if patient_id is None:
        unopened(services, head)
        st.html(frame.stop("Patient", pages.NO_PATIENT))
        return None
    try:
        found = _opened(services, visit, patient_id, head, heading=heading)
    except RecordSourceError as error:
        _stopped(pages.CANNOT_ASSESS, error.message, error.remedy)
        return None
    with found.place:
        _which(services, found.chart)
    return found


def _which(services: Services, chart: Chart) -> None:
    """The choice between decisions where several arise, above everything that is of one of them."""
    if len(chart.candidates) < 2:
        return
    titles = _labels({i: services.decision(i).spec.title for i in chart.candidates})
    picked = st.segmented_control(
        pages.WHICH,
        list(titles),
        default=chart.decision,
        required=True,
        format_func=lambda i: plain_label(titles.get(i, "")),
        key=session.widget_key("decision"),
    )
    if picked is not None and picked != chart.decision:
        assessing.turn_to(chart, picked)
        st.rerun()


def _labels(titles: dict[str, str]) -> dict[str, str]:
    """Titles down to their colon where that tells them apart: a narrow screen cuts the rest off."""
    heads = {i: title.partition(": ")[0] for i, title in titles.items()}
    return heads if len(set(heads.values())) == len(heads) else titles


def _opened(
    services: Services, visit: Visit, patient_id: str, head: DeltaGenerator, *, heading: bool
) -> Opened:
    """Chart and assessment; whose they are is shown only once the trail has an entry of it.

    While a record is read, nothing but the progress stands there: what an earlier run drew would
    stay on the screen until the end. A chart that is known is drawn over, which does not flicker.
    """
    chart = assessing.known_chart(visit, patient_id)
    if chart is not None:
        strip, place = head, st.container()
    else:
        strip, waiting = head.empty(), st.empty()
        try:
            watch = _watching(services, strip, waiting)
            chart = assessing.open_chart(services, visit, patient_id, watch)
        except RecordSourceError:
            waiting.empty()
            unopened(services, strip)
            raise
        place = waiting.container()
    assessment = assessing.assessed(services, visit, chart)
    full, live = visit.full_banner, bool(visit.handle)
    said = frame.strip(chart.record, heading=heading, full=full, live=live)
    strip.html(f'<div class="tr">{said}{frame.banner(assessment.model)}</div>')
    return Opened(place, chart, assessment)


def unopened(services: Services, head: DeltaGenerator) -> None:
    """The head of a page that shows nobody: what is known of the models all the same."""
    head.html(f'<div class="tr">{frame.simulated(services.decisions)}</div>')


def _watching(services: Services, strip: DeltaGenerator, place: DeltaGenerator) -> Watch:
    """Shows how far reading has come, over boxes as large as what is to come."""

    def show(said: str) -> None:
        head, page = frame.waiting(said, services.decisions)
        strip.html(head)
        place.html(page)

    show(pages.READING)
    return lambda told: show(pages.reading(told))


def _stopped(title: str, detail: str, remedy: str) -> None:
    """The stop; whatever happened may have been the moment's, so the record can be read again."""
    st.html(frame.stop(title, detail, remedy))
    st.button(pages.READ_AGAIN, on_click=session.read_again, key=session.widget_key("again"))


def strip_of_current(services: Services, visit: Visit, head: DeltaGenerator) -> str:
    """Whose chart it is, on a page that needs no assessment; nothing when none is open (D12). In a
    launch somebody always is: the record is read and assessed for it, because to see whose chart
    this is leaves an entry on every page. Gives what went wrong instead, to stand in the page.
    """
    patient_id = patient_of(visit)
    listed = visit.patient_id is None
    if patient_id is None or (listed and assessing.known_chart(visit, patient_id) is None):
        unopened(services, head)
        return ""
    try:
        _opened(services, visit, patient_id, head, heading=False)
    except RecordSourceError as error:
        return frame.stop(pages.CANNOT_ASSESS, error.message, error.remedy, heading=False)
    return ""


def decision_of_current(services: Services, visit: Visit) -> Decision | None:
    """The decision of the chart that is open; None where none is."""
    patient_id = patient_of(visit)
    chart = None if patient_id is None else assessing.known_chart(visit, patient_id)
    return None if chart is None else services.decision(chart.decision)
