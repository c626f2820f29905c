"""The table a time-to-event model is fitted on: one row per person, or per person and landmark.

Errors: `EventError`, a table that cannot be used, and below it `SplitError`, one person on both
sides of a split. A row split by sample would put two visits of one child on both sides: on 19
infants it turned an AUC of .36-.46 into a false .83, so there is no way to ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from models.cohort import CohortError, Floats, Ints
from models.design import Bools


class EventError(CohortError):
    """A table of events that cannot be used; the message names the column and the remedy."""


class SplitError(EventError):
    """A split that would put one person on both sides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTable:
    """n rows, times in years from each row's own time zero (staging visit or landmark).

    person : (n,) who; several rows may be one person's
    columns : names of the p columns of `X` (n, p), known at time zero; NaN is not known
    stratum : (n,) number of the stratum that everything known gives
    without : group of columns -> (n,) the stratum were that group not known
    entry : (n,) from when the person was observed (delayed entry)
    left, right : (n,) the event lies in (left, right]; right is inf where none was seen by `left`
    treated : (n,) when a disease-modifying treatment began, inf if never
    available : (n,) from when it could have begun, inf if never
    """

    person: Ints
    columns: tuple[str, ...]
    X: Floats
    stratum: Ints
    without: Mapping[str, Ints]
    site: Ints
    entry: Floats
    left: Floats
    right: Floats
    treated: Floats
    available: Floats
    simulated: bool
    description: str

    def __post_init__(self) -> None:
        n = len(self.person)
        if self.person.ndim != 1 or self.person.dtype.kind not in "iu":
            raise EventError(
                "person is not one whole number per row; number the people, each with one number "
                "in all their rows"
            )
        if self.X.shape != (n, len(self.columns)):
            raise EventError(
                f"X has shape {self.X.shape}; {n} people and {len(self.columns)} columns need "
                f"({n}, {len(self.columns)})"
            )
        for name in ("stratum", "site", "entry", "left", "right", "treated", "available"):
            if (shape := getattr(self, name).shape) != (n,):
                raise EventError(f"{name} has shape {shape}, expected ({n},)")
        if not ((self.entry >= 0.0) & (self.entry <= self.left) & (self.left <= self.right)).all():
            raise EventError(
                "times must run 0 <= entry <= left <= right; leave out whoever had the event "
                "before being observed"
            )

    @property
    def n(self) -> int:
        return len(self.person)

    @property
    def event(self) -> Bools:
        """(n,) whether the event was seen."""
        return np.isfinite(self.right)

    def rows(self, where: Bools | Ints) -> EventTable:
        """The rows selected by a mask or by row numbers."""
        keep = {"columns", "simulated", "description", "without"}
        cut = {f.name: getattr(self, f.name)[where] for f in fields(self) if f.name not in keep}
        return replace(self, **cut, without={k: v[where] for k, v in self.without.items()})

    def untreated(self) -> EventTable:
        """The same people followed up to the start of treatment only: they were free of it then."""
        cut = self.treated < self.right
        return replace(
            self,
            left=np.where(cut, np.maximum(self.treated, self.entry), self.left),
            right=np.where(cut, np.inf, self.right),
            treated=np.where(cut, self.treated, np.inf),
        )

    def midpoint(self) -> tuple[Floats, Bools]:
        """One time per row, the middle of (left, right], and whether it is an event."""
        event = self.event
        middle = (self.left + np.where(event, self.right, self.left)) / 2.0
        return middle, event


def people_in_folds(person: Ints, folds: int, seed: int) -> Ints:
    """(n,) fold of every row, drawn by person: all rows of one person share a fold.

    Raises
    ------
    SplitError
        For one fold, or fewer people than folds.
    """
    if folds < 2:
        raise SplitError(f"{folds} folds leave nobody out; use at least 2")
    people, row = np.unique(person, return_inverse=True)
    if len(people) < folds:
        raise SplitError(f"{len(people)} people cannot fill {folds} folds; use fewer folds")
    dealt = np.arange(len(people)) % folds
    return np.asarray(np.random.default_rng(seed).permutation(dealt)[row], dtype=np.int64)


def check_folds(person: Ints, fold: Ints) -> Ints:
    """The folds, if each person is in one only.

    Raises
    ------
    SplitError
    """
    if fold.shape != person.shape:
        raise SplitError(f"folds have shape {fold.shape}, people {person.shape}; one per row")
    if len(np.unique(fold)) < 2:
        raise SplitError("everybody is in one fold, which leaves nobody out; use at least 2")
    pairs = np.unique(np.stack([person, fold]), axis=1)
    twice = pairs.shape[1] - len(np.unique(pairs[0]))
    if twice:
        raise SplitError(
            f"{twice} people have rows in more than one fold: that is a split by sample. A model "
            "would be judged on people it has seen; split by person (people_in_folds)"
        )
    return fold


def refuse_shared(first: EventTable, second: EventTable) -> None:
    """Two tables of one split must have nobody in common.

    Raises
    ------
    SplitError
    """
    shared = np.intersect1d(first.person, second.person)
    if len(shared):
        raise SplitError(
            f"{len(shared)} people are on both sides of the split; split by person, not by sample"
        )


def train_and_test(
    table: EventTable, folds: int, seed: int
) -> Iterator[tuple[EventTable, EventTable]]:
    """Every fold once as the test; there is no split by anything but the person."""
    fold = people_in_folds(table.person, folds, seed)
    for number in range(folds):
        yield table.rows(fold != number), table.rows(fold == number)
