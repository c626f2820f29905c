"""Codes that cannot be wrong by typing error, and the lists of codes that stand for one concept."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
LOCAL = "urn:treatment-response:local"
SYSTEMS = {
    "LOINC": LOINC,
    "SNOMED": SNOMED,
    "RxNorm": RXNORM,
    "ATC": ATC,
    "ICD-10-CM": ICD10CM,
    "interpretation": INTERPRETATION,
    "local": LOCAL,
}
"""Short names used in the code-list files, and the system URI each stands for."""

_LOINC_NUMBER = re.compile(r"(\d{1,7})-(\d)")


class CodeError(ValueError):
    """A code or a code list that breaks its own system's rules; the message names the code and the
    remedy.
    """


def loinc_check_digit(number: str) -> int:
    """Mod-10 (Luhn) check digit of a LOINC number without its suffix; 4548 gives 4."""
    total = 0
    for position, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One concept in one code system. Two codes are equal when system and code are; the display is
    only shown.
    """

    system: str
    code: str
    display: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.system.strip() or not self.code.strip():
            raise CodeError(f"code needs a system and a code, got {self.system!r}, {self.code!r}")
        if self.system == LOINC and (match := _LOINC_NUMBER.fullmatch(self.code)):
            expected = loinc_check_digit(match[1])
            if int(match[2]) != expected:
                raise CodeError(
                    f"LOINC {self.code}: check digit {match[2]} should be {expected}; "
                    "look the number up again"
                )


class CodeStatus(StrEnum):
    """How sure we are that a listed code means its concept."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodelistEntry:
    """One line of a code list. `prefix` entries match every code that starts with theirs (ICD-10
    categories).
    """

    code: Code
    status: CodeStatus
    prefix: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codelist:
    """All codes that count as one concept, with their version and citation."""

    id: str
    version: str
    entries: tuple[CodelistEntry, ...]
    citation: str
    _exact: frozenset[tuple[str, str]] = field(init=False, repr=False, compare=False)
    _categories: tuple[tuple[str, str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.entries:
            raise CodeError(f"code list {self.id!r} has no codes")
        exact = frozenset((e.code.system, e.code.code) for e in self.entries if not e.prefix)
        object.__setattr__(self, "_exact", exact)
        categories = tuple((e.code.system, e.code.code) for e in self.entries if e.prefix)
        object.__setattr__(self, "_categories", categories)

    def __contains__(self, code: Code) -> bool:
        if (code.system, code.code) in self._exact:
            return True
        for system, category in self._categories:
            if code.system == system and code.code.startswith(category):
                return True
        return False

    def matches(self, codes: Iterable[Code]) -> bool:
        """True when any of the codes belongs to this list."""
        # A chart asks this millions of times: loops, because generators cost more than the answer.
        for code in codes:
            if code in self:
                return True
        return False


def read_codelists(path: Path) -> dict[str, Codelist]:
    """Read a CSV with columns `concept,system,code,display,match,status,version,citation,note`, one
    list per concept.

    Raises
    ------
    CodeError
        With file name and line for an unknown system, a bad check digit, a code listed twice or
        mixed versions.
    """
    rows: dict[str, list[dict[str, str]]] = {}
    entries: dict[str, list[CodelistEntry]] = {}
    with path.open(newline="", encoding="utf-8") as handle:
        for line, row in enumerate(csv.DictReader(handle), start=2):
            if row["system"] not in SYSTEMS:
                known = ", ".join(SYSTEMS)
                raise CodeError(
                    f"{path.name}:{line}: unknown system {row['system']!r}; known: {known}"
                )
            try:
                entry = CodelistEntry(
                    code=Code(
                        system=SYSTEMS[row["system"]], code=row["code"], display=row["display"]
                    ),
                    status=CodeStatus(row["status"]),
                    prefix=row["match"] == "prefix",
                    note=row["note"],
                )
            except ValueError as error:
                raise CodeError(f"{path.name}:{line}: {error}") from error
            if any(entry.code == other.code for other in entries.get(row["concept"], [])):
                raise CodeError(
                    f"{path.name}:{line}: {row['code']} is listed twice under {row['concept']}"
                )
            rows.setdefault(row["concept"], []).append(row)
            entries.setdefault(row["concept"], []).append(entry)
    lists = {}
    for concept, found in rows.items():
        versions = {row["version"] for row in found}
        if len(versions) != 1:
            raise CodeError(f"{path.name}: {concept} mixes versions {sorted(versions)}; use one")
        citations = "; ".join(dict.fromkeys(row["citation"] for row in found if row["citation"]))
        lists[concept] = Codelist(
            id=concept, version=versions.pop(), entries=tuple(entries[concept]), citation=citations
        )
    return lists
