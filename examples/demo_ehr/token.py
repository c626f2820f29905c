"""The token endpoint: codes and refresh tokens become access tokens; revocation ends them."""

from __future__ import annotations

import hmac
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from examples.demo_ehr.authorize import form_of
from examples.demo_ehr.chart import CLINICIAN
from examples.demo_ehr.clients import Client
from examples.demo_ehr.errors import PageError, TokenError
from examples.demo_ehr.grants import Grant, challenge_of
from examples.demo_ehr.misbehaviour import Json, changed
from examples.demo_ehr.scopes import covers

if TYPE_CHECKING:
    from examples.demo_ehr.service import Ehr

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_NEVER_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenEndpoint:
    """The handlers of `<base>/token` and `<base>/revoke`."""

    def __init__(self, ehr: Ehr) -> None:
        self._ehr = ehr

    def routes(self) -> list[Route]:
        return [
            Route("/token", self._token, methods=["POST"]),
            Route("/revoke", self._revoke, methods=["POST"]),
        ]

    async def _token(self, request: Request) -> Response:
        try:
            client, given = await self._asked(request)
            match given.get("grant_type"):
                case "authorization_code":
                    planned = await self._ehr.fault("token")
                    return planned or self._answer(self._first(client, given))
                case "refresh_token":
                    planned = await self._ehr.fault("refresh")
                    return planned or self._answer(self._again(client, given))
            raise TokenError("unsupported_grant_type", "neither a code nor a refresh token")
        except TokenError as refused:
            return _refusal(refused)

    async def _revoke(self, request: Request) -> Response:
        planned = await self._ehr.fault("revoke")
        if planned is not None:
            return planned
        try:
            client, given = await self._asked(request)
        except TokenError as refused:
            return _refusal(refused)
        self._ehr.grants.revoke(given.get("token", ""), client.id)
        return Response(status_code=200, headers=_NEVER_KEPT)

    async def _asked(self, request: Request) -> tuple[Client, dict[str, str]]:
        """The app, once it has proved who it is, and what it sent in the body."""
        try:
            given = await form_of(request)
        except PageError as refused:
            raise TokenError("invalid_request", refused.words) from None
        return self._ehr.desk.client(given, request.headers.get("authorization", "")), given

    def _first(self, client: Client, given: dict[str, str]) -> Json:
        # The code is spent before anything else is looked at: whoever guesses a verifier for a
        # stolen code has one try.
        grant = self._ehr.grants.redeem(given.get("code", ""))
        if grant is None or grant.client != client.id:
            raise TokenError("invalid_grant", "the code is unknown, used or expired")
        if given.get("redirect_uri") != grant.redirect_uri:
            raise TokenError("invalid_grant", "redirect_uri is not the one of the request")
        verifier = given.get("code_verifier", "")
        if not _VERIFIER.fullmatch(verifier):
            raise TokenError("invalid_request", "code_verifier is missing or malformed")
        if not hmac.compare_digest(challenge_of(verifier), grant.challenge):
            raise TokenError("invalid_grant", "code_verifier does not fit")
        access, refresh = self._ehr.grants.tokens(grant)
        answer = self._tokens(access, refresh, grant.scope) | self._context(grant)
        if "openid" in grant.scope.split():
            answer["id_token"] = self._identity(client, grant)
        return changed(answer, self._ehr.misbehaviour.token)

    def _again(self, client: Client, given: dict[str, str]) -> Json:
        grant = self._ehr.grants.refreshed(given.get("refresh_token", ""))
        if grant is None or grant.client != client.id:
            raise TokenError("invalid_grant", "the refresh token is unknown, used or expired")
        scope = given.get("scope", grant.scope)
        if not covers(grant.scope, scope):
            raise TokenError("invalid_scope", "more than was granted")
        access, refresh = self._ehr.grants.tokens(grant, scope=scope)
        answer = self._tokens(access, refresh, scope) | self._context(grant)
        return changed(answer, self._ehr.misbehaviour.refresh)

    def _tokens(self, access: str, refresh: str, scope: str) -> Json:
        seconds = int(self._ehr.lifetimes.token.total_seconds())
        answer: Json = {"access_token": access, "token_type": "Bearer"}
        answer |= {"expires_in": seconds, "scope": scope}
        return answer | ({"refresh_token": refresh} if refresh else {})

    def _context(self, grant: Grant) -> Json:
        context = grant.context
        if not context.patient:
            return {}
        answer: Json = {
            "patient": context.patient,
            "need_patient_banner": context.need_patient_banner,
        }
        if context.encounter:
            answer["encounter"] = context.encounter
        if context.intent:
            answer["intent"] = context.intent
        if context.app_context:
            answer["appContext"] = context.app_context
        if context.fhir_context:
            answer["fhirContext"] = list(context.fhir_context)
        return answer

    def _identity(self, client: Client, grant: Grant) -> str:
        now = self._ehr.clock()
        claims: Json = {
            "iss": self._ehr.issuer,
            "sub": CLINICIAN,
            "aud": client.id,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(minutes=5)).timestamp()),
            "nonce": grant.nonce,
        }
        if "fhirUser" in grant.scope.split():
            claims["fhirUser"] = self._ehr.fhir_user
        return self._ehr.signer.signed(claims, self._ehr.misbehaviour)

    def _answer(self, content: Json) -> Response:
        return JSONResponse(content, headers=_NEVER_KEPT)


def _refusal(refused: TokenError) -> Response:
    content = {"error": refused.error, "error_description": refused.description}
    headers = dict(_NEVER_KEPT)
    if refused.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="demo"'
    return JSONResponse(content, refused.status, headers)
