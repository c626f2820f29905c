"""The demo EHR enforces what real authorization servers do: only then does a launch prove a thing.

Every request here is made by hand, from the specifications and without the product's own code.
"""

from __future__ import annotations

import base64
from secrets import token_urlsafe
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from examples.demo_ehr import Authentication, Client, Lifetimes
from examples.demo_ehr.clients import ASSERTION
from examples.demo_ehr.errors import SetupError
from examples.demo_ehr.grants import challenge_of
from examples.demo_ehr.scopes import covers, granted, permits
from examples.demo_ehr.signing import Signer
from tests.demo_servers import EC_KEY, RSA_KEY, SECRET, HandMadeApp, demo_server, query_of


@pytest.fixture(scope="module")
def server():
    with demo_server() as running:
        yield running


@pytest.fixture
def app(server):
    server.reset()
    made = HandMadeApp(server)
    yield made
    made.http.close()


def sent_back(answer):
    """The error that went back to the app, at its own address and with its own state."""
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("http://127.0.0.1:1/callback?")
    return query_of(answer.headers["location"])


# What the authorization endpoint asks for


def test_a_complete_request_gets_a_code_and_its_state_back(app):
    answer = sent_back(app.authorize())

    assert set(answer) == {"code", "state"}
    assert answer["state"] == app.state


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"aud": None}, "invalid_request"),
        ({"aud": "http://127.0.0.1:1/fhir"}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"state": "guessable"}, "invalid_request"),
        ({"launch": "made-up"}, "invalid_request"),
        ({"launch": None}, "invalid_request"),
        ({"scope": "patient/Observation.rs"}, "invalid_request"),
        ({"scope": "launch"}, None),
        ({"scope": "launch patient/Immunization.rs"}, None),
        ({"scope": "launch/patient"}, "invalid_request"),
    ],
)
def test_an_incomplete_request_goes_back_as_an_error(app, change, error):
    assert sent_back(app.authorize(**change)).get("error") == error


def test_a_state_must_be_there_and_an_error_carries_none_where_none_was_sent(app):
    answer = sent_back(app.authorize(state=None))

    assert answer["error"] == "invalid_request"
    assert "state" not in answer


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": "http://127.0.0.1:1/callback/"},
        {"redirect_uri": "http://127.0.0.1:1/callback?next=elsewhere"},
        {"redirect_uri": "https://attacker.example/callback"},
    ],
)
def test_who_is_not_registered_is_never_redirected_to(app, change):
    answer = app.authorize(**change)

    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "attacker" not in answer.text


def test_a_parameter_that_comes_twice_is_refused(app):
    parameters = [(k, v) for k, v in app.parameters().items() if v is not None]
    answer = app.http.get(
        f"{app.server.base}/authorize", params=[*parameters, ("state", app.state)]
    )

    assert answer.status_code == 400


def test_a_launch_is_good_for_one_request_of_the_app_it_was_opened_for(app):
    launch = app.parameters()["launch"]
    other = HandMadeApp(app.server, client="app-secret", http=app.http)

    assert "code" in sent_back(app.authorize(launch=launch))
    assert sent_back(app.authorize(launch=launch))["error"] == "invalid_request"
    fresh = app.parameters()["launch"]
    assert sent_back(other.authorize(launch=fresh))["error"] == "invalid_request"


def test_a_launch_that_waited_too_long_is_refused(app):
    launch = app.parameters()["launch"]
    app.server.clock.forward(minutes=5)

    assert sent_back(app.authorize(launch=launch))["error"] == "invalid_request"


def test_the_request_may_be_posted_but_not_both_ways_at_once(app):
    form = {k: v for k, v in app.parameters().items() if v is not None}

    assert "code" in sent_back(app.http.post(f"{app.server.base}/authorize", data=form))
    doubled = app.http.post(f"{app.server.base}/authorize?state=other", data=form)
    assert doubled.status_code == 400


# A person decides


def ticket_of(page):
    return page.text.split('name="ticket" value="')[1].split('"')[0]


def test_a_standalone_launch_asks_for_a_patient_and_goes_on_with_the_chosen_one(app):
    page = app.authorize("")
    answer = app.http.post(
        f"{app.server.base}/decide",
        data={"ticket": ticket_of(page), "decision": "allow", "patient": "demo-05"},
    )
    tokens = app.token(code=sent_back(answer)["code"]).json()

    assert page.status_code == 200
    assert "Hanna Example-Heart" in page.text
    assert tokens["patient"] == "demo-05"


@pytest.mark.parametrize("form", [{"decision": "deny"}, {}, {"decision": "allow"}])
def test_without_a_yes_and_a_patient_access_is_denied(app, form):
    ticket = ticket_of(app.authorize(""))
    answer = app.http.post(f"{app.server.base}/decide", data={"ticket": ticket, **form})

    assert sent_back(answer)["error"] == "access_denied"


def test_a_consent_page_is_answered_once(app):
    form = {"ticket": ticket_of(app.authorize("")), "decision": "deny"}
    app.http.post(f"{app.server.base}/decide", data=form)

    assert app.http.post(f"{app.server.base}/decide", data=form).status_code == 400


def test_the_consent_page_runs_no_script_and_may_send_its_answer_to_the_app(app):
    policy = app.authorize("").headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "form-action 'self' http://127.0.0.1:1;" in policy


def test_the_consent_pages_answer_names_the_page_it_comes_from(app):
    # A stricter word in a header, as a middleware may set it, would make the Origin "null".
    assert '<meta name="referrer" content="same-origin">' in app.authorize("").text


# Codes


def test_a_code_works_once_and_its_replay_ends_what_it_gave(app):
    code = app.code()
    first = app.token(code=code).json()
    assert app.fhir("Patient/demo-01", first["access_token"]).status_code == 200

    assert app.token(code=code).json()["error"] == "invalid_grant"
    assert app.fhir("Patient/demo-01", first["access_token"]).status_code == 401
    again = app.token(
        grant_type="refresh_token",
        refresh_token=first["refresh_token"],
        code_verifier=None,
        redirect_uri=None,
    )
    assert again.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"code": "made-up"}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": "x" * 42}, "invalid_request"),
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"code_verifier": "ä" * 43}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:1/other"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
    ],
)
def test_a_code_is_redeemed_only_by_who_asked_for_it(app, form, error):
    answer = app.token(**({"code": app.code()} | form))

    assert answer.status_code == 400
    assert answer.json()["error"] == error


def test_a_code_ends_after_a_minute(app):
    code = app.code()
    app.server.clock.forward(seconds=60)

    assert app.token(code=code).json()["error"] == "invalid_grant"


def test_a_wrong_verifier_costs_the_code(app):
    code = app.code()
    app.token(code=code, code_verifier="x" * 43)

    assert app.token(code=code).json()["error"] == "invalid_grant"


def test_tokens_may_not_be_kept_by_any_cache(app):
    answer = app.token(code=app.code())

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"


# Who is asking


def basic(name, secret):
    pair = f"{quote_plus(name)}:{quote_plus(secret)}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def ask_as(app, client, headers=None, **form):
    """Redeem a fresh code as one of the registered clients."""
    mine = HandMadeApp(app.server, client=client, http=app.http)
    content = {
        "grant_type": "authorization_code",
        "code": mine.code(),
        "redirect_uri": mine.redirect_uri,
        "code_verifier": mine.verifier,
    }
    return app.http.post(f"{app.server.base}/token", data=content | form, headers=headers or {})


def test_a_secret_is_sent_form_encoded_in_the_header_and_nowhere_else(app):
    good = basic("app-secret", SECRET)
    raw = base64.b64encode(f"app-secret:{SECRET}".encode()).decode()

    assert ask_as(app, "app-secret", good).status_code == 200
    for headers, form in (
        (basic("app-secret", "wrong"), {}),
        ({"Authorization": f"Basic {raw}"}, {}),
        ({"Authorization": "Basic not-base64"}, {}),
        (basic("app-public", SECRET), {}),
        ({}, {"client_id": "app-secret"}),
        ({}, {"client_id": "app-secret", "client_secret": SECRET}),
        (good, {"client_id": "app-public"}),
    ):
        answer = ask_as(app, "app-secret", headers, **form)
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_client"
        assert "WWW-Authenticate" in answer.headers
    both = ask_as(app, "app-secret", good, client_secret=SECRET)
    assert both.json()["error"] == "invalid_request"


def assertion(app, key=EC_KEY, header=None, **changes):
    now = int(app.server.clock().timestamp())
    claims = {
        "iss": "app-key",
        "sub": "app-key",
        "aud": f"{app.server.base}/token",
        "exp": now + 240,
        "jti": token_urlsafe(16),
    } | changes
    algorithm = {"P-384": "ES384"}.get(getattr(key, "curve_name", ""), "RS384")
    top = {"alg": algorithm, "kid": key.kid, "typ": "JWT"} | (header or {})
    return jwt.encode(top, claims, key, algorithms=[top["alg"]])


def ask_with_key(app, signed, sort=ASSERTION):
    return ask_as(app, "app-key", client_assertion_type=sort, client_assertion=signed)


@pytest.mark.parametrize("key", [EC_KEY, RSA_KEY], ids=["ES384", "RS384"])
def test_a_signed_assertion_is_good_for_one_use(app, key):
    signed = assertion(app, key)

    assert ask_with_key(app, signed).status_code == 200
    assert ask_with_key(app, signed).json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "http://127.0.0.1:1/token"},
        {"iss": "app-public"},
        {"sub": "app-secret"},
        {"sub": "nobody"},
        {"jti": ""},
        {"exp": 0},
        {"exp": 4_000_000_000},
        {"header": {"alg": "RS256"}, "key": RSA_KEY},
        {"key": ECKey.generate_key("P-384", auto_kid=True)},
    ],
)
def test_an_assertion_that_is_not_exact_proves_nothing(app, changes):
    answer = ask_with_key(app, assertion(app, **changes))

    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


@pytest.mark.parametrize("signed", ["", "a.b", "a.b.c", "...", "e30.e30.", "\x00.\x00.\x00"])
def test_what_is_no_assertion_at_all_proves_nothing(app, signed):
    assert ask_with_key(app, signed).json()["error"] == "invalid_client"


def test_an_assertion_of_another_type_proves_nothing(app):
    assert ask_with_key(app, assertion(app), sort="other").json()["error"] == "invalid_client"


def test_another_client_cannot_redeem_a_code(app):
    answer = app.http.post(
        f"{app.server.base}/token",
        data={
            "grant_type": "authorization_code",
            "code": app.code(),
            "redirect_uri": app.redirect_uri,
            "code_verifier": app.verifier,
        },
        headers=basic("app-secret", SECRET),
    )
    assert answer.json()["error"] == "invalid_grant"


def test_a_client_is_registered_with_exactly_what_its_method_needs():
    common = {"id": "x", "name": "X", "redirect_uris": (), "launch_url": "", "scopes": ()}

    with pytest.raises(SetupError, match="client x"):
        Client(**common, authentication=Authentication.SECRET)
    with pytest.raises(SetupError, match="client x"):
        Client(**common, authentication=Authentication.KEY)
    assert SECRET not in repr(Client(**common, authentication=Authentication.SECRET, secret=SECRET))


# Staying


def refreshed(app, token, **form):
    return app.token(
        grant_type="refresh_token",
        refresh_token=token,
        code_verifier=None,
        redirect_uri=None,
        **form,
    )


def test_a_refresh_token_is_replaced_each_time_and_its_reuse_ends_everything(app):
    first = app.tokens()
    second = refreshed(app, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert app.fhir("Patient/demo-01", second["access_token"]).status_code == 200

    assert refreshed(app, first["refresh_token"]).json()["error"] == "invalid_grant"
    assert app.fhir("Patient/demo-01", second["access_token"]).status_code == 401
    assert refreshed(app, second["refresh_token"]).json()["error"] == "invalid_grant"


def test_scopes_only_shrink(app):
    first = app.tokens()
    fewer = refreshed(app, first["refresh_token"], scope="patient/Patient.r").json()
    assert fewer["scope"] == "patient/Patient.r"
    assert app.fhir("Observation?patient=demo-01", fewer["access_token"]).status_code == 403

    more = refreshed(app, fewer["refresh_token"], scope="patient/Patient.r patient/Binary.r")
    assert more.json()["error"] == "invalid_scope"


def test_without_the_scope_to_stay_there_is_no_refresh_token(app):
    tokens = app.tokens(scope="launch openid patient/Patient.r")

    assert "refresh_token" not in tokens
    assert "expires_in" in tokens


def test_an_access_token_ends(app):
    tokens = app.tokens()
    app.server.clock.forward(minutes=5)

    answer = app.fhir("Patient/demo-01", tokens["access_token"])
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_revoking_any_token_ends_the_family_for_its_own_client_only(app):
    tokens = app.tokens()
    app.http.post(
        f"{app.server.base}/revoke",
        data={"token": tokens["refresh_token"]},
        headers=basic("app-secret", SECRET),
    )
    assert app.fhir("Patient/demo-01", tokens["access_token"]).status_code == 200

    answer = app.http.post(
        f"{app.server.base}/revoke",
        data={"token": tokens["refresh_token"], "client_id": "app-public"},
    )
    assert answer.status_code == 200
    assert app.fhir("Patient/demo-01", tokens["access_token"]).status_code == 401
    nobody = app.http.post(f"{app.server.base}/revoke", data={"token": "x", "client_id": "x"})
    assert nobody.status_code == 401


# Who has logged in


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_an_id_token_is_signed_for_this_client_and_this_request(algorithm):
    with demo_server(algorithm=algorithm, issuer="https://login.example.org") as server:
        app = HandMadeApp(server)
        parameters = app.parameters()
        tokens = app.tokens(nonce=parameters["nonce"])
        keys = KeySet.import_key_set(app.http.get(f"{server.base}/jwks").json())
        token = jwt.decode(tokens["id_token"], keys, algorithms=[algorithm])
        app.http.close()

        assert token.claims["iss"] == "https://login.example.org"
        assert token.claims["aud"] == "app-public"
        assert token.claims["nonce"] == parameters["nonce"]
        assert token.claims["fhirUser"].startswith(f"{server.ehr.fhir}/Practitioner/")
        assert "d" not in keys.keys[0].as_dict(private=False)


def test_without_openid_there_is_no_id_token_and_without_fhir_user_no_name(app):
    assert "id_token" not in app.tokens(scope="launch patient/Patient.r")
    tokens = app.tokens(scope="launch openid patient/Patient.r")
    keys = KeySet.import_key_set(app.http.get(f"{app.server.base}/jwks").json())
    assert "fhirUser" not in jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims


def test_an_unknown_algorithm_stops_the_start():
    with pytest.raises(SetupError, match="RS256 or ES384"):
        Signer("HS256")


# Context and description


def test_the_launch_context_arrives_as_it_was_opened(app):
    context = {
        "encounter": "enc-1",
        "intent": "data",
        "fhir_context": ({"reference": "DocumentReference/1"},),
        "need_patient_banner": True,
    }
    launch = query_of(app.server.ehr.launch("app-public", "demo-02", **context))["launch"]
    tokens = app.tokens(launch=launch)

    assert tokens["patient"] == "demo-02"
    assert tokens["encounter"] == "enc-1"
    assert tokens["intent"] == "data"
    assert tokens["fhirContext"] == [{"reference": "DocumentReference/1"}]
    assert tokens["need_patient_banner"] is True


def test_the_configuration_names_absolute_endpoints_and_s256_alone(app):
    found = app.http.get(f"{app.server.ehr.fhir}/.well-known/smart-configuration").json()
    openid = app.http.get(f"{app.server.ehr.fhir}/.well-known/openid-configuration").json()

    assert found["code_challenge_methods_supported"] == ["S256"]
    assert all(found[f"{name}_endpoint"].startswith("http") for name in ("authorization", "token"))
    assert {"launch-ehr", "launch-standalone", "permission-v2"} <= set(found["capabilities"])
    assert (openid["issuer"], openid["jwks_uri"]) == (found["issuer"], found["jwks_uri"])


def test_lifetimes_are_those_the_specifications_suggest():
    assert Lifetimes().code.total_seconds() == 60
    assert Lifetimes().token.total_seconds() <= 3600


# Scopes


@pytest.mark.parametrize(
    ("asked", "registered", "expected"),
    [
        ("patient/Observation.rs", ["patient/Observation.rs"], "patient/Observation.rs"),
        ("patient/Observation.cruds", ["patient/Observation.rs"], "patient/Observation.rs"),
        ("patient/Observation.rs", ["patient/*.rs"], "patient/Observation.rs"),
        ("patient/*.rs", ["patient/Observation.rs"], ""),
        ("patient/Observation.sr", ["patient/Observation.rs"], ""),
        ("patient/Observation.", ["patient/Observation.rs"], ""),
        ("patient/Observation.rs?category=lab", ["patient/Observation.rs"], ""),
        ("patient/Observation.read", ["patient/Observation.rs"], "patient/Observation.read"),
        ("patient/Observation.*", ["patient/Observation.rs"], "patient/Observation.rs"),
        ("user/Observation.rs", ["patient/Observation.rs"], ""),
        ("openid launch", ["launch"], "launch"),
    ],
)
def test_scopes_are_granted_letter_by_letter(asked, registered, expected):
    assert granted(asked, registered) == expected


@given(
    st.lists(st.sampled_from(["c", "cr", "rs", "cruds", "u", "d"]), max_size=4),
    st.sampled_from(["r", "rs", "cud", "cruds"]),
    st.sampled_from("cruds"),
)
def test_nothing_is_permitted_that_was_not_both_asked_and_registered(asked, registered, letter):
    # A grant is a meet: it lies below what was asked and below the registration.
    scope = granted(" ".join(f"patient/Condition.{a}" for a in asked), [f"patient/*.{registered}"])

    if permits(scope, "Condition", letter):
        assert letter in registered
        assert any(letter in a for a in asked)
    assert covers(scope, scope)


def test_the_challenge_is_the_one_of_the_rfc():
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
