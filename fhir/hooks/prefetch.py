"""What came along with a call, key by key: there, nothing there, not sent, failed, or in part.

CDS Hooks 2.0, "Prefetch Template": an absent key was not satisfied, `null` says that there is
nothing, an OperationOutcome that it failed, and a Bundle has to be whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fhir.fields import Json, child, children, text
from fhir.hooks.errors import NoDataError, RequestError
from fhir.references import Entry, Subject, entry_of
from fhir.rest.addresses import Home, escaped
from fhir.rest.outcomes import failed, said
from fhir.rest.searches import Search
from fhir.rest.searchsets import INCLUDED, counted, flaw, short

PATIENT = "patient"
"""The key of the Patient; those of searches are other words."""
_TOKEN = "{{context.patientId}}"  # noqa: S105  a prefetch token
_BEYOND = frozenset({"_include", "_revinclude"})
"""Not among what the specification recommends for templates; clients refuse or ignore them."""


def templates(searches: Iterable[Search]) -> dict[str, str]:
    """The prefetch templates of a service: the same questions that it would ask itself."""
    found = {PATIENT: f"Patient/{_TOKEN}"}
    for search in searches:
        asked = [f"{k}={escaped(v)}" for k, v in search.parameters if k not in _BEYOND]
        found[search.key] = f"{search.kind}?{'&'.join((f'patient={_TOKEN}', *asked))}"
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefetched:
    """The data of a call, by key of the search they answer. A key in none of these was not sent."""

    patient: Json | None = field(default=None, repr=False)
    given: Mapping[str, tuple[Json, ...]] = field(default_factory=dict, repr=False)
    """The resources that answer a search; none where nothing is there."""
    partial: Mapping[str, str] = field(default_factory=dict)
    """Of the given ones, those that are not whole, and why."""
    failed: frozenset[str] = frozenset()

    def without(self, keys: Iterable[str]) -> Prefetched:
        """As if these keys had not been sent."""
        dropped = set(keys)
        return Prefetched(
            patient=self.patient,
            given={k: v for k, v in self.given.items() if k not in dropped},
            partial={k: v for k, v in self.partial.items() if k not in dropped},
            failed=self.failed - dropped,
        )


def read_prefetch(
    prefetch: Json, searches: Sequence[Search], patient_id: str, server: str
) -> Prefetched:
    """Sort what came along. Keys that nobody asked for are not looked at.

    RequestError for what is no FHIR at all; NoDataError for anybody else's Patient, or data of
    another server, where the same id is another person.
    """
    given: dict[str, tuple[Json, ...]] = {}
    partial: dict[str, str] = {}
    bad = set()
    home = Home(server)
    patient = _patient(prefetch.get(PATIENT), patient_id)
    whose = _Whose(home, patient or {"resourceType": "Patient", "id": patient_id})
    for search in searches:
        if search.key not in prefetch:
            continue
        found = _found(prefetch[search.key], search, home, whose)
        if found is None:
            bad.add(search.key)
        else:
            given[search.key], why = found
            if why:
                partial[search.key] = why
    return Prefetched(
        patient=patient,
        given=given,
        partial=partial,
        failed=frozenset(bad),
    )


def _patient(value: object, patient_id: str) -> Json | None:
    """The Patient that was sent; None where none was, or the client failed to read it."""
    if value is None:
        return None
    field = f"prefetch.{PATIENT}"
    resource = _resource(value, field)
    if text(resource, "resourceType") == "Bundle":
        held = [child(e, "resource") for e in children(resource, "entry")]
        patients = [p for p in held if text(p, "resourceType") == "Patient"]
        if len(patients) != 1:
            return None
        resource = patients[0]
    if text(resource, "resourceType") == "OperationOutcome":
        return None
    if text(resource, "resourceType") != "Patient":
        raise RequestError(field, "it is no Patient", "Send what the template asks for")
    if text(resource, "id") != patient_id:
        raise NoDataError(
            f"{field} is another Patient than context.patientId",
            "Send the data of the patient in context",
        )
    return resource


class _Whose:
    """Looks at what is left aside too: one resource of a stranger, and the client mixed up whom it
    asks about.
    """

    def __init__(self, home: Home, patient: Json) -> None:
        self._home = home
        self._subject = Subject(self._entry(patient))

    def refuse_stranger(self, resource: Json, field: str) -> None:
        entry = self._entry(resource)
        another = entry.kind == "Patient" and entry.reference != f"Patient/{self._subject.id}"
        if another or (entry.kind != "Patient" and self._subject.owns(entry) is False):
            raise NoDataError(f"{field} holds data of another patient", "Send one patient's data")

    def _entry(self, resource: Json) -> Entry:
        return entry_of(0, {"resource": resource, "fullUrl": self._home.place(resource)})


def _found(
    value: object, search: Search, home: Home, whose: _Whose
) -> tuple[tuple[Json, ...], str] | None:
    """What stands under one key and why it is not the whole; None where fetching it failed, or it
    answers another question.
    """
    if value is None:
        return (), ""
    field = f"prefetch.{search.key}"
    resource = _resource(value, field)
    kind = text(resource, "resourceType")
    if kind == "OperationOutcome":
        return None
    if kind == search.kind:
        return (resource,), "a single one came and no list"
    listed = resource.get("entry", [])
    if kind != "Bundle" or not isinstance(listed, list):
        raise RequestError(
            field, f"it is neither a Bundle nor a {search.kind}", "Send what the template asks for"
        )
    problem = flaw(resource, search.kind)
    held: list[Json] = []
    others = False
    for item in children(resource, "entry"):
        inside, address = child(item, "resource"), text(item, "fullUrl")
        if text(inside, "resourceType") == "OperationOutcome":
            if any(map(failed, said(inside))):
                problem = "the server reported that something went wrong"
        elif inside:
            absolute = address.lower().startswith(("http://", "https://"))
            if absolute and not home.inside(address):
                raise NoDataError(
                    f"{field} holds data of another server than fhirServer",
                    "Send data of the server agreed",
                )
            if text(inside, "resourceType") in (search.kind, *INCLUDED):
                held.append(inside)
            else:
                whose.refuse_stranger(inside, field)
            others = others or text(inside, "resourceType") != search.kind
    matches = sum(text(inside, "resourceType") == search.kind for inside in held)
    if others and not matches:
        return None
    return tuple(held), problem or _cut_off(resource, matches, search)


def _resource(value: object, field: str) -> Json:
    if not isinstance(value, dict) or not text(value, "resourceType"):
        raise RequestError(field, "it is no FHIR resource", "Send a resource, a Bundle or null")
    return value


def _cut_off(bundle: Json, matches: int, search: Search) -> str:
    """Why a Bundle is not the whole answer. A template's `_count` may have been taken for a limit,
    so that a full page is one that may have been cut.
    """
    if any(text(link, "relation") == "next" for link in children(bundle, "link")):
        return "it is one page of several"
    count = dict(search.parameters).get("_count", "")
    if count.isdecimal() and matches >= int(count):
        return "it may have been cut at the largest page"
    arrived = counted(children(bundle, "entry"), search.kind)
    return "it holds fewer than its total" if short(bundle, arrived) else ""
