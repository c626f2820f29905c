"""What nobody can compute about a model and somebody must say: who made it, for whom, on whom, how
it is looked after, and how it has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from decision.clinical.outlook import CheckedGroup

NOT_KEPT = "No account of this model is kept beside it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A text, or why there is none: exactly one of them."""

    text: str = ""
    unavailable: str = ""

    def __post_init__(self) -> None:
        if bool(self.text) == bool(self.unavailable):
            raise ValueError(
                "give a text or the reason why there is none, not both and not neither"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the history of a decision's rules or model."""

    version: str
    at: date
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All of it for one decision; empty where no file says anything."""

    said: Mapping[str, Said] = field(default_factory=dict)
    """By the id of a source attribute."""
    demographics: Mapping[str, str] = field(default_factory=dict)
    """The demographic variables of the regulation: the input that uses one, or "" where none."""
    changes: tuple[Change, ...] = ()
    """The newest first."""
    groups: Mapping[str, tuple[CheckedGroup, ...]] = field(default_factory=dict)
    """How the validation came out in groups of patients, by treatment."""

    def told(self, attribute: str) -> Said:
        """What is said of one attribute; the reason for silence where nothing is."""
        return self.said.get(attribute, Said(unavailable=NOT_KEPT))
