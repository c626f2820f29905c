"""The right to ask one server: its address, what was granted, and the header that proves it."""

from __future__ import annotations

from typing import Protocol

from fhir.errors import AccessEndedError


class Access(Protocol):
    """One launch's (or one hook call's) right to ask one server. Never crosses to another."""

    @property
    def base(self) -> str:
        """The FHIR base address, without a trailing slash; nothing outside it is ever asked."""
        ...

    def may(self, kind: str, interaction: str) -> bool:
        """Whether the granted scopes cover one interaction (`c r u d s`) on a resource type."""
        ...

    def partly(self, kind: str) -> bool:
        """Whether only some resources of a type may be read, such as those of one category. Who has
        read those has not read the whole.
        """
        ...

    async def authorization(self) -> str:
        """The `Authorization` header now, renewed when it is about to end; "" for an open server.

        Raises `AccessEndedError` when there is no right left.
        """
        ...

    async def renewed(self, refused: str) -> str:
        """Another header after the server refused this one with 401; `AccessEndedError` if none."""
        ...


class OpenAccess:
    """A server that asks nobody who they are: tests, and a laptop's own server."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")

    @property
    def base(self) -> str:
        return self._base

    def may(self, kind: str, interaction: str) -> bool:
        return True

    def partly(self, kind: str) -> bool:
        return False

    async def authorization(self) -> str:
        return ""

    async def renewed(self, refused: str) -> str:
        raise AccessEndedError
