"""Who a resource is about, and what its references point at inside one bundle."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fhir.fields import Json, child, children, clean, exact, text
from fhir.ids import ID, KIND, ONE_ID

_KIND = re.compile(KIND)
_UUID = re.compile(r"urn:uuid:([0-9a-fA-F\-]{36})")
_ON_A_SERVER = re.compile(rf"(https?://.+)/{KIND}/{ID}")
_PATIENT_TYPES = ("", "Patient", "http://hl7.org/fhir/StructureDefinition/Patient")


class Entry(NamedTuple):
    """One resource of a bundle with its address there."""

    kind: str
    full_url: str
    resource: Json
    reference: str
    """`Observation/abc`; where the id is unusable, the position in the bundle."""
    base: str
    """The server its `fullUrl` names, against which its relative references count; may be ""."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every reference that means this entry."""
        return (self.full_url, self.reference) if self.full_url else (self.reference,)

    @property
    def label(self) -> str:
        """What a message calls it: the id of a Patient may be a number that identifies them."""
        return "the Patient" if self.kind == "Patient" else self.reference


def entry_of(position: int, item: Json) -> Entry:
    """The entry under a name that is safe to show: FHIR ids only, never free text."""
    resource, full_url = child(item, "resource"), exact(item, "fullUrl")
    kind = _named(resource, "resourceType", _KIND) or "Resource"
    if identity := _named(resource, "id", ONE_ID):
        name = f"{kind}/{identity}"
    elif match := _UUID.fullmatch(full_url):
        name = f"{kind}/{match[1]}"
    else:
        name = f"{kind} at entry {position}"
    server = _ON_A_SERVER.fullmatch(full_url) if full_url.startswith("http") else None
    return Entry(kind, full_url, resource, name, server[1] if server else "")


def _named(resource: Json, key: str, pattern: re.Pattern[str]) -> str:
    """The string under `key`, cleaned only where it needs it; "" where it is not as it should."""
    written = resource.get(key)
    if isinstance(written, str) and pattern.fullmatch(written):
        return written
    cleaned = clean(written)
    return cleaned if pattern.fullmatch(cleaned) else ""


class Subject:
    """The one patient of a bundle, under every name the bundle may use for them."""

    def __init__(self, patient: Entry) -> None:
        self.id = patient.reference.removeprefix("Patient/")
        self.base = patient.base
        self._relative = patient.reference
        self._names = frozenset(patient.names)
        self._identifiers = frozenset(_identifiers(children(patient.resource, "identifier")))
        self._systems = frozenset(system for system, _ in self._identifiers)
        self._judged: dict[tuple[str, str], bool | None] = {}

    def is_meant_by(self, reference: Json, base: str) -> bool | None:
        """Whether a Reference in an entry of that base means this patient; None where nothing can
        be checked. Whatever of it points at anybody else decides.
        """
        written = reference.get("reference")
        if len(reference) > 1 or not isinstance(written, str):
            return self._judge(reference, base)
        # nearly all are an address and nothing else, and the same one throughout
        if (written, base) not in self._judged:
            self._judged[written, base] = self._judge(reference, base)
        return self._judged[written, base]

    def _judge(self, reference: Json, base: str) -> bool | None:
        if text(reference, "type") not in _PATIENT_TYPES:
            return False
        written = exact(reference, "reference").split("/_history/")[0]
        addressed = self._is_at(written, base) if written else None
        numbers = list(_identifiers([child(reference, "identifier")]))
        identified = self._has(*numbers[0]) if numbers else None
        if addressed is None and identified is None and numbers:
            return False  # somebody's number, of a system that this patient has none of
        return False if False in (addressed, identified) else addressed or identified

    def _is_at(self, written: str, base: str) -> bool:
        if written == self._relative and base and self.base and base != self.base:
            return False  # the same id on another server is another person
        return written in self._names

    def _has(self, system: str, value: str) -> bool | None:
        """None where the patient is not known to have a number of that system."""
        return (system, value) in self._identifiers if system in self._systems else None

    def owns(self, entry: Entry) -> bool | None:
        """True when every `subject` and `patient` of a resource means this patient, False when one
        means anybody else, None when the resource does not say.
        """
        owned: bool | None = None
        unsure = False
        for key in ("subject", "patient"):
            if key not in entry.resource:
                continue
            value = entry.resource[key]
            for reference in value if isinstance(value, list) else (value,):
                named = reference if isinstance(reference, dict) else {}
                meant = self.is_meant_by(named, entry.base)
                if meant is False:
                    return False
                unsure = unsure or meant is None
                owned = True
        return None if unsure else owned


def _identifiers(identifiers: Iterable[Json]) -> Iterator[tuple[str, str]]:
    """(system, value) of those that have both: a number without its system is anybody's."""
    for identifier in identifiers:
        system, value = exact(identifier, "system"), exact(identifier, "value")
        if system and value:
            yield system, value


class Library:
    """Looks up the Medication that a reference points at: contained, or elsewhere in the bundle."""

    def __init__(self, entries: Iterable[Entry], home: str) -> None:
        self._home = home
        self._by_name: dict[tuple[str, str], Json] = {}
        for entry in entries:
            if entry.kind == "Medication":
                self._by_name[entry.base or home, entry.reference] = entry.resource
                if entry.full_url:
                    self._by_name["", entry.full_url] = entry.resource

    def medication(self, reference: Json, inside: Entry) -> Json | None:
        """The Medication meant, or None where the bundle does not hold it."""
        written = exact(reference, "reference").split("/_history/")[0]
        if written.startswith("#"):
            return next(
                (
                    c
                    for c in children(inside.resource, "contained")
                    if text(c, "id") == written[1:] and text(c, "resourceType") == "Medication"
                ),
                None,
            )
        relative = (inside.base or self._home, written)
        return self._by_name.get(("", written)) or self._by_name.get(relative)
