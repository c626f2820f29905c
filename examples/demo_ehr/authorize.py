"""The authorization endpoint: an app asks, a person answers, the browser carries it back."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examples.demo_ehr import pages
from examples.demo_ehr.errors import PageError, SentBackError
from examples.demo_ehr.grants import Context, Grant
from examples.demo_ehr.misbehaviour import changed
from examples.demo_ehr.scopes import granted, parsed
from examples.demo_ehr.service import Consent

if TYPE_CHECKING:
    from examples.demo_ehr.service import Ehr

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_SHORTEST_STATE = 21
"""Characters of base64 that can hold the 122 bits SMART asks for."""
_LONGEST_FORM = 20_000


async def form_of(request: Request) -> dict[str, str]:
    """The parameters of a query or a posted form; one that comes twice is refused (RFC 6749, 3.1).

    Read here and not by the framework, which would silently keep the last of two.
    """
    raw = request.url.query
    if request.method == "POST":
        body = await request.body()
        sort = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if sort != "application/x-www-form-urlencoded" or len(body) > _LONGEST_FORM or raw:
            raise PageError("The request was not a form.")
        raw = body.decode("utf-8", "replace")
    pairs = parse_qsl(raw, keep_blank_values=True)
    if len({name for name, _ in pairs}) != len(pairs):
        raise PageError("The request names a parameter twice.")
    return dict(pairs)


class Authorization:
    """The handlers of `<base>/authorize`."""

    def __init__(self, ehr: Ehr) -> None:
        self._ehr = ehr

    def routes(self) -> list[Route]:
        return [
            Route("/authorize", self._ask, methods=["GET", "POST"]),
            Route("/decide", self._decide, methods=["POST"]),
        ]

    async def _ask(self, request: Request) -> Response:
        planned = await self._ehr.fault("authorize")
        if planned is not None:
            return planned
        try:
            given = await form_of(request)
            client = self._ehr.clients.get(given.get("client_id", ""))
            if client is None:
                raise PageError("The app is not registered here.")
            if given.get("redirect_uri") not in client.redirect_uris:
                raise PageError("The app asks to be answered at an address it has not registered.")
        except PageError as refused:
            return pages.refusal(refused)
        try:
            consent = self._judged(given, client.scopes)
        except SentBackError as refused:
            answer = {"error": refused.error, "error_description": refused.description}
            return self._back(given["redirect_uri"], given.get("state", ""), answer)
        if consent.choose_patient or self._ehr.consent:
            return pages.consent(self._ehr, client, consent, self._ehr.consents.put(consent))
        return self._allowed(consent)

    def _judged(self, given: dict[str, str], registered: tuple[str, ...]) -> Consent:
        """The request once it is complete; every rule of SMART that a server can check."""
        planned = self._ehr.misbehaviour.authorize_error
        if planned:
            raise SentBackError(*planned)
        if given.get("response_type") != "code":
            raise SentBackError("unsupported_response_type", "response_type must be code")
        if given.get("aud", "").rstrip("/") != self._ehr.fhir:
            raise SentBackError("invalid_request", "aud must be the FHIR address")
        if given.get("code_challenge_method") != "S256":
            raise SentBackError("invalid_request", "code_challenge_method must be S256")
        if not _CHALLENGE.fullmatch(given.get("code_challenge", "")):
            raise SentBackError("invalid_request", "code_challenge is missing or malformed")
        if len(given.get("state", "")) < _SHORTEST_STATE:
            raise SentBackError("invalid_request", "state is missing or can be guessed")
        asked = given.get("scope", "").split()
        if "openid" in asked and not given.get("nonce"):
            raise SentBackError("invalid_request", "nonce is missing")
        scope = granted(" ".join(asked), registered)
        scope = " ".join(s for s in scope.split() if s not in self._ehr.misbehaviour.withheld)
        context = self._launched(given, asked)
        if context is None and "launch/patient" not in scope.split():
            # Nobody chooses a patient, so no patient's data can be meant.
            scope = " ".join(s for s in scope.split() if parsed(s) is None)
        if not scope:
            raise SentBackError("invalid_scope", "nothing of what was asked can be granted")
        grant = Grant(
            client=given["client_id"],
            scope=scope,
            context=context or Context(),
            nonce=given.get("nonce", ""),
            redirect_uri=given["redirect_uri"],
            challenge=given["code_challenge"],
        )
        choose = context is None and "launch/patient" in scope.split()
        return Consent(grant, given["state"], choose)

    def _launched(self, given: dict[str, str], asked: list[str]) -> Context | None:
        """The chart page this came from; None for a standalone launch."""
        if ("launch" in given) != ("launch" in asked):
            raise SentBackError("invalid_request", "launch and its scope belong together")
        if "launch" not in given:
            return None
        opened = self._ehr.grants.launches.take(given["launch"])
        if opened is None or opened.client != given["client_id"]:
            raise SentBackError("invalid_request", "launch is not one of ours, or was used before")
        return opened.context

    async def _decide(self, request: Request) -> Response:
        try:
            given = await form_of(request)
            consent = self._ehr.consents.take(given.get("ticket", ""))
            if consent is None:
                raise PageError("This page was answered before, or has waited too long.")
        except PageError as refused:
            return pages.refusal(refused)
        if given.get("decision") != "allow":
            return self._denied(consent)
        if consent.choose_patient:
            patient = given.get("patient", "")
            if self._ehr.chart.get("Patient", patient) is None:
                return self._denied(consent)
            grant = replace(consent.grant, context=Context(patient=patient))
            consent = replace(consent, grant=grant)
        return self._allowed(consent)

    def _denied(self, consent: Consent) -> Response:
        answer = {"error": "access_denied", "error_description": "The person said no."}
        return self._back(consent.grant.redirect_uri, consent.state, answer)

    def _allowed(self, consent: Consent) -> Response:
        code = self._ehr.grants.code(consent.grant)
        return self._back(consent.grant.redirect_uri, consent.state, {"code": code})

    def _back(self, address: str, state: str, answer: dict[str, str]) -> Response:
        reply = answer | ({"state": state} if state else {})
        reply = changed(reply, self._ehr.misbehaviour.authorize_reply)
        mark = "&" if "?" in address else "?"
        # 303, so that a posted answer comes back as a GET.
        return RedirectResponse(
            f"{address}{mark}{urlencode(reply)}",
            303,
            {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
        )
