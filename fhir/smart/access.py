"""The tokens of one launch: held here and nowhere else, renewed when due, gone when it ends."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from decision.clinical.clock import Clock
from fhir.errors import AccessEndedError, ServerError
from fhir.smart.fetch import NoAnswerError
from fhir.smart.id_token import names_another
from fhir.smart.refusals import LaunchError
from fhir.smart.scopes import Scopes, parse_scopes
from fhir.smart.tokens import Grant, TokenEndpoint, read_grant

_EARLY = timedelta(seconds=30)
"""Renewed this long before the end, so that no request leaves with a token that ends under way."""
_SUCCESS = 200
_BUSY = 429
_BROKEN = 500


class LaunchAccess:
    """The right to read one patient's chart at one server. Used on the `BackgroundLoop`; `may`,
    `partly`, `ended` and `forget` from any thread.

    One renewal at a time, however many requests wait for it: a refresh token is used once.
    """

    def __init__(
        self,
        *,
        base: str,
        endpoint: TokenEndpoint,
        clock: Clock,
        grant: Grant,
        granted: Scopes,
        patient_id: str,
        subject: str,
        until: datetime,
    ) -> None:
        self._base = base
        self._endpoint = endpoint
        self._clock = clock
        self._granted = granted
        self._patient_id = patient_id
        self._subject = subject
        self._until = until
        self._ended = False
        self._flight: asyncio.Task[None] | None = None
        self._keep(grant)

    def __repr__(self) -> str:
        return f"<LaunchAccess {'ended' if self._ended else 'open'}>"

    @property
    def base(self) -> str:
        """The FHIR base address, without a trailing slash."""
        return self._base

    @property
    def ended(self) -> bool:
        """True once there is no right left."""
        return self._ended

    def may(self, kind: str, interaction: str) -> bool:
        """Whether the scopes that were asked for and granted cover an interaction."""
        return not self._ended and self._granted.may(kind, interaction)

    def partly(self, kind: str) -> bool:
        """Whether the scopes granted cover only some resources of that type."""
        return self._granted.partly(kind)

    async def authorization(self) -> str:
        """The `Authorization` header now; renewed first when it is about to end."""
        self._require()
        if self._expires is not None and self._clock() >= self._expires - self._early():
            try:
                await self._renew()
            except ServerError:
                if self._clock() >= self._expires:
                    raise
        self._require()
        return self._header

    async def renewed(self, refused: str) -> str:
        """Another header after a 401; another request may have renewed it already."""
        self._require()
        if self._header == refused:
            await self._renew()
        self._require()
        return self._header

    def forget(self) -> None:
        """Drop everything; every later use raises `AccessEndedError`."""
        self._ended = True
        self._header = self._access_token = self._refresh_token = ""

    async def end(self) -> None:
        """Drop everything and have it revoked, where the EHR offers that; its refusal changes
        nothing for us.
        """
        given = self._refresh_token, self._access_token
        self.forget()
        await self._endpoint.revoke(*given)

    def _require(self) -> None:
        if not self._ended and self._clock() >= self._until:
            self.forget()
        if self._ended:
            raise AccessEndedError

    def _early(self) -> timedelta:
        return _EARLY if self._refresh_token else timedelta(0)

    async def _renew(self) -> None:
        """Join the renewal under way, or begin one. It is shielded: whoever gives up waiting must
        not leave a refresh token used and its successor unread.
        """
        if self._flight is None or self._flight.done():
            self._flight = asyncio.get_running_loop().create_task(self._refresh())
            self._flight.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.shield(self._flight)

    async def _refresh(self) -> None:
        token = self._refresh_token
        if not token:
            self.forget()
            raise AccessEndedError
        try:
            answer = await self._endpoint.refresh(token)
        except NoAnswerError as lost:
            if lost.sent:  # perhaps it was used; a second use would look like theft to the EHR
                self.forget()
                raise AccessEndedError from None
            raise _no_answer() from None
        except LaunchError:
            self.forget()
            raise AccessEndedError from None
        if answer.status == _BUSY or answer.status >= _BROKEN:
            raise _no_answer(answer.status)
        try:
            if answer.status != _SUCCESS:
                raise AccessEndedError
            self._take(read_grant(answer))
        except (AccessEndedError, LaunchError):
            self.forget()
            raise AccessEndedError from None

    def _take(self, grant: Grant) -> None:
        """Go on with a new grant: for the same patient and person, with no more than before."""
        if grant.body.get("patient", self._patient_id) != self._patient_id:
            raise AccessEndedError
        token = grant.body.get("id_token")
        if token is not None and names_another(token, self._subject):
            raise AccessEndedError
        if grant.scope is not None:
            granted = parse_scopes(grant.scope).within(self._granted)
            if not granted.may("Patient", "r"):
                raise AccessEndedError
            self._granted = granted
        if not self._ended:  # a logout may have come first
            self._keep(grant, self._refresh_token)

    def _keep(self, grant: Grant, before: str = "") -> None:
        self._access_token = grant.access_token
        self._refresh_token = grant.refresh_token or before
        self._header = f"Bearer {grant.access_token}"
        self._expires = None if grant.lifetime is None else self._clock() + grant.lifetime


def _no_answer(status: int = 0) -> ServerError:
    return ServerError("The EHR's login server does not answer.", "Try again in a minute.", status)
