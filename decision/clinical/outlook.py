"""What a model can say about its own answer when asked: how it was checked over the whole scale and
in groups, between which values it has seen each input, and what one more measurement is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from decision.clinical.answers import LocalCalibration
from decision.clinical.inputs import Modality


class Unexpected(StrEnum):
    """Why no range can be expected of a measurement. A closed list."""

    RARELY_MEASURED = "too few training patients had it"
    NO_DISTRIBUTION = "the model does not hold how its values lie"
    SETS_THE_CLASS = "its result may change the class that the estimate is for"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRange:
    """How wide the range is expected to be once something is measured, over the values that the
    training patients lead us to expect of this one; None with the reason where that cannot be said.

    The range is that of the difference, of a prognosis that of the last risk.
    """

    players: tuple[str, ...]
    """What would be measured: one player, or all that is missing of an absent kind of data."""
    modality: Modality | None = None
    """The kind, where it is measured as a whole."""
    now: float
    expected: float | None
    one_sided: float | None = None
    """Share of those values after which the range of the difference leaves out zero."""
    why: Unexpected | None = None

    @property
    def narrower(self) -> float | None:
        """By how much; below 0 where the range is expected to be wider."""
        return None if self.expected is None else self.now - self.expected


FEWEST_EVENTS = 20
"""Of either outcome in a group; below it nothing is said of the group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedGroup:
    """Validation patients of one group whose outcome was recorded: how many reached it, with the
    95 % limits of their share, and how many were expected to.

    A group is a stratum (its label) or a closed range of one feature.
    """

    label: str = ""
    feature: str = ""
    low: float = 0.0
    high: float = 0.0
    n: int
    events: float
    expected: float
    observed_low: float
    observed_high: float
    auc: float | None = None
    own: bool = False
    """Whether this patient belongs to it."""

    @property
    def rarer(self) -> float:
        """How many had the rarer of the two outcomes."""
        return min(self.events, self.n - self.events)

    @property
    def apart(self) -> int:
        """1 where more were expected than the limits of what was seen allow, -1 where fewer."""
        share = self.expected / self.n if self.n else self.observed_low
        return int(share > self.observed_high) - int(share < self.observed_low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """All of it for one patient. Mappings are by treatment, of a prognosis by horizon."""

    bands: Mapping[str, tuple[LocalCalibration, ...]] = field(default_factory=dict)
    """Tenths of the whole scale, the lowest first."""
    groups: Mapping[str, tuple[CheckedGroup, ...]] = field(default_factory=dict)
    usual: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """By feature: the range of the central 95 % of training values."""
    expected: tuple[ExpectedRange, ...] = ()
    """The narrowest first; what cannot be said last."""


NO_OUTLOOK = Outlook()
