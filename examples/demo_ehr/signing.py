"""The server's signing key and its id_tokens."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from examples.demo_ehr.errors import SetupError
from examples.demo_ehr.misbehaviour import Json, Misbehaviour, changed


class Signer:
    """Signs with one key, RS256 or ES384, whose public half is the key set."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self._key = _made(algorithm)
        self._foreign = _made(algorithm)

    @property
    def jwks(self) -> Json:
        key = {**self._key.as_dict(private=False), "use": "sig", "alg": self.algorithm}
        return {"keys": [key]}

    def signed(self, claims: Mapping[str, Any], faults: Misbehaviour) -> str:
        """The id_token, as it should be or as a test wants it."""
        proper = {"alg": self.algorithm, "kid": self._key.kid, "typ": "JWT"}
        header, content = changed(proper, faults.header), changed(dict(claims), faults.claims)
        match faults.signature:
            case "none":
                return f"{_part({**header, 'alg': 'none'})}.{_part(content)}."
            case "public key as secret":
                # The classic confusion: the public key, known to all, taken as a shared secret.
                header = {**header, "alg": "HS256"}
                text = f"{_part(header)}.{_part(content)}"
                return f"{text}.{_mac(self._key.as_pem(private=False), text)}"
            case "foreign key":
                return jwt.encode(header, content, self._foreign, algorithms=[self.algorithm])
        token = jwt.encode(header, content, self._key, algorithms=[self.algorithm])
        return token.rpartition(".")[0] + "." if faults.signature == "stripped" else token


def _made(algorithm: str) -> RSAKey | ECKey:
    if algorithm == "RS256":
        return RSAKey.generate_key(2048, auto_kid=True)
    if algorithm == "ES384":
        return ECKey.generate_key("P-384", auto_kid=True)
    raise SetupError(f"algorithm {algorithm}: choose RS256 or ES384")


def _part(content: Mapping[str, Any]) -> str:
    return _plain(json.dumps(content, separators=(",", ":")).encode())


def _mac(secret: bytes, text: str) -> str:
    # By hand: no library would take a public key for a secret, as a careless server might.
    return _plain(hmac.digest(secret, text.encode(), "sha256"))


def _plain(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def key_set(*keys: RSAKey | ECKey) -> Json:
    """The public halves, as an app registers them."""
    return dict(KeySet(list(keys)).as_dict(private=False))
