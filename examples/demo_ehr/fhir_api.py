"""The FHIR endpoint: every request but the two descriptions needs a living token that covers it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examples.demo_ehr.chart import READABLE, WRITABLE, patients_of
from examples.demo_ehr.checking import check
from examples.demo_ehr.describing import capability_statement
from examples.demo_ehr.errors import FhirError
from examples.demo_ehr.grants import Grant
from examples.demo_ehr.misbehaviour import Json
from examples.demo_ehr.scopes import permits
from examples.demo_ehr.searching import TOKENS, Asked, matching, understood

if TYPE_CHECKING:
    from examples.demo_ehr.service import Ehr

Handler = Callable[[Request], Awaitable[Response]]
_LONGEST_BODY = 4_000_000


def fhir_response(content: Json, status: int = 200, **headers: str) -> Response:
    """FHIR JSON; nothing of a chart may stay in a cache."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(
        json.dumps(content, separators=(",", ":")),
        status,
        {"Cache-Control": "no-store", **given},
        "application/fhir+json",
    )


def outcome(refused: FhirError) -> Response:
    """The refusal as an OperationOutcome, with a challenge where a token was at fault."""
    issue = {"severity": "error", "code": refused.code, "diagnostics": refused.diagnostics}
    answer = fhir_response({"resourceType": "OperationOutcome", "issue": [issue]}, refused.status)
    if refused.bearer_error is not None:
        error = f' error="{refused.bearer_error}"' if refused.bearer_error else ""
        answer.headers["WWW-Authenticate"] = f'Bearer realm="demo"{error}'
    return answer


class FhirApi:
    """The handlers of `<base>/fhir`."""

    def __init__(self, ehr: Ehr) -> None:
        self._ehr = ehr

    def routes(self) -> list[Route]:
        return [
            Route("/fhir/metadata", self._guarded(self._metadata)),
            Route("/fhir/{kind}", self._guarded(self._search)),
            Route("/fhir/{kind}/_search", self._guarded(self._search), methods=["POST"]),
            Route("/fhir/{kind}", self._guarded(self._create), methods=["POST"]),
            Route("/fhir/{kind}/{identity}", self._guarded(self._read)),
            Route("/fhir/{kind}/{identity}", self._guarded(self._update), methods=["PUT"]),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        async def endpoint(request: Request) -> Response:
            planned = await self._ehr.fault("fhir")
            if planned is not None:
                return planned
            try:
                return await handler(request)
            except FhirError as refused:
                return outcome(refused)

        return endpoint

    async def _metadata(self, request: Request) -> Response:
        return fhir_response(capability_statement(self._ehr))

    async def _read(self, request: Request) -> Response:
        kind, grant = self._may(request, "r")
        resource = self._owned(kind, request.path_params["identity"], grant)
        etag = self._ehr.chart.etag(resource)
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"ETag": etag})
        accepts = request.headers.get("accept", "")
        if kind == "Binary" and "json" not in accepts:
            return _raw(resource)
        return fhir_response(resource, ETag=etag)

    async def _search(self, request: Request) -> Response:
        kind, grant = self._may(request, "s")
        given = parse_qsl(request.url.query, keep_blank_values=True)
        if request.method == "POST":
            if not request.headers.get("content-type", "").startswith(
                "application/x-www-form-urlencoded"
            ):
                raise FhirError(415, "not-supported", "a search is posted as a form")
            given += parse_qsl((await _body(request)).decode(), keep_blank_values=True)
        pages = [value for name, value in given if name == "_page"]
        if pages:
            page = self._ehr.pages.get(pages[0])
            if page is None or page.family != grant.family or page.asked.kind != kind:
                raise FhirError(410, "not-found", "that page has gone; search again")
            return self._page(page.asked, page.rest, grant, page.total)
        if kind not in TOKENS:
            raise FhirError(400, "not-supported", f"{kind} is read, not searched")
        asked = understood(kind, given, self._ehr.misbehaviour.deaf_to)
        if asked.ignored and "handling=strict" in request.headers.get("prefer", ""):
            raise FhirError(400, "not-supported", "a parameter is not supported")
        patient = grant.context.patient
        people = {value.removeprefix("Patient/") for value in asked.values("patient", "subject")}
        if people != {patient} and not self._ehr.misbehaviour.deaf_to & {"patient"}:
            raise FhirError(403, "forbidden", "this token is for one patient, named in `patient`")
        found = matching(asked, self._visible(kind, patient))
        return self._page(asked, tuple(found), grant, len(found))

    async def _create(self, request: Request) -> Response:
        kind, grant = self._may(request, "c", WRITABLE)
        resource = await self._sent(request, kind, grant)
        condition = request.headers.get("if-none-exist", "")
        if condition:
            asked = understood(kind, parse_qsl(condition.rpartition("?")[2]))
            if not asked.values("identifier"):
                raise FhirError(412, "not-supported", "If-None-Exist: only by identifier")
            known = matching(asked, self._visible(kind, grant.context.patient))
            if len(known) > 1:
                raise FhirError(412, "multiple-matches", "If-None-Exist: more than one fits")
            if known:
                return self._stored(kind, known[0], 200, request)
        return self._stored(kind, self._ehr.chart.create(kind, resource), 201, request)

    async def _update(self, request: Request) -> Response:
        kind, grant = self._may(request, "u", WRITABLE)
        identity = request.path_params["identity"]
        self._owned(kind, identity, grant)
        resource = await self._sent(request, kind, grant)
        if resource.get("id") != identity:
            raise FhirError(400, "invalid", "the body's id is not the one of the address")
        etag = request.headers.get("if-match", "")
        stored = self._ehr.chart.update(kind, identity, resource, etag)
        return self._stored(kind, stored, 200, request)

    def _may(
        self, request: Request, letter: str, kinds: tuple[str, ...] = READABLE
    ) -> tuple[str, Grant]:
        """The type and the grant behind the request, once the token covers it."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise FhirError(401, "login", "no access token", bearer_error="")
        grant = self._ehr.grants.access(token)
        if grant is None:
            raise FhirError(401, "login", "expired or unknown token", bearer_error="invalid_token")
        kind = request.path_params["kind"]
        if kind not in READABLE:
            raise FhirError(404, "not-supported", "this type is not kept here")
        if kind not in kinds:
            raise FhirError(405, "not-supported", f"{kind} is not written here")
        if not permits(grant.scope, kind, letter):
            error = "insufficient_scope"
            raise FhirError(403, "forbidden", f"the scopes do not cover {kind}", bearer_error=error)
        if not grant.context.patient:
            raise FhirError(403, "forbidden", "this token is for no patient")
        return kind, grant

    def _owned(self, kind: str, identity: str, grant: Grant) -> Json:
        resource = self._ehr.chart.get(kind, identity)
        if resource is None:
            raise FhirError(404, "not-found", f"no such {kind}")
        if not self._ehr.chart.belongs(resource, grant.context.patient):
            raise FhirError(403, "forbidden", "this token is for another patient")
        return resource

    def _visible(self, kind: str, patient: str) -> list[Json]:
        seen = {patient, self._ehr.misbehaviour.leaks} - {""}
        everything = self._ehr.chart.all_of(kind)
        return [r for r in everything if any(self._ehr.chart.belongs(r, p) for p in seen)]

    async def _sent(self, request: Request, kind: str, grant: Grant) -> Json:
        sort = request.headers.get("content-type", "").partition(";")[0].strip()
        if sort not in ("application/fhir+json", "application/json"):
            raise FhirError(415, "not-supported", "send application/fhir+json")
        try:
            resource = check(kind, json.loads(await _body(request)))
        except ValueError:
            raise FhirError(400, "structure", "the body is not JSON") from None
        if patients_of(resource) != {f"Patient/{grant.context.patient}"}:
            raise FhirError(403, "forbidden", "the subject is not this token's patient")
        return resource

    def _stored(self, kind: str, resource: Json, status: int, request: Request) -> Response:
        version = resource["meta"]["versionId"]
        place = f"{self._ehr.fhir}/{kind}/{resource['id']}/_history/{version}"
        headers = {"Location": place, "ETag": self._ehr.chart.etag(resource)}
        if "return=minimal" in request.headers.get("prefer", ""):
            return Response(status_code=status, headers=headers)
        return fhir_response(resource, status, **headers)

    def _page(self, asked: Asked, found: tuple[Json, ...], grant: Grant, total: int) -> Response:
        shown, rest = found[: asked.count], found[asked.count :]
        place = f"{self._ehr.fhir}/{asked.kind}"
        links = [{"relation": "self", "url": f"{place}?{urlencode(asked.applied)}"}]
        if rest:
            name = self._ehr.keep_page(asked, rest, grant.family, total)
            links.append({"relation": "next", "url": f"{place}?{urlencode({'_page': name})}"})
        entries = [self._entry(resource, "match") for resource in shown]
        if asked.include:
            entries += [self._entry(resource, "include") for resource in self._named_by(shown)]
        bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": total}
        bundle |= {"link": links} | ({"entry": entries} if entries else {})
        return fhir_response(bundle)

    def _entry(self, resource: Json, mode: str) -> Json:
        place = f"{self._ehr.fhir}/{resource['resourceType']}/{resource['id']}"
        return {"fullUrl": place, "resource": resource, "search": {"mode": mode}}

    def _named_by(self, resources: tuple[Json, ...]) -> list[Json]:
        names = [str(r.get("medicationReference", {}).get("reference", "")) for r in resources]
        found = (self._ehr.chart.get("Medication", n.rpartition("/")[2]) for n in names if n)
        return list({r["id"]: r for r in found if r is not None}.values())


def _raw(binary: Json) -> Response:
    try:
        content = base64.b64decode(binary.get("data", ""), validate=True)
    except binascii.Error:
        raise FhirError(500, "exception", "the content cannot be read") from None
    # As a download only: what is in a chart must never run as a page of this address.
    return Response(
        content,
        headers={
            "Content-Type": str(binary["contentType"]),
            "Content-Disposition": "attachment",
            "Cache-Control": "no-store",
        },
    )


async def _body(request: Request) -> bytes:
    parts, length = [], 0
    async for part in request.stream():
        length += len(part)
        if length > _LONGEST_BODY:
            raise FhirError(413, "too-long", "the body is longer than 4 MB")
        parts.append(part)
    return b"".join(parts)
