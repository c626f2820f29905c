"""Whose requests are answered, and what every answer tells the browser."""

from __future__ import annotations

import asyncio

import pytest

from decision.ui.headers import Gate

OWN = (("host", "127.0.0.1:8501"),)


async def inner(scope, receive, send):
    """Stands for Streamlit: says yes to everything."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"page"})


def sent(headers=OWN, path="/", kind="http", **options):
    """What goes back for one request."""
    answers = []

    async def send(message):
        answers.append(message)

    async def receive():
        return {"type": "http.request"}

    scope = {
        "type": kind,
        "method": "GET",
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }
    gate = Gate(inner, hosts=("127.0.0.1", "localhost"), **options)
    asyncio.run(gate(scope, receive, send))
    return answers


def status(*headers, **options):
    return sent(headers, **options)[0]["status"]


def told(**options):
    return {name.decode(): value.decode() for name, value in sent(**options)[0]["headers"]}


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "127.0.0.1", "localhost:8501", "LOCALHOST"])
def test_its_own_names_are_answered_on_any_port(host):
    assert status(("host", host)) == 200


@pytest.mark.parametrize(
    "host",
    ["rebound.example:8501", "127.0.0.1.example", "", "localhost:8501;", "a@localhost", "*"],
)
def test_any_other_name_is_refused(host):
    assert status(("host", host)) == 403
    assert sent((("host", host),), kind="websocket") == [{"type": "websocket.close", "code": 1008}]


def test_no_name_and_two_names_are_refused():
    assert status() == 403
    assert status(*OWN, ("host", "localhost")) == 403


def test_the_pages_own_requests_are_answered():
    headers = (*OWN, ("origin", "http://127.0.0.1:8501"))
    assert status(*headers) == 200
    assert sent(headers, kind="websocket") == [{"type": "websocket.accept"}]


@pytest.mark.parametrize(
    "origin",
    ["http://127.0.0.1:9999", "http://localhost:8501", "https://elsewhere.example", "null", ""],
)
def test_a_page_from_elsewhere_is_refused_even_from_this_machine(origin):
    headers = (*OWN, ("origin", origin))
    assert status(*headers) == 403
    assert sent(headers, kind="websocket") == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize(
    "path", ["/_stcore/metrics", "/_stcore/agent/mcp", "/_stcore/agent", "/base/_stcore/metrics"]
)
def test_endpoints_that_no_page_needs_are_not_there(path):
    assert status(*OWN, path=path) == 404


def test_every_answer_forbids_frames_foreign_images_and_sniffing():
    headers = told()
    assert headers["content-security-policy"] == (
        "frame-ancestors 'none'; img-src 'self' data: blob:; "
        "connect-src 'self' ws://127.0.0.1:8501 wss://127.0.0.1:8501; "
        "object-src 'none'; base-uri 'none'; form-action 'none'"
    )
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"


def test_a_named_record_system_may_frame_the_pages():
    headers = told(frame_ancestors="https://records.example")
    assert headers["content-security-policy"].startswith("frame-ancestors https://records.example;")
    assert "x-frame-options" not in headers
