"""What the numbers of a file are said to be, and whether they can be that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.cohort import Floats
from models.expression.errors import ScaleError

HIGHEST_LOG2 = 40.0
"""2^40: no instrument counts as far, so a larger value is no logarithm."""
LOWEST_PEAK = 30.0
"""Where the largest of thousands of genes is smaller, values were taken to a logarithm."""
MILLION = 1_000_000.0
ENOUGH = 100
"""Genes; so many shares of a million are never all whole."""


class Kind(StrEnum):
    """How abundance was measured. Ranks of different kinds differ: TPM are divided by the gene's
    length and counts are not.
    """

    COUNT = "count"
    TPM = "tpm"
    CPM = "cpm"
    INTENSITY = "intensity"
    NCOUNTER = "ncounter"


@dataclass(frozen=True, slots=True)
class Scale:
    """A kind, and whether its logarithm was taken. Ranks do not change by that."""

    kind: Kind
    log: bool = False


_ALSO = {"counts": "count", "microarray": "intensity", "intensities": "intensity"}
_DECLARED = (
    "count, tpm, cpm, intensity or ncounter, with log2- before it where logarithms were taken"
)


def scale_of(declared: str) -> Scale:
    """The scale under its declared name, such as `tpm` or `log2-cpm`.

    Raises
    ------
    ScaleError
        Nothing is declared, or nothing known.
    """
    name = declared.strip().lower().replace("_", "-").replace(" ", "-")
    log = name.startswith(("log2-", "log-"))
    plain = name.split("-", 1)[1] if log else name
    plain = _ALSO.get(plain, plain)
    if plain not in set(Kind):
        problem = "is of no known kind" if name else "is not declared"
        raise ScaleError(f"What the numbers are {problem}.", f"Declare the scale as {_DECLARED}.")
    return Scale(Kind(plain), log)


def check_scale(values: Floats, scale: Scale, first_line: int = 0) -> None:
    """Refuses numbers that cannot be of their scale.

    Parameters
    ----------
    values : (n,) finite · first_line : of the file, where the first value stands; 0 without lines

    Raises
    ------
    ScaleError
    """
    if not values.any():
        raise ScaleError(
            "Every value is 0.", "Export the file again; if it is the same, repeat the test."
        )
    if values.max() == values.min():
        raise ScaleError("Every value is the same.", "Export the file again.")
    size = np.abs(values)
    if size.max() > (HIGHEST_LOG2 * 1e3 if scale.log else 2.0**HIGHEST_LOG2):
        raise ScaleError(
            f"A value is larger than any instrument reports{_at(size.argmax(), first_line)}.",
            "Export the file again.",
        )
    if scale.log:
        if values.max() > HIGHEST_LOG2:
            raise ScaleError(
                f"The file is declared as logarithms, but a value is above {HIGHEST_LOG2:g}"
                f"{_at(values.argmax(), first_line)}.",
                f"Declare it as {scale.kind.value}, or take logarithms to base 2.",
            )
        return
    negative = values < 0.0
    if negative.any():
        raise ScaleError(
            f"The file is declared as {scale.kind.value}, but a value is below 0"
            f"{_at(negative.argmax(), first_line)}.",
            f"Declare it as log2-{scale.kind.value} if logarithms were taken; values corrected for "
            "batches or centred cannot be used: export them as measured.",
        )
    if values.max() < LOWEST_PEAK:
        raise ScaleError(
            f"The file is declared as {scale.kind.value}, but no value reaches {LOWEST_PEAK:g}.",
            f"Declare it as log2-{scale.kind.value} if logarithms were taken.",
        )
    _check_sum(values, scale.kind)


def _check_sum(values: Floats, kind: Kind) -> None:
    total = float(values.sum())
    are_whole = values == np.round(values)
    whole, whole_all = bool(np.mean(are_whole) > 0.5), bool(are_whole.all())
    if kind is Kind.COUNT and not whole and abs(total - MILLION) < 0.001 * MILLION:
        raise ScaleError(
            "The file is declared as count, but its values are fractions that add up to one "
            "million.",
            "Declare it as tpm or cpm, whichever it is.",
        )
    if kind in (Kind.TPM, Kind.CPM) and total > 1.02 * MILLION:
        raise ScaleError(
            f"The file is declared as {kind.value}, but its values add up to more than one "
            "million.",
            "Declare it as count if it holds counts; export one sample in one column.",
        )
    if kind in (Kind.TPM, Kind.CPM) and whole_all and len(values) >= ENOUGH:
        raise ScaleError(
            f"The file is declared as {kind.value}, but every value is a whole number, as counts "
            "are.",
            "Declare it as count if it holds counts; else export it with its decimals.",
        )
    if kind in (Kind.TPM, Kind.CPM) and total < 0.1 * MILLION:
        raise ScaleError(
            f"The file is declared as {kind.value}, but its values add up to less than a tenth of "
            "one million.",
            "Export all genes that were measured, not a selection.",
        )


def _at(row: np.intp, first_line: int) -> str:
    return f" (line {int(row) + first_line})" if first_line else ""
