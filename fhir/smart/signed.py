"""Signed tokens (JWT): what is written on them counts only after the signature was checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from fhir.json_text import parse_json
from fhir.smart.keys import PublicKey

SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures with a public key. `none` and those with a shared secret are not among them."""
_LONGEST = 16_000


class SignatureError(Exception):
    """A token that proves nothing. Says nothing of what is written on it."""


def read_header(token: str, algorithms: Collection[str] = SIGNATURES) -> Mapping[str, Any]:
    """The header, to find the key by; nothing in it is proven. Refuses any other algorithm."""
    if len(token) > _LONGEST or not token.isascii():
        raise SignatureError("too long, or not ASCII")
    try:
        header = jws.extract_compact(token.encode("ascii")).protected
    except (JoseError, ValueError, RecursionError):
        raise SignatureError("not a signed token") from None
    if not isinstance(header, dict) or header.get("alg") not in algorithms:
        raise SignatureError("the algorithm is not allowed")
    if "crit" in header or "b64" in header:
        raise SignatureError("an extension is required that nobody here knows")
    return header


def verified_claims(
    token: str, key: PublicKey, algorithms: Collection[str] = SIGNATURES
) -> Mapping[str, Any]:
    """The claims of a token that this key has signed, or `SignatureError`."""
    read_header(token, algorithms)
    try:
        signed = jws.deserialize_compact(token.encode("ascii"), key, algorithms=list(algorithms))
        claims = parse_json(signed.payload or b"")
    except (JoseError, ValueError, TypeError):
        raise SignatureError("the signature does not hold") from None
    if not isinstance(claims, dict):
        raise SignatureError("not a set of claims")
    return claims


def instant(claims: Mapping[str, Any], name: str) -> float:
    """A time claim, in seconds; `SignatureError` where there is none."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e11:
        raise SignatureError(f"{name} is missing or no time")
    return float(value)


def audience(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Whom a token is for: one or several; `SignatureError` where it does not say."""
    named = claims.get("aud")
    several = named if isinstance(named, list) else [named]
    if not several or not all(isinstance(each, str) and each for each in several):
        raise SignatureError("aud is missing")
    return tuple(several)
