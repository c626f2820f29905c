"""What a server can do wrong to one request, and what becomes of it: an error that names nobody."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import Callable

import pytest
import uvicorn

from fhir.errors import AccessEndedError, ServerError
from fhir.rest import capabilities as statements
from fhir.rest import http
from fhir.rest.client import FhirClient
from fhir.rest.http import open_http
from fhir.rest.limits import Limits
from tests.fhir_builders import NAME, observation, patient
from tests.rest_server import (
    QUICK,
    Asked,
    Granted,
    Reply,
    capabilities,
    fhir,
    outcome,
    run,
    scripted,
    searchset,
    silence,
)

Answer = Callable[[Asked], Reply]


def in_turn(*replies: Reply) -> Answer:
    """One after the other, the last one for ever."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def always(reply: Reply) -> Answer:
    return lambda _: reply


async def read_patient(client: FhirClient) -> object:
    return await client.read("Patient", "p1")


def refusal(answer: Answer, ask=read_patient, **more: object) -> tuple[ServerError, int]:
    """The error, and how often the server was asked."""
    with scripted(answer) as server, pytest.raises(ServerError) as caught:
        run(server.base, ask, **more)
    assert NAME not in caught.value.message + caught.value.remedy
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value, len(server.asked)


def test_a_read_says_what_it_takes_and_gives_the_resource():
    with scripted(always(fhir(patient()))) as server:
        assert run(server.base, read_patient) == patient()
        asked = server.asked[0]
        assert asked.path == "Patient/p1"
        assert asked.headers["accept"] == "application/fhir+json"
        assert "authorization" not in asked.headers


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_refusal_is_asked_again(status):
    answer = in_turn(fhir(outcome("transient"), status), fhir(patient()))
    with scripted(answer) as server:
        assert run(server.base, read_patient) == patient()
        assert len(server.asked) == 2


def test_a_lost_connection_is_asked_again():
    with scripted(in_turn(Reply(-1), Reply(-1), fhir(patient()))) as server:
        assert run(server.base, read_patient) == patient()
        assert len(server.asked) == 3


@pytest.mark.parametrize("status", [500, 503, -1])
def test_what_stays_broken_is_asked_three_times(status):
    error, times = refusal(always(Reply(status)))
    assert times == QUICK.attempts
    assert error.status == max(status, 0)


@pytest.mark.parametrize("status", [400, 403, 404, 410, 418, 422])
def test_a_lasting_refusal_is_asked_once_and_keeps_its_status(status):
    diagnostics = f"no {NAME} here"
    error, times = refusal(always(fhir(outcome("not-found", diagnostics=diagnostics), status)))
    assert (error.status, times) == (status, 1)
    assert "error not-found" in error.message
    assert error.remedy


def test_words_that_are_not_the_standards_are_not_repeated():
    error, _ = refusal(always(fhir(outcome(NAME, severity=NAME), 400)))
    assert "error unknown" in error.message


def test_retry_after_is_waited_for_where_it_is_short():
    answer = in_turn(fhir(outcome("throttled"), 429, Retry_After="0"), fhir(patient()))
    with scripted(answer) as server:
        assert run(server.base, read_patient) == patient()


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry_After": "3600"},
        {
            "Date": "Sun, 22 Nov 2026 09:00:00 GMT",
            "Retry_After": "Sun, 22 Nov 2026 10:00:00 GMT",
        },
    ],
    ids=["seconds", "date"],
)
def test_a_longer_retry_after_than_anybody_waits_is_given_up_at_once_and_said(headers):
    error, times = refusal(always(fhir(outcome("throttled"), 503, **headers)))
    assert times == 1
    assert "wait for 3600 seconds" in error.message


@pytest.mark.parametrize("written", ["soon", "-1", "Sun, 22 Nov 2026 10:00:00 GMT", "²"])
def test_a_retry_after_that_says_nothing_usable_counts_as_none(written):
    encoded = written.encode("utf-8").decode("latin-1")
    _, times = refusal(always(fhir(outcome("throttled"), 503, Retry_After=encoded)))
    assert times == QUICK.attempts


def test_a_server_that_is_silent_is_given_up_at_the_deadline():
    with silence() as wait:

        def never(_: Asked) -> Reply:
            wait()
            return fhir(patient())

        error, _ = refusal(never, limits=Limits(search_seconds=0.1))
    assert "in time" in error.message


def test_nobody_at_the_address_is_an_error_of_its_own():
    with scripted(always(Reply())) as server:
        gone = server.base
    with pytest.raises(ServerError, match="cannot be reached") as caught:
        run(gone, read_patient)
    assert caught.value.status == 0


def test_a_redirect_is_refused_and_nobody_else_is_asked():
    with scripted(always(fhir(patient()))) as other:
        moved = Reply(302, headers={"Location": f"{other.base}/Patient/p1"})
        error, _ = refusal(always(moved))
        assert other.asked == []
    assert "another address" in error.message


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"<html>log in</html>", headers={"Content-Type": "text/html"}),
        Reply(body=json.dumps(patient()).encode(), headers={}),
        Reply(body=b'{"resourceType":', headers={"Content-Type": "application/fhir+json"}),
        Reply(
            body=b'{"resourceType":"Patient","id":"p1","id":"p2"}',
            headers={"Content-Type": "application/fhir+json"},
        ),
        Reply(body=b"\xff\xfe", headers={"Content-Type": "application/json"}),
        Reply(body=b"[" * 100_000, headers={"Content-Type": "application/json"}),
        Reply(
            body=b"not gzip",
            headers={"Content-Type": "application/fhir+json", "Content-Encoding": "gzip"},
        ),
        fhir([]),
        fhir({"resourceType": "Observation", "id": "p1"}),
        fhir(patient("p2")),
        fhir(patient(), 304),
    ],
    ids=[
        "a web page",
        "no content type",
        "half of it",
        "a property twice",
        "no text",
        "too deep",
        "not packed as said",
        "a list",
        "another type",
        "another id",
        "unchanged, but never read",
    ],
)
def test_an_answer_that_is_not_the_resource_is_refused(reply):
    refusal(always(reply))


def test_an_answer_that_never_ends_is_cut_off_however_small_it_was_packed():
    big = json.dumps(patient(text={"div": "x" * 400_000})).encode()
    limits = Limits(answer_bytes=100_000)
    packed = {"Content-Type": "application/fhir+json", "Content-Encoding": "gzip"}
    for reply in (
        Reply(body=big, headers={"Content-Type": "application/fhir+json"}),
        Reply(body=gzip.compress(big), headers=packed),
    ):
        error, _ = refusal(always(reply), limits=limits)
        assert "MB at once" in error.message


@pytest.mark.parametrize("identity", ["", "..", ".", "p1/../p2", "p1?x=1", "p1#", "é", "a" * 65])
def test_what_is_no_id_is_not_asked_for(identity):
    with scripted(always(fhir(patient()))) as server:
        with pytest.raises(ServerError):
            run(server.base, lambda client: client.read("Patient", identity))
        assert server.asked == []


def test_the_token_is_renewed_once_where_it_is_refused():
    def answer(asked: Asked) -> Reply:
        right = asked.headers["authorization"] == "Bearer second"
        return fhir(patient()) if right else fhir(outcome("login"), 401)

    with scripted(answer) as server:
        assert run(server.base, read_patient, access=Granted(server.base, "second")) == patient()
        assert [a.headers["authorization"] for a in server.asked] == [
            "Bearer first",
            "Bearer second",
        ]


@pytest.mark.parametrize("renewals", [(), ("second",), ("second", "third")])
def test_a_token_that_stays_refused_ends_the_access(renewals):
    with scripted(always(fhir(outcome("login"), 401))) as server:
        with pytest.raises(AccessEndedError):
            run(server.base, read_patient, access=Granted(server.base, *renewals))
        assert len(server.asked) == 1 + min(len(renewals), 1)


def test_what_was_not_granted_is_not_asked_for():
    async def everything(client: FhirClient) -> None:
        resource = {"resourceType": "Observation", "id": "o1"}
        for ask in (
            client.read("Observation", "o1"),
            client.search("Observation", [("patient", "p1")]),
            client.create(resource),
            client.update(resource, etag='W/"1"'),
            client.binary("Binary/b1", 10),
        ):
            with pytest.raises(ServerError) as caught:
                await ask
            assert caught.value.status == 403

    with scripted(always(fhir(patient()))) as server:
        run(server.base, everything, access=Granted(server.base, scopes={"Patient": "r"}))
        assert server.asked == []


def test_a_patient_who_has_not_changed_is_not_sent_twice_in_one_launch():
    def answer(asked: Asked) -> Reply:
        if asked.headers.get("if-none-match") == 'W/"7"':
            return Reply(304)
        return fhir(patient(), ETag='W/"7"')

    async def twice(client: FhirClient) -> list[object]:
        return [await client.read("Patient", "p1") for _ in range(2)]

    with scripted(answer) as server:
        assert run(server.base, twice) == [patient(), patient()]
        assert [a.headers.get("if-none-match") for a in server.asked] == [None, 'W/"7"']
        run(server.base, read_patient)  # another launch starts from nothing
        assert "if-none-match" not in server.asked[-1].headers


def test_results_are_always_sent_anew():
    async def twice(client: FhirClient) -> None:
        for _ in range(2):
            await client.read("Observation", "o1")

    with scripted(always(fhir(observation(), ETag='W/"7"'))) as server:
        run(server.base, twice)
        assert all("if-none-match" not in a.headers for a in server.asked)


def test_what_a_server_offers_is_asked_once_for_all_launches_and_without_a_token():
    async def two_launches(client: FhirClient) -> None:
        other = FhirClient(client._http, Granted(server.base), QUICK)
        assert await client.capabilities() == await other.capabilities()

    with scripted(always(fhir(capabilities("Patient"), ETag='"c1"'))) as server:
        run(server.base, two_launches, access=Granted(server.base))
        assert [a.path for a in server.asked] == ["metadata"]
        assert "authorization" not in server.asked[0].headers


def test_what_a_server_offers_is_read_again_after_a_while_where_it_has_changed(monkeypatch):
    monkeypatch.setattr(statements, "_LASTS", -1.0)

    def answer(asked: Asked) -> Reply:
        if "if-none-match" in asked.headers:
            return Reply(304)
        return fhir(capabilities("Patient"), ETag='"c1"')

    async def twice(client: FhirClient) -> list[object]:
        return [await client.capabilities() for _ in range(2)]

    with scripted(answer) as server:
        assert run(server.base, twice) == [capabilities("Patient")] * 2
        assert len(server.asked) == 2


def test_a_new_resource_is_sent_once_and_named_by_its_place():
    risk = {"resourceType": "RiskAssessment"}
    places = [f"{{base}}/RiskAssessment/r1{more}" for more in ("", "/_history/1")]
    for place in (*places, "RiskAssessment/r1/_history/1"):

        def answer(_: Asked, place: str = place) -> Reply:
            return Reply(201, headers={"Location": place.format(base=server.base), "ETag": '"1"'})

        with scripted(answer) as server:
            made = run(server.base, lambda c: c.create(risk, if_none_exist="identifier=s|v"))
            assert (made.status, made.reference, made.etag) == (201, "RiskAssessment/r1", '"1"')
            asked = server.asked[0]
            assert asked.headers["if-none-exist"] == "identifier=s|v"
            assert asked.headers["content-type"] == "application/fhir+json"
            assert json.loads(asked.body) == risk


def test_a_place_on_another_server_is_not_believed_but_the_body_is():
    body = {"resourceType": "RiskAssessment", "id": "r2", "meta": {"versionId": "3"}}
    elsewhere = fhir(body, 200, Location="http://other.example/fhir/RiskAssessment/r1")
    with scripted(always(elsewhere)) as server:
        made = run(server.base, lambda c: c.create({"resourceType": "RiskAssessment"}))
        assert (made.status, made.reference, made.etag) == (200, "RiskAssessment/r2", 'W/"3"')


@pytest.mark.parametrize("status", [-1, 503, 500, 412, 422])
def test_writing_is_never_repeated(status):
    risk = {"resourceType": "RiskAssessment", "id": "r1"}
    for write in (lambda c: c.create(risk), lambda c: c.update(risk, etag='W/"1"')):
        error, times = refusal(always(Reply(status)), write)
        assert times == 1
        assert error.status == max(status, 0)


def test_an_update_names_the_version_it_replaces():
    with scripted(always(Reply(200, headers={"ETag": 'W/"2"'}))) as server:
        risk = {"resourceType": "RiskAssessment", "id": "r1"}
        made = run(server.base, lambda c: c.update(risk, etag='W/"1"'))
        assert made.etag == 'W/"2"'
        assert (server.asked[0].method, server.asked[0].headers["if-match"]) == ("PUT", 'W/"1"')


@pytest.mark.parametrize("etag", ["", "1", 'W/"1"\r\nX: y', "*"])
def test_an_update_without_a_version_is_not_sent(etag):
    with scripted(always(Reply(200))) as server:
        with pytest.raises(ServerError):
            run(server.base, lambda c: c.update({"resourceType": "X", "id": "r1"}, etag=etag))
        assert server.asked == []


@pytest.mark.parametrize("form", ["raw", "resource"])
def test_a_file_comes_as_bytes_whether_it_is_sent_raw_or_as_a_resource(form):
    def answer(_: Asked) -> Reply:
        if form == "raw":
            return Reply(body=b"gene\tvalue", headers={"Content-Type": "text/csv; charset=x"})
        held = {"contentType": "text/csv", "data": "Z2VuZQl2YWx1ZQ=="}
        return fhir({"resourceType": "Binary", **held})

    with scripted(answer) as server:
        for place in ("Binary/b1", f"{server.base}/Binary/b1"):
            found = run(server.base, lambda c, place=place: c.binary(place, 100))
            assert found == (b"gene\tvalue", "text/csv")


def test_a_file_elsewhere_is_not_fetched_and_a_larger_one_is_refused():
    with scripted(always(Reply(body=b"x" * 60_000))) as server, scripted(always(Reply())) as other:
        for place in (f"{other.base}/Binary/b1", "../Binary/b1", "file:///etc/passwd"):
            with pytest.raises(ServerError, match="not on the chart's server"):
                run(server.base, lambda c, place=place: c.binary(place, 100))
        assert other.asked == []
        with pytest.raises(ServerError):
            run(server.base, lambda c: c.binary("Binary/b1", 100))


def test_no_log_holds_an_address_an_id_or_a_token(caplog):
    caplog.set_level(logging.DEBUG)
    answer = in_turn(fhir(outcome("transient"), 503), fhir(searchset()))
    with scripted(answer) as server:
        ask = [("patient", "secret-id")]
        run(
            server.base,
            lambda c: c.search("Observation", ask),
            access=Granted(server.base),
        )
        assert len(server.asked) == 2
    assert "secret-id" not in caplog.text
    assert "Bearer" not in caplog.text
    assert "Observation" not in caplog.text


def test_no_cookie_of_one_launch_is_sent_for_another_and_no_proxy_is_asked(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def twice(client: FhirClient) -> None:
        for _ in range(2):
            await client.read("Patient", "p1")

    with scripted(always(fhir(patient(), Set_Cookie="session=1; Path=/"))) as server:
        run(server.base, twice)
        assert len(server.asked) == 2
        assert all("cookie" not in a.headers for a in server.asked)


def test_the_pooled_client_follows_nothing_and_takes_no_setting_from_outside():
    client = open_http()
    assert client.follow_redirects is False
    assert client.trust_env is False


@pytest.mark.parametrize(("rest", "connections"), [(0.0, 1), (0.2, 2)])
def test_a_connection_that_was_idle_is_not_used_again(monkeypatch, rest, connections):
    """The server may be closing it: a form with a code in it would be lost with it."""
    assert uvicorn.Config(always).timeout_keep_alive > http.KEPT_SECONDS
    monkeypatch.setattr(http, "KEPT_SECONDS", 0.1)
    opened: set[asyncio.StreamWriter] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.add(writer)
        while await reader.readline():
            while await reader.readline() != b"\r\n":
                pass
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def twice() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        async with server, open_http() as client:
            await client.get(f"http://{host}:{port}/")
            await asyncio.sleep(rest)
            await client.get(f"http://{host}:{port}/")
        for writer in opened:
            writer.close()
            await writer.wait_closed()

    asyncio.run(twice())
    assert len(opened) == connections


@pytest.mark.parametrize(
    "base", ["", "ftp://h/fhir", "//h/fhir", "http://", "http://h/a/../b", "http://u@h/fhir"]
)
def test_a_server_needs_a_plain_address(base):
    with pytest.raises(ServerError, match="address"):
        run(base, read_patient)
