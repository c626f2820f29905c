"""What one browser session remembers. The only module that touches `st.session_state`.

A session serves one visit at a time, and forgets all of it before it serves another. A chart holds
everything about one patient, and every read names the visit and the patient it is for, so that
nothing entered or decided for one can be shown for another.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from threading import Lock

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from decision.clinical.assessment import Assessment, AuditAction
from decision.clinical.record import Observation, PatientRecord
from decision.clinical.scores.joints import JointExamination
from decision.ui.added import Adding
from decision.ui.examination import Draft, Sheet
from decision.ui.given import Given

_CHARTS = "charts"
_CHOSEN = "just_chosen"
_CURRENT = "current_patient"
_ENDING = "asks_before_ending"
_ENDED = "ended_here"
_HALT = "halted"
_REREAD = "read_again"
_SERIAL = "form_serial"
_TRIED = "tried_serial"
_VISIT = "visit_key"
_WITHDRAWN = "withdrawn"
_MOST_CHARTS = 20


class WrongPatientError(Exception):
    """A record belongs to somebody else than was asked for; nothing of it may be shown."""


class WithdrawnBecause(StrEnum):
    """Why entries ended although nobody took them back. A closed list."""

    RECORD_CHANGED = "the record has changed since"
    SESSION_FULL = f"a session keeps the last {_MOST_CHARTS} patients"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Entries that ended although nobody took them back, for the page to say so."""

    entries: tuple[Observation, ...]
    because: WithdrawnBecause


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision as written: about which assessment, what, and the id of its audit entry.
    `against` are the STOP and AVOID cautions it goes against, as (rule, severity).
    """

    about: str
    action: AuditAction
    coded: tuple[str, ...]
    audit_id: str
    at: datetime
    decision: str = ""
    """Id of the decision (a specification's) that it was about."""
    chosen: str = ""
    reason: str = ""
    against: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What was entered in one go: when, under which entry of the trail, and what it was read from.
    Of values that were replaced or taken back one by one, the rest.
    """

    at: datetime
    audit_id: str
    entries: tuple[Observation, ...]
    joints: JointExamination | None = None
    sheets: Mapping[str, Sheet] = field(default_factory=dict)


@dataclass(slots=True, weakref_slot=True)
class Chart:
    """One patient's record as opened in this session, with what was entered and decided on it.

    A second click starts a second run while the first may still be writing; `lock` makes them take
    turns, so that each finds what the other has written.
    """

    record: PatientRecord
    decision: str
    """Id of the decision that the page shows: one of the `candidates`."""
    candidates: tuple[str, ...]
    """Ids of the decisions that arise for this record."""
    entries: tuple[Observation, ...] = ()
    saved: tuple[Saved, ...] = ()
    """The same entries as they were saved, in the order of saving."""
    draft: Draft = field(default_factory=Draft)
    """The examination on the figure; its marks outlive saving, so that one can be corrected."""
    assessments: dict[str, Assessment] = field(default_factory=dict)
    """What was shown of each decision since the record or the entries last changed."""
    adding: Adding = field(default_factory=Adding)
    overriding: bool = False
    changing: bool = False
    """Whether the form is open again although a decision is recorded."""
    decided: tuple[Decided, ...] = ()
    """In the order in which they were written; the last one stands."""
    feedback: tuple[Given, ...] = ()
    """What was thought of the answers, in the order in which it was written."""
    reconsidering: bool = False
    withdrawn: Withdrawn | None = None
    lock: Lock = field(default_factory=Lock, compare=False, repr=False)

    def decided_about(self, assessment_id: str) -> tuple[Decided, ...]:
        """The decisions about one assessment, in the order in which they were written."""
        return tuple(d for d in self.decided if d.about == assessment_id)

    def without(self, gone: tuple[Observation, ...]) -> tuple[Saved, ...]:
        """What was saved, without these entries."""
        left = (
            dataclasses.replace(s, entries=tuple(e for e in s.entries if e not in gone))
            for s in self.saved
        )
        return tuple(s for s in left if s.entries)

    def with_entries(self) -> PatientRecord:
        """The record together with what the clinician entered."""
        return self.adding.over(self.record.with_entries(self.entries), self.entries)


_Filed = tuple[str, str]
"""What a chart is filed under: the key of the visit, the id of the patient."""


def bind(visit_key: str) -> bool:
    """Serve this visit; of any other, everything is forgotten first. True on its first run."""
    if st.session_state.get(_VISIT) == visit_key:
        return False
    forget()
    st.session_state[_VISIT] = visit_key
    return True


def forget() -> None:
    """Drop every chart, entry, choice and widget. Widget names are never used a second time: the
    browser may still send the values of those it drew before.
    """
    serial = st.session_state.get(_SERIAL, 0)
    drop_files()
    st.session_state.clear()
    st.session_state[_SERIAL] = serial + 1


def identity() -> str:
    """Tells this browser session from every other."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context is not None else ""


def drop_files() -> None:
    """Streamlit keeps what was sent as long as the session lives: not beside what it came to."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None:
        context.uploaded_file_mgr.remove_session_files(context.session_id)


def _charts() -> dict[_Filed, Chart]:
    charts: dict[_Filed, Chart] = st.session_state.setdefault(_CHARTS, {})
    return charts


def current_patient() -> str | None:
    """Id of the patient chosen in this session, if any."""
    chosen: str | None = st.session_state.get(_CURRENT)
    return chosen


def choose(patient_id: str) -> None:
    """Make this the session's patient. Every widget gets a new name, so none keeps a value.

    A click's callback: it ends before the next click is heard, which a line further down a page
    need not. The patient comes last, so that whatever is cut short leaves no earlier chart open.
    """
    renew_widgets()
    st.session_state[_REREAD] = True
    st.session_state[_CHOSEN] = True
    st.session_state[_CURRENT] = patient_id


def take_chosen() -> bool:
    """Whether a patient was chosen by the click that started this run."""
    return bool(st.session_state.pop(_CHOSEN, False))


def read_again() -> None:
    """The open patient's record is read anew on the next look. A click's callback."""
    renew_widgets()
    st.session_state[_REREAD] = True


def chart(visit_key: str, patient_id: str) -> Chart | None:
    """What this visit knows of this patient; None when the record must be read (again)."""
    if st.session_state.get(_REREAD):
        return None
    found = _charts().get((visit_key, patient_id))
    if found is not None and found.record.patient_id != patient_id:
        raise WrongPatientError
    return found


def last_chart(visit_key: str, patient_id: str) -> Chart | None:
    """The same, even where the record must be read again: for what was decided, not to be shown."""
    found = _charts().get((visit_key, patient_id))
    return found if found is not None and found.record.patient_id == patient_id else None


def _unchanged(known: Chart, record: PatientRecord) -> bool:
    """Whether both say the same, whenever each was read: a live record is as of its reading."""
    return dataclasses.replace(record, as_of=known.record.as_of) == known.record


def losing_entries(
    visit_key: str, record: PatientRecord
) -> tuple[tuple[Chart, WithdrawnBecause], ...]:
    """The charts whose entries would end if this record were filed, and why: for the trail."""
    charts = _charts()
    known = charts.get((visit_key, record.patient_id))
    lost = []
    if known is not None and not _unchanged(known, record):
        lost.append((known, WithdrawnBecause.RECORD_CHANGED))
    if known is None:
        over = len(charts) + 1 - _MOST_CHARTS
        lost += [(c, WithdrawnBecause.SESSION_FULL) for c in list(charts.values())[: max(0, over)]]
    return tuple((lost_chart, because) for lost_chart, because in lost if lost_chart.entries)


def note_withdrawn(patient_id: str, withdrawn: Withdrawn) -> None:
    """For this patient's next opening, when the chart that held the entries is gone."""
    notes: dict[str, Withdrawn] = st.session_state.setdefault(_WITHDRAWN, {})
    notes[patient_id] = withdrawn


def file_chart(
    visit_key: str, record: PatientRecord, candidates: tuple[str, ...], wanted: str = ""
) -> Chart:
    """Keep a freshly read record; entries stay only if the record has not changed under them.

    Every assessment starts anew: each opening is a new showing, and a new line in the trail. Of the
    decisions that arise, the one shown before stays, else the one that is `wanted`.
    """
    charts, place = _charts(), (visit_key, record.patient_id)
    known = charts.pop(place, None)
    same = known if known is not None and _unchanged(known, record) else None
    notes: dict[str, Withdrawn] = st.session_state.get(_WITHDRAWN, {})
    shown = known.decision if known is not None else wanted
    charts[place] = Chart(
        record=record,
        decision=shown if shown in candidates else candidates[0],
        candidates=candidates,
        entries=same.entries if same is not None else (),
        saved=same.saved if same is not None else (),
        draft=same.draft if same is not None else Draft(),
        adding=same.adding if same is not None else Adding(),
        decided=known.decided if known is not None else (),
        withdrawn=notes.pop(record.patient_id, None),
    )
    st.session_state[_REREAD] = False
    while len(charts) > _MOST_CHARTS:
        del charts[next(iter(charts))]
    return charts[place]


def widget_key(name: str) -> str:
    """A widget name that no earlier patient and no earlier form has used."""
    return f"{name}-{st.session_state.get(_SERIAL, 0)}"


def tried_key(name: str) -> str:
    """The name of a field of what is only tried."""
    return f"{widget_key(name)}-{st.session_state.get(_TRIED, 0)}"


def try_anew() -> None:
    """Every such field says the patient's own value again. A click's callback."""
    st.session_state[_TRIED] = st.session_state.get(_TRIED, 0) + 1


def answer_of(name: str) -> object:
    """What a widget says now, for the callback of another one; None where it is not there."""
    return st.session_state.get(name)


def renew_widgets() -> None:
    """Give every named widget a fresh, empty start; a file that was sent to one of those before,
    perhaps for another patient, goes with it.
    """
    drop_files()
    st.session_state[_SERIAL] = st.session_state.get(_SERIAL, 0) + 1


def ask_before_ending(asking: bool) -> None:
    """Whether the page is to ask once more before it ends the session."""
    st.session_state[_ENDING] = asking


def asks_before_ending() -> bool:
    return bool(st.session_state.get(_ENDING))


def note_ended() -> None:
    """The visit was ended by a click on this page, and not by its time or elsewhere."""
    st.session_state[_ENDED] = True


def has_ended() -> bool:
    return bool(st.session_state.get(_ENDED))


def halt(title: str, detail: str, remedy: str = "") -> None:
    """Leave a stop for the next run of the page, which then draws nothing else."""
    st.session_state[_HALT] = (title, detail, remedy)


def take_halt() -> tuple[str, str, str] | None:
    """The stop left by the run before, once."""
    stopped: tuple[str, str, str] | None = st.session_state.pop(_HALT, None)
    return stopped
