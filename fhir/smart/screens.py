"""The few pages that the doors show themselves: fixed words, no script, nothing from outside."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from string import Template

from starlette.responses import HTMLResponse

from fhir.smart.refusals import Refusal

_PAGE = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: #1a1a1a; background: #fff; }
main { max-width: 36rem; margin: 10vh auto 0; padding: 0 1.5rem; }
h1 { font-size: 1.35rem; line-height: 1.3; }
a { color: #0b57d0; }
</style>
</head>
<body>
<main>
<h1>$title</h1>
$body
</main>
</body>
</html>
"""
)


def stop_page(refusal: Refusal, framing: str) -> HTMLResponse:
    """What happened and what to do, as a page that holds nothing of anybody."""
    return _page(refusal.title, (refusal.detail, refusal.remedy), framing, refusal.status)


def goodbye(framing: str) -> HTMLResponse:
    """After logging out."""
    said = ("Nothing of the chart is kept for this page any more.", "You can close it now.")
    return _page("You have logged out", said, framing, 200)


def choose_ehr(offers: Iterable[tuple[str, str]], framing: str) -> HTMLResponse:
    """Which EHR to enter: (name, path) of each that allows it."""
    links = "".join(
        f'<li><a href="{escape(path)}">{escape(name)}</a></li>' for name, path in offers
    )
    return _respond("Choose your EHR", f"<ul>{links}</ul>", framing, 200)


def _page(title: str, said: Iterable[str], framing: str, status: int) -> HTMLResponse:
    body = "".join(f"<p>{escape(line)}</p>" for line in said)
    return _respond(title, body, framing, status)


def _respond(title: str, body: str, framing: str, status: int) -> HTMLResponse:
    page = _PAGE.substitute(title=escape(title), body=body)
    return HTMLResponse(page, status, headers=private_headers(framing))


def private_headers(framing: str) -> dict[str, str]:
    """Kept by nobody, told to nobody, framed only by the EHR it belongs to."""
    return {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {framing}",
    }
