"""The ports the pages reach the world through. Wired once by app.py; never holds a patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from decision.assess import AuditLog, Context, Decision
from decision.clinical.clock import Clock
from decision.clinical.expression import PlatformChoice, Refused, Upload
from decision.clinical.record import AddedFile, PatientRecord
from decision.clinical.spec import DecisionSpec
from decision.ui.exports import Exports
from decision.ui.way_in import WayIn
from decision.visit import Doors, Visit


class Laboratory(Protocol):
    """Reads a gene-expression file that a clinician gives on a page. Keeps nothing of it."""

    def platforms(self) -> tuple[PlatformChoice, ...]: ...

    def read(self, record: PatientRecord, upload: Upload) -> AddedFile | Refused: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a page needs besides the visit, which `doors` gives anew on every run."""

    decisions: tuple[Decision, ...]
    """Every decision that this process serves, in the order in which they are named."""
    doors: Doors
    audit: AuditLog
    clock: Clock
    laboratory: Laboratory | None = None
    """None where nothing can be added on a page."""
    way_in: WayIn | None = None
    """Lets the browsers in that a page asks for a file."""
    exports: Exports = field(default_factory=Exports)
    """What open pages offer to be taken away."""

    @property
    def specs(self) -> Mapping[str, DecisionSpec]:
        """How each describes itself, by id; an entry of the trail may be of none of them."""
        return {decision.id: decision.spec for decision in self.decisions}

    def decision(self, decision_id: str) -> Decision:
        """The decision of that id; KeyError when it is not served."""
        return {decision.id: decision for decision in self.decisions}[decision_id]

    def context(self, visit: Visit) -> Context:
        """Who asks, where and when, at this moment."""
        return Context(agent=visit.agent, site=visit.site, now=self.clock())


_installed: list[Services] = []


def install(services: Services) -> None:
    """Make these the ports of this process; a second call replaces the first (tests do that)."""
    _installed[:] = [services]


def services() -> Services:
    """The installed ports; RuntimeError when the composition root has not run."""
    if not _installed:
        raise RuntimeError("no ports installed; start with `streamlit run app.py`")
    return _installed[0]
