"""The code lists of this decision: every file of `codes/`, and the classes made of its drugs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from decision.clinical.codes import Codelist
from decision.evidence.codelists import read_folder
from decision.evidence.drug_names import read_names

FOLDER = Path(__file__).parent / "codes"

TNF_INHIBITORS = ("adalimumab", "etanercept", "infliximab", "golimumab", "certolizumab_pegol")
IL6_INHIBITORS = ("tocilizumab", "sarilumab")
JAK_INHIBITORS = ("tofacitinib", "baricitinib", "upadacitinib", "filgotinib")
OTHER_BIOLOGICS = ("abatacept", "rituximab", "anakinra")
CONVENTIONAL = ("methotrexate", "leflunomide", "sulfasalazine", "hydroxychloroquine")
GLUCOCORTICOIDS = ("prednisone", "prednisolone", "methylprednisolone")
BIOLOGIC_OR_TARGETED = (*TNF_INHIBITORS, *IL6_INHIBITORS, *OTHER_BIOLOGICS, *JAK_INHIBITORS)

CLASSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "tnfi": TNF_INHIBITORS,
        "il6i": IL6_INHIBITORS,
        "jak_inhibitor": JAK_INHIBITORS,
        "csdmard": CONVENTIONAL,
        "glucocorticoid": GLUCOCORTICOIDS,
        "bts_dmard": BIOLOGIC_OR_TARGETED,
    }
)


def load_codelists(folder: Path = FOLDER) -> Mapping[str, Codelist]:
    """Every concept of the folder's files plus the drug classes; CodeError for what is wrong."""
    return read_folder(folder, CLASSES)


DRUG_NAMES = read_names(
    FOLDER.parent / "drug_names.csv", (*BIOLOGIC_OR_TARGETED, *CONVENTIONAL, *CLASSES)
)
"""Names by which an uncoded biologic, targeted or conventional DMARD is recognised."""


def names_of(class_id: str) -> tuple[str, ...]:
    """Every name of a class and of its drugs, as the list of names has them."""
    wanted = {class_id, *CLASSES[class_id]}
    return tuple(listed.name for listed in DRUG_NAMES if listed.concept in wanted)
