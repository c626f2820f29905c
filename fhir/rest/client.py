"""Asking one FHIR R4 server for what one launch may see; nothing it says is taken on trust."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2

from fhir.errors import ServerError
from fhir.fields import Json, child, text, whole
from fhir.ids import ID, KIND, is_id
from fhir.rest import capabilities
from fhir.rest.access import Access
from fhir.rest.addresses import Home
from fhir.rest.exchange import FHIR_JSON, Answer, Exchange
from fhir.rest.limits import Limits
from fhir.rest.paging import Found, all_pages

__all__ = ["Created", "FhirClient", "Found"]

_PLACED = re.compile(rf"(?:.*/)?({KIND})/({ID})(?:/_history/.*)?")
_ETAG = re.compile(r'(?:W/)?"[!#-~]{0,100}"')
_REREAD = frozenset({"Patient", "Medication"})
_UNSURE = ("_sort", "_include")
_TELL = "Tell whoever runs the chart's server."


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """What the server made of a resource: its status, `RiskAssessment/12`, and its version."""

    status: int
    reference: str
    etag: str = ""


class FhirClient:
    """One launch's client. Every failure is a `FhirError` that names no person: a `ServerError`
    with its status, or `AccessEndedError`. Use it on one event loop only.
    """

    def __init__(
        self, http: httpx2.AsyncClient, access: Access, limits: Limits | None = None
    ) -> None:
        self._http = http
        self._access = access
        self._limits = limits or Limits()
        self._home = Home(access.base)
        self._exchange = Exchange(http, access, self._limits)
        self._read: dict[tuple[str, str], tuple[str, Json]] = {}

    @property
    def access(self) -> Access:
        return self._access

    @property
    def base(self) -> str:
        """The server's address, without a trailing slash."""
        return self._home.base

    @property
    def home(self) -> Home:
        """What lies inside the server's address."""
        return self._home

    @property
    def limits(self) -> Limits:
        return self._limits

    async def read(self, kind: str, identity: str, *, until: float | None = None) -> Json:
        """One resource by its id; `ServerError` 404 where there is none, 403 where it is not
        permitted. A Patient or Medication that has not changed is not sent again in one launch.
        """
        self._check(kind, "r")
        if not is_id(identity):
            raise ServerError("That is not the id of a resource.", _TELL, 404)
        held = self._read.get((kind, identity))
        condition = {"if-none-match": held[0]} if held else {}
        url = self._home.at(f"{kind}/{identity}")
        answer = await self._exchange.get(url, self._until(until), condition)
        if answer.status == 304 and held:
            return held[1]
        resource = await _resource(answer, kind)
        if text(resource, "id") != identity:
            raise ServerError(
                f"The chart's server answered with another {kind} than the one asked for.",
                "Open this page again from the patient's chart.",
                answer.status,
            )
        etag = answer.headers.get("etag", "")
        if kind in _REREAD and _ETAG.fullmatch(etag):
            self._read[kind, identity] = (etag, resource)
        return resource

    async def search(
        self, kind: str, parameters: Sequence[tuple[str, str]], *, until: float | None = None
    ) -> Found:
        """All pages of one search. `ServerError` where not even the first one can be used, or where
        the server ignored a parameter.
        """
        self._check(kind, "s")
        last = self._until(until)
        ask = (self._exchange, self._home, kind)
        try:
            return await all_pages(*ask, parameters, self._limits, last)
        except ServerError as error:
            plain = [(name, value) for name, value in parameters if name not in _UNSURE]
            if error.status != 400 or len(plain) == len(parameters):
                raise
            # a server may refuse to sort or to include; what it finds is the same without
            return await all_pages(*ask, plain, self._limits, last)

    async def create(self, resource: Json, *, if_none_exist: str = "") -> Created:
        """Make a new resource, once: never repeated here, whatever happens on the way.

        `if_none_exist` is a search (`identifier=system|value`); where it finds one, that one is
        named, with status 200. `ServerError` with status 0: nobody knows whether it was made.
        """
        kind = text(resource, "resourceType")
        self._check(kind, "c")
        headers = {"prefer": "return=minimal"}
        if if_none_exist:
            headers = {"if-none-exist": if_none_exist}  # the one that exists is named in the body
        answer = await self._exchange.send("POST", self._home.at(kind), _bytes(resource), headers)
        return await self._created(answer, kind)

    async def update(self, resource: Json, *, etag: str) -> Created:
        """Replace a resource that still has that version; `ServerError` 412 where it has not."""
        kind, identity = text(resource, "resourceType"), text(resource, "id")
        self._check(kind, "u")
        if not is_id(identity) or not _ETAG.fullmatch(etag):
            raise ServerError("An update needs the resource's id and version.", _TELL)
        url = self._home.at(f"{kind}/{identity}")
        headers = {"if-match": etag, "prefer": "return=minimal"}
        answer = await self._exchange.send("PUT", url, _bytes(resource), headers)
        return await self._created(answer, kind)

    async def binary(
        self, reference_or_url: str, longest: int, *, until: float | None = None
    ) -> tuple[bytes, str]:
        """The bytes of a Binary of this server and their content type; `ServerError` for an address
        outside this server, and for more than `longest` bytes.
        """
        self._check("Binary", "r")
        url = self._home.inside(reference_or_url)
        if not url:
            raise ServerError("The file is not on the chart's server, so it is not read.", _TELL)
        # as JSON the bytes are a third longer, and there is a little around them
        most = longest * 4 // 3 + 10_000
        answer = await self._exchange.get(
            url, self._until(until), {"accept": f"*/*, {FHIR_JSON};q=0.1"}, longest=most
        )
        content, kind = answer.body, answer.content_type
        if kind == FHIR_JSON:
            resource = await _resource(answer, "Binary")
            try:
                content = base64.b64decode(whole(resource, "data"), validate=True)
            except (binascii.Error, ValueError):
                raise ServerError("The file's bytes are not base64.", _TELL, 200) from None
            kind = text(resource, "contentType").split(";")[0].lower()
        if len(content) > longest:
            raise ServerError(f"The file has more than {longest // 1_000_000} MB.", _TELL, 200)
        return content, kind

    async def capabilities(self) -> Json:
        """What the server says it offers, asked once an hour for each server."""
        return await capabilities.statement(self._http, self._exchange, self._home)

    def _check(self, kind: str, interaction: str) -> None:
        """What was not granted is not even asked for."""
        if not self._access.may(kind, interaction):
            raise ServerError(
                f"The access granted does not cover {kind}.",
                "Ask whoever runs the chart to grant it to this application.",
                403,
            )

    def _until(self, until: float | None) -> float:
        own = asyncio.get_running_loop().time() + self._limits.search_seconds
        return own if until is None else min(own, until)

    async def _created(self, answer: Answer, kind: str) -> Created:
        """The name the server gave, from its `Location`, else from the body."""
        placed = _PLACED.fullmatch(self._home.inside(answer.headers.get("location", "")))
        reference = f"{placed[1]}/{placed[2]}" if placed else ""
        etag = answer.headers.get("etag", "")
        if not reference and answer.body:
            resource = await _resource(answer, kind)
            reference = f"{kind}/{text(resource, 'id')}"
            version = text(child(resource, "meta"), "versionId")
            etag = etag or (f'W/"{version}"' if version else "")
        return Created(status=answer.status, reference=reference, etag=etag)


def _bytes(resource: Json) -> bytes:
    return json.dumps(resource, ensure_ascii=False, allow_nan=False).encode()


async def _resource(answer: Answer, kind: str) -> Json:
    resource = await answer.json()
    if not isinstance(resource, dict) or text(resource, "resourceType") != kind:
        raise ServerError(
            f"The chart's server answered with something other than a {kind}.",
            _TELL,
            answer.status,
        )
    return resource
