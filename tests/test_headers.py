"""Whose requests are answered, and what every answer tells the browser."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
import streamlit

from decision.ui.headers import NOBODY, Gate, own_scripts, script_hash

OWN = (("host", "127.0.0.1:8501"),)


async def inner(scope, receive, send):
    """Stands for Streamlit: says yes to everything."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"page"})


def sent(headers=OWN, path="/", kind="http", query=b"", app=inner, **options):
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
        "query_string": query,
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }
    given = {"ancestors": lambda handle: NOBODY} | options
    gate = Gate(app, hosts=("127.0.0.1", "localhost"), **given)
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


PUBLIC = {"origin": "https://app.example"}


def test_behind_a_proxy_only_the_public_address_is_our_page():
    """A page that came unencrypted may be anybody's between the browser and the proxy."""
    assert status(*OWN, ("origin", "https://app.example"), **PUBLIC) == 200
    assert status(*OWN, **PUBLIC) == 200
    for other in ("http://app.example", "https://127.0.0.1:8501", "http://127.0.0.1:8501"):
        assert status(*OWN, ("origin", other), **PUBLIC) == 403
    twice = [("origin", "https://app.example"), ("origin", "http://app.example")]
    assert status(*OWN, *twice, **PUBLIC) == 403


def test_a_browser_that_came_by_https_comes_by_https_again():
    headers = told(**PUBLIC)
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert "connect-src 'self' wss://app.example;" in headers["content-security-policy"]
    assert "strict-transport-security" not in told()


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/agent/mcp",
        "/_stcore/agent",
        "/base/_stcore/metrics",
        "/_stcore/upload_file/session/file",
    ],
)
def test_endpoints_that_no_page_needs_are_not_there(path):
    assert status(*OWN, path=path) == 404


def directive(name, **options):
    """One rule of the policy, without its name."""
    rules = dict(
        rule.split(" ", 1) for rule in told(**options)["content-security-policy"].split("; ")
    )
    return rules[name]


def test_the_policy_lets_a_page_use_its_own_server_and_nobody_frame_it():
    headers = told()
    hashes = " ".join(script_hash(script) for script in own_scripts())
    assert headers["content-security-policy"] == (
        "default-src 'self'; base-uri 'self'; object-src 'none'; form-action 'self'; "
        f"script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self' ws://127.0.0.1:8501 wss://127.0.0.1:8501; "
        "frame-src 'self' blob:; worker-src 'self' blob:; frame-ancestors 'none'"
    )
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"


def test_scripts_run_by_hash_only():
    assert script_hash("alert(1)") == "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"
    allowed = directive("script-src").split()
    assert len(allowed) == 1 + len(own_scripts()) >= 3
    assert all(source == "'self'" or source.startswith("'sha256-") for source in allowed)


def test_every_inline_script_of_streamlits_page_is_counted():
    """A second kind of script tag in a later version would be blocked; this says so first."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text()
    inline = re.findall(r"<script(?![^>]*\bsrc=)", page)
    assert len(own_scripts()) == len(inline) + 2


TENANTS = {"known": "https://records.example https://also.example"}


def framed(query, answer=None):
    return told(query=query, ancestors=lambda lid: answer or TENANTS.get(lid, NOBODY))


def test_the_record_system_of_the_handle_may_frame_its_pages():
    headers = framed(b"embed=true&lid=known")
    assert headers["content-security-policy"].endswith(
        "; frame-ancestors https://records.example https://also.example"
    )
    assert "x-frame-options" not in headers


@pytest.mark.parametrize(
    "query",
    [b"", b"lid=", b"lid=stranger", b"lid=known&lid=stranger", b"lid=known&lid=known", b"\xff"],
)
def test_without_one_known_handle_nobody_may(query):
    headers = framed(query)
    assert headers["content-security-policy"].endswith("; frame-ancestors 'none'")
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "answer", ["https://a.example; script-src *", "https://a.example,b", "a\r\nSet-Cookie: x", " "]
)
def test_what_would_begin_another_rule_is_nobody(answer):
    assert framed(b"lid=known", answer)["content-security-policy"].endswith(
        "frame-ancestors 'none'"
    )


def answering(*given):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": list(given)})
        await send({"type": "http.response.body", "body": b""})

    return app


def test_a_route_that_states_its_policy_keeps_it():
    headers = told(app=answering((b"content-security-policy", b"default-src 'none'")))
    assert headers["content-security-policy"] == "default-src 'none'"
    assert "x-frame-options" not in headers
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/", "/patient", "/_stcore/health", "/callback"])
def test_what_may_say_something_of_somebody_is_kept_by_no_browser(path):
    assert (
        told(path=path, app=answering((b"cache-control", b"public")))["cache-control"] == "no-store"
    )


def test_what_is_the_same_for_everybody_may_be_kept():
    given = answering((b"cache-control", b"public, immutable"))
    assert told(path="/static/js/index.js", app=given)["cache-control"] == "public, immutable"


def test_fonts_come_although_their_folder_has_the_name_of_a_closed_one():
    assert status(*OWN, path="/static/media/letters.woff2") == 200
    assert status(*OWN, path="/media/somebody.pdf") == 404


FOREIGN = (*OWN, ("origin", "https://elsewhere.example"))
HOOKS = {"open_to": ("/cds-services", "/demo")}


@pytest.mark.parametrize("path", ["/cds-services", "/cds-services/patient-view", "/demo/authorize"])
def test_routes_that_judge_an_origin_themselves_are_left_to(path):
    assert status(*FOREIGN, path=path, **HOOKS) == 200
    assert status(*FOREIGN, path=path) == 403


@pytest.mark.parametrize("path", ["/", "/cds-services-other", "/demography", "/a/demo"])
def test_and_no_other_route_is(path):
    assert status(*FOREIGN, path=path, **HOOKS) == 403


def test_another_name_is_refused_there_too():
    stranger = (("host", "rebound.example"), ("origin", "https://elsewhere.example"))
    assert status(*stranger, path="/cds-services", **HOOKS) == 403
