"""Codes that look right and mean something else: refused by name wherever they turn up."""

from __future__ import annotations

from collections.abc import Iterable

from decision.catalog.t1d_progression.codelists import CODELISTS, REJECTED
from decision.catalog.t1d_progression.refusals import RejectedCodeError
from decision.clinical.codes import Code


def refuse_rejected(codes: Iterable[Code]) -> None:
    """RejectedCodeError where one of the codes is a trap, saying what it really is."""
    for code in codes:
        for concept in REJECTED:
            for entry in CODELISTS[concept].entries:
                if entry.code == code:
                    raise RejectedCodeError(
                        f"{code.code} is {entry.code.display}: {entry.note}",
                        "correct the code at its source, or enter the value",
                    )
