"""How the server departs from the specifications, for tests. Untouched, it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

Json = dict[str, Any]
REMOVED = None
"""In a mapping of changes: the member is left out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in place of the proper one."""

    status: int
    body: str = ""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        return Response(
            self.body, self.status, media_type=self.content_type, headers=dict(self.headers)
        )


def changed(proper: Json, changes: Mapping[str, Any]) -> Json:
    """The members of `proper` with the changes; a change to None removes the member."""
    return {k: v for k, v in {**proper, **changes}.items() if v is not REMOVED}


@dataclass(slots=True)
class Misbehaviour:
    """Mutable: a test sets what goes wrong before the request it should go wrong for."""

    answers: dict[str, Answer] = field(default_factory=dict)
    """By endpoint: discovery, authorize, token, refresh, jwks, revoke, fhir."""
    delays: dict[str, float] = field(default_factory=dict)
    """Seconds before an endpoint answers, by the same names."""
    discovery: dict[str, Any] = field(default_factory=dict)
    """Changed members of the SMART configuration."""
    authorize_error: tuple[str, str] | None = None
    """The error and description that every authorization request gets."""
    authorize_reply: dict[str, str | None] = field(default_factory=dict)
    """Changed parameters of the way back, such as another `state`."""
    withheld: frozenset[str] = frozenset()
    """Scopes that are not granted though the client is registered for them."""
    token: dict[str, Any] = field(default_factory=dict)
    """Changed members of the first token response."""
    refresh: dict[str, Any] = field(default_factory=dict)
    """Changed members of the token responses after it."""
    claims: dict[str, Any] = field(default_factory=dict)
    """Changed claims of the id_token."""
    header: dict[str, Any] = field(default_factory=dict)
    """Changed members of the id_token's header, such as its `kid`."""
    signature: str = "proper"
    """proper | none | stripped | foreign key | public key as secret"""
    leaks: str = ""
    """A patient whose resources are in every search answer, whoever was asked for."""
    deaf_to: frozenset[str] = frozenset()
    """Search parameters that are silently ignored."""

    def reset(self) -> None:
        """Back to what the specifications ask for."""
        fresh = Misbehaviour()
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))
