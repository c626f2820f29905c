"""Sums of coefficients and inputs, as tables list them. A term without its input is a refusal."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from decision.catalog.t1d_progression.refusals import IncompleteInputError
from decision.catalog.t1d_progression.units import and_, label
from decision.clinical.dated import DatedRow, TableError

CONSTANT = "constant"

_TRANSFORMS: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {"identity": float, "log": math.log, "log of one more": math.log1p}
)


def inputs_of(rows: Sequence[DatedRow]) -> tuple[str, ...]:
    """What the sum needs, in the table's order."""
    return tuple(row.text("input") for row in rows if row.text("input") != CONSTANT)


def _in_words(inputs: Sequence[str]) -> str:
    """`bmi; glucose at 30 and 60 minutes; C-peptide at 0 minutes`."""
    minutes: dict[str, list[str]] = {}
    for name in inputs:
        analyte, _, minute = name.rpartition("_")
        timed = bool(analyte) and minute.isdecimal()
        minutes.setdefault(label(analyte if timed else name), []).extend([minute] * timed)
    return "; ".join(
        f"{what} at {and_(sorted(at, key=int))} minutes" if at else what
        for what, at in minutes.items()
    )


def total(name: str, rows: Sequence[DatedRow], values: Mapping[str, float]) -> float:
    """Sum of coefficient x transform(value) / divisor; IncompleteInputError for a missing input."""
    if missing := [i for i in inputs_of(rows) if i not in values]:
        raise IncompleteInputError(
            f"{name} needs {_in_words(missing)}", "no partial sum is given; enter what is missing"
        )
    terms = []
    for row in rows:
        transform = _TRANSFORMS.get(row.text("transform"))
        if transform is None:
            raise TableError(f"{row.where}: unknown transform {row.text('transform')!r}")
        value = 1.0 if row.text("input") == CONSTANT else values[row.text("input")]
        divisor = float(row.cells.get("divisor", "1"))
        terms.append(row.number("coefficient") * transform(value) / divisor)
    return math.fsum(terms)
