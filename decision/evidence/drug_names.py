"""Drugs that a record names but does not code: seen by name, so that none is read as never taken.

A name is enough to ask a question and never enough to answer one.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from decision.clinical.codes import CodeError, Codelist, CodeStatus
from decision.clinical.record import MedicationExposure, PatientRecord

Course = Callable[[MedicationExposure, PatientRecord], bool]
"""Which exposures count, such as those begun or those being taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugName:
    """One generic, brand or class name and the concept it stands for, with its citation."""

    concept: str
    name: str
    status: CodeStatus
    citation: str

    def within(self, words: str) -> bool:
        return is_named(self.name, words)


def is_named(name: str, words: str) -> bool:
    """Whether words hold a name as a word of its own; a strength may follow without a space."""
    pattern = rf"(?<![^\W\d_]){re.escape(name)}(?![^\W\d_])"
    return re.search(pattern, words, re.IGNORECASE) is not None


def read_names(path: Path, concepts: Collection[str]) -> tuple[DrugName, ...]:
    """The file's names, each for one of the concepts.

    CodeError with file and line for another concept, an unknown status, no name or no citation, or
    a name listed twice.
    """
    names: dict[str, DrugName] = {}
    with path.open(newline="", encoding="utf-8") as handle:
        for line, row in enumerate(csv.DictReader(handle), start=2):
            where, name = f"{path.name}:{line}", row["name"].strip()
            if row["concept"] not in concepts:
                raise CodeError(f"{where}: concept {row['concept']!r} has no code list")
            if not name or not row["citation"].strip():
                raise CodeError(f"{where}: a name needs letters and a citation")
            if name.casefold() in names:
                raise CodeError(f"{where}: {name!r} is listed twice")
            try:
                status = CodeStatus(row["status"])
            except ValueError as error:
                raise CodeError(f"{where}: {error}") from error
            names[name.casefold()] = DrugName(
                concept=row["concept"], name=name, status=status, citation=row["citation"]
            )
    return tuple(names.values())


def uncoded(
    record: PatientRecord,
    codelists: Mapping[str, Codelist],
    names: Iterable[DrugName],
    concepts: Iterable[str],
    counts: Course,
) -> dict[str, tuple[MedicationExposure, ...]]:
    """By concept, the exposures that count and bear its name, but are on no list of any drug."""
    listed = tuple(names)
    known = [codelists[concept] for concept in {n.concept for n in listed}]
    wanted = [n for n in listed if n.concept in set(concepts)]
    found: dict[str, list[MedicationExposure]] = {}
    for exposure in record.medications:
        if not counts(exposure, record) or any(k.matches(exposure.codes) for k in known):
            continue
        words = " | ".join((exposure.text, *(code.display for code in exposure.codes)))
        for concept in {n.concept for n in wanted if n.within(words)}:
            found.setdefault(concept, []).append(exposure)
    return {concept: tuple(exposures) for concept, exposures in found.items()}
