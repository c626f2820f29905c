"""All pages of a search, inside one server, each resource once; what is missing is said."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir.errors import ServerError
from fhir.fields import text
from fhir.rest.access import OpenAccess
from fhir.rest.addresses import Home
from fhir.rest.client import FhirClient, Found
from fhir.rest.limits import Limits
from tests.fhir_builders import NAME, observation
from tests.rest_server import (
    QUICK,
    Asked,
    Granted,
    Reply,
    fhir,
    outcome,
    run,
    scripted,
    searchset,
    silence,
)

ASK = [("patient", "p1"), ("code", "http://loinc.org|1988-5"), ("_count", "2")]


async def search(client: FhirClient) -> Found:
    return await client.search("Observation", ASK)


def ids(found: Found) -> list[str]:
    return [r["id"] for r in found.resources]


def pages(*contents: list[str], base: str = "") -> Callable[[Asked], Reply]:
    """Pages that lead on by `next`, relative to the server's base."""

    def answer(asked: Asked) -> Reply:
        number = int(asked.query.get("page", 0))
        more = {"next": f"Observation?page={number + 1}"} if number + 1 < len(contents) else {}
        return fhir(searchset(*(observation(i) for i in contents[number]), **more))

    return answer


def found_with(answer: Callable[[Asked], Reply], limits: Limits = QUICK) -> Found:
    with scripted(answer) as server:
        return run(server.base, search, limits=limits)


def test_every_page_is_read_and_each_resource_counts_once():
    found = found_with(pages(["a", "b"], ["b", "c"], [], ["d"]))
    assert ids(found) == ["a", "b", "c", "d"]
    assert found.complete


def test_a_search_is_asked_strictly_with_its_parameters():
    with scripted(pages(["a"])) as server:
        run(server.base, search)
        asked = server.asked[0]
        assert asked.query == dict(ASK)
        assert asked.headers["prefer"] == "handling=strict"
        assert "|" not in asked.target
        assert asked.target.startswith("/fhir/Observation?patient=p1&code=http://loinc.org%7C19")


IDS = st.lists(st.text("abcdefgh", min_size=1, max_size=3), unique=True, max_size=12)


@st.composite
def split(draw) -> tuple[list[str], list[list[str]]]:
    """Resources, and pages that hold them all; neighbours overlap as they do when data change."""
    every = draw(IDS)
    cuts = sorted(draw(st.lists(st.integers(0, len(every)), max_size=5)))
    edges = [0, *cuts, len(every)]
    made = []
    for low, high in itertools.pairwise(edges):
        made.append(every[max(0, low - draw(st.integers(0, 2))) : high])
    return every, [page for n, page in enumerate(made) if page not in made[:n]]


@given(split())
def test_any_way_to_split_resources_over_pages_gives_the_same_ones(case):
    """The pages are the server's business; what is found must not depend on them."""
    every, contents = case

    def answer(request: httpx2.Request) -> httpx2.Response:
        number = int(request.url.params.get("page", 0))
        more = {"next": f"?page={number + 1}"} if number + 1 < len(contents) else {}
        page = searchset(*(observation(i) for i in contents[number]), **more)
        return httpx2.Response(200, json=page, headers={"Content-Type": "application/fhir+json"})

    async def whole() -> Found:
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
            return await search(FhirClient(http, OpenAccess("http://ehr.example/fhir"), QUICK))

    found = asyncio.run(whole())
    assert ids(found) == every
    assert found.complete


@pytest.mark.parametrize(
    "place",
    [
        "{other}/Observation?page=1",
        "{origin}/other/Observation?page=1",
        "{origin}/fhirx/Observation",
        "{base}/../secret/Observation",
        "{base}/%2e%2e/secret",
        "{base}/%252e%252e/secret",
        "{base}/x/..;/secret",
        "{base}/x%2f..%2f..%2fsecret",
        "//evil.example/fhir/Observation",
        "https://{authority}/fhir/Observation",
        "http://user@{authority}/fhir/Observation",
        "http://{authority}@evil.example/fhir/",
        "http://{authority}.evil.example/fhir/",
        "{base}\\@evil.example/",
        "{base}/Observation#x",
        "javascript:alert(1)",
        "{base}/Observation?a b",
        "/secret",
        "http://[::1/fhir",
        "  ",
        "",
    ],
)
def test_no_page_outside_the_server_is_asked_and_the_result_counts_as_cut_off(place):
    with scripted(lambda _: fhir(searchset())) as other:

        def answer(_: Asked) -> Reply:
            parts = urlsplit(server.base)
            names = {"origin": f"http://{parts.netloc}", "authority": parts.netloc}
            url = place.format(base=server.base, other=other.base, **names)
            return fhir(searchset(observation("a"), next=url))

        with scripted(answer) as server:
            found = run(server.base, search, access=Granted(server.base))
            assert len(server.asked) == 1
        assert other.asked == []
    assert ids(found) == ["a"]
    assert "outside this server" in found.problem


@pytest.mark.parametrize(
    "place", ["{base}?_getpages=x", "{base}/Observation?page=1", "?page=1", "/fhir/Observation?p=1"]
)
def test_pages_inside_the_server_are_followed_as_given(place):
    def answer(asked: Asked) -> Reply:
        if len(server.asked) > 1:
            return fhir(searchset(observation("b")))
        return fhir(searchset(observation("a"), next=place.format(base=server.base)))

    with scripted(answer) as server:
        assert ids(run(server.base, search)) == ["a", "b"]


def test_a_link_may_be_as_long_as_a_search_with_many_codes():
    codes = ",".join(f"http://loinc.org|{n}" for n in range(100))

    def answer(asked: Asked) -> Reply:
        if "page" in asked.query:
            return fhir(searchset(observation("b")))
        kept = f"Observation?patient=p1&code={codes}"
        return fhir(searchset(observation("a"), self_=kept, next=f"{kept}&page=1"))

    ask = [("patient", "p1"), ("code", codes)]
    with scripted(answer) as server:
        assert ids(run(server.base, lambda c: c.search("Observation", ask))) == ["a", "b"]
    shortened = [("patient", "p1"), ("code", f"{codes},http://loinc.org|1988-5")]
    with (
        scripted(answer) as server,
        pytest.raises(ServerError, match="ignored the parameter 'code'"),
    ):
        run(server.base, lambda c: c.search("Observation", shortened))


def test_pages_in_a_circle_end():
    found = found_with(lambda _: fhir(searchset(observation("a"), next="Observation?page=1")))
    assert ids(found) == ["a"]
    assert "same page again" in found.problem

    def circle(asked: Asked) -> Reply:
        number = int(asked.query.get("page", 0))
        page = searchset(
            observation(f"o{number}"), next=f"Observation?page={(number + 1) % 3 or 3}"
        )
        return fhir(page)

    found = found_with(circle)
    assert ids(found) == ["o0", "o1", "o2", "o3"]
    assert "circle" in found.problem


def endless(asked: Asked) -> Reply:
    number = int(asked.query.get("page", 0))
    return fhir(searchset(observation(f"o{number}"), next=f"Observation?page={number + 1}"))


def test_pages_without_end_are_cut_off_and_it_is_said():
    few = Limits(pages=4)
    found = found_with(endless, few)
    assert len(ids(found)) == 4
    assert found.problem == "Only the first 4 pages were read."
    found = found_with(endless, Limits(entries=5))
    assert found.problem == "Only the first 5 entries were read."


def test_a_later_page_that_fails_leaves_what_was_found_and_says_so():
    def answer(asked: Asked) -> Reply:
        if "page" in asked.query:
            return fhir(outcome("exception", diagnostics=NAME), 500)
        return endless(asked)

    found = found_with(answer)
    assert ids(found) == ["o0"]
    assert found.problem.startswith("A later page is missing. ")
    assert NAME not in found.problem


def test_a_search_that_takes_too_long_keeps_what_came_in_time():
    with silence() as wait:

        def slow(asked: Asked) -> Reply:
            if "page" in asked.query:
                wait()
            return endless(asked)

        found = found_with(slow, Limits(search_seconds=1.0))
    assert ids(found) == ["o0"]
    assert "in time" in found.problem


def test_a_total_above_what_arrived_is_a_problem_on_one_page_and_on_several():
    found = found_with(lambda _: fhir({**searchset(observation("a")), "total": 2}))
    assert ids(found) == ["a"]
    assert "found more than it sent" in found.problem

    def two(asked: Asked) -> Reply:
        more = {} if "page" in asked.query else {"next": "Observation?page=1"}
        page = searchset(observation("b" if "page" in asked.query else "a"), **more)
        return fhir({**page, "total": 3})

    assert "found more than it sent" in found_with(two).problem


@pytest.mark.parametrize("total", [0, 1, 2])
def test_a_total_that_counts_an_outcome_or_a_page_alone_is_none(total):
    """One server counted 222 for 221 results: it counted what it said of them."""
    said = outcome("suppressed", "warning")
    found = found_with(lambda _: fhir({**searchset(observation("a"), said), "total": total}))
    assert ids(found) == ["a"]
    assert found.complete


def test_copies_and_what_came_along_are_counted_as_a_server_counts_them():
    drug = {"resourceType": "Medication", "id": "d1"}
    page = searchset(observation("a"), observation("a"), drug)
    page["entry"][2]["search"] = {"mode": "include"}
    assert found_with(lambda _: fhir({**page, "total": 2})).complete
    assert not found_with(lambda _: fhir({**page, "total": 3})).complete


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"entry": [{"resource": observation("a")}, {}]}, "an entry holds no resource"),
        ({"entry": [{"resource": observation("a")}, {"resource": {"id": "b"}}]}, "no resource"),
        ({"entry": {"resource": observation("a")}}, "entry is no list"),
        ({"entry": None}, "entry is no list"),
        ({"entry": [{"resource": observation("a")}, "b"]}, "entry is no list of objects"),
        ({"link": {"relation": "next", "url": "Observation?page=1"}}, "link is no list"),
        ({"link": ["next"]}, "link is no list of objects"),
        ({"link": [{"url": "Observation?page=1"}]}, "does not say where it leads"),
        ({"total": "1"}, "total is no number"),
        ({"total": True}, "total is no number"),
        ({"total": 1.5}, "total is no number"),
        ({"entry": [{"resource": {"resourceType": "Bundle", "id": "x"}}]}, "not asked for"),
    ],
)
def test_a_malformed_answer_is_used_and_said_to_be_incomplete(change, words):
    found = found_with(lambda _: fhir({**searchset(observation("a")), **change}))
    assert words in found.problem
    assert all(text(r, "resourceType") for r in found.resources)


def test_a_malformed_page_does_not_end_the_pages():
    def answer(asked: Asked) -> Reply:
        if "page" in asked.query:
            return fhir(searchset(observation("b")))
        page = searchset(observation("a"), next="Observation?page=1")
        return fhir({**page, "entry": [*page["entry"], {}]})

    found = found_with(answer)
    assert ids(found) == ["a", "b"]
    assert not found.complete


def test_what_the_server_says_of_the_search_is_no_result_but_is_kept_in_codes():
    said = outcome("suppressed", "warning", diagnostics=NAME, details={"text": NAME})
    page = searchset(observation("a"), said)
    page["entry"][1]["search"] = {"mode": "outcome"}
    found = found_with(lambda _: fhir(page))
    assert ids(found) == ["a"]
    assert found.outcomes == ("warning suppressed",)
    assert found.complete


def test_a_failure_told_inside_a_success_is_a_problem():
    found = found_with(lambda _: fhir(searchset(observation("a"), outcome("timeout"))))
    assert ids(found) == ["a"]
    assert "error timeout" in found.problem


@pytest.mark.parametrize(
    "link",
    [
        "Observation",
        "Observation?code=http://loinc.org|1988-5",
        "Observation?patient=p2&code=http://loinc.org|1988-5",
        "Observation?patient=p1,p2&code=http://loinc.org|1988-5",
        "Observation?patient=p1&patient=p2&code=http://loinc.org|1988-5",
        "Observation?patient=p1",
        "Observation?patient=p1&code=1988-5",
    ],
)
def test_an_ignored_parameter_is_an_error_and_nothing_of_the_answer_is_used(link):
    with (
        scripted(lambda _: fhir(searchset(observation("a"), self_=link))) as server,
        pytest.raises(ServerError, match="ignored the parameter"),
    ):
        run(server.base, search)


@pytest.mark.parametrize(
    "link",
    [
        "Observation?patient=p1&code=http://loinc.org|1988-5&_count=50",
        "Observation?patient=Patient/p1&code=http%3A%2F%2Floinc.org%7C1988-5",
        "Observation?subject:Patient=p1&code=http://loinc.org|1988-5,http://loinc.org|30522-7",
        "Observation?code=http://loinc.org|1988-5&subject=http://h/fhir/Patient/p1",
    ],
)
def test_a_self_link_may_spell_the_same_search_in_its_own_way(link):
    assert ids(found_with(lambda _: fhir(searchset(observation("a"), self_=link)))) == ["a"]


@pytest.mark.parametrize(
    "answer",
    [
        fhir(outcome("invalid")),
        fhir(observation("a")),
        fhir({**searchset(observation("a")), "type": "batch-response"}),
        fhir([]),
        fhir(outcome("forbidden"), 403),
    ],
    ids=["an outcome", "one resource", "another bundle", "a list", "a refusal"],
)
def test_a_first_page_that_is_none_is_an_error(answer):
    with scripted(lambda _: answer) as server, pytest.raises(ServerError):
        run(server.base, search)


def test_resources_of_another_server_are_refused():
    page = searchset(observation("a"))
    page["entry"][0]["fullUrl"] = "http://other.example/fhir/Observation/a"
    with (
        scripted(lambda _: fhir(page)) as server,
        pytest.raises(ServerError, match="of another server"),
    ):
        run(server.base, search)


def test_addresses_of_this_server_are_spelled_in_one_way():
    def answer(_: Asked) -> Reply:
        page = searchset(observation("a"), observation("b"), observation("c"))
        upper = server.base.replace("http://", "HTTP://")
        page["entry"][0]["fullUrl"] = f"{upper}/Observation/a"
        page["entry"][1]["fullUrl"] = "urn:uuid:6e1b0ce6-6133-5a51-9b07-b3a8ec84bb67"
        return fhir(page)

    with scripted(answer) as server:
        found = run(server.base, search)
        assert [e["fullUrl"] for e in found.entries] == [
            f"{server.base}/Observation/a",
            "urn:uuid:6e1b0ce6-6133-5a51-9b07-b3a8ec84bb67",
            f"{server.base}/Observation/c",
        ]


def test_two_versions_of_one_resource_both_stay_for_the_reader_to_settle():
    def answer(asked: Asked) -> Reply:
        if "page" in asked.query:
            return fhir(searchset(observation("a", meta={"versionId": "2"})))
        first = observation("a", meta={"versionId": "1"})
        return fhir(searchset(first, next="Observation?page=1"))

    assert ids(found_with(answer)) == ["a", "a"]


def test_a_server_that_cannot_sort_or_include_is_asked_without():
    def answer(asked: Asked) -> Reply:
        if "_sort" in asked.query:
            return fhir(outcome("not-supported"), 400)
        return fhir(searchset(observation("a")))

    async def ask(client: FhirClient) -> Found:
        return await client.search("Observation", [*ASK, ("_sort", "-date")])

    with scripted(answer) as server:
        assert ids(run(server.base, ask)) == ["a"]
        assert [a.query for a in server.asked] == [{**dict(ASK), "_sort": "-date"}, dict(ASK)]


HOME = Home("https://EHR.example:443/r4/fhir/")
PIECES = st.sampled_from(
    "https:// http:// ehr.example evil.example :443 :80 @ # ? / // r4 fhir .. . %2e %2F %252e ; \\"
    " x=1 & % é".split()
) | st.sampled_from([" ", "\t"])


@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=30))
def test_an_address_inside_leads_to_that_server_and_below_its_base_however_it_is_read(written):
    """Checked against how the HTTP client itself reads what is then sent."""
    inside = HOME.inside(written)
    if not inside:
        return
    assert inside.startswith("https://EHR.example:443/r4/fhir")
    url = httpx2.URL(inside)
    assert (url.scheme, url.host, url.port or 443) == ("https", "ehr.example", 443)
    assert not url.userinfo
    path = unquote(unquote(url.path))
    assert path == "/r4/fhir" or path.startswith("/r4/fhir/")
    assert ".." not in path.replace(";", "/").split("/")


@given(
    st.from_regex(r"[A-Z][A-Za-z]{1,20}(/[A-Za-z0-9\-]{1,64})?", fullmatch=True),
    st.lists(st.tuples(st.text(min_size=1, max_size=10), st.text(max_size=20)), max_size=3),
)
def test_whatever_is_asked_below_the_base_is_inside_it(path: str, parameters: Any):
    """Else a search could not be paged, or would be sent elsewhere than it was checked for."""
    try:
        address = HOME.at(path, parameters)
    except UnicodeEncodeError:  # half a character cannot be sent at all
        return
    assert HOME.inside(address) == address
