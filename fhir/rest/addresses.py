"""Which addresses belong to one server. Nothing outside is asked, whoever names it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from fhir.errors import ServerError
from fhir.fields import Json, text
from fhir.ids import is_id, is_kind

_PRINTABLE = re.compile(r"[!-\[\]-~]{1,8000}")  # ASCII without spaces, controls and backslash
_PORTS = {"http": 80, "https": 443}


def escaped(value: str) -> str:
    """A parameter's name or value for an address. `|` is escaped, since some servers refuse it
    bare; `: / ,` may stand there and keep long lists of codes short.
    """
    return quote(value, safe=":/,")


class Home:
    """One FHIR base address and everything below it."""

    def __init__(self, base: str) -> None:
        parts = _split(base)
        if parts is None or parts.query or not _plain(parts.path):
            raise ServerError(
                "The address of the FHIR server cannot be used.",
                "Correct the issuer in the configuration: http(s), host and path alone.",
            )
        self.base = base.rstrip("/")
        self._origin = _origin(parts)
        self._path = parts.path.rstrip("/")

    def at(self, path: str, parameters: Sequence[tuple[str, str]] = ()) -> str:
        """The address of a path below the base."""
        query = "&".join(f"{escaped(name)}={escaped(value)}" for name, value in parameters)
        return f"{self.base}/{path}?{query}" if query else f"{self.base}/{path}"

    def place(self, resource: Json) -> str:
        """Where a resource of this server is; "" where its type or id cannot be part of that."""
        kind, identity = text(resource, "resourceType"), text(resource, "id")
        return f"{self.base}/{kind}/{identity}" if is_kind(kind) and is_id(identity) else ""

    def inside(self, written: str) -> str:
        """The same address if it is below this base, spelled as the base is; "" if it is not.

        Scheme, host, port and path must agree; a way up (`..`, also escaped), a user name or a
        fragment is refused, since servers and proxies read those in more than one way.
        """
        if not _PRINTABLE.fullmatch(written) or not _plain(urlsplit_path(written)):
            return ""
        parts = _split(urljoin(f"{self.base}/", written))
        if parts is None or _origin(parts) != self._origin:
            return ""
        if parts.path != self._path and not parts.path.startswith(f"{self._path}/"):
            return ""
        rest = parts.path[len(self._path) :]
        return f"{self.base}{rest}?{parts.query}" if parts.query else f"{self.base}{rest}"


def urlsplit_path(written: str) -> str:
    """The path of an address, or a way up where there is none to be had."""
    try:
        return urlsplit(written).path
    except ValueError:
        return ".."


def _split(address: str) -> SplitResult | None:
    """The parts of an absolute web address without user name and fragment; None for any other."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    bare = "@" not in parts.netloc and "#" not in address
    return parts if parts.scheme in _PORTS and parts.hostname and bare else None


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]


def _plain(path: str) -> bool:
    """Whether no segment means a way up or hides a slash, however often it is escaped."""
    for segment in path.split("/"):
        seen = ""
        while segment != seen:
            seen, segment = segment, unquote(segment)
        if segment.split(";")[0] in (".", "..") or "/" in segment or "\\" in segment:
            return False
    return "//" not in path
