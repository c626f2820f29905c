"""The outermost guard of a page: whatever breaks, no traceback and no value reaches the screen."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import streamlit as st

from decision.clinical.errors import AuditError
from decision.ui.components import frame
from decision.ui.session import WrongPatientError, halt, take_halt
from decision.ui.texts import pages

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")


class Stopped(NamedTuple):
    """What to say instead."""

    title: str
    detail: str
    remedy: str = ""


def attempt(what: Callable[[], _T]) -> _T | Stopped:
    """The result, or what to say instead of it."""
    try:
        return what()
    except WrongPatientError as error:
        _LOG.warning("wrong patient: %s", type(error).__name__)
        return Stopped(*pages.MISMATCH)
    except AuditError as error:
        title, detail = pages.NO_AUDIT
        return Stopped(title, f"{detail} {error.message}.", error.remedy)
    except Exception as error:
        # The type only: a message or a traceback could hold a name or a result.
        _LOG.error("page failed: %s", type(error).__name__)
        return Stopped(*pages.UNEXPECTED)


def guarded(draw: Callable[[], None]) -> None:
    """Draw a page. What breaks it starts the page over with the stop alone, because half a card
    without its trail or its cautions must not stay on screen.
    """
    stopped = take_halt()
    if stopped is not None:
        st.html(frame.stop(*stopped))
        return
    broken = attempt(draw)
    if isinstance(broken, Stopped):
        halt(*broken)
        st.rerun()
