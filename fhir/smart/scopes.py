"""What is asked of an EHR, and what it granted: SMART scopes, both spellings, fewest first.

SMART App Launch 2.2, "Scopes for requesting FHIR resources": `patient/<type>.<letters>`, letters in
the order `cruds`; version 1 spelled reading `.read` (r, s) and writing `.write` (c, u, d).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from fhir.smart.tenant import ScopeVersion, Tenant

_RESOURCE = re.compile(r"patient/(\*|[A-Z][A-Za-z]{1,60})\.([a-z*]{1,10})(\?.{1,500})?", re.ASCII)
_LETTERS = re.compile(r"c?r?u?d?s?")
_READING = frozenset("rs")
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}
_ALWAYS_OFFERED = ("Condition", "Observation", "MedicationRequest")
"""What US Core and the International Patient Access guide have every server offer."""

_NAMING_A_DRUG = frozenset({"MedicationRequest", "MedicationStatement", "MedicationAdministration"})
_IN_WORDS = {
    "Condition": "diagnoses",
    "Observation": "laboratory results and scores",
    "MedicationRequest": "prescriptions",
    "MedicationAdministration": "medicines given, such as infusions",
    "MedicationStatement": "medicines reported",
    "DocumentReference": "documents, such as gene expression files",
    "Binary": "the content of documents",
}
_WRITING = {
    "RiskAssessment": "the estimate",
    "DocumentReference": "the record of what was shown",
    "AuditEvent": "an entry in the EHR's own audit trail",
    "Observation": "what is measured here",
}


@dataclass(frozen=True, slots=True)
class Scopes:
    """Interactions (`cruds`) per resource type, `*` for all; and what else was named."""

    letters: Mapping[str, str] = field(default_factory=dict)
    restricted: frozenset[str] = frozenset()
    """Types of which some may be read only in part: the scope carries a query."""
    other: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    """Types that may be read without a query, whatever holds for `*`."""

    def may(self, kind: str, interaction: str) -> bool:
        """Whether one interaction on one type is covered."""
        given = self.letters.get(kind, "") + self.letters.get("*", "")
        return len(interaction) == 1 and interaction in given

    def partly(self, kind: str) -> bool:
        """Whether reading one type is covered for some of its resources only."""
        return kind in self.restricted or ("*" in self.restricted and kind not in self.whole)

    def within(self, asked: Scopes) -> Scopes:
        """What of these was asked for: a server may give more, and more is not used. What was a
        part before stays one: nobody knows when the rest came.
        """
        kept = {
            kind: "".join(letter for letter in letters if self.may(kind, letter))
            for kind, letters in asked.letters.items()
        }
        some = frozenset(k for k, given in kept.items() if self._is_part(asked, k, given))
        return Scopes(
            {kind: letters for kind, letters in kept.items() if letters},
            some,
            self.other & asked.other,
            frozenset(kept) - some,
        )

    def _is_part(self, asked: Scopes, kind: str, given: str) -> bool:
        """Whether of what is kept of a type, some is read in part."""
        reads = any(letter in given for letter in _READING)
        return reads and (self.partly(kind) or asked.partly(kind))


def parse_scopes(text: str) -> Scopes:
    """Read a server's `scope`. What is not understood grants nothing; neither do `user/` and
    `system/` scopes, which are not about the patient of the launch.
    """
    letters: dict[str, set[str]] = {}
    whole: dict[str, set[str]] = {}
    other = set()
    for word in text.split():
        found = _RESOURCE.fullmatch(word)
        if found is None:
            if not word.startswith(("patient/", "user/", "system/")):
                other.add(word)
            continue
        kind, spelled, query = found.groups()
        given = set(_V1.get(spelled, spelled if _LETTERS.fullmatch(spelled) else ""))
        letters.setdefault(kind, set()).update(given)
        if query is None:
            whole.setdefault(kind, set()).update(given)
    everything = whole.get("*", set())
    reading = {k: given & _READING for k, given in letters.items()}
    restricted = {k for k, given in reading.items() if given - whole.get(k, set()) - everything}
    ordered = {k: _ordered(given) for k, given in letters.items()}
    unlimited = {k for k in whole if k not in restricted and whole[k] >= reading.get("*", set())}
    return Scopes(ordered, frozenset(restricted), frozenset(other), frozenset(unlimited))


def scopes_to_ask(tenant: Tenant, kinds: Collection[str], *, standalone: bool) -> str:
    """The fewest scopes with which this EHR lets the decision work; `kinds` are the resource types
    that the decision reads.
    """
    offered = {*_ALWAYS_OFFERED, *tenant.also_read}
    reading = {"Patient": "r"}
    for kind in sorted(offered & set(kinds)):
        reading[kind] = "rs"
    if reading.keys() & _NAMING_A_DRUG:
        reading["Medication"] = "r"  # a prescription may only point at what was prescribed
    if tenant.expression is not None:
        reading |= {"DocumentReference": "rs", "Binary": "r"}
    writing = dict.fromkeys(tenant.write_back.kinds, "cs" if tenant.write_back.search else "c")
    letters = {
        kind: _ordered(writing.get(kind, "") + reading.get(kind, ""))
        for kind in dict.fromkeys((*reading, *writing))
    }
    refresh = "offline_access" if standalone else "online_access"
    return " ".join(
        (
            "launch/patient" if standalone else "launch",
            "openid",
            "fhirUser",
            *((refresh,) if tenant.refresh else ()),
            *_spelled(letters, tenant.scope_version),
            *tenant.extra_scopes,
        )
    )


def _ordered(letters: Collection[str]) -> str:
    """Each letter once, in the only order that the specification allows."""
    return "".join(letter for letter in "cruds" if letter in letters)


def _spelled(letters: Mapping[str, str], version: ScopeVersion) -> Iterable[str]:
    for kind, given in letters.items():
        if version is ScopeVersion.V2:
            yield f"patient/{kind}.{given}"
            continue
        if "r" in given or "s" in given:
            yield f"patient/{kind}.read"
        if "c" in given:
            yield f"patient/{kind}.write"


def narrowed(asked: Scopes, granted: Scopes) -> tuple[str, ...]:
    """What the EHR did not permit, or only in part, in a clinician's words."""
    said = []
    for kind, letters in asked.letters.items():
        read = _IN_WORDS.get(kind)
        wanted = [letter for letter in letters if letter in "rs" and "r" in letters]
        given = [letter for letter in wanted if granted.may(kind, letter)]
        if read is not None and wanted and given != wanted:
            said.append(f"The chart did not permit reading {read}; they are missing here.")
        elif read is not None and granted.partly(kind):
            said.append(f"The chart permitted reading only a part of {read}.")
        if kind in _WRITING and "c" in letters and not granted.may(kind, "c"):
            said.append(f"The chart did not permit writing {_WRITING[kind]} back to it.")
    if any(word in asked.other - granted.other for word in ("online_access", "offline_access")):
        said.append("The chart gave access for a short time only; it may have to be opened again.")
    return tuple(said)
