"""What a place decides about its rules: where it is, and what it chose for single decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """One installation's choices. `settings` are per decision id; a decision refuses what it does
    not know.
    """

    jurisdiction: str = ""
    """Whose dated rules hold, such as `US`; "" where nobody said, and then none hold."""
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def of(self, decision: str) -> Mapping[str, object]:
        """The choices for one decision; empty where none were made."""
        return self.settings.get(decision, {})
