"""Who has logged in: the EHR's signed statement, believed only after every check it needs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest

from joserfc import jws
from joserfc.errors import JoseError

from fhir.ids import kind_of
from fhir.smart.keys import KeysError, KeySets
from fhir.smart.pending import PendingLaunch
from fhir.smart.refusals import LaunchError, Reason
from fhir.smart.signed import SignatureError, audience, instant, read_header, verified_claims
from fhir.smart.tenant import Tenant

LEEWAY = timedelta(seconds=60)
"""How far two well-kept clocks may be apart."""
_LONGEST_LOGIN = timedelta(hours=24)
_PROFESSIONALS = ("Practitioner", "PractitionerRole")
_SUBJECT = re.compile(r"[ -~]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who has logged in, as the EHR knows them."""

    subject: str = field(repr=False)
    fhir_user: str = field(default="", repr=False)
    """Relative reference; "" where the EHR did not say."""


async def check_identity(
    token: str, pending: PendingLaunch, keys: KeySets, now: datetime
) -> Person:
    """The person of a valid identity token (OpenID Connect Core 1.0, section 3.1.3.7)."""
    tenant = pending.tenant
    try:
        header = read_header(token)
        kid = header.get("kid")
        if kid is not None and not isinstance(kid, str):
            raise SignatureError("kid is no text")
        key = await keys.key(pending.endpoints.keys, kid, tenant)
        claims = verified_claims(token, key)
        _check_when(instant(claims, "iat"), instant(claims, "exp"), now)
        client = tenant.client.id
        meant = audience(claims)
    except (SignatureError, KeysError) as error:
        raise _unproven(str(error)) from None
    if claims.get("iss") != pending.endpoints.issuer:
        raise _unproven("iss is another")
    if client not in meant or (len(meant) > 1 and "azp" not in claims):
        raise _unproven("aud is another")
    if claims.get("azp", client) != client:
        raise _unproven("azp is another")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not compare_digest(nonce.encode(), pending.nonce.encode()):
        raise _unproven("nonce is missing or another")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise _unproven("sub is missing")
    return Person(subject=subject, fhir_user=_fhir_user(claims.get("fhirUser"), tenant))


def names_another(token: object, subject: str) -> bool:
    """Whether an identity token that came with a renewal is not this person's, who must stay the
    same (OpenID Connect Core 1.0, section 12.2). It is not proven: it can end a launch, and tells
    nothing else.
    """
    try:
        said = json.loads(jws.extract_compact(str(token).encode()).payload or b"")
    except (JoseError, ValueError, RecursionError):
        return True
    return not isinstance(said, dict) or said.get("sub") != subject


def _check_when(issued: float, expires: float, now: datetime) -> None:
    current, leeway = now.timestamp(), LEEWAY.total_seconds()
    if current >= expires + leeway:
        raise _unproven("exp has passed")
    if issued > current + leeway or current - issued > _LONGEST_LOGIN.total_seconds():
        raise _unproven("iat is in the future, or long ago")


def _fhir_user(claim: object, tenant: Tenant) -> str:
    """The user's own resource, relative to the issuer. An absolute one must lie inside it.

    Patients and relatives have portals of their own; this app speaks to those who prescribe.
    """
    if claim is None or claim == "":
        return ""
    if not isinstance(claim, str):
        raise _unproven("fhirUser is no text")
    reference = claim.removeprefix(tenant.issuer + "/")
    kind = kind_of(reference)
    if not kind:
        raise _unproven("fhirUser lies outside the issuer")
    if kind not in _PROFESSIONALS:
        raise LaunchError(Reason.NOT_A_PROFESSIONAL, "fhirUser is no practitioner")
    return reference


def _unproven(check: str) -> LaunchError:
    return LaunchError(Reason.IDENTITY_UNPROVEN, f"id_token: {check}")
