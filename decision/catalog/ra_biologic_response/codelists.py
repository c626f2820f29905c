"""The code lists of this decision: every file of `codes/`, and the classes made of its drugs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from decision.clinical.codes import CodeError, Codelist, read_codelists

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


def _union(class_id: str, members: tuple[Codelist, ...]) -> Codelist:
    """One list of all members' codes, so that a class can never disagree with its drugs."""
    return Codelist(
        id=class_id,
        version="+".join(sorted({m.version for m in members})),
        entries=tuple(entry for member in members for entry in member.entries),
        citation="; ".join(dict.fromkeys(m.citation for m in members)),
    )


def load_codelists(folder: Path = FOLDER) -> Mapping[str, Codelist]:
    """Every concept of the folder's files plus the drug classes.

    Raises CodeError naming file and line for a bad row, or the concept that two files define.
    """
    lists: dict[str, Codelist] = {}
    for path in sorted(folder.glob("*.csv")):
        for concept, codelist in read_codelists(path).items():
            if concept in lists:
                raise CodeError(f"{path.name}: concept {concept!r} is already in another file")
            lists[concept] = codelist
    for class_id, drugs in CLASSES.items():
        unknown = [drug for drug in drugs if drug not in lists]
        if unknown:
            raise CodeError(f"class {class_id!r} names drugs without codes: {', '.join(unknown)}")
        lists[class_id] = _union(class_id, tuple(lists[drug] for drug in drugs))
    return MappingProxyType(lists)
