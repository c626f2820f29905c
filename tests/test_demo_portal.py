"""The demonstration portal: two launches of their own on a page that runs no script."""

from __future__ import annotations

import re
from html import unescape

import pytest

from examples.demo_ehr.addresses import origin, other_name
from examples.demo_ehr.pages import grouped
from tests.demo_servers import HandMadeApp, demo_server, query_of

APP = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def server():
    with demo_server(APP) as running:
        yield running


@pytest.fixture
def app(server):
    server.reset()
    made = HandMadeApp(server)
    yield made
    made.http.close()


def portal(app, query="", base=None):
    return app.http.get(f"{base or app.server.base}/portal{query}")


def frames(answer):
    """(title, address) of each frame."""
    found = re.findall(r'<iframe src="([^"]+)" title="([^"]+)"', answer.text)
    return [(unescape(title), unescape(address)) for address, title in found]


def test_two_patients_stand_side_by_side_each_in_a_launch_of_its_own(app):
    [(left, one), (right, two)] = frames(portal(app))

    assert "Nora Example-Naive" in left
    assert "Mona Example-Mono" in right
    assert one.startswith(f"{APP}/launch?")
    assert query_of(one)["iss"] == query_of(two)["iss"] == app.server.ehr.fhir
    assert query_of(one)["launch"] != query_of(two)["launch"]


def test_every_launch_opens_the_patient_whose_name_is_above_it(app):
    shown = frames(portal(app, "?left=demo-07&right=demo-13"))
    opened = [app.tokens(launch=query_of(address)["launch"])["patient"] for _, address in shown]

    assert opened == ["demo-07", "demo-13"]
    assert "Example-Interleukin" in shown[0][0]
    assert "Example-Diverticulitis" in shown[1][0]


def test_a_new_visit_opens_new_launches(app):
    first, second = frames(portal(app)), frames(portal(app))
    assert not {a for _, a in first} & {a for _, a in second}


@pytest.mark.parametrize(
    "query", ["?left=demo-02", "?left=nobody&right=demo-01", "?left=%3Cscript%3E&right=", "?x=1"]
)
def test_unknown_patients_are_replaced_and_nothing_of_the_address_is_echoed(app, query):
    answer = portal(app, query)

    assert answer.status_code == 200
    assert len({title for title, _ in frames(answer)}) == 2
    assert "<script" not in answer.text
    assert "nobody" not in answer.text.replace("Nobody", "")


def test_the_page_runs_no_script_and_frames_the_app_alone(app):
    policy = portal(app).headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))

    assert rules["default-src"] == "'none'"
    assert "script-src" not in rules
    assert rules["frame-ancestors"] == "'none'"
    other = other_name(app.server.base)
    assert set(rules["frame-src"].split()) == {APP, app.server.base, other}


def test_patients_are_chosen_from_what_they_are_about(app):
    """Twenty-nine names in one list tell nobody whom to open for which question."""
    lists = re.findall(r"<select.*?</select>", portal(app, "?left=demo-t1-04").text, re.DOTALL)
    assert len(lists) == 2
    for choices in lists:
        groups = dict(re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', choices))
        assert list(groups) == ["Rheumatoid arthritis", "Before type 1 diabetes"]
        assert [g.count("<option") for g in groups.values()] == [14, 15]
        assert choices.count("selected") == 1
    assert "selected>Jonas Example-StageTwo" in lists[0]


def test_a_chart_without_such_tags_is_one_list():
    one, two = {"id": "a", "meta": {"tag": [{"code": "x"}]}}, {"id": "b"}
    assert grouped([one, two]) == {"": [one, two]}


def test_it_says_that_nobody_here_is_a_patient(app):
    assert "Nobody here is or was a patient" in portal(app).text


def test_under_the_apps_own_name_it_points_to_the_other_one(app):
    there = other_name(app.server.base)

    assert f'href="{there}/portal"' in portal(app).text
    assert "You opened this page under the same name" not in portal(app, base=there).text


def test_its_style_is_a_file_of_its_own(app):
    answer = app.http.get(f"{app.server.base}/style.css")

    assert answer.headers["content-type"].startswith("text/css")
    assert "light-dark(" in answer.text


def test_without_an_app_to_open_there_is_no_portal():
    with demo_server(APP, portal_client="") as server:
        app = HandMadeApp(server)
        assert portal(app).status_code == 404
        app.http.close()


@pytest.mark.parametrize(
    ("address", "other"),
    [
        ("http://127.0.0.1:8501/demo", "http://localhost:8501/demo"),
        ("http://localhost/demo", "http://127.0.0.1/demo"),
        ("https://ehr.example.org/demo", ""),
        ("http://127.0.0.1.example.org", ""),
    ],
)
def test_only_loopback_has_another_name(address, other):
    assert other_name(address) == other
    assert origin(address) in address
