"""Where somebody stands before any model is asked: the class they fall in, what has been published
about such people, and what the rules of the place say is due. Words, ready to be shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from decision.clinical.dated import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """The class somebody falls in, such as a stage, with everything that led to it."""

    id: str
    """Its code for the trail."""
    label: str
    detail: str
    settled: bool
    """False where it is provisional, waits for a confirmation, or cannot be given at all."""
    criteria: tuple[str, ...] = ()
    """What was met, each with its value and date."""
    considered: tuple[str, ...] = ()
    """Everything that was looked at, each with its value and date."""
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader must know, such as inputs that are old or were not counted."""
    rules: str = ""
    """Whose thresholds these are, for which place, and of when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRisk:
    """One published absolute risk of the same outcome, with the people it was counted in."""

    years: float
    risk: float | None
    """None where only a range was published."""
    low: float | None
    high: float | None
    population: str
    source: str
    status: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparator:
    """A published score or table applied to this person, or the reason why it is not.

    Exactly one of `said` and `refused` is there. `risks` can be set beside our own estimate.
    """

    id: str
    label: str
    said: str
    refused: str
    remedy: str
    population: str
    units: str
    validity: str
    licence: str
    source: str
    status: Standing
    note: str = ""
    risks: tuple[PublishedRisk, ...] = ()
    published: bool = True
    """False where its coefficients are not public: named as unavailable, never approximated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a rule of the place says is due or may come into question. Informs, never orders."""

    topic: str
    """What it is about, such as `Monitoring`; prompts of one topic stand together."""
    text: str
    details: tuple[str, ...]
    jurisdiction: str
    effective_from: date
    source: str
    status: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything that is known of somebody's standing without a model."""

    classification: Classification
    people: str
    """Who the risk is about, such as `children with the same antibodies and stage`."""
    comparators: tuple[Comparator, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    advice: tuple[str, ...] = ()
    """How to speak of it with this person, such as with a child's parents."""
    worth_saying: tuple[str, ...] = ()
    """What is worth a notice unasked, the most important first; empty where nothing is."""
