"""What one sample's gene expression came to, and a file a clinician adds: values, no genes read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

from decision.clinical.quantities import Moment

SHARES = tuple(round(0.025 * i, 3) for i in range(1, 40))
"""Of a cohort, below each stored value. Neither end is kept: each would be one person's own."""

FEWEST = 40
"""People in a cohort from which a place among them is said: of fewer, the outermost of `SHARES`
lie beyond the last but one person.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How one score lies in a cohort: its values at `SHARES`, ascending, and how many people."""

    values: tuple[float, ...]
    people: int

    def __post_init__(self) -> None:
        if len(self.values) != len(SHARES) or list(self.values) != sorted(self.values):
            raise ValueError(f"a spread needs {len(SHARES)} ascending values")

    def at(self, share: float) -> float:
        """The value with this share of the cohort below it; one of `SHARES`."""
        return self.values[SHARES.index(share)]

    def below(self, value: float) -> float | None:
        """Share of the cohort below a value; None beyond the outermost that is kept.

        >>> Spread(values=tuple(range(39)), people=100).below(19)
        0.5
        """
        kept = self.values
        if value < kept[0] or value > kept[-1]:
            return None
        left, right = bisect_left(kept, value), bisect_right(kept, value)
        if left < right:  # the value itself, or a run of it: its middle
            return (SHARES[left] + SHARES[right - 1]) / 2
        part = (value - kept[left - 1]) / (kept[left] - kept[left - 1])
        return SHARES[left - 1] + part * (SHARES[left] - SHARES[left - 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelPlace:
    """One panel's score: `value` in standard deviations of the reference cohort.

    `concepts` are those of a decision that the score stands for; empty where none uses it.
    """

    id: str
    label: str
    value: float
    spread: Spread | None
    measured: int
    genes: int
    concepts: tuple[str, ...]
    source: str
    citation: str
    licence: str
    verification: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentPanel:
    """A panel without a score, and why."""

    id: str
    label: str
    reason: str
    concepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleCheck:
    """One finding about a sample that was used: it lies within its limit."""

    label: str
    value: float
    limit: float
    at_least: bool
    share: bool
    """Whether value and limit are shares of something, to be read as percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleReport:
    """What one sample came to on its platform.

    `reference` is the platform whose cohort the scores are compared with; "" where it is this one.
    `samples` is how many it was registered with.
    """

    platform: str
    platform_label: str
    version: str
    registered: str
    samples: int
    reference: str
    simulated: bool
    kind: str
    specimen: str
    panels: tuple[PanelPlace, ...]
    absent: tuple[AbsentPanel, ...]
    quality: tuple[SampleCheck, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformChoice:
    """A registered platform, as a form offers it."""

    id: str
    label: str
    kind: str
    specimen: str
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as it was given on a page, with what the clinician said of it, word for word."""

    content: bytes = field(repr=False)
    content_type: str
    platform: str
    specimen: str
    scale: str
    taken: Moment
    sample: str = field(default="", repr=False)
    probes: bytes = field(default=b"", repr=False)
    """A mapping of probe sets to genes, where the platform has none of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why an upload is not used, and what to do. `samples` are the names in the file, to choose
    from: for whoever gave the file and nobody else.
    """

    message: str
    remedy: str
    samples: tuple[str, ...] = field(default=(), repr=False)


def spreads_of(written: Mapping[str, Mapping[str, object]]) -> dict[str, Spread]:
    """Spreads from parsed JSON: name -> {"people": 7, "values": [...]}.

    Raises ValueError, KeyError or TypeError for anything else.
    """
    found = {}
    for name, row in written.items():
        values, people = row["values"], row["people"]
        if not isinstance(values, list) or not isinstance(people, int):
            raise TypeError(f"{name}: a list of values and a number of people")
        found[name] = Spread(values=tuple(float(v) for v in values), people=people)
    return found
