"""The ports the pages reach the world through. Wired once by app.py; never holds a patient."""

from __future__ import annotations

from dataclasses import dataclass

from decision.assess import AuditLog, Context, NoModel, Predictor
from decision.clinical.clock import Clock
from decision.clinical.spec import DecisionSpec
from decision.visit import Doors, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a page needs besides the visit, which `doors` gives anew on every run."""

    spec: DecisionSpec
    predictor: Predictor | NoModel
    doors: Doors
    audit: AuditLog
    clock: Clock

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
