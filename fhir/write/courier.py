"""One resource to one server: posted once, and looked for before it is ever posted again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fhir.errors import AccessEndedError, FhirError, ServerError, UnreachedError
from fhir.fields import Json, child, children, text
from fhir.rest.client import FhirClient
from fhir.write.launched import UUID_SYSTEM, token
from fhir.write.offers import Ability
from fhir.write.outbox import State

_TOO_OFTEN = 429
_UNAUTHORISED = 401
_NOT_WRITABLE = frozenset({409, 412})
"""A conflict may mean that the resource is there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one attempt ended. `code` is the HTTP status that explains it, 0 without an answer."""

    state: State
    code: int = 0
    reference: str = ""
    etag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A resource on its way, the key it is found by, and whose it is."""

    kind: str
    key: str
    patient_id: str = field(repr=False)
    resource: Json | None = field(repr=False)
    """None where its text is no longer kept: it can be looked for, and not sent."""
    maybe: bool
    """True where an earlier attempt may have brought it there."""


async def deliver(
    server: FhirClient,
    parcel: Parcel,
    offered: Ability,
    may: Callable[[str, str], bool],
    *,
    confirmed: bool,
) -> Outcome:
    """Bring it there, or say how it stands.

    Where it may be there already, it is looked for first. It is posted again only if the server
    itself refuses a second one (`If-None-Exist`), or after somebody has `confirmed` it.
    """
    look = _Look(server, parcel, offered, may)
    maybe = parcel.maybe
    if maybe:
        seen = await look()
        if isinstance(seen, Outcome):
            return seen
        # Where we can look, what somebody saw in the chart does not stand for a look that failed:
        # they were told that nothing is filed twice.
        if not offered.conditional and not (confirmed and (seen or not look.possible)):
            return Outcome(state=State.UNSURE)
        maybe = not seen
    if parcel.resource is None:
        return Outcome(state=State.UNSURE if maybe else State.REFUSED)
    condition = f"identifier={token(parcel.key)}" if offered.conditional else ""
    try:
        created = await server.create(parcel.resource, if_none_exist=condition)
    except AccessEndedError:
        return Outcome(state=_unless(maybe, State.WAITING), code=_UNAUTHORISED)
    except ServerError as error:
        return await _failed(error, look, maybe)
    return Outcome(state=State.SENT, code=200, reference=created.reference or "", etag=created.etag)


async def _failed(error: ServerError, look: _Look, maybe: bool) -> Outcome:
    code = error.status
    if isinstance(error, UnreachedError) or code == _TOO_OFTEN:
        return Outcome(state=_unless(maybe, State.WAITING), code=code)
    # No answer, a gateway's answer and an answer that cannot be read say nothing of what was done.
    lost = code < 300 or code == 408 or code >= 500
    if lost or code in _NOT_WRITABLE:
        seen = await look()
        if isinstance(seen, Outcome):
            return seen
    return Outcome(state=State.UNSURE if lost else _unless(maybe, State.REFUSED), code=code)


def _unless(maybe: bool, state: State) -> State:
    """A doubt from an earlier attempt outlives whatever became of this one."""
    return State.UNSURE if maybe else state


class _Look:
    """Looks for a resource of ours: `Outcome` where it is, True where it surely is not, False where
    nobody can say.
    """

    def __init__(
        self, server: FhirClient, parcel: Parcel, offered: Ability, may: Callable[[str, str], bool]
    ) -> None:
        self._server, self._parcel, self._offered = server, parcel, offered
        # A server that ignores what it does not know would answer with other people's resources.
        self.possible = bool(offered.owner) and may(parcel.kind, "s")

    async def __call__(self) -> Outcome | bool:
        if not self.possible:
            return False
        parcel, parameters = self._parcel, self._parameters()
        try:
            found = await self._server.search(parcel.kind, parameters)
        except FhirError:
            return False
        ours = [r for r in found.resources if is_ours(r, parcel)]
        if not ours:
            return found.complete
        reference = f"{parcel.kind}/{text(ours[0], 'id')}"
        version = text(child(ours[0], "meta"), "versionId")
        etag = f'W/"{version}"' if version else ""
        return Outcome(state=State.SENT, code=200, reference=reference, etag=etag)

    def _parameters(self) -> list[tuple[str, str]]:
        owner = self._offered.owner
        whose = (
            self._parcel.patient_id if owner == "patient" else f"Patient/{self._parcel.patient_id}"
        )
        parameters = [(owner, whose)]
        if self._offered.by_identifier:
            parameters.append(("identifier", token(self._parcel.key)))
        return parameters


def is_ours(resource: Json, parcel: Parcel) -> bool:
    """Whether that is the very resource, about the very patient: a server's filter is not trusted.

    An AuditEvent has no identifier of its own; that of the trail's entry stands in its entities.
    """
    if text(resource, "resourceType") != parcel.kind:
        return False
    wanted = {(UUID_SYSTEM, f"urn:uuid:{parcel.key}"), *_names(parcel.resource or {})}
    about = [child(resource, "subject"), *_whats(resource)]
    return not wanted.isdisjoint(_names(resource)) and any(
        f"/{text(a, 'reference')}".endswith(f"/Patient/{parcel.patient_id}") for a in about
    )


def _whats(resource: Json) -> list[Json]:
    return [child(entity, "what") for entity in children(resource, "entity")]


def _names(resource: Json) -> set[tuple[str, str]]:
    found = [*children(resource, "identifier"), *(child(w, "identifier") for w in _whats(resource))]
    return {(text(i, "system"), text(i, "value")) for i in found} - {("", "")}
