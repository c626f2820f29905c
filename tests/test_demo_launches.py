"""Whole launches against the demo EHR over real HTTP: what succeeds, and what it then opens."""

from __future__ import annotations

import dataclasses
import re
from urllib.parse import urlsplit

import pytest

from fhir.bundles import FolderSource
from fhir.errors import AccessEndedError, ServerError
from fhir.smart.routes import PAGE
from tests.demo_servers import NOW, PATIENTS, query_of
from tests.smart_app import (
    ENTERED,
    LAUNCH_COOKIE,
    METHODS,
    PENDING_COOKIE,
    SEARCHES,
    Browser,
    shown,
    smart_app,
)


@pytest.fixture(scope="module", params=list(METHODS))
def any_app(request, tmp_path_factory):
    """The app registered in each of the three ways."""
    with smart_app(tmp_path_factory.mktemp(request.param), request.param) as running:
        yield running


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with smart_app(tmp_path_factory.mktemp("one")) as app:
        yield app


@pytest.fixture
def app(running):
    running.fresh()
    return running


@pytest.fixture
def browser():
    made = Browser()
    yield made
    made.http.close()


def consent(browser, page, **answer):
    """Answer the EHR's consent page as a person does; the redirect back to the app."""
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)[1]
    place = f"{page.url.scheme}://{page.url.netloc.decode()}/decide"
    return browser.send("POST", place, data={"ticket": ticket, **answer})


def standalone(app, browser, **answer):
    page = browser.follow(f"{app.url}/standalone?ehr=demo")
    return consent(browser, page, **answer).headers["location"]


def in_full(patient):
    """What the page shows of the same patient's record read from its file, another way in: of its
    results those that the decision asks a server for.
    """
    record = FolderSource(PATIENTS).load(patient)
    asked = {(code.system, code.code) for search in SEARCHES for code in search.codes}
    kept = (
        o for o in record.observations if asked & {(code.system, code.code) for code in o.codes}
    )
    return shown(dataclasses.replace(record, observations=tuple(kept)))


# Both launches, three ways to prove oneself


def test_an_ehr_launch_opens_the_patients_own_data(any_app, browser):
    any_app.fresh()
    page = browser.get(any_app.enter(browser, "demo-07"))

    assert page.status_code == 200
    assert page.text == in_full("demo-07")


def test_a_standalone_launch_opens_the_patient_who_was_chosen(any_app, browser):
    any_app.fresh()
    back = standalone(any_app, browser, decision="allow", patient="demo-05")
    page = browser.follow(back)

    assert page.text == in_full("demo-05")


def test_a_launch_goes_on_after_its_first_token_has_ended(any_app, browser):
    any_app.fresh()
    there = any_app.enter(browser)
    any_app.clock.forward(minutes=5)

    assert browser.get(there).text == in_full("demo-01")
    assert any_app.server.seen.count("POST /token") == 2


def test_logging_out_ends_the_tokens_at_the_ehr_too(any_app, browser):
    any_app.fresh()
    there = any_app.enter(browser)
    launch = any_app.launch_of(browser, there)
    header = any_app.loop.run(launch.access.authorization())
    away = logout(any_app, browser, there)

    assert "You have logged out" in away.text
    assert any_app.server.ehr.grants.access(header.removeprefix("Bearer ")) is None
    assert browser.names(LAUNCH_COOKIE) == []


def logout(app, browser, there, **headers):
    sent = headers or {"origin": app.url}
    return browser.send("POST", f"{app.url}/logout?lid={query_of(there)['lid']}", headers=sent)


# What is asked, and what is left in the browser


def test_the_way_to_the_ehr_carries_what_smart_asks_for_and_nothing_of_the_verifier(app, browser):
    there = browser.get(app.opened()).headers["location"]
    asked = query_of(there)

    assert there.startswith(f"{app.server.base}/authorize?")
    assert asked["aud"] == app.server.ehr.fhir
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert min(len(asked["state"]), len(asked["nonce"])) >= 21  # 122 bits in base64
    assert set(asked) == {
        "response_type", "client_id", "redirect_uri", "scope", "state", "aud", "launch", "nonce",
        "code_challenge", "code_challenge_method",
    }  # fmt: skip


def test_no_more_is_asked_than_the_decision_reads(app, browser):
    scope = query_of(browser.get(app.opened()).headers["location"])["scope"].split()

    assert sorted(scope) == [
        "fhirUser", "launch", "online_access", "openid", "patient/Condition.rs",
        "patient/Medication.r", "patient/MedicationAdministration.rs",
        "patient/MedicationRequest.rs",
        "patient/MedicationStatement.rs", "patient/Observation.rs", "patient/Patient.r",
    ]  # fmt: skip


def test_two_launches_never_share_a_state_a_nonce_or_a_challenge(app, browser):
    one, two = (query_of(browser.get(app.opened()).headers["location"]) for _ in range(2))

    assert all(one[name] != two[name] for name in ("state", "nonce", "code_challenge", "launch"))
    assert len(browser.names(PENDING_COOKIE)) == 2


def test_the_login_leaves_one_cookie_and_an_address_without_anything_personal(app, browser):
    there = app.enter(browser, "demo-03")

    assert browser.names(PENDING_COOKIE) == []
    assert browser.names("") == [LAUNCH_COOKIE + query_of(there)["lid"]]
    assert set(query_of(there)) == {"embed", "lid"}
    assert urlsplit(there)[:3] == urlsplit(app.url + PAGE)[:3]


def test_nothing_of_a_launch_may_be_kept_or_told_on(app, browser):
    leaving = browser.get(app.opened())
    back = browser.get(app.at_callback(browser))
    for answer in (leaving, back):
        assert answer.status_code == 303
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_a_trailing_slash_of_the_issuer_makes_no_difference(app, browser):
    there = app.opened().replace("%2Ffhir&", "%2Ffhir%2F&")

    assert "%2Ffhir%2F&" in there
    assert browser.follow(there).text == in_full("demo-01")


def test_what_the_chart_says_of_itself_arrives_in_the_launch(app, browser):
    context = {
        "encounter": "visit-1",
        "intent": "data",
        "app_context": "a card's own word",
        "need_patient_banner": False,
        "fhir_context": ({"reference": "DocumentReference/7"}, {"reference": "Patient/other"}),
    }
    launch = app.launch_of(browser, app.enter(browser, "demo-02", **context))

    assert (launch.patient_id, launch.encounter, launch.intent) == ("demo-02", "visit-1", "data")
    assert launch.app_context == "a card's own word"
    assert launch.need_patient_banner is False
    assert [item.reference for item in launch.fhir_context] == ["DocumentReference/7"]
    assert launch.agent == "demo: Practitioner/demo-rheumatologist"
    assert launch.notices == ()


def test_a_person_may_be_asked_in_an_ehr_launch_too(app, browser):
    app.server.ehr.consent = True
    try:
        page = browser.follow(app.opened("demo-04"))
        back = consent(browser, page, decision="allow").headers["location"]
    finally:
        app.server.ehr.consent = False

    assert "For which patient?" not in page.text
    assert browser.follow(back).text == in_full("demo-04")


# Several launches in one browser


def test_two_charts_in_one_browser_stay_two_charts_in_whatever_order_they_come_back(app, browser):
    first = app.at_callback(browser, "demo-01")
    second = app.at_callback(browser, "demo-02")
    two = browser.follow(second, until=ENTERED).headers["location"]
    one = browser.follow(first, until=ENTERED).headers["location"]

    for _ in range(3):
        assert browser.get(one).text == in_full("demo-01")
        assert browser.get(two).text == in_full("demo-02")


def test_the_same_patient_opened_twice_is_two_launches_and_ends_one_by_one(app, browser):
    one, two = app.enter(browser), app.enter(browser)
    logout(app, browser, one)

    assert browser.get(one).status_code == 403
    assert browser.get(two).text == in_full("demo-01")


# Other servers


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_an_identity_may_be_signed_either_way(tmp_path, browser, algorithm):
    with smart_app(tmp_path, algorithm=algorithm) as app:
        assert browser.get(app.enter(browser)).status_code == 200


def test_the_openid_issuer_may_differ_from_the_fhir_address_when_it_is_the_same_host(app, browser):
    other = f"{app.server.base}/login"
    before, app.server.ehr.issuer = app.server.ehr.issuer, other
    try:
        assert browser.get(app.enter(browser)).status_code == 200
    finally:
        app.server.ehr.issuer = before


def test_a_server_of_scope_version_one_is_asked_in_its_own_words(tmp_path, browser):
    with smart_app(tmp_path, scope_version="v1") as app:
        asked = query_of(browser.get(app.opened()).headers["location"])["scope"].split()
        assert "patient/Observation.read" in asked
        assert browser.get(app.enter(browser)).text == in_full("demo-01")


def test_writing_is_asked_for_where_the_ehr_opted_in_and_then_granted(tmp_path, browser):
    with smart_app(tmp_path, write_back={"risk_assessment": True}) as app:
        launch = app.launch_of(browser, app.enter(browser))
        assert launch.may("RiskAssessment", "c")
        assert not launch.may("DocumentReference", "c")
        resource = {
            "resourceType": "RiskAssessment",
            "status": "final",
            "subject": {"reference": f"Patient/{launch.patient_id}"},
        }
        created = app.loop.run(app.client_of(launch).create(resource))
        assert created.status == 201
        assert app.server.ehr.chart.get(*created.reference.split("/"))["subject"]


# Reading with what was granted


def test_the_client_finds_every_resource_over_several_pages(app, browser):
    client = app.client_of(app.launch_of(browser, app.enter(browser, "demo-14")))
    found = app.loop.run(
        client.search("Observation", [("patient", "demo-14"), ("_count", "5"), ("_sort", "-date")])
    )

    assert found.complete
    assert len({r["id"] for r in found.resources}) == len(found.resources) == 24


def test_another_patients_data_cannot_be_read_with_this_launch(app, browser):
    client = app.client_of(app.launch_of(browser, app.enter(browser)))
    for asked in (
        client.read("Patient", "demo-02"),
        client.search("Observation", [("patient", "demo-02")]),
    ):
        with pytest.raises(ServerError) as refused:
            app.loop.run(asked)
        assert refused.value.status == 403


def test_a_launch_knows_how_long_it_may_last(app, browser):
    launch = app.launch_of(browser, app.enter(browser))

    assert (launch.expires - launch.opened).total_seconds() == 8 * 3600
    assert launch.opened > NOW
    app.clock.forward(hours=8)
    with pytest.raises(AccessEndedError):
        app.loop.run(launch.access.authorization())
