"""The chosen patient's chart and assessment, or the stop that explains why there is none."""

from __future__ import annotations

import streamlit as st

from decision.clinical.assessment import Assessment
from decision.clinical.errors import RecordSourceError
from decision.ui import assessing
from decision.ui.components import frame
from decision.ui.services import Services
from decision.ui.session import Chart, chart, current_patient
from decision.ui.texts import pages


def opened(services: Services) -> tuple[Chart, Assessment] | None:
    """Read, check and assess the chosen patient; draws the reason and gives None when it cannot."""
    patient_id = current_patient()
    if patient_id is None:
        st.html(frame.stop("Patient", pages.NO_PATIENT))
        return None
    try:
        known = assessing.open_chart(services, patient_id)
        return known, assessing.assessed(services, known)
    except assessing.WrongPatientError:
        st.html(frame.stop(*pages.MISMATCH))
    except RecordSourceError as error:
        st.html(frame.stop(pages.CANNOT_ASSESS, error.message, error.remedy))
    return None


def strip_of_current() -> str:
    """The patient strip for a page that needs no assessment; nothing when none is open (D12)."""
    patient_id = current_patient()
    known = chart(patient_id) if patient_id is not None else None
    return frame.strip(known.record) if known is not None else ""
