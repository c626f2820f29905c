"""Nothing that identifies somebody and no secret is in anything the product writes while it runs.

Over the whole suite: every message of this process and the output of every app that was started.
Selected with other tests, it speaks for those.
"""

from __future__ import annotations

import html
import logging
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.client import HTTPMessage

import pytest

from benchmarks.running_app import served
from tests.canary import (
    MARKS,
    WRITTEN,
    Marks,
    Written,
    identifying,
    kept_message,
    leaks,
    sample_patients,
    secret,
)

MARK = "canary-Zx81-marked-value"
PLANTED = {
    "a name": ("Example-Naive", "loading example-naive failed"),
    "a birth date": ("1972-04-17", "born 1972-04-17T00:00"),
    "a record number": ("MRN-000-17", "number MRN-000-17 not found"),
    "a patient's id": ("demo-01", "GET /fhir/Patient/demo-01 404"),
    "a code": ("aZ09_-aZ09_-aZ09_-", "exchanged xaZ09_-aZ09_-aZ09_-x"),
}
SHAPES = {
    "a signed token": "refused eyJhbGciOiJSUzM4NCJ9.eyJpc3MiOiJ4In0.c2ln",
    "an address with parameters": 'GET "/callback?code=x&state=y" 303',
    "an authorization": "sent Authorization: Bearer abcdef0123456789",
    "a launch's cookie": "Set-Cookie: __Host-l-Ab12_-Ab12_-=0123456789abcdef; Path=/",
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_value_is_found_and_not_repeated(kind):
    value, line = PLANTED[kind]
    marks = Marks()
    marks.add(kind, value)
    (found,) = leaks(marks, [("some.logger", line), ("some.logger", "nothing to see")])
    assert found == f"{kind}, in some.logger"
    assert value.lower() not in found.lower()


@pytest.mark.parametrize("kind", SHAPES)
def test_a_secret_of_another_process_is_known_by_its_shape(kind):
    assert kind in {f.split(", in ")[0] for f in leaks(Marks(), [("app.log:3", SHAPES[kind])])}


def test_what_every_log_may_say_is_no_finding():
    marks = Marks()
    for patient in sample_patients():
        for kind, value in identifying(patient):
            marks.add(kind, value)
    lines = (
        "The launch ended: the EHR's answer has no patient (tenant demo).",
        "2026-11-22 09:00:00.123 Uncaught exception in GET /callback",
        "Basic information; a Bearer of news; https://ehr.example.org/fhir; code: 12; state: open",
        "1 of 14 files could not be read: demo_patients",
    )
    assert leaks(marks, [("x", line) for line in lines]) == []


def test_every_sample_patient_is_marked():
    found = list(sample_patients())
    assert len(found) >= 17
    for patient in found:
        kinds = {kind for kind, _ in identifying(patient)}
        assert kinds >= {"a patient's id", "a birth date", "a name"}


def test_a_message_is_kept_when_it_is_ours_or_would_be_written():
    def message(name: str, level: int) -> str | None:
        return kept_message(logging.LogRecord(name, level, "x.py", 1, "said %s", ("it",), None))

    assert message("fhir.smart.routes", logging.DEBUG) == "said it"
    assert message("httpx2", logging.INFO) is None
    assert message("uvicorn.error", logging.ERROR) == "said it"


def test_a_message_of_this_process_and_a_secret_made_in_it_are_seen():
    import secrets

    before = len(WRITTEN.lines)
    made = secrets.token_urlsafe(32)
    logging.getLogger("fhir.tests").debug("nothing of it: %s", "said")
    assert ("fhir.tests", "nothing of it: said") in WRITTEN.lines[before:]
    assert MARKS.kinds_in(f"a log that says {made}") == {"a secret made here"}
    assert MARKS.kinds_in(f"a log that says {secrets.token_hex(16)}") == {"a secret made here"}


def test_a_line_of_a_file_is_found_with_its_place(tmp_path):
    (tmp_path / "output.txt").write_text(f"started\nGET /callback?code={MARK} 400\n")
    written = Written(files=[tmp_path / "output.txt"])
    marks = Marks()
    marks.add("a code", MARK)
    assert leaks(marks, written.all()) == [
        f"a code, in {tmp_path.name}/output.txt:2",
        f"an address with parameters, in {tmp_path.name}/output.txt:2",
    ]


class _Stay(urllib.request.HTTPRedirectHandler):
    """Redirects are looked at one by one."""

    def redirect_request(self, *_: object) -> None:
        return None


def asked(address: str, cookies: dict[str, str], body: bytes | None = None) -> HTTPMessage:
    """The headers of one answer, whatever its status; cookies come and go as in a browser, and all
    that they and a redirection carry is marked.
    """
    header = {"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items()), "Accept": "text/html"}
    request = urllib.request.Request(address, data=body, headers=header)
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=30) as answer:
            headers = answer.headers
            answer.read()
    except urllib.error.HTTPError as refused:
        headers = refused.headers
    for line in headers.get_all("set-cookie", []):
        name, _, value = line.split(";")[0].partition("=")
        cookies[name] = secret("a cookie", value)
    for values in urllib.parse.parse_qs(
        urllib.parse.urlsplit(headers.get("location", "")).query
    ).values():
        for value in values:
            if "://" not in value:
                secret("a parameter", value)
    return headers


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[str]:
    """The app with the demonstration EHR, as shipped."""
    with served(tmp_path_factory.mktemp("canary") / "audit.sqlite") as app:
        yield app.address


def test_whole_launches_leave_their_output_free_of_secrets(demo):
    portal = urllib.request.urlopen(f"{demo}/demo/portal", timeout=30).read().decode()
    launches = [html.unescape(a) for a in re.findall(r'<iframe src="([^"]+)"', portal)]
    assert launches
    for address in launches:
        cookies: dict[str, str] = {}
        for _ in range(6):
            location = asked(address, cookies).get("location")
            if not location:
                break
            address = urllib.parse.urljoin(address, location)
        assert "lid=" in address
        assert any(name.startswith("__Host-l-") for name in cookies)


@pytest.mark.parametrize(
    "path",
    [
        f"/launch?iss=https://{MARK}.example.org/fhir&launch={MARK}",
        f"/launch?iss={MARK}&iss={MARK}",
        f"/callback?code={MARK}&state={MARK}",
        f"/callback?error={MARK}&error_description={MARK}&state={MARK}",
        f"/standalone?iss=https://{MARK}.example.org",
        f"/patient?embed=true&lid={MARK}",
        f"/?lid={MARK}",
        f"/logout?lid={MARK}",
        f"/demo/authorize?response_type=code&client_id={MARK}&state={MARK}",
        f"/demo/fhir/Patient/{MARK}?name={MARK}",
        f"/cds-services/{MARK}",
        f"/_stcore/{MARK}?{MARK}",
    ],
)
def test_marked_values_in_an_address_are_not_written(demo, path):
    secret("a marked value", MARK)
    asked(f"{demo}{path}", {f"__Host-l-{MARK}": MARK})


@pytest.mark.parametrize(
    "path", ["/callback", "/cds-services/{}/feedback", "/demo/token", "/launch"]
)
def test_marked_values_in_a_body_are_not_written(demo, path):
    secret("a marked value", MARK)
    asked(f"{demo}{path.format(MARK)}", {}, f"code={MARK}&state={MARK}".encode())
    asked(f"{demo}{path.format(MARK)}", {}, f'{{"hookInstance": "{MARK}"}}'.encode())


@pytest.mark.last
def test_nothing_that_was_written_names_anybody_or_gives_a_secret_away(tmp_path_factory):
    """Every app of the suite writes a `.log` beside its trail, in a folder of the tests."""
    others = ("server.log", "postgres.log")  # sekmet-fhir and PostgreSQL, which are not ours
    logs = [p for p in tmp_path_factory.getbasetemp().rglob("*.log") if p.name not in others]
    written = Written(lines=WRITTEN.lines, files=[p for p in logs if p.is_file()])
    assert leaks(MARKS, written.all()) == []
