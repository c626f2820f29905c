"""Somebody tampers with a launch: each attempt ends in a clear page, and nothing is read.

The EHR behaves here. What a broken or hostile EHR may do is in test_smart_faults.py.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir.smart.refusals import Reason
from fhir.smart.routes import PAGE
from tests.demo_servers import query_of
from tests.smart_app import ENTERED, LAUNCH_COOKIE, NOBODY, PENDING_COOKIE, Browser, smart_app
from tests.smart_refusals import nothing_was_read, refused


@pytest.fixture
def app(smart):
    """Fresh; and whatever happens, the log holds no code, state, token, handle or identifier."""
    return smart


@pytest.fixture
def other():
    """The browser of somebody else."""
    made = Browser()
    yield made
    made.http.close()


def changed(address, **changes):
    """An address with parameters replaced, or (None) left out."""
    pairs = [(k, v) for k, v in parse_qsl(urlsplit(address).query) if k not in changes]
    pairs += [(k, v) for k, v in changes.items() if v is not None]
    return urlsplit(address)._replace(query=urlencode(pairs)).geturl()


def tampered(app, browser, **changes):
    """The login with the authorization request changed on its way; where the browser ends."""
    leaving = browser.get(app.opened()).headers["location"]
    return browser.follow(changed(leaving, **changes))


# Who may open the app


def test_a_foreign_issuer_is_refused_and_not_asked_anything(app, browser, trap):
    address, seen = trap
    answer = browser.get(f"{app.url}/launch?{urlencode({'iss': address, 'launch': 'x'})}")

    refused(answer, Reason.UNKNOWN_EHR)
    assert seen == []
    nothing_was_read(app)


@pytest.mark.parametrize(
    "trick",
    [
        "{scheme}://{host}:{port}/FHIR",
        "HTTP://{host}:{port}/fhir",
        "https://{host}:{port}/fhir",
        "{scheme}://localhost:{port}/fhir",
        "{scheme}://{host}.:{port}/fhir",
        "{scheme}://{host}.attacker.example:{port}/fhir",
        "{scheme}://attacker@{host}:{port}/fhir",
        "{scheme}://{host}:{port}@{trap}/fhir",
        "{scheme}://{trap}/fhir",
        "{scheme}://{trap}#@{host}:{port}/fhir",
        "{scheme}://{trap}\\@{host}:{port}/fhir",
        "{scheme}://{host}:{port}/fhir//",
        "{scheme}://{host}:{port}/fhir/x",
        "{scheme}://{host}:{port}/fhir/../fhir",
        "{scheme}://{host}:{port}/fhir/.",
        "{scheme}://{host}:{port}/%66hir",
        "{scheme}://{host}:{port}/fhir?x=1",
        "{scheme}://{host}:{port}/fhir#",
        "{scheme}://{host}:{port}/fhir ",
        " {scheme}://{host}:{port}/fhir",
        "{scheme}://{host}:{port}/fhir\n",
        "{scheme}://{host}:{port}/fhir\x00",
        "{host}:{port}/fhir",
        "//{host}:{port}/fhir",
        "{scheme}://{host}:{port}",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ],
)
def test_an_issuer_that_only_looks_like_ours_is_a_foreign_one(app, browser, trap, trick):
    address, seen = trap
    parts = urlsplit(app.server.ehr.fhir)
    iss = trick.format(
        scheme=parts.scheme, host=parts.hostname, port=parts.port, trap=urlsplit(address).netloc
    )
    answer = browser.get(f"{app.url}/launch?{urlencode({'iss': iss, 'launch': 'x' * 20})}")

    refused(answer, Reason.UNKNOWN_EHR)
    assert seen == []
    assert app.server.seen == []


@pytest.mark.parametrize(
    "query",
    ["", "launch=x", "iss=", "iss=&launch=x", "iss={fhir}", "iss={fhir}&launch=",
     "iss={fhir}&iss={fhir}&launch=x", "iss={fhir}&iss=http://elsewhere&launch=x",
     "iss={fhir}&launch=x&launch=y", "iss={fhir}&launch={long}", "ISS={fhir}&launch=x"],
)  # fmt: skip
def test_a_launch_must_be_said_completely_and_once(app, browser, query):
    asked = query.format(fhir=app.server.ehr.fhir, long="x" * 5000)
    answer = browser.get(f"{app.url}/launch?{asked}")

    refused(answer, Reason.INCOMPLETE)
    assert app.server.seen == []


@pytest.mark.parametrize("ehr", ["nobody", "Demo", "demo ", "../demo"])
def test_a_standalone_launch_is_for_an_ehr_of_the_list(app, browser, ehr):
    answer = browser.get(f"{app.url}/standalone?{urlencode({'ehr': ehr})}")

    refused(answer, Reason.NO_STANDALONE)
    assert app.server.seen == []


def test_a_standalone_launch_takes_no_address_from_outside(app, browser, trap):
    address, seen = trap
    answer = browser.get(f"{app.url}/standalone?{urlencode({'iss': address, 'ehr': address})}")

    refused(answer, Reason.NO_STANDALONE)
    assert seen == []


def test_a_standalone_launch_may_be_switched_off(tmp_path, browser):
    with smart_app(tmp_path, standalone=False) as app:
        refused(browser.get(f"{app.url}/standalone?ehr=demo"), Reason.NO_STANDALONE)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
@pytest.mark.parametrize("path", ["launch", "callback", "standalone"])
def test_other_methods_open_nothing(app, browser, method, path):
    back = app.at_callback(browser)
    there = {"callback": back, "launch": app.opened()}.get(path, f"{app.url}/{path}?ehr=demo")
    answer = browser.send(method, there)

    assert answer.status_code == 405
    assert "set-cookie" not in answer.headers
    # A method that is not answered costs nothing: the launch can still be finished.
    assert browser.follow(back, until=ENTERED).is_redirect


# Coming back with another state


@pytest.mark.parametrize(
    "state", ["made-up", "", "A" * 43, "A" * 44, "Ä" * 43, "A" * 5000, "A" * 42 + "\n"]
)
def test_an_unknown_state_is_refused(app, browser, state):
    back = changed(app.at_callback(browser), state=state)

    refused(browser.get(back), Reason.LAUNCH_UNKNOWN)
    assert "POST /token" not in app.server.seen
    nothing_was_read(app)


def test_a_missing_state_is_refused_with_a_code_or_an_error(app, browser):
    back = app.at_callback(browser)

    refused(browser.get(changed(back, state=None)), Reason.LAUNCH_UNKNOWN)
    refused(browser.get(f"{app.url}/callback?error=access_denied"), Reason.LAUNCH_UNKNOWN)
    refused(browser.get(f"{app.url}/callback"), Reason.LAUNCH_UNKNOWN)
    assert "POST /token" not in app.server.seen


def test_a_state_that_comes_twice_is_refused(app, browser):
    back = app.at_callback(browser)
    state = query_of(back)["state"]

    refused(browser.get(f"{back}&state={state}"), Reason.LAUNCH_UNKNOWN)
    assert "POST /token" not in app.server.seen


def test_a_replayed_callback_is_refused_and_does_not_end_the_launch_that_succeeded(app, browser):
    back = app.at_callback(browser)
    page = browser.follow(back, until=ENTERED).headers["location"]
    refused(browser.get(back), Reason.LAUNCH_UNKNOWN)

    assert app.server.seen.count("POST /token") == 1
    assert browser.get(page).status_code == 200


def test_a_state_ends_after_ten_minutes(app, browser):
    back = app.at_callback(browser)
    app.clock.forward(minutes=10)

    refused(browser.get(back), Reason.LAUNCH_EXPIRED)
    assert "POST /token" not in app.server.seen


def test_the_state_of_a_login_that_failed_is_spent_too(app, browser):
    back = app.at_callback(browser)
    refused(browser.get(changed(back, code="wrong-code")), Reason.TOKEN_REFUSED)

    refused(browser.get(back), Reason.LAUNCH_UNKNOWN)
    nothing_was_read(app)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_no_made_up_answer_opens_anything(app, browser, state, code):
    # Whatever is sent, only a state that was given out leads on; none of these was.
    back = f"{app.url}/callback?{urlencode({'state': state, 'code': code}, errors='replace')}"
    answer = browser.get(back)

    assert answer.status_code == Reason.LAUNCH_UNKNOWN.value.status
    assert Reason.LAUNCH_UNKNOWN.value.title in answer.text
    assert "set-cookie" not in answer.headers
    assert "POST /token" not in app.server.seen


# Coming back in another browser


def test_a_callback_without_the_cookie_of_its_beginning_is_refused(app, browser, other):
    # Session fixation: an attacker logs in and has somebody else finish.
    back = app.at_callback(browser)

    refused(other.get(back), Reason.OTHER_BROWSER)
    assert "POST /token" not in app.server.seen
    assert other.names("") == []
    nothing_was_read(app)


def test_a_callback_in_a_browser_with_a_login_of_its_own_is_refused(app, browser, other):
    back = app.at_callback(browser, "demo-01")
    app.at_callback(other, "demo-02")

    refused(other.get(back), Reason.OTHER_BROWSER)
    assert other.names(LAUNCH_COOKIE) == []
    assert "POST /token" not in app.server.seen


def test_a_cookie_of_the_right_name_needs_the_right_value(app, browser, other):
    back = app.at_callback(browser)
    [name] = browser.names(PENDING_COOKIE)
    host = urlsplit(app.url).netloc
    for value in ("", "guess", browser.cookies[host][name][:-1], "x" * 500):
        other.cookies[host] = {name: value}
        back = app.at_callback(browser) if value else back
        refused(other.get(back), Reason.OTHER_BROWSER)
        [name] = browser.names(PENDING_COOKIE)[-1:]
    assert "POST /token" not in app.server.seen


def test_a_login_that_somebody_else_tried_to_finish_cannot_be_finished_any_more(
    app, browser, other
):
    back = app.at_callback(browser)
    other.get(back)

    refused(browser.get(back), Reason.LAUNCH_UNKNOWN)


# Codes


def test_a_code_of_somebody_else_does_not_open_their_chart(app, browser, other):
    # Code injection: the stolen code comes back with the thief's own state.
    stolen = query_of(app.at_callback(other, "demo-02"))["code"]
    back = changed(app.at_callback(browser, "demo-01"), code=stolen)

    refused(browser.get(back), Reason.TOKEN_REFUSED)
    nothing_was_read(app)


def test_codes_of_two_launches_in_one_browser_cannot_be_exchanged(app, browser):
    one, two = app.at_callback(browser, "demo-01"), app.at_callback(browser, "demo-02")
    crossed = changed(one, code=query_of(two)["code"]), changed(two, code=query_of(one)["code"])

    for back in crossed:
        refused(browser.get(back), Reason.TOKEN_REFUSED)
    nothing_was_read(app)


def test_a_replayed_code_is_refused_and_the_ehr_takes_back_what_it_gave(app, browser):
    back = app.at_callback(browser)
    page = browser.follow(back, until=ENTERED).headers["location"]
    again = changed(app.at_callback(browser), code=query_of(back)["code"])

    refused(browser.get(again), Reason.TOKEN_REFUSED)
    # The EHR cannot tell thief from owner and ends both; so does the page.
    assert browser.get(page).status_code != 200
    assert browser.get(page).status_code == 403


def test_a_code_is_too_old_after_a_minute(app, browser):
    back = app.at_callback(browser)
    app.clock.forward(seconds=61)

    refused(browser.get(back), Reason.TOKEN_REFUSED)


@pytest.mark.parametrize(
    ("add", "change"), [("", {"code": None}), ("", {"code": ""}), ("&code=another", {})]
)
def test_a_code_must_be_there_once(app, browser, add, change):
    back = changed(app.at_callback(browser), **change) + add

    refused(browser.get(back), Reason.INCOMPLETE)
    assert "POST /token" not in app.server.seen


def test_a_code_beside_an_error_is_not_used(app, browser):
    refused(browser.get(app.at_callback(browser) + "&error=x"), Reason.EHR_REFUSED)
    assert "POST /token" not in app.server.seen


def test_an_answer_in_the_name_of_another_login_server_is_refused(app, browser):
    # Mix-up: a code of one EHR must not be taken to the token endpoint of another (RFC 9207).
    app.faults.authorize_reply = {"iss": "https://attacker.example"}
    refused(browser.get(app.at_callback(browser)), Reason.LAUNCH_UNKNOWN)
    assert "POST /token" not in app.server.seen

    app.faults.authorize_reply = {"iss": app.server.ehr.issuer}
    assert browser.get(app.enter(browser)).status_code == 200


# The authorization request is tampered with on its way


@pytest.mark.parametrize(
    "change",
    [
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"aud": "https://attacker.example/fhir"},
        {"launch": "made-up"},
        {"scope": "patient/Patient.r"},
        {"response_type": "token"},
        {"nonce": None},
    ],
)
def test_without_its_protections_the_ehr_sends_the_launch_back(app, browser, change):
    refused(tampered(app, browser, **change), Reason.EHR_REFUSED)
    assert "POST /token" not in app.server.seen
    nothing_was_read(app)


def test_a_challenge_that_was_exchanged_fits_no_verifier_of_ours(app, browser):
    refused(tampered(app, browser, code_challenge="A" * 43), Reason.TOKEN_REFUSED)
    nothing_was_read(app)


def test_a_nonce_that_was_exchanged_is_noticed_in_the_id_token(app, browser):
    refused(tampered(app, browser, nonce="attacker"), Reason.IDENTITY_UNPROVEN)
    nothing_was_read(app)


def test_a_scope_that_was_added_is_not_used(app, browser):
    leaving = browser.get(app.opened()).headers["location"]
    more = f"{query_of(leaving)['scope']} patient/RiskAssessment.cu patient/DocumentReference.rs"
    page = browser.follow(changed(leaving, scope=more), until=ENTERED).headers["location"]
    launch = app.launch_of(browser, page)

    assert not launch.may("RiskAssessment", "c")
    assert not launch.may("DocumentReference", "r")


@pytest.mark.parametrize(
    "redirect_uri", ["https://attacker.example/callback", "{app}/callback/", "{app}/launch"]
)
def test_a_redirect_address_that_was_exchanged_leaves_the_person_at_the_ehr(
    app, browser, redirect_uri
):
    answer = tampered(app, browser, redirect_uri=redirect_uri.format(app=app.url))

    assert answer.status_code == 400
    assert str(answer.url).startswith(app.server.base)
    assert [path for path in app.watched.seen if "callback" in path] == []


# The person says no


def test_denied_consent_is_a_page_that_says_so(app, browser):
    page = browser.follow(f"{app.url}/standalone?ehr=demo")
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)[1]
    denied = browser.send(
        "POST", f"{app.server.base}/decide", data={"ticket": ticket, "decision": "deny"}
    )

    refused(browser.get(denied.headers["location"]), Reason.DENIED)
    assert browser.names("") == []
    nothing_was_read(app)


@pytest.mark.parametrize(
    "error", ["access_denied", "server_error", "<script>alert(1)</script>", "x" * 3000]
)
def test_nothing_of_an_error_is_shown(app, browser, error):
    words = "<script>alert('injected')</script><img src=x onerror=alert(1)>"
    app.faults.authorize_error = (error, words)
    answer = browser.follow(app.opened())

    refused(answer, Reason.DENIED if error == "access_denied" else Reason.EHR_REFUSED)
    assert "alert(" not in answer.text
    assert "injected" not in answer.text


# After the login: another handle, another cookie, another time


def stopped(answer):
    """What the page behind the doors says to whoever brings no launch."""
    assert answer.status_code == 403
    assert answer.text == NOBODY


def test_a_copied_address_shows_nothing_without_its_cookie(app, browser, other):
    page = app.enter(browser)

    stopped(other.get(page))
    assert browser.get(page).status_code == 200


def test_the_cookie_of_another_launch_opens_nothing(app, browser, other):
    mine, yours = app.enter(browser, "demo-01"), app.enter(other, "demo-02")

    stopped(browser.get(yours))
    host, lid = urlsplit(app.url).netloc, query_of(yours)["lid"]
    [own] = browser.cookies[host].values()
    browser.cookies[host][LAUNCH_COOKIE + lid] = own
    stopped(browser.get(yours))
    assert "Example-Naive" in browser.get(mine).text


@pytest.mark.parametrize("lid", ["", "x", "A" * 12, "A" * 12 + "\n", "../../../etc", "A" * 5000])
def test_an_unknown_handle_opens_nothing(app, browser, lid):
    app.enter(browser)
    stopped(browser.get(f"{app.url}{PAGE}?{urlencode({'embed': 'true', 'lid': lid})}"))


def test_a_launch_ends_after_an_hour_without_use_and_after_eight_in_any_case(app, browser):
    idle, kept = app.enter(browser), app.enter(browser)
    for _ in range(8):
        app.clock.forward(minutes=59)
        assert browser.get(kept).status_code == 200
    stopped(browser.get(idle))
    app.clock.forward(minutes=10)

    stopped(browser.get(kept))


def test_after_logging_out_the_address_opens_nothing_even_with_the_old_cookie(app, browser):
    page = app.enter(browser)
    host = urlsplit(app.url).netloc
    before = dict(browser.cookies[host])
    lid = query_of(page)["lid"]
    browser.send("POST", f"{app.url}/logout?lid={lid}", headers={"origin": app.url})
    browser.cookies[host] = before

    stopped(browser.get(page))
    assert app.server.seen.count("POST /revoke") >= 1


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": "https://attacker.example"}, {"origin": "null"},
     {"origin": "null", "sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}],
)  # fmt: skip
def test_nobody_else_can_log_a_clinician_out(app, browser, headers):
    page = app.enter(browser)
    away = f"{app.url}/logout?lid={query_of(page)['lid']}"

    refused(browser.send("POST", away, headers=headers), Reason.FOREIGN_PAGE)
    assert browser.send("GET", away).status_code == 405
    assert browser.get(page).status_code == 200


def test_logging_out_with_a_copied_handle_ends_nothing(app, browser, other):
    page = app.enter(browser)
    answer = other.send(
        "POST", f"{app.url}/logout?lid={query_of(page)['lid']}", headers={"origin": app.url}
    )

    assert answer.status_code == 200
    assert browser.get(page).status_code == 200
