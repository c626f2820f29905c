"""Form fields for what a record lacks; a number takes the unit and the limits of its feature."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from decision.clinical.spec import Entry, EntryKind, Limits

Ask = Callable[[str, Limits], Entry]
"""A form field once the unit and the limits of its feature are known."""


def number(question: str, concept: str, step: float) -> Ask:
    """A measured number, in steps of `step`."""
    return lambda unit, limits: Entry(
        kind=EntryKind.NUMBER,
        question=question,
        concept=concept,
        step=step,
        unit=unit,
        limits=limits,
    )


def whole_number(question: str, concept: str) -> Ask:
    """A count."""
    return lambda unit, limits: Entry(
        kind=EntryKind.WHOLE_NUMBER, question=question, concept=concept, unit=unit, limits=limits
    )


def choice(question: str, concept: str, choices: Mapping[str, str]) -> Ask:
    """One of several answers: local code to label."""
    return lambda unit, limits: Entry(
        kind=EntryKind.CHOICE, question=question, concept=concept, choices=choices
    )
