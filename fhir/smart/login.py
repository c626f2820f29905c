"""One launch from its first to its last step, without a word of HTTP to the browser."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlencode
from uuid import uuid4

import httpx2

from decision.clinical.clock import Clock
from fhir.smart.access import LaunchAccess
from fhir.smart.context import read_context
from fhir.smart.discovery import Discovery
from fhir.smart.id_token import check_identity
from fhir.smart.keys import KeySets
from fhir.smart.launches import Launch
from fhir.smart.pending import PendingLaunch, PendingLaunches
from fhir.smart.refusals import LaunchError, Reason
from fhir.smart.scopes import Scopes, narrowed, parse_scopes, scopes_to_ask
from fhir.smart.tenant import Tenant
from fhir.smart.tokens import Grant, TokenEndpoint


class Login:
    """Begins and completes launches. Its coroutines run on the `BackgroundLoop`."""

    def __init__(
        self,
        *,
        pending: PendingLaunches,
        keys: KeySets,
        http: httpx2.AsyncClient,
        clock: Clock,
        redirect_uri: str,
        kinds: Collection[str],
    ) -> None:
        self._pending = pending
        self._keys = keys
        self._http = http
        self._clock = clock
        self._redirect_uri = redirect_uri
        self._kinds = kinds
        self._discovery = Discovery(http, clock)

    async def begin(self, tenant: Tenant, *, launch: str | None) -> tuple[PendingLaunch, str, str]:
        """Find the EHR's login and prepare to go there: what is remembered, its cookie's value,
        and the address to go to. `launch` is the EHR's handle; None for a standalone launch.
        """
        endpoints = await self._discovery.endpoints(tenant)
        standalone = launch is None
        scope = scopes_to_ask(tenant, self._kinds, standalone=standalone)
        pending, secret = self._pending.begin(tenant, endpoints, scope, standalone=standalone)
        asked = {
            "response_type": "code",
            "client_id": tenant.client.id,
            "redirect_uri": self._redirect_uri,
            "scope": scope,
            "state": pending.state,
            "aud": tenant.issuer,
            "code_challenge": pending.challenge,
            "code_challenge_method": "S256",
            "nonce": pending.nonce,
            **({} if launch is None else {"launch": launch}),
        }
        joint = "&" if "?" in endpoints.authorize else "?"
        return pending, secret, endpoints.authorize + joint + urlencode(asked)

    async def complete(self, pending: PendingLaunch, code: str) -> Launch:
        """Trade the code for a launch, or `LaunchError`. What the EHR gave is revoked again where
        the launch does not come about.
        """
        tenant = pending.tenant
        endpoint = TokenEndpoint(self._http, self._clock, tenant, pending.endpoints)
        grant = await endpoint.exchange(pending, code, self._redirect_uri)
        try:
            return await self._launch(pending, endpoint, grant)
        except LaunchError:
            await endpoint.revoke(grant.refresh_token, grant.access_token)
            raise

    async def _launch(
        self, pending: PendingLaunch, endpoint: TokenEndpoint, grant: Grant
    ) -> Launch:
        tenant = pending.tenant
        asked = parse_scopes(pending.scope)
        granted = _granted(asked, grant)
        context = read_context(grant.body)
        token = grant.body.get("id_token")
        if not isinstance(token, str) or not token:
            raise LaunchError(Reason.IDENTITY_UNPROVEN, "id_token is missing")
        person = await check_identity(token, pending, self._keys, self._clock())
        now = self._clock()
        access = LaunchAccess(
            base=tenant.issuer,
            endpoint=endpoint,
            clock=self._clock,
            grant=grant,
            granted=granted,
            patient_id=context.patient_id,
            subject=person.subject,
            until=now + tenant.lifetime,
        )
        notices = narrowed(asked, granted)
        if not person.fhir_user:
            notices += ("The chart did not say which practitioner has logged in.",)
        return Launch(
            key=uuid4().hex,
            tenant=tenant,
            patient_id=context.patient_id,
            access=access,
            opened=now,
            expires=now + tenant.lifetime,
            encounter=context.encounter,
            fhir_user=person.fhir_user,
            subject=person.subject,
            need_patient_banner=context.need_patient_banner,
            intent=context.intent,
            app_context=context.app_context,
            page=tenant.pages.get(context.intent, ""),
            fhir_context=context.fhir_context,
            notices=notices,
        )


def _granted(asked: Scopes, grant: Grant) -> Scopes:
    """What was asked for and granted; `LaunchError` where that is too little to begin."""
    if grant.scope is None:
        raise LaunchError(Reason.ANSWER_UNUSABLE, "scope is missing")
    granted = parse_scopes(grant.scope).within(asked)
    if not granted.may("Patient", "r"):
        raise LaunchError(Reason.NOT_PERMITTED, "patient/Patient.r was not granted")
    if "openid" not in granted.other:
        raise LaunchError(Reason.NOT_PERMITTED, "openid was not granted")
    return granted
