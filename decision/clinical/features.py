"""What was found in a record for each predictor, with the evidence; or why nothing usable was
found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from decision.clinical.quantities import Moment
from decision.clinical.record import Gap, Origin, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where a value came from: which resources, true when, said by whom, chosen how."""

    sources: tuple[Source, ...]
    effective: Moment | None
    origin: Origin
    how: str
    caveat: str = ""
    """What a reader must know before trusting it, e.g. that a newer result could not be used."""
    words: str = ""
    """What the value means in this record, where its number or flag label would say too little."""


class MissingReason(StrEnum):
    """Why a feature has no value. A closed list."""

    NOT_FOUND = "not found in the record"
    TOO_OLD = "older than allowed"
    UNUSABLE = "found, but not usable"
    CONFLICT = "conflicting results"
    NOT_READ = "could not be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A feature's value in its canonical unit."""

    value: float
    evidence: Evidence
    gaps: tuple[Gap, ...] = ()
    """Where newer evidence may lie that could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """No value, with the reason, and the newest unusable evidence where there is some."""

    reason: MissingReason
    detail: str
    evidence: Evidence | None = None
    gaps: tuple[Gap, ...] = ()
    """Where it may lie: with any, the record's silence says nothing."""
    remedy: str = ""
    """What would help, where it is neither an entry nor a new line in the chart."""


Finding = Found | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureVector:
    """Everything a model may see of one patient: found values and, by name, what is missing and
    why.
    """

    spec_id: str
    spec_version: str
    findings: tuple[tuple[str, Finding], ...]
    _by_id: dict[str, Finding] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", dict(self.findings))

    def __getitem__(self, feature_id: str) -> Finding:
        return self._by_id[feature_id]

    def value(self, feature_id: str) -> float | None:
        """The value in the feature's canonical unit, or None where it is missing."""
        finding = self._by_id[feature_id]
        return finding.value if isinstance(finding, Found) else None

    @property
    def values(self) -> dict[str, float]:
        """Found values by feature id."""
        return {i: f.value for i, f in self.findings if isinstance(f, Found)}

    @property
    def missing(self) -> dict[str, Missing]:
        """Missing features by id."""
        return {i: f for i, f in self.findings if isinstance(f, Missing)}
