"""Numbers to the canonical unit of their test, by a table keyed by (code, unit).

Never by dimension: mg/dL and mg/L of CRP differ by ten, HbA1c in % and in mmol/mol by a formula
that no dimensional library knows, and U/L equals [IU]/L for an enzyme only. A pair without a line
has no value. `data/results.csv` says which codes are which test and what is believable of it,
`data/units.csv` which units a test comes in; each line carries its source and how sure we are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from decision.clinical.codes import SYSTEMS, Code

_DATA = Path(__file__).parent / "data"
_ANY_UNIT = "*"
_UNIT = re.compile(
    r"[A-Za-z%]{1,3}|1|units|index|ratio|tit(?:er|re)"
    r"|[A-Za-z0-9%/*^\[\]{}().]{0,12}[/%*\[{][A-Za-z0-9%/*^\[\]{}().']{0,12}"
)
_UNITLESS = {"{count}": ("", "1", "{count}", "{joints}"), "{score}": ("", "1", "{score}")}
"""Counts and scores come with no unit, with 1, or with any of these annotations: all the same."""

_WIDER = "_any"
"""Ends the name of a test that is the one of that name, or a like one: its code does not say."""


class TestKind(StrEnum):
    """What a test may answer with: a number only, a number or words, or a coded answer."""

    __test__ = False  # not a test class, whatever its name says to a collector

    NUMBER = "number"
    ASSAY = "assay"
    CODED = "coded"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabTest:
    """One code the reader understands, and the closed range of believable values."""

    analyte: str
    kind: TestKind
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """canonical = reported * factor + offset; `unit` is the canonical one."""

    unit: str
    factor: float
    offset: float
    status: str

    def __call__(self, value: float) -> float:
        """The value in the canonical unit, to twelve digits: binary dust (120 g/L as
        12.000000000000002 g/dL) must not carry a value over a threshold.
        """
        if self.factor == 1 and self.offset == 0:
            return value
        return float(f"{value * self.factor + self.offset:.12g}")


def _lines(name: str) -> list[dict[str, str]]:
    with (_DATA / name).open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def _tests() -> dict[tuple[str, str], LabTest]:
    return {
        (SYSTEMS[line["system"]], line["code"]): LabTest(
            analyte=line["analyte"],
            kind=TestKind(line["kind"]),
            low=float(line["low"] or 0),
            high=float(line["high"] or 0),
        )
        for line in _lines("results.csv")
    }


def _conversions(
    tests: Mapping[tuple[str, str], LabTest],
) -> dict[tuple[str, str, str], Conversion]:
    table = {}
    for line in _lines("units.csv"):
        conversion = Conversion(
            unit=line["canonical"],
            factor=float(line["factor"]),
            offset=float(line["offset"]),
            status=line["status"],
        )
        for (system, code), test in tests.items():
            if test.analyte == line["analyte"]:
                for unit in _UNITLESS.get(line["unit"], (line["unit"],)):
                    table[system, code, unit] = conversion
    return table


TESTS: Mapping[tuple[str, str], LabTest] = _tests()
"""(system, code) -> the test it stands for."""

TO_CANONICAL: Mapping[tuple[str, str, str], Conversion] = _conversions(TESTS)
"""(system, code, unit) -> the conversion. What is not here is not converted."""


def analytes(codes: Iterable[Code]) -> frozenset[str]:
    """The tests that the codes stand for. One that is only wider than another one there is no other
    test: a count of joints, whichever were counted, beside the count of 28.
    """
    found = {t.analyte for c in codes if (t := TESTS.get((c.system, c.code)))}
    return frozenset(found - {f"{name}{_WIDER}" for name in found})


def known(codes: Iterable[Code]) -> Code | None:
    """The first of the codes that the tables list; what only a wider test says comes last."""
    wider = None
    for code in codes:
        test = TESTS.get((code.system, code.code))
        if test is not None and not test.analyte.endswith(_WIDER):
            return code
        wider = wider or (code if test is not None else None)
    return wider


def looks_like_a_unit(unit: str) -> bool:
    """Whether a unit may be repeated on the page: its field can hold anything, even a name."""
    return _UNIT.fullmatch(unit) is not None


def conversion(code: Code, unit: str) -> Conversion | None:
    """How to read that unit for that code; None where the pair has no line."""
    found = TO_CANONICAL.get((code.system, code.code, unit))
    if found is not None:
        return found
    listed = (code.system, code.code, _ANY_UNIT) in TO_CANONICAL
    if listed and looks_like_a_unit(unit):
        return Conversion(unit=unit, factor=1.0, offset=0.0, status="as reported")
    return None
