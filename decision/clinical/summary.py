"""What a decision's one line on a patient is made of: drugs over time, then inputs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryItem:
    """One thing the line under the name says: a feature, or a player that is shown as its sum."""

    id: str
    label: str
    only_if_true: bool = False
    """For a yes/no feature whose `no` says nothing to somebody it does not concern."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopReason:
    """Why a drug was stopped, in words. The code list of the reason has its id."""

    id: str
    words: str
    against: bool = False
    """True where it speaks against another drug of the same class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugHistory:
    """Which drugs a history names, by the ids of their code lists, and why they were stopped."""

    drugs: tuple[str, ...] = ()
    stop_reasons: tuple[StopReason, ...] = ()


NO_HISTORY = DrugHistory()
