"""The doors: a launch that succeeds, and launches that end in a clear page without any data."""

from __future__ import annotations

import base64
import logging
import re
from html import unescape
from urllib.parse import urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from decision.clinical.errors import DecisionSupportError
from fhir.smart.keys import KeySets
from fhir.smart.launches import LAUNCH_COOKIE
from fhir.smart.pending import PENDING_COOKIE
from fhir.smart.refusals import Reason
from fhir.smart.routes import PAGE, smart_routes
from fhir.smart.tenant import Client, ClientMethod, ScopeVersion
from tests.smart_world import (
    APP,
    ISSUER,
    KINDS,
    NOW,
    PATIENT,
    PORTAL,
    RSA_KEY,
    World,
    challenge_of,
    configuration,
    form_of,
    lid_of,
    private_file,
    running_loop,
    sign,
    tenant,
    unsigned,
)


@pytest.fixture(scope="module")
def loop():
    with running_loop() as running:
        yield running


@pytest.fixture
def world(loop) -> World:
    return World(loop)


def stopped(response: httpx2.Response, reason: Reason) -> None:
    """A clear page, framed by known EHRs only, with nothing of anybody in it or beside it."""
    page = unescape(response.text)
    assert response.status_code == reason.value.status, page
    assert f"<h1>{reason.value.title}</h1>" in page
    assert reason.value.remedy in page
    assert "location" not in response.headers
    given = [c for c in response.headers.get_list("set-cookie") if "Max-Age=0" not in c]
    assert given == []
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert "<script" not in page
    assert "src=" not in page
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert f"frame-ancestors {PORTAL}" in policy


def refused(world: World, reason: Reason, **given: str) -> None:
    """The launch left well, and coming back ends at the door."""
    browser = world.browser()
    world.leave(browser)
    stopped(world.come_back(browser, **given), reason)
    assert not [name for name in browser.cookies if name.startswith("__Host-")]


# The launch that succeeds


def test_the_ehr_launch_asks_for_what_it_needs_and_no_more(world):
    asked = world.leave(world.browser())
    assert set(asked) == {
        *("response_type", "client_id", "redirect_uri", "scope", "state", "aud", "launch"),
        *("code_challenge", "code_challenge_method", "nonce"),
    }
    assert asked["response_type"] == "code"
    assert asked["client_id"] == "our-app"
    assert asked["redirect_uri"] == f"{APP}/callback"
    assert asked["aud"] == ISSUER
    assert asked["launch"] == "xyz"
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"] == (
        "launch openid fhirUser online_access patient/Patient.r patient/Condition.rs "
        "patient/MedicationRequest.rs patient/Observation.rs patient/Medication.r "
        "patient/RiskAssessment.c"
    )
    # 43 characters of base64url carry 256 bits; the specification asks for 122.
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert all(re.fullmatch(r"[\w-]{43}", asked[k]) for k in ("state", "nonce", "code_challenge"))


def test_a_launch_that_succeeds_leads_to_the_page_with_its_own_cookie(world):
    browser = world.browser()
    handle, response = world.whole(browser)
    place = urlsplit(response.headers["location"])
    assert f"{place.scheme}://{place.netloc}{place.path}" == APP + PAGE
    assert place.query == f"embed=true&lid={handle}"
    assert re.fullmatch(r"[\w-]{12}", handle)
    found = world.launches.find(handle, browser.cookies)
    assert found is not None
    assert found.patient_id == PATIENT
    assert found.encounter == "enc-1"
    assert found.fhir_user == "Practitioner/doc-1"
    assert found.agent == "north: Practitioner/doc-1"
    assert found.need_patient_banner is False
    assert found.notices == ()
    assert found.opened == NOW
    assert found.access.base == ISSUER
    assert found.may("Observation", "s")
    assert found.may("RiskAssessment", "c")
    assert not found.may("DocumentReference", "c")
    assert world.loop.run(found.access.authorization()) == "Bearer access-1"


@pytest.mark.parametrize("prefix", [PENDING_COOKIE, LAUNCH_COOKIE])
def test_every_cookie_survives_a_foreign_frame_and_nothing_else(world, prefix):
    browser = world.browser()
    left = browser.get("/launch", params={"iss": ISSUER, "launch": "xyz"})
    world.went(left)
    back = world.come_back(browser)
    cookies = [
        c
        for r in (left, back)
        for c in r.headers.get_list("set-cookie")
        if c.startswith(prefix) and "Max-Age=0" not in c
    ]
    assert len(cookies) == 1
    assert re.fullmatch(
        re.escape(prefix) + r"[\w-]{12}=[\w-]{43}; Max-Age=[0-9]+; "
        r"Path=/; HttpOnly; Secure; SameSite=None; Partitioned",
        cookies[0],
    )


def test_the_pre_launch_cookie_is_taken_back_at_the_callback(world):
    browser = world.browser()
    world.leave(browser)
    assert [c[:9] for c in browser.cookies] == [PENDING_COOKIE]
    world.come_back(browser)
    assert [c[:9] for c in browser.cookies] == [LAUNCH_COOKIE]


def test_the_code_is_traded_with_the_verifier_of_this_launch(world):
    browser = world.browser()
    asked = world.leave(browser)
    world.come_back(browser)
    form = form_of(world.ehr.asked_for("/token")[0])
    assert form["grant_type"] == "authorization_code"
    assert form["code"] == "code-1"
    assert form["redirect_uri"] == asked["redirect_uri"]
    assert form["client_id"] == "our-app"
    assert re.fullmatch(r"[\w.~-]{43,128}", form["code_verifier"])
    assert challenge_of(form["code_verifier"]) == asked["code_challenge"]


def test_a_standalone_launch_asks_the_ehr_for_the_patient(world):
    browser = world.browser()
    asked = world.went(browser.get("/standalone", params={"ehr": "north"}))
    assert "launch" not in asked
    scope = asked["scope"].split()
    assert "launch/patient" in scope
    assert "offline_access" in scope
    assert "launch" not in scope
    assert world.come_back(browser).status_code == 303


def test_without_a_name_the_standalone_launch_offers_what_is_configured(loop):
    world = World(
        loop, tenant(name="North <&> Hospital"), tenant(id="south", issuer="https://s.test")
    )
    page = world.browser().get("/standalone")
    assert page.status_code == 200
    assert f'<a href="{APP}/standalone?ehr=north">North &lt;&amp;&gt; Hospital</a>' in page.text
    assert "ehr=south" in page.text


def test_two_launches_of_one_browser_stay_two(world):
    browser = world.browser()
    first, _ = world.whole(browser)
    world.ehr.token = {"patient": "pat-2"}
    second, _ = world.whole(browser)
    assert first != second
    assert world.launches.find(first, browser.cookies).patient_id == PATIENT
    assert world.launches.find(second, browser.cookies).patient_id == "pat-2"


def test_two_logins_of_one_browser_may_overlap(world):
    browser = world.browser()
    first = dict(world.leave(browser))
    second = dict(world.leave(browser))
    for asked, patient in ((second, "pat-2"), (first, "pat-1")):
        world.ehr.asked, world.ehr.token = asked, {"patient": patient}
        handle = lid_of(world.come_back(browser))
        assert world.launches.find(handle, browser.cookies).patient_id == patient


def test_a_trailing_slash_of_the_issuer_makes_no_difference(world):
    assert world.leave(world.browser(), iss=ISSUER + "/")["aud"] == ISSUER


def test_an_authorize_address_with_a_query_keeps_it(world):
    world.ehr.configuration = configuration(authorization_endpoint="https://ehr.test/a?realm=x")
    assert world.leave(world.browser())["realm"] == "x"


def test_a_server_of_the_first_version_is_asked_in_its_spelling(loop):
    world = World(loop, tenant(scope_version=ScopeVersion.V1))
    browser = world.browser()
    assert "patient/Observation.read" in world.leave(browser)["scope"].split()
    handle = lid_of(world.come_back(browser))
    assert world.launches.find(handle, browser.cookies).may("Observation", "s")


@pytest.mark.parametrize(
    ("intent", "page"), [("show-data", "data"), ("something else", ""), (7, ""), (None, "")]
)
def test_the_intent_chooses_a_configured_page_only(world, intent, page):
    world.ehr.token = {"intent": intent}
    browser = world.browser()
    handle, _ = world.whole(browser)
    assert world.launches.find(handle, browser.cookies).page == page


@pytest.mark.parametrize("banner", [True, None, "false", 0])
def test_the_banner_is_left_out_only_where_the_ehr_says_so(world, banner):
    world.ehr.token = {"need_patient_banner": banner}
    browser = world.browser()
    handle, _ = world.whole(browser)
    assert world.launches.find(handle, browser.cookies).need_patient_banner is True


# How the app proves itself


def test_a_confidential_client_sends_its_secret_in_the_header_only(loop, tmp_path):
    file = private_file(tmp_path / "secret", "s3cret:with/odd%signs\n")
    client = Client(id="our app", method=ClientMethod.SECRET, file=file)
    world = World(loop, tenant(client=client))
    world.ehr.claims = {"aud": "our app"}
    world.whole(world.browser())
    request = world.ehr.asked_for("/token")[0]
    scheme, _, value = request.headers["authorization"].partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(value) == b"our+app:s3cret%3Awith%2Fodd%25signs"
    assert "client_id" not in form_of(request)
    assert "s3cret" not in request.content.decode()


@pytest.mark.parametrize("kind", ["RS384", "ES384"])
def test_a_key_client_signs_a_short_assertion_for_this_token_endpoint(loop, tmp_path, kind):
    key = RSA_KEY if kind == "RS384" else ECKey.generate_key("P-384", {"kid": "ours"})
    file = private_file(tmp_path / "key.pem", key.as_pem(private=True))
    client = Client(id="our-app", method=ClientMethod.KEY, file=file, key_id="ours")
    world = World(loop, tenant(client=client))
    browser = world.browser()
    world.whole(browser)
    world.whole(browser)
    forms = [form_of(request) for request in world.ehr.asked_for("/token")]
    tokens = [jwt.decode(f["client_assertion"], key, algorithms=[kind]) for f in forms]
    for form, token in zip(forms, tokens, strict=True):
        assert form["client_assertion_type"].endswith(":jwt-bearer")
        assert token.header == {"alg": kind, "kid": "ours", "typ": "JWT"}
        assert token.claims["iss"] == token.claims["sub"] == "our-app"
        assert token.claims["aud"] == "https://ehr.test/token"
        assert 0 < token.claims["exp"] - NOW.timestamp() <= 300
    assert tokens[0].claims["jti"] != tokens[1].claims["jti"]
    published = browser.get("/.well-known/jwks.json").json()["keys"]
    assert [k["kid"] for k in published] == ["ours"]
    assert "d" not in published[0]


def test_a_secret_that_became_readable_for_others_is_not_used(loop, tmp_path):
    file = private_file(tmp_path / "secret", "a-long-secret")
    client = Client(id="our-app", method=ClientMethod.SECRET, file=file)
    world = World(loop, tenant(client=client))
    browser = world.browser()
    world.leave(browser)
    file.chmod(0o644)
    stopped(world.come_back(browser), Reason.MISCONFIGURED)
    assert world.ehr.asked_for("/token") == []


# Before leaving


@pytest.mark.parametrize(
    "issuer",
    [
        "https://evil.test/fhir",
        "https://ehr.test/fhir/../fhir",
        "https://ehr.test/fhir//",
        "https://ehr.test/FHIR",
        "http://ehr.test/fhir",
        "https://ehr.test/fhir?x=1",
        "https://ehr.test:443/fhir",
        "https://ehr.test",
        " https://ehr.test/fhir",
        "<script>alert(1)</script>",
    ],
)
def test_a_foreign_issuer_is_refused_and_nobody_is_asked(world, issuer):
    response = world.browser().get("/launch", params={"iss": issuer, "launch": "xyz"})
    stopped(response, Reason.UNKNOWN_EHR)
    assert issuer not in response.text
    assert world.ehr.requests == []


@pytest.mark.parametrize(
    "query",
    ["", "iss={i}", "launch=x", "iss={i}&launch=", "iss={i}&iss={i}&launch=x",
     "iss={i}&launch=x&launch=y", "iss={i}&launch=" + "x" * 5000],
)  # fmt: skip
def test_a_launch_that_says_too_little_or_twice_is_refused(world, query):
    stopped(world.browser().get("/launch?" + query.format(i=ISSUER)), Reason.INCOMPLETE)
    assert world.ehr.requests == []


@pytest.mark.parametrize("ehr", ["south", "unknown", "<b>"])
def test_only_configured_ehrs_have_a_standalone_launch(loop, ehr):
    world = World(loop, tenant(), tenant(id="south", issuer="https://s.test", standalone=False))
    response = world.browser().get("/standalone", params={"ehr": ehr})
    stopped(response, Reason.NO_STANDALONE)
    assert world.ehr.requests == []


@pytest.mark.parametrize("configured", ["not json", "[]", '{"a": 1, "a": 2}', '{"a": NaN}'])
def test_a_configuration_that_cannot_be_read_ends_the_launch(world, configured):
    world.ehr.configuration = configured
    response = world.browser().get("/launch", params={"iss": ISSUER, "launch": "x"})
    stopped(response, Reason.UNREACHABLE)


def test_an_ehr_that_does_not_answer_ends_the_launch(world):
    world.ehr.fails["/fhir/.well-known/smart-configuration"] = httpx2.ConnectError("down")
    response = world.browser().get("/launch", params={"iss": ISSUER, "launch": "x"})
    stopped(response, Reason.UNREACHABLE)


def test_an_unsafe_login_is_never_begun(world):
    world.ehr.configuration = configuration(code_challenge_methods_supported=["plain", "S256"])
    response = world.browser().get("/launch", params={"iss": ISSUER, "launch": "x"})
    stopped(response, Reason.UNSAFE_EHR)


# Coming back


@pytest.mark.parametrize("state", ["", "x", "A" * 43, "\x00" * 43])
def test_an_unknown_state_is_refused(world, state):
    browser = world.browser()
    world.leave(browser)
    stopped(world.come_back(browser, state=state), Reason.LAUNCH_UNKNOWN)
    assert world.ehr.asked_for("/token") == []


def test_no_state_or_two_are_refused(world):
    browser = world.browser()
    state = world.leave(browser)["state"]
    stopped(browser.get("/callback?code=c"), Reason.LAUNCH_UNKNOWN)
    twice = browser.get(f"/callback?code=c&state={state}&state={state}")
    stopped(twice, Reason.LAUNCH_UNKNOWN)


def test_a_state_is_used_once(world):
    browser = world.browser()
    world.whole(browser)
    stopped(world.come_back(browser), Reason.LAUNCH_UNKNOWN)
    assert len(world.ehr.asked_for("/token")) == 1


def test_a_state_lives_for_ten_minutes(world):
    browser = world.browser()
    world.leave(browser)
    world.clock.forward(minutes=10)
    stopped(world.come_back(browser), Reason.LAUNCH_EXPIRED)
    assert world.ehr.asked_for("/token") == []


def test_a_login_begun_in_another_browser_cannot_be_finished_here(world):
    world.leave(world.browser())
    victim = world.browser()
    stopped(world.come_back(victim), Reason.OTHER_BROWSER)
    assert world.ehr.asked_for("/token") == []


def test_another_logins_cookie_does_not_help(world):
    mine, theirs = world.browser(), world.browser()
    theirs_asked = dict(world.leave(theirs))
    world.leave(mine)
    name = next(iter(theirs.cookies))
    mine.cookies.set(name, next(iter(mine.cookies.values())), domain="app.test")
    world.ehr.asked = theirs_asked
    stopped(world.come_back(mine), Reason.OTHER_BROWSER)


def test_after_a_wrong_browser_the_right_one_is_too_late(world):
    browser = world.browser()
    world.leave(browser)
    world.come_back(world.browser())
    stopped(world.come_back(browser), Reason.LAUNCH_UNKNOWN)


@pytest.mark.parametrize(
    ("error", "reason"),
    [("access_denied", Reason.DENIED), ("server_error", Reason.EHR_REFUSED),
     ("<script>", Reason.EHR_REFUSED), ("", Reason.EHR_REFUSED)],
)  # fmt: skip
def test_a_refusal_of_the_ehr_is_said_and_not_echoed(world, error, reason):
    browser = world.browser()
    world.leave(browser)
    response = world.come_back(browser, error=error, error_description="Jane Doe said no")
    stopped(response, reason)
    assert "Jane" not in response.text
    assert world.ehr.asked_for("/token") == []


def test_a_missing_code_ends_the_launch(world):
    browser = world.browser()
    state = world.leave(browser)["state"]
    stopped(browser.get("/callback", params={"state": state}), Reason.INCOMPLETE)


def test_another_login_servers_answer_is_refused(world):
    refused(world, Reason.LAUNCH_UNKNOWN, iss="https://evil.test")


def test_a_login_server_may_name_itself(world):
    browser = world.browser()
    world.leave(browser)
    assert world.come_back(browser, iss=ISSUER).status_code == 303


# The token answer


@pytest.mark.parametrize("status", [400, 401, 302, 500])
def test_a_refused_code_ends_the_launch(world, status):
    world.ehr.token_status = status
    refused(world, Reason.TOKEN_REFUSED)


@pytest.mark.parametrize("error", [httpx2.ConnectError("x"), httpx2.ReadTimeout("x")])
def test_a_token_endpoint_that_does_not_answer_ends_the_launch(world, error):
    world.ehr.fails["/token"] = error
    refused(world, Reason.TOKEN_REFUSED)
    assert len(world.ehr.asked_for("/token")) == 1  # a code is never sent twice


@pytest.mark.parametrize(
    "changes",
    [
        {"token_type": None}, {"token_type": "mac"}, {"token_type": 1},
        {"access_token": None}, {"access_token": ""}, {"access_token": "a b"},
        {"access_token": "a\r\nX: y"}, {"access_token": ["a"]},
        {"refresh_token": "a b"}, {"expires_in": 0}, {"expires_in": -5},
        {"expires_in": True}, {"expires_in": "soon"}, {"scope": None}, {"scope": 7},
        {"patient": "../Patient"}, {"patient": 7}, {"patient": "p" * 65},
        {"encounter": "a/b"},
    ],
)  # fmt: skip
def test_a_token_answer_that_is_not_whole_ends_the_launch(world, changes):
    world.ehr.token = changes
    refused(world, Reason.ANSWER_UNUSABLE)


@pytest.mark.parametrize("patient", [None, ""])
def test_no_patient_no_launch(world, patient):
    world.ehr.token = {"patient": patient}
    refused(world, Reason.NO_PATIENT)


@pytest.mark.parametrize(
    "scope",
    ["openid fhirUser launch patient/Observation.rs",
     "fhirUser launch patient/Patient.r patient/Observation.rs",
     "openid user/Patient.r user/Observation.rs",
     "openid system/*.cruds", "openid patient/Patient.s", "openid patient/Patient.sr", ""],
)  # fmt: skip
def test_without_the_patient_or_the_login_nothing_begins(world, scope):
    world.ehr.token = {"scope": scope}
    refused(world, Reason.NOT_PERMITTED)


def test_narrowed_scopes_switch_off_and_are_said(world):
    world.ehr.token = {"scope": "openid fhirUser patient/Patient.r patient/Observation.rs?x=y"}
    browser = world.browser()
    handle, _ = world.whole(browser)
    found = world.launches.find(handle, browser.cookies)
    assert found.may("Observation", "s")
    assert not found.may("Condition", "s")
    assert not found.may("RiskAssessment", "c")
    assert found.notices == (
        "The chart did not permit reading diagnoses; they are missing here.",
        "The chart did not permit reading prescriptions; they are missing here.",
        "The chart permitted reading only a part of laboratory results and scores.",
        "The chart did not permit writing the estimate back to it.",
        "The chart gave access for a short time only; it may have to be opened again.",
    )


def test_what_was_not_asked_for_is_not_used_though_granted(world):
    world.ehr.token = {"scope": "openid fhirUser online_access patient/*.cruds"}
    browser = world.browser()
    handle, _ = world.whole(browser)
    found = world.launches.find(handle, browser.cookies)
    assert found.may("Observation", "r")
    assert not found.may("Observation", "c")
    assert not found.may("Immunization", "r")
    assert found.notices == ()


def test_a_launch_that_fails_gives_its_tokens_back(world):
    world.ehr.token = {"patient": None}
    refused(world, Reason.NO_PATIENT)
    given = [form_of(request) for request in world.ehr.asked_for("/revoke")]
    assert [f["token"] for f in given] == ["refresh-1", "access-1"]


# The identity token


def _signed_with_secret(claims):
    return jwt.encode({"alg": "HS256", "kid": "id-1"}, claims, _hmac_key(), algorithms=["HS256"])


def _hmac_key():
    from joserfc.jwk import OctKey

    return OctKey.import_key(b"0123456789abcdef0123456789abcdef")


@pytest.mark.parametrize(
    "make",
    [
        unsigned,
        lambda claims: unsigned(claims, "ES384"),
        _signed_with_secret,
        lambda claims: sign(claims, ECKey.generate_key("P-384", {"kid": "id-1"})),
        lambda claims: sign(claims, ECKey.generate_key("P-384", {"kid": "other"})),
        lambda claims: sign(claims)[:-4] + "AAAA",
        lambda claims: "nonsense",
        lambda claims: "a.b.c",
        lambda claims: "",
        lambda claims: "x" * 20_000,
    ],
    ids="none unsigned hmac other-key unknown-kid torn text dots empty long".split(),
)
def test_an_identity_token_that_proves_nothing_ends_the_launch(world, make):
    world.ehr.sign = make
    refused(world, Reason.IDENTITY_UNPROVEN)


def test_openid_without_an_identity_token_ends_the_launch(world):
    world.ehr.token = {"id_token": None}
    refused(world, Reason.IDENTITY_UNPROVEN)


SECONDS = int(NOW.timestamp())


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.test"}, {"iss": None}, {"iss": ISSUER + "/"},
        {"aud": "another-app"}, {"aud": None}, {"aud": []}, {"aud": ["our-app", "another"]},
        {"aud": ["our-app", 7]}, {"azp": "another-app"}, {"azp": 7},
        {"aud": ["our-app", "another"], "azp": "another"},
        {"exp": SECONDS - 61}, {"exp": None}, {"exp": "later"}, {"exp": True},
        {"iat": SECONDS + 61}, {"iat": None}, {"iat": SECONDS - 90_000},
        {"nonce": "replayed"}, {"nonce": None}, {"nonce": 7}, {"sub": None}, {"sub": ""},
        {"fhirUser": "https://evil.test/fhir/Practitioner/1"},
        {"fhirUser": "https://ehr.test/fhirish/Practitioner/1"}, {"fhirUser": "Practitioner/../1"},
        {"fhirUser": "Practitioner"}, {"fhirUser": 7}, {"fhirUser": "javascript:alert(1)"},
    ],
)  # fmt: skip
def test_an_identity_token_with_a_wrong_claim_ends_the_launch(world, claims):
    world.ehr.claims = claims
    refused(world, Reason.IDENTITY_UNPROVEN)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["our-app"]}, {"aud": ["our-app", "another"], "azp": "our-app"},
        {"exp": SECONDS - 30}, {"iat": SECONDS + 30}, {"azp": "our-app"},
        {"fhirUser": f"{ISSUER}/Practitioner/doc-1"},
    ],
)  # fmt: skip
def test_an_identity_token_may_be_written_in_every_allowed_way(world, claims):
    world.ehr.claims = claims
    browser = world.browser()
    handle, _ = world.whole(browser)
    assert world.launches.find(handle, browser.cookies).fhir_user == "Practitioner/doc-1"


@pytest.mark.parametrize("kind", ["Patient", "RelatedPerson", "Person", "Device"])
def test_only_practitioners_are_let_in(world, kind):
    world.ehr.claims = {"fhirUser": f"{kind}/x"}
    refused(world, Reason.NOT_A_PROFESSIONAL)


def test_a_login_without_a_practitioner_is_named_by_its_subject_and_said(world):
    world.ehr.claims = {"fhirUser": None}
    browser = world.browser()
    handle, _ = world.whole(browser)
    found = world.launches.find(handle, browser.cookies)
    assert found.agent == "north: login login-9"
    assert found.notices == ("The chart did not say which practitioner has logged in.",)


def test_an_exchanged_key_is_fetched_once_more(world):
    browser = world.browser()
    world.whole(browser)
    later = ECKey.generate_key("P-384", {"kid": "id-2"})
    world.ehr.keys = {"keys": [later.as_dict(private=False)]}
    world.ehr.sign = lambda claims: sign(claims, later)
    world.clock.forward(minutes=2)
    world.whole(browser)
    assert len(world.ehr.asked_for("/jwks")) == 2


# Logging out


def test_logging_out_forgets_and_revokes(world):
    browser = world.browser()
    handle, _ = world.whole(browser)
    access = world.launches.find(handle, browser.cookies).access
    response = browser.post(f"/logout?lid={handle}", headers={"Origin": APP})
    assert response.status_code == 200
    assert "You have logged out" in response.text
    assert world.launches.find(handle, browser.cookies) is None
    assert access.ended
    assert not [c for c in browser.cookies if c.startswith("__Host-")]
    given = [form_of(request) for request in world.ehr.asked_for("/revoke")]
    assert [(f["token"], f["token_type_hint"]) for f in given] == [
        ("refresh-1", "refresh_token"),
        ("access-1", "access_token"),
    ]


def test_a_page_that_sends_no_referrer_may_log_out(world):
    browser = world.browser()
    handle, _ = world.whole(browser)
    headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    assert browser.post(f"/logout?lid={handle}", headers=headers).status_code == 200
    assert world.launches.find(handle, browser.cookies) is None


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": PORTAL}, {"Origin": "null"}, {"Origin": "null", "Sec-Fetch-Site": "same-site"},
     {"Origin": PORTAL, "Sec-Fetch-Site": "same-origin"}],
)  # fmt: skip
def test_another_page_cannot_log_anybody_out(world, headers):
    browser = world.browser()
    handle, _ = world.whole(browser)
    stopped(browser.post(f"/logout?lid={handle}", headers=headers), Reason.FOREIGN_PAGE)
    assert world.launches.find(handle, browser.cookies) is not None
    assert browser.get(f"/logout?lid={handle}").status_code == 405


def test_logging_out_needs_the_launchs_own_cookie(world):
    owner = world.browser()
    handle, _ = world.whole(owner)
    world.browser().post(f"/logout?lid={handle}", headers={"Origin": APP})
    assert world.launches.find(handle, owner.cookies) is not None


def test_an_ehr_that_cannot_revoke_hinders_no_logout(world):
    world.ehr.fails["/revoke"] = httpx2.ConnectError("down")
    browser = world.browser()
    handle, _ = world.whole(browser)
    assert browser.post(f"/logout?lid={handle}", headers={"Origin": APP}).status_code == 200
    assert world.launches.find(handle, browser.cookies) is None


def test_a_new_launch_clears_away_the_cookies_of_ended_ones(world):
    browser = world.browser()
    first, _ = world.whole(browser)
    world.clock.forward(minutes=61)
    second, _ = world.whole(browser)
    assert [c for c in browser.cookies if c.startswith("__Host-")] == [LAUNCH_COOKIE + second]
    assert first != second


# Over everything


def test_nothing_secret_is_ever_logged(loop, caplog):
    caplog.set_level(logging.DEBUG)
    world = World(loop)
    browser = world.browser()
    asked = world.leave(browser)
    cookies = dict(browser.cookies)
    handle = lid_of(world.come_back(browser))
    cookies |= dict(browser.cookies)
    found = world.launches.find(handle, browser.cookies)
    world.clock.forward(minutes=6)
    world.loop.run(found.access.authorization())
    world.come_back(browser)
    world.browser().get("/launch", params={"iss": "https://marked-issuer.test", "launch": "xyz"})
    world.leave(browser)
    world.come_back(browser, error="marked-error")
    browser.post(f"/logout?lid={handle}", headers={"Origin": APP})
    secrets = {
        *(asked["state"], asked["nonce"], "code-1", "access-1", "access-2", "refresh-1"),
        *("marked-issuer", "marked-error", PATIENT, "doc-1", "login-9", handle, "xyz"),
        *(form_of(r).get("code_verifier", "code_verifier") for r in world.ehr.asked_for("/token")),
        *cookies.values(),
    }
    assert "launch refused: LAUNCH_UNKNOWN" in caplog.text  # the operator does see why
    assert [s for s in secrets if s in caplog.text] == []
    assert [s for s in secrets if s in repr(found)] == []


@pytest.mark.parametrize(
    "address",
    [
        "app.test",
        "http://app.test",
        "https://app.test/?a=1",
        "https://app.test/below",
        "https://APP.test",
        "https://app.test:443",
        "",
    ],
)
def test_an_unsafe_public_address_stops_the_start(world, address):
    with pytest.raises(DecisionSupportError, match="public address"):
        smart_routes(
            tenants=world.tenants,
            launches=world.launches,
            pending=world.pending,
            keys=KeySets(world.http, world.clock, world.tenants),
            loop=world.loop,
            http=world.http,
            clock=world.clock,
            public_url=address,
            kinds=KINDS,
        )


def test_every_reason_says_something_of_its_own():
    titles = [reason.value.title for reason in Reason]
    assert len(set(titles)) == len(titles)
    for reason in Reason:
        assert 400 <= reason.value.status < 600
        assert reason.value.detail.endswith(".")
        assert reason.value.remedy.endswith(".")
