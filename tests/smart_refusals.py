"""What every refused launch must look like, whatever went wrong."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit

from fhir.smart.refusals import Reason
from tests.smart_app import PERSONAL, SmartApp

_SECRET = re.compile(
    r"(code|state|launch|lid|token|iss)=|Bearer [^,]{8}|__Host-|Example-|demo-[01]"
)
_WORTH_HIDING = 8
"""Shorter values of a parameter can be in a page by chance."""


def refused(answer, reason: Reason) -> None:
    """A clear page in this reason's own words: no data, no cookie of a launch, nothing echoed, no
    script, nothing to keep, and no other address to go to.
    """
    said, page = reason.value, unescape(answer.text)
    assert said.title in page, re.sub(r"\s+", " ", page)[-400:]
    assert answer.status_code == said.status
    assert said.detail in page
    assert said.remedy in page
    assert "location" not in answer.headers
    assert "<script" not in page
    assert not any(word in page for word in PERSONAL)
    for _, value in parse_qsl(urlsplit(str(answer.url)).query):
        assert len(value) < _WORTH_HIDING or value not in page
    given = [c for c in answer.headers.get_list("set-cookie") if "Max-Age=0" not in c]
    assert given == []
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def nothing_was_logged(caplog) -> None:
    """Neither an address with its parameters nor anything of a token, a cookie or a person.

    Asked for by the test's own phase: in a fixture's tear-down `caplog.text` is another phase's.
    """
    written = [record.getMessage() for record in caplog.get_records("call")]
    assert not [line for line in written if _SECRET.search(line)]


def nothing_was_read(app: SmartApp) -> None:
    """Nothing of anybody's chart was asked for."""
    asked = [path for path in app.server.seen if "/fhir/" in path and ".well-known" not in path]
    assert asked == []
