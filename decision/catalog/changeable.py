"""Which inputs of a decision can change before its answer is used, and so may be tried on a page.

Never who somebody is (age, sex), what was inherited or is lasting (serostatus, genes), what has
happened (earlier drugs), nor a finding that sets the class an estimate is for: another value there
would be another question. `changeable.csv` lists what is left, in the order of the page.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

_TABLE = Path(__file__).parent / "changeable.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changeable:
    """One input that can change. Of a yes/no feature: in words, the change to 0 and the one to 1;
    empty where it is not offered.
    """

    feature: str
    to_zero: str = ""
    to_one: str = ""


def _read() -> dict[str, tuple[Changeable, ...]]:
    found: dict[str, tuple[Changeable, ...]] = {}
    with _TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            one = Changeable(feature=row["feature"], to_zero=row["to_zero"], to_one=row["to_one"])
            found[row["decision"]] = (*found.get(row["decision"], ()), one)
    return found


_CHANGEABLE = _read()


def changeable(decision_id: str) -> tuple[Changeable, ...]:
    """What can change, in the order of the page; nothing where the table does not name the
    decision.
    """
    return _CHANGEABLE.get(decision_id, ())
