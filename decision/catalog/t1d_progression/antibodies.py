"""Islet autoantibodies: which are positive, which confirmed in a second sample, which not tested.

What counts towards their number is a row of `antibodies.csv`. Not tested is never negative.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from decision.catalog.t1d_progression.refusals import RequiredMissingError
from decision.catalog.t1d_progression.tables import ANTIBODIES
from decision.clinical.quantities import Moment, Precision


class Kind(StrEnum):
    """The islet autoantibodies; labels and code lists stand in `antibodies.csv`."""

    GADA = "GADA"
    IA2A = "IA-2A"
    IAA = "IAA"
    ZNT8A = "ZnT8A"
    ICA = "ICA"

    @property
    def counted(self) -> bool:
        """Whether it adds to the number of antibodies."""
        return ANTIBODIES[self.value].text("counted") == "yes"

    @property
    def concept(self) -> str:
        """Its code list."""
        return ANTIBODIES[self.value].text("concept")

    @property
    def stated(self) -> str:
        """The code list under which somebody states what all its samples say."""
        return ANTIBODIES[self.value].text("stated")

    @property
    def label(self) -> str:
        """`Glutamic acid decarboxylase antibodies (GADA)`."""
        return ANTIBODIES[self.value].text("label")


class State(StrEnum):
    """What the samples say of one antibody."""

    NEGATIVE = "negative"
    UNCONFIRMED = "positive in one sample"
    CONFIRMED = "positive, confirmed in a second sample"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One result as the laboratory judged it by its own assay's limit."""

    positive: bool
    taken: Moment
    assay: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Antibody:
    """One antibody; `first_positive` and `sampled` (the newest sample) where known."""

    kind: Kind
    state: State
    first_positive: Moment | None = None
    sampled: Moment | None = None
    reverted: bool = False
    """Positive before, negative in the newest sample: not counted, and said."""
    assay: str = ""


def surely_other_day(one: Moment, other: Moment) -> bool:
    """Whether the record says that two moments were of different days: a month and a day within it
    may be the same, and so may anything and a date that was not recorded.
    """
    if Precision.UNKNOWN in (one.precision, other.precision):
        return False
    shorter, longer = sorted((one.day_text, other.day_text), key=len)
    return not longer.startswith(shorter)


def on_two_days(moments: Iterable[Moment]) -> bool:
    """Whether any two of them were surely of different days; a chart may hold thousands."""
    each = {m.day_text: m for m in moments if m.precision is not Precision.UNKNOWN}.values()
    # Days written alike are told apart at once, so this never looks at more than a few pairs.
    return any(surely_other_day(one, other) for one in each for other in each)


def judged(kind: Kind, samples: Iterable[Sample]) -> Antibody:
    """One antibody from its samples: positive where the newest is, confirmed where two samples of
    different days are. Raises RequiredMissingError without any sample.
    """
    ordered = sorted(samples, key=lambda s: s.taken.earliest)
    if not ordered:
        raise RequiredMissingError(f"{kind} was not tested", "leave it out instead")
    newest = ordered[-1].taken.earliest
    last = [s for s in ordered if s.taken.earliest == newest]
    positive = [s for s in ordered if s.positive]
    # Two assays of one moment that differ count as positive: it asks for a further sample.
    stands = any(s.positive for s in last)
    state = State.NEGATIVE
    if stands:
        again = on_two_days(s.taken for s in positive)
        state = State.CONFIRMED if again else State.UNCONFIRMED
    return Antibody(
        kind=kind,
        state=state,
        first_positive=positive[0].taken if positive else None,
        sampled=ordered[-1].taken,
        reverted=bool(positive) and not stands,
        assay=ordered[-1].assay,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Every antibody that was tested, each once."""

    tested: tuple[Antibody, ...]

    def __post_init__(self) -> None:
        if not self.tested:
            raise RequiredMissingError(
                "antibody status is missing, and it is never imputed", "enter the antibody results"
            )
        if len({a.kind for a in self.tested}) < len(self.tested):
            raise ValueError("an antibody is given twice; judge all its samples together")

    def state(self, kind: Kind) -> State | None:
        """Its state, None where it was not tested."""
        return next((a.state for a in self.tested if a.kind is kind), None)

    def positive(self, kind: Kind) -> bool | None:
        """True where confirmed, False where negative, None where unconfirmed or not tested."""
        return {State.CONFIRMED: True, State.NEGATIVE: False}.get(
            self.state(kind) or State.UNCONFIRMED
        )

    @property
    def confirmed(self) -> tuple[Kind, ...]:
        """Confirmed antibodies that count."""
        return self._in(State.CONFIRMED)

    @property
    def unconfirmed(self) -> tuple[Kind, ...]:
        """Antibodies that count, positive in one sample only."""
        return self._in(State.UNCONFIRMED)

    @property
    def number(self) -> int:
        """How many confirmed antibodies count."""
        return len(self.confirmed)

    @property
    def untested(self) -> tuple[Kind, ...]:
        """Antibodies that would count and were not tested."""
        tested = {a.kind for a in self.tested}
        return tuple(k for k in Kind if k.counted and k not in tested)

    def _in(self, state: State) -> tuple[Kind, ...]:
        return tuple(k for k in Kind if k.counted and self.state(k) is state)
