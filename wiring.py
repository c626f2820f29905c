"""Ways in, as the composition root puts them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from decision.assess import RecordSource
from decision.visit import Closed, Doors, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class StandAlone(Doors):
    """A laptop's own door: whoever comes is the one user of the settings, and sees the worklist."""

    source: RecordSource
    agent: str
    site: str

    def visit(self, handle: str, cookies: Mapping[str, str]) -> Visit | Closed:
        return Visit(
            key="stand-alone",
            source=self.source,
            agent=self.agent,
            site=self.site,
            patient_id=None,
        )

    def end(self, handle: str, cookies: Mapping[str, str]) -> None:
        """There is nothing to end."""
