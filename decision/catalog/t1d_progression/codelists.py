"""The code lists of this decision: every file of `codes/`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from decision.clinical.codes import Codelist
from decision.evidence.codelists import read_folder
from decision.evidence.drug_names import read_names

FOLDER = Path(__file__).parent / "codes"
REJECTED = ("rejected_pregnancy_screen", "rejected_vitamin_d")
"""Lists of codes to be refused; no feature may name them."""

DOSE_UNSTATED = "_dose_unstated"
"""Ends the concepts whose codes do not state 75 g: used only where the text of a result does."""


def _of_minute(minute: str) -> tuple[str, str]:
    stated = f"ogtt_glucose_{minute}min"
    return stated, f"{stated}{DOSE_UNSTATED}"


CLASSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "fasting_glucose": ("glucose_fasting", "ogtt_glucose_0min"),
        "glucose_30": _of_minute("30"),
        "glucose_60": _of_minute("60"),
        "glucose_90": _of_minute("90"),
        "glucose_120": _of_minute("120"),
        "c_peptide_0": ("c_peptide_stimulated_0min", "c_peptide_fasting"),
        "c_peptide_30": ("c_peptide_stimulated_30min",),
        "c_peptide_60": ("c_peptide_stimulated_60min",),
        "c_peptide_90": ("c_peptide_stimulated_90min",),
        "c_peptide_120": ("c_peptide_stimulated_120min",),
        "islet_antibody": (
            "gad65_antibody",
            "ia2_antibody",
            "insulin_antibody",
            "znt8_antibody",
            "islet_cell_antibody",
        ),
        "islet_status": (
            "gad65_status",
            "ia2_status",
            "insulin_status",
            "znt8_status",
            "islet_cell_status",
        ),
    }
)
"""What several concepts together say, by the name under which a value is sought."""


def load_codelists(folder: Path = FOLDER) -> Mapping[str, Codelist]:
    """Every concept of the folder's files and the classes; CodeError for what is wrong."""
    return read_folder(folder, CLASSES)


CODELISTS = load_codelists()

DRUG_NAMES = read_names(FOLDER.parent / "drug_names.csv", ("teplizumab",))
"""Names by which a drug of this decision is recognised where it carries no code."""
