"""The code lists of this decision: every file of `codes/`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from decision.clinical.codes import Codelist
from decision.evidence.codelists import read_folder

FOLDER = Path(__file__).parent / "codes"
REJECTED = ("rejected_pregnancy_screen", "rejected_vitamin_d")
"""Lists of codes to be refused; no feature may name them."""

DOSE_UNSTATED = "_dose_unstated"
"""Ends the concepts whose codes do not state 75 g: used only where the text of a result does."""


def load_codelists(folder: Path = FOLDER) -> Mapping[str, Codelist]:
    """Every concept of the folder's files; CodeError for what is wrong."""
    return read_folder(folder, MappingProxyType({}))


CODELISTS = load_codelists()
