"""The files with which the app proves itself: read when used, and only if they are private."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from fhir.json_text import parse_json
from fhir.smart.tenant import Client

_LARGEST = 64_000
_SECRET = re.compile(r"[ -~]{8,512}")
_SMALLEST_RSA = 2048
_KINDS: dict[str, type[RSAKey] | type[ECKey]] = {"RSA": RSAKey, "EC": ECKey}


class FileError(Exception):
    """A secret or key file cannot be used. Says nothing of what is in it, nor where it lies."""

    def __init__(self, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy


def check_private(file: Path) -> None:
    """Refuse a file that others on this machine can read."""
    try:
        mode = file.stat().st_mode
    except OSError:
        raise FileError(
            "there is no such file, or it may not be looked at", "Name a file of this app's user."
        ) from None
    if mode & 0o077:
        raise FileError(
            f"others may read the file (mode {mode & 0o777:04o})", "Set its mode to 0600."
        )


def stored_secret(client: Client) -> str:
    """The client secret: one line of printable ASCII."""
    secret = _read(client).decode("ascii", "replace").removesuffix("\n").removesuffix("\r")
    if not _SECRET.fullmatch(secret):
        raise FileError(
            "the file holds no client secret", "It must be one line of 8 to 512 ASCII characters."
        )
    return secret


def signing_key(client: Client) -> tuple[RSAKey | ECKey, str, str]:
    """The private key with its algorithm (RS384 or ES384) and its `kid`, from a JWK or PEM file."""
    text = _read(client)
    try:
        if text.lstrip().startswith(b"{"):
            given: Any = parse_json(text)
            key: RSAKey | ECKey = _KINDS[given["kty"]].import_key(given)
        else:
            key = _pem(text)
    except (JoseError, ValueError, TypeError, KeyError):
        raise FileError(
            "the file holds no private key", "It must be a private key as JWK (JSON) or PEM."
        ) from None
    if not key.is_private:
        raise FileError(
            "the file holds no private key", "Put the private key there, not the public."
        )
    if isinstance(key, RSAKey) and key.raw_value.key_size < _SMALLEST_RSA:
        raise FileError("the RSA key is too short", f"Use {_SMALLEST_RSA} bits or more.")
    if isinstance(key, ECKey) and key.curve_name != "P-384":
        raise FileError("the elliptic curve is not P-384", "Use P-384 (ES384), or RSA (RS384).")
    kid = client.key_id or key.kid
    if not kid:
        raise FileError("the key has no id", "Give key_id, or `kid` in the JWK.")
    return key, "RS384" if isinstance(key, RSAKey) else "ES384", kid


def public_key(client: Client) -> dict[str, object]:
    """What the EHR needs to check our signature, as a JWK for the app's public key set."""
    key, algorithm, kid = signing_key(client)
    return {**key.as_dict(private=False), "kid": kid, "alg": algorithm, "use": "sig"}


def _pem(text: bytes) -> RSAKey | ECKey:
    for kind in _KINDS.values():
        try:
            return kind.import_key(text)
        except (JoseError, ValueError, TypeError):
            continue
    raise ValueError


def _read(client: Client) -> bytes:
    if client.file is None:
        raise FileError("no file is named", "Name the file of the secret or key.")
    check_private(client.file)
    try:
        if client.file.stat().st_size > _LARGEST:
            raise FileError("the file is too large", "Name the file of the secret or key.")
        return client.file.read_bytes()
    except OSError:
        raise FileError("the file cannot be read", "Let this app's user read it.") from None
