"""A decision's code lists: every file of its folder, and the classes made of their members."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from decision.clinical.codes import CodeError, Codelist, read_codelists


def union(class_id: str, members: tuple[Codelist, ...]) -> Codelist:
    """One list of all members' codes, so that a class can never disagree with its members."""
    return Codelist(
        id=class_id,
        version="+".join(sorted({m.version for m in members})),
        entries=tuple(entry for member in members for entry in member.entries),
        citation="; ".join(dict.fromkeys(m.citation for m in members)),
    )


def read_folder(folder: Path, classes: Mapping[str, tuple[str, ...]]) -> Mapping[str, Codelist]:
    """Every concept of the folder's files plus the classes of them.

    Raises CodeError naming file and line for a bad row, or the concept that two files define.
    """
    lists: dict[str, Codelist] = {}
    for path in sorted(folder.glob("*.csv")):
        for concept, codelist in read_codelists(path).items():
            if concept in lists:
                raise CodeError(f"{path.name}: concept {concept!r} is already in another file")
            lists[concept] = codelist
    for class_id, members in classes.items():
        unknown = [member for member in members if member not in lists]
        if unknown:
            raise CodeError(
                f"class {class_id!r} names concepts without codes: {', '.join(unknown)}"
            )
        lists[class_id] = union(class_id, tuple(lists[member] for member in members))
    return MappingProxyType(lists)
