"""Who a resource is about, and what its references point at inside one bundle."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fhir.fields import Json, child, children, text

_KIND = re.compile(r"[A-Z][A-Za-z]{1,40}")
_ID = re.compile(r"[A-Za-z0-9.\-]{1,64}")
_UUID = re.compile(r"urn:uuid:([0-9a-fA-F\-]{36})")


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource of a bundle with its address there."""

    kind: str
    full_url: str
    resource: Json
    reference: str
    """`Observation/abc`; where the id is unusable, the position in the bundle."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every reference that means this entry."""
        return (self.full_url, self.reference) if self.full_url else (self.reference,)


def entry_of(position: int, full_url: str, resource: Json) -> Entry:
    """The entry under a name that is safe to show: FHIR ids only, never free text."""
    kind, identity = text(resource, "resourceType"), text(resource, "id")
    if not _KIND.fullmatch(kind):
        kind = "Resource"
    if _ID.fullmatch(identity):
        name = f"{kind}/{identity}"
    elif match := _UUID.fullmatch(full_url):
        name = f"{kind}/{match[1]}"
    else:
        name = f"{kind} at entry {position}"
    return Entry(kind, full_url, resource, name)


class Subject:
    """The one patient of a bundle, under every name the bundle may use for them."""

    def __init__(self, patient: Entry) -> None:
        self.id = patient.reference.removeprefix("Patient/")
        self._names = frozenset(patient.names)
        self._identifiers = frozenset(_identifiers(children(patient.resource, "identifier")))

    def is_meant_by(self, reference: Json) -> bool | None:
        """Whether a Reference means this patient; None where nothing can be checked."""
        if written := text(reference, "reference"):
            return written.split("/_history/")[0] in self._names
        if identifier := child(reference, "identifier"):
            return not self._identifiers.isdisjoint(_identifiers([identifier]))
        return None

    def owns(self, resource: Json) -> bool | None:
        """True when every `subject` and `patient` of a resource means this patient, False when one
        means anybody else, None when the resource does not say.
        """
        verdicts = [self.is_meant_by(reference) for reference in _subjects(resource)]
        if not verdicts or None in verdicts:
            return False if False in verdicts else None
        return all(verdicts)


def _subjects(resource: Json) -> Iterator[Json]:
    for key in ("subject", "patient"):
        if key in resource:
            value = resource[key]
            for reference in value if isinstance(value, list) else [value]:
                yield reference if isinstance(reference, dict) else {}


def _identifiers(identifiers: Iterable[Json]) -> Iterator[tuple[str, str]]:
    return ((text(i, "system"), text(i, "value")) for i in identifiers if text(i, "value"))


class Library:
    """Looks up what a reference points at: contained, or elsewhere in the bundle."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_name = {name: entry.resource for entry in entries for name in entry.names}

    def find(self, reference: Json, inside: Json) -> Json | None:
        """The resource meant, or None where the bundle does not hold it."""
        written = text(reference, "reference")
        if written.startswith("#"):
            contained = children(inside, "contained")
            return next((c for c in contained if text(c, "id") == written[1:]), None)
        return self._by_name.get(written.split("/_history/")[0])
