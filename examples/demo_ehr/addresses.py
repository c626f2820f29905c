"""Origins, and the other name of this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

_OTHER = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}


def origin(address: str) -> str:
    """Scheme, host and port.

    >>> origin("http://127.0.0.1:8501/launch")
    'http://127.0.0.1:8501'
    """
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def other_name(address: str) -> str:
    """The same place under this machine's other loopback name: another site to a browser.

    >>> other_name("http://127.0.0.1:8501/demo")
    'http://localhost:8501/demo'
    >>> other_name("https://ehr.example.org")
    ''
    """
    parts = urlsplit(address)
    other = _OTHER.get(parts.hostname or "")
    if other is None:
        return ""
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"{other}{port}").geturl()
