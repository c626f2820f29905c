"""Which addresses may be asked: https anywhere, plain http only on this machine."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PLAIN = re.compile(r"[!-~]+")
"""Printable ASCII: a URL with anything else is read differently by different programs."""
_NETLOC = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


def parts_of(address: object) -> SplitResult | None:
    """The parts of an absolute address that may be asked; None when it must not be.

    No user name, no fragment, no backslash: each has been used to make one program see another
    host than the next one does. A host is letters, digits, dots and hyphens, or an IPv6 address.
    """
    if not isinstance(address, str) or not _PLAIN.fullmatch(address) or "\\" in address:
        return None
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    odd = "#" in address or port == 0 or not _NETLOC.fullmatch(parts.netloc)
    return parts if secure and not odd else None


def host_of(parts: SplitResult) -> str:
    """Host with its port, where that is not the scheme's own."""
    usual = {"https": 443, "http": 80}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return host if parts.port in (None, usual) else f"{host}:{parts.port}"


def origin_of(address: str) -> str:
    """Scheme, host and port of an address that `parts_of` accepts; "" for any other."""
    parts = parts_of(address)
    return f"{parts.scheme}://{host_of(parts)}" if parts is not None else ""


def is_base(address: object) -> bool:
    """Whether this can be the base of a server: no query, and no path that walks about."""
    parts = parts_of(address)
    if parts is None or "?" in str(address):
        return False
    return not any(step in (".", "..", "") for step in parts.path.strip("/").split("/")[1:])


def is_origin(address: object) -> bool:
    """Whether this is an origin as a browser writes it: no path, and no wildcard."""
    return isinstance(address, str) and "*" not in address and origin_of(address) == address != ""
