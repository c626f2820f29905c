"""An EHR that is broken, careless or hostile: each fault ends in a clear page, and nothing is read.

What somebody else may do to a launch is in test_smart_attacks.py.
"""

from __future__ import annotations

import asyncio

import pytest

from examples.demo_ehr import Answer
from fhir.errors import AccessEndedError, ServerError
from fhir.smart.refusals import Reason
from tests.demo_servers import until
from tests.smart_app import LAUNCH_COOKIE, NOBODY, PENDING_COOKIE, smart_app
from tests.smart_refusals import nothing_was_read, refused

GONE = None
FAR = 3.0


@pytest.fixture
def app(smart):
    """Fresh; and whatever happens, the log holds no code, state, token, handle or identifier."""
    return smart


def ends(app, browser, reason):
    """A launch that ends with this page, with no cookie left and no data asked for."""
    answer = browser.follow(app.opened())
    refused(answer, reason)
    assert browser.names(LAUNCH_COOKIE) == []
    nothing_was_read(app)


# Where the login is


@pytest.mark.parametrize(
    "configuration",
    [
        {"code_challenge_methods_supported": ["S512"]},
        {"code_challenge_methods_supported": []},
        {"code_challenge_methods_supported": GONE},
        {"code_challenge_methods_supported": "S256"},
        {"code_challenge_methods_supported": ["plain"]},
        {"code_challenge_methods_supported": ["S256", "plain"]},
        {"authorization_endpoint": GONE},
        {"authorization_endpoint": "/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "http://ehr.example.org/authorize"},
        {"authorization_endpoint": 5},
        {"token_endpoint": GONE},
        {"token_endpoint": "file:///etc/passwd"},
        {"jwks_uri": GONE},
    ],
    ids=str,
)
def test_a_login_that_is_not_safe_is_not_begun(app, browser, configuration):
    app.faults.discovery = configuration

    ends(app, browser, Reason.UNSAFE_EHR)
    assert browser.names(PENDING_COOKIE) == []
    assert "GET /authorize" not in app.server.seen


@pytest.mark.parametrize(
    "name",
    ["authorization_endpoint", "token_endpoint", "jwks_uri", "revocation_endpoint", "issuer"],
)
@pytest.mark.parametrize(
    "shape",
    ["{trap}/x", "http://localhost:{port}/x", "http://x@127.0.0.1:{port}/x", "{base}@{host}/x",
     "{base}\\@{host}/x", "https://127.0.0.1:{port}/x"],
)  # fmt: skip
def test_a_login_elsewhere_is_not_believed_and_not_asked(app, browser, trap, name, shape):
    address, seen = trap
    host = address.partition("//")[2]
    port = app.server.base.rpartition(":")[2]
    there = shape.format(trap=address, host=host, base=app.server.base, port=port)
    app.faults.discovery = {name: there}

    ends(app, browser, Reason.UNSAFE_EHR)
    assert seen == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500),
        Answer(404, "{}"),
        Answer(200, ""),
        Answer(200, "{"),
        Answer(200, "[]"),
        Answer(200, "null"),
        Answer(200, '{"token_endpoint": NaN}'),
        Answer(200, '{"issuer": "a", "issuer": "b"}'),
        Answer(200, "<html><script>alert(1)</script></html>", "text/html"),
        Answer(200, '{"x": "' + "x" * 300_000 + '"}'),
        Answer(200, "[" * 100_000),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:20]}",
)
def test_a_configuration_that_cannot_be_read_is_no_answer(app, browser, answer):
    app.faults.answers["discovery"] = answer

    ends(app, browser, Reason.UNREACHABLE)


def test_a_configuration_is_not_looked_for_elsewhere(app, browser, trap):
    address, seen = trap
    app.faults.answers["discovery"] = Answer(302, headers={"Location": f"{address}/smart"})

    ends(app, browser, Reason.UNREACHABLE)
    assert seen == []


def test_a_server_that_does_not_answer_is_not_waited_for(app, browser):
    app.faults.delays["discovery"] = FAR

    ends(app, browser, Reason.UNREACHABLE)


def test_an_ehr_that_is_away_is_unreachable(tmp_path, browser):
    with smart_app(tmp_path) as app:
        there = app.opened()
        app.server.stop()
        refused(browser.follow(there), Reason.UNREACHABLE)


# The answer to the code


def ends_after_the_login(app, browser, reason, *, taken_back=True):
    """As `ends`; where tokens had been given, the EHR is asked to take them back."""
    ends(app, browser, reason)
    assert browser.names("") == []
    assert ("POST /revoke" in app.server.seen) == taken_back


@pytest.mark.parametrize(
    "answer",
    [
        Answer(400, '{"error": "invalid_grant", "error_description": "<script>alert(1)</script>"}'),
        Answer(401, '{"error": "invalid_client"}'),
        Answer(403, ""),
        Answer(429, "", headers={"Retry-After": "1"}),
        Answer(500, "<html>stack trace of Example-Naive</html>", "text/html"),
        Answer(204),
    ],
    ids=lambda answer: str(answer.status),
)
def test_a_refused_code_is_not_tried_again(app, browser, answer):
    app.faults.answers["token"] = answer

    ends_after_the_login(app, browser, Reason.TOKEN_REFUSED, taken_back=False)
    assert app.server.seen.count("POST /token") == 1


def test_a_token_endpoint_that_sends_elsewhere_is_not_followed(app, browser, trap):
    address, seen = trap
    for status in (302, 307, 308):
        app.faults.answers["token"] = Answer(status, headers={"Location": f"{address}/token"})
        ends_after_the_login(app, browser, Reason.TOKEN_REFUSED, taken_back=False)
    assert seen == []


def test_a_token_endpoint_that_does_not_answer_ends_the_launch(app, browser):
    app.faults.delays["token"] = FAR

    ends_after_the_login(app, browser, Reason.TOKEN_REFUSED, taken_back=False)
    assert app.server.seen.count("POST /token") == 1


@pytest.mark.parametrize(
    "body", ["", "[]", "{", "<html>signed in</html>", '{"token_type":"Bearer"}', "null"]
)
def test_an_answer_that_cannot_be_read_is_not_used(app, browser, body):
    app.faults.answers["token"] = Answer(200, body)

    ends_after_the_login(app, browser, Reason.ANSWER_UNUSABLE, taken_back=False)


@pytest.mark.parametrize(
    "members",
    [
        {"token_type": "DPoP"},
        {"token_type": "mac"},
        {"token_type": GONE},
        {"token_type": ["Bearer"]},
        {"access_token": GONE},
        {"access_token": ""},
        {"access_token": 5},
        {"access_token": "two\r\nX-Injected: lines"},
        {"access_token": "x" * 9000},
        {"expires_in": "soon"},
        {"expires_in": -1},
        {"expires_in": 0},
        {"expires_in": True},
        {"refresh_token": {"a": 1}},
    ],
    ids=str,
)
def test_tokens_of_another_kind_are_not_used(app, browser, members):
    app.faults.token = members
    answer = browser.follow(app.opened())

    refused(answer, Reason.ANSWER_UNUSABLE)
    assert browser.names("") == []
    nothing_was_read(app)


def test_the_ehr_says_what_it_granted_or_nothing_is_taken_for_granted(app, browser):
    app.faults.token = {"scope": GONE}
    ends_after_the_login(app, browser, Reason.ANSWER_UNUSABLE)


# Whose chart


@pytest.mark.parametrize("patient", [GONE, ""])
def test_without_a_patient_there_is_nothing_to_show(app, browser, patient):
    app.faults.token = {"patient": patient}
    ends_after_the_login(app, browser, Reason.NO_PATIENT)


@pytest.mark.parametrize(
    "patient",
    ["../Patient/demo-02", "demo-01/../demo-02", "Patient/demo-01", "demo 01", "demo_01", "x" * 65,
     "demo-01\n", "dem\u043e-01", "<script>", "demo-01?x=1", "demo-01#", "%64emo-01", 5, True,
     ["demo-01"], {"reference": "Patient/demo-01"}],
    ids=str,
)  # fmt: skip
def test_a_patient_id_that_fhir_does_not_know_is_never_part_of_an_address(app, browser, patient):
    app.faults.token = {"patient": patient}
    ends_after_the_login(app, browser, Reason.ANSWER_UNUSABLE)


@pytest.mark.parametrize("encounter", ["../x", 7, ["visit"]])
def test_so_is_an_encounter(app, browser, encounter):
    app.faults.token = {"encounter": encounter}
    ends_after_the_login(app, browser, Reason.ANSWER_UNUSABLE)


def test_another_patient_than_the_tokens_own_shows_nothing_of_either(app, browser):
    app.faults.token = {"patient": "demo-02"}
    page = browser.get(app.enter(browser, "demo-01"))

    assert page.status_code == 502
    assert "Example-" not in page.text


# What was granted


@pytest.mark.parametrize("scope", ["patient/Patient.r", "openid"])
def test_without_person_or_user_the_launch_does_not_begin(app, browser, scope):
    app.faults.withheld = frozenset({scope})
    ends_after_the_login(app, browser, Reason.NOT_PERMITTED)


@pytest.mark.parametrize(
    ("scope", "kind", "words"),
    [
        ("patient/Observation.rs", "Observation", "laboratory results"),
        ("patient/Condition.rs", "Condition", "diagnoses"),
        ("patient/MedicationRequest.rs", "MedicationRequest", "prescriptions"),
    ],
)
def test_a_narrowed_scope_is_told_and_never_asked_for_later(app, browser, scope, kind, words):
    app.faults.withheld = frozenset({scope})
    launch = app.launch_of(browser, app.enter(browser))
    client = app.client_of(launch)
    app.server.seen.clear()
    with pytest.raises(ServerError) as error:
        app.loop.run(client.search(kind, [("patient", launch.patient_id)]))

    assert error.value.status == 403
    assert any(words in notice and "not permit" in notice for notice in launch.notices)
    assert app.server.seen == []


def test_without_fhir_user_the_login_itself_is_named(app, browser):
    app.faults.withheld = frozenset({"fhirUser"})
    launch = app.launch_of(browser, app.enter(browser))

    assert launch.agent == "demo: login demo-rheumatologist"
    assert any("practitioner" in notice for notice in launch.notices)


def test_without_leave_to_stay_the_launch_ends_with_its_token(app, browser):
    app.faults.withheld = frozenset({"online_access"})
    page = app.enter(browser)
    assert any("short time" in notice for notice in app.launch_of(browser, page).notices)
    app.clock.forward(minutes=5)

    assert browser.get(page).status_code == 502
    assert browser.get(page).status_code == 403


# Who has logged in


HOUR = 3600


@pytest.mark.parametrize(
    ("claims", "header", "signature"),
    [
        ({"exp": 1}, {}, "proper"),
        ({"exp": GONE}, {}, "proper"),
        ({"exp": "tomorrow"}, {}, "proper"),
        ({"iat": GONE}, {}, "proper"),
        ({"iat": 4_000_000_000, "exp": 4_000_003_600}, {}, "proper"),
        ({"aud": "another-app"}, {}, "proper"),
        ({"aud": ["another-app", "and-another"]}, {}, "proper"),
        ({"aud": ["app-public", "another-app"]}, {}, "proper"),
        ({"aud": GONE}, {}, "proper"),
        ({"aud": []}, {}, "proper"),
        ({"azp": "another-app"}, {}, "proper"),
        ({"iss": "https://attacker.example"}, {}, "proper"),
        ({"iss": GONE}, {}, "proper"),
        ({"nonce": "another"}, {}, "proper"),
        ({"nonce": GONE}, {}, "proper"),
        ({"nonce": 5}, {}, "proper"),
        ({"sub": GONE}, {}, "proper"),
        ({"sub": "x" * 300}, {}, "proper"),
        ({"fhirUser": "https://attacker.example/fhir/Practitioner/1"}, {}, "proper"),
        ({"fhirUser": "Practitioner/../Patient/1"}, {}, "proper"),
        ({"fhirUser": "practitioner one"}, {}, "proper"),
        ({"fhirUser": 7}, {}, "proper"),
        ({}, {}, "none"),
        ({}, {}, "stripped"),
        ({}, {}, "public key as secret"),
        ({}, {}, "foreign key"),
        ({}, {"kid": "unknown"}, "proper"),
        ({}, {"kid": ""}, "proper"),
        ({}, {"kid": "../../etc/passwd"}, "foreign key"),
    ],
    ids=str,
)
def test_an_identity_that_is_not_proven_opens_nothing(app, browser, claims, header, signature):
    app.faults.claims, app.faults.header, app.faults.signature = claims, header, signature

    ends_after_the_login(app, browser, Reason.IDENTITY_UNPROVEN)


def test_an_id_token_that_just_expired_is_refused_once_clocks_cannot_explain_it(app, browser):
    now = int(app.clock().timestamp())
    app.faults.claims = {"iat": now - 600, "exp": now - 61}
    ends(app, browser, Reason.IDENTITY_UNPROVEN)

    app.faults.claims = {"iat": now - 600, "exp": now - 30}
    assert browser.get(app.enter(browser)).status_code == 200


@pytest.mark.parametrize("token", [GONE, "", "x", "a.b.c", "e30.e30.", "ä.ä.ä", 5, "x" * 20_000])
def test_what_is_no_id_token_opens_nothing(app, browser, token):
    app.faults.token = {"id_token": token}

    ends_after_the_login(app, browser, Reason.IDENTITY_UNPROVEN)


@pytest.mark.parametrize("user", ["Patient/demo-01", "RelatedPerson/1"])
def test_the_app_is_for_professionals(app, browser, user):
    app.faults.claims = {"fhirUser": user}
    ends_after_the_login(app, browser, Reason.NOT_A_PROFESSIONAL)


@pytest.mark.parametrize(
    "answer",
    [Answer(500), Answer(200, "{}"), Answer(200, '{"keys": []}'), Answer(200, "<html>"),
     Answer(200, '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}')],
    ids=lambda answer: f"{answer.status} {answer.body}",
)  # fmt: skip
def test_without_the_ehrs_keys_nobody_is_known(app, browser, answer):
    app.faults.answers["jwks"] = answer
    ends_after_the_login(app, browser, Reason.IDENTITY_UNPROVEN)


def test_tokens_of_a_launch_that_failed_open_nothing_afterwards(app, browser):
    app.faults.claims = {"nonce": "another"}
    seen = []
    before, app.server.ehr.grants.tokens = app.server.ehr.grants.tokens, None

    def noted(grant, **options):
        seen.append(before(grant, **options))
        return seen[-1]

    app.server.ehr.grants.tokens = noted
    try:
        ends(app, browser, Reason.IDENTITY_UNPROVEN)
    finally:
        app.server.ehr.grants.tokens = before
    [(access, _)] = seen
    assert app.server.ehr.grants.access(access) is None


def test_an_ehr_that_takes_no_tokens_back_still_ends_in_the_same_page(app, browser):
    app.faults.claims = {"aud": "another-app"}
    app.faults.answers["revoke"] = Answer(500, "no")
    ends(app, browser, Reason.IDENTITY_UNPROVEN)


# Staying


def later(app, browser, patient="demo-01"):
    """A launch whose token has ended, so that the next request has to renew it."""
    page = app.enter(browser, patient)
    app.clock.forward(minutes=5)
    return page, app.launch_of(browser, page)


def over(app, browser, page):
    """The launch has ended: a page without data now, and no way in afterwards."""
    first = browser.get(page)
    assert first.status_code == 502
    assert "Access to the record has ended." in first.text
    assert "Example-" not in first.text
    second = browser.get(page)
    assert (second.status_code, second.text) == (403, NOBODY)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(400, '{"error": "invalid_grant"}'),
        Answer(401, "{}"),
        Answer(200, "<html>"),
        Answer(200, '{"access_token": "x", "token_type": "mac"}'),
        Answer(302, headers={"Location": "http://127.0.0.1:9/"}),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:20]}",
)
def test_a_refused_refresh_ends_the_launch(app, browser, answer):
    page, _ = later(app, browser)
    app.faults.answers["refresh"] = answer

    over(app, browser, page)


def test_a_refresh_for_another_patient_ends_the_launch(app, browser):
    page, _ = later(app, browser)
    app.faults.refresh = {"patient": "demo-02"}

    over(app, browser, page)


def test_a_refresh_never_widens_what_may_be_done(app, browser):
    page, launch = later(app, browser)
    more = "patient/*.cruds openid patient/Patient.r patient/Observation.rs"
    app.faults.refresh = {"scope": more}

    assert browser.get(page).status_code == 200
    assert not launch.may("RiskAssessment", "c")
    assert not launch.may("Observation", "c")


def test_a_refresh_that_narrows_is_kept_to(app, browser):
    page, launch = later(app, browser)
    app.faults.refresh = {"scope": "openid patient/Patient.r"}

    browser.get(page)  # renews under way; what the server still answers to it, it permits
    answer = browser.get(page)
    assert answer.text.startswith("Nora Example-Naive: 0 results, missing: ")
    assert "prescriptions" in answer.text
    assert launch.may("Patient", "r")
    assert not launch.may("Observation", "s")


def test_a_refresh_that_loses_the_patient_ends_the_launch(app, browser):
    page, _ = later(app, browser)
    app.faults.refresh = {"scope": "openid patient/Observation.rs"}

    over(app, browser, page)


def test_a_login_server_that_is_busy_may_be_asked_again(app, browser):
    page, _ = later(app, browser)
    app.faults.answers["refresh"] = Answer(503)
    assert browser.get(page).status_code == 502
    app.faults.reset()

    assert browser.get(page).status_code == 200


def test_a_refresh_without_an_answer_is_not_repeated(app, browser):
    # It may have been used; a second use would look like theft and end the person's other work.
    page, _ = later(app, browser)
    app.faults.delays["refresh"] = FAR
    over(app, browser, page)

    assert app.server.seen.count("POST /token") == 2


def test_a_token_that_the_ehr_ended_is_renewed_once_and_else_the_launch_ends(app, browser):
    page = app.enter(browser)
    launch = app.launch_of(browser, page)
    header = app.loop.run(launch.access.authorization())
    app.server.ehr.grants.revoke(header.removeprefix("Bearer "), app.client)

    over(app, browser, page)
    with pytest.raises(AccessEndedError):
        app.loop.run(launch.access.authorization())


def test_many_requests_at_once_renew_a_token_once(app, browser):
    _, launch = later(app, browser)

    async def several():
        return await asyncio.gather(*(launch.access.authorization() for _ in range(20)))

    assert len(set(app.loop.run(several()))) == 1
    assert app.server.seen.count("POST /token") == 2
    assert until(lambda: not launch.access.ended)


# The chart itself


def test_a_chart_that_leaks_another_patient_shows_nothing(app, browser):
    page = app.enter(browser)
    app.faults.leaks = "demo-02"
    answer = browser.get(page)

    assert answer.status_code == 502
    assert "Example-" not in answer.text


def test_a_chart_that_does_not_hear_for_whom_it_was_asked_shows_no_data(app, browser):
    page = app.enter(browser)
    app.faults.deaf_to = frozenset({"patient"})
    app.faults.leaks = "demo-02"

    assert browser.get(page).text.startswith("Nora Example-Naive: 0 results, missing: ")


@pytest.mark.parametrize(
    "answer",
    [Answer(500, "Example-Mono"), Answer(200, "<html>Example-Mono</html>", "text/html"),
     Answer(200, '{"resourceType":"Patient","id":"demo-02","name":[{"family":"Example-Mono"}]}')],
    ids=lambda answer: f"{answer.status} {answer.body[:12]}",
)  # fmt: skip
def test_a_chart_that_answers_something_else_shows_nothing_of_it(app, browser, answer):
    page = app.enter(browser)
    app.faults.answers["fhir"] = answer
    shown = browser.get(page)

    assert shown.status_code == 502
    assert "Example-" not in shown.text


def test_every_reason_has_words_of_its_own():
    titles = [reason.value.title for reason in Reason]

    assert len(set(titles)) == len(titles)
    assert all(r.value.detail and r.value.remedy and 400 <= r.value.status < 600 for r in Reason)
