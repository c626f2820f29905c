"""Who may call: a signed token for just this address, from a client we know, once."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import uuid
from base64 import urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from fhir.hooks.errors import UntrustedError
from fhir.hooks.tokens import LONGEST_LIFE, SKEW, OpenCallers
from fhir.smart.tenant import HookIssuer
from tests.hook_calls import (
    ISSUER,
    JKU,
    KEY,
    OTHER_KEY,
    PUBLIC,
    RSA,
    patient_view,
    public_keys,
    running,
    spec_of,
    tenant_of,
    token,
)

CALL = f"/cds-services/{spec_of().id}"
DISCOVERY = "/cds-services"


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    with running(tmp_path_factory.mktemp("hooks")) as found:
        yield found


def answer(parts, header: str | bytes | None, path: str = DISCOVERY) -> int:
    """The status of a call with that header; a refusal says nothing of its cause."""
    headers = {} if header is None else {"Authorization": header}
    method = "GET" if path == DISCOVERY else "POST"
    content = "" if path == DISCOVERY else json.dumps(patient_view("demo-12"))
    kind = {"Content-Type": "application/json"}
    response = parts.send(method, path, headers=headers | kind, content=content)
    if response.status_code == 401:
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.json() == REFUSAL
    return response.status_code


REFUSAL = {
    "error": "The call is not signed by a client that is known here.",
    "remedy": "Sign a JWT for exactly this address, as agreed, and use it once.",
}


def signed(parts, path: str = DISCOVERY, **changes) -> str:
    return f"Bearer {token(parts.clock, f'{PUBLIC}{path}', **changes)}"


@pytest.mark.parametrize("key", [KEY, RSA], ids=["ES384", "RS384"])
def test_a_proper_token_opens_discovery_call_and_feedback(parts, key):
    assert answer(parts, signed(parts, key=key)) == 200
    assert answer(parts, signed(parts, CALL, key=key), CALL) == 200
    feedback = f"{CALL}/feedback"
    assert answer(parts, signed(parts, feedback, key=key), feedback) == 400  # no outcomes in it


def test_the_operator_reads_which_endpoint_whose_call_and_which_check(parts, caplog):
    wrong = signed(parts, CALL)
    assert answer(parts, wrong) == 401
    assert f"/cds-services (said to be {tenant_of().id}): not answered: audience" in caplog.text
    assert answer(parts, "Bearer nonsense", CALL) == 401
    assert f"{CALL} (nobody known): not answered: " in caplog.text


def test_nothing_that_the_caller_made_up_is_logged(parts, caplog):
    path = "/cds-services/MARKED-NAME"
    assert parts.send("POST", path, headers={"Authorization": "Bearer x"}).status_code == 401
    assert "/cds-services/{service} (nobody known)" in caplog.text
    assert "MARKED" not in caplog.text


def test_the_audience_may_be_a_list(parts):
    several = [f"{PUBLIC}{DISCOVERY}"]
    assert answer(parts, f"Bearer {token(parts.clock, several)}") == 200


def test_the_address_of_the_keys_may_be_left_out(parts):
    assert answer(parts, signed(parts, header={"jku": None})) == 200


@pytest.mark.parametrize("path", [DISCOVERY, CALL, f"{CALL}/feedback"])
def test_nothing_answers_without_a_token(parts, path):
    assert answer(parts, None, path) == 401


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b", "Bearer a.b.c", "Bearer é.b.c",
     f"Bearer {'a' * 9000}", "Bearer e30.e30.", "Bearer ..", "Token x"],
)  # fmt: skip
def test_what_is_no_token_is_refused(parts, header):
    assert answer(parts, header.encode()) == 401


def now(parts) -> int:
    return int(parts.clock().timestamp())


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example.org"},
        {"iss": None},
        {"iss": [ISSUER]},
        {"iss": f"{ISSUER}/"},
        {"tenant": "unknown"},
        {"tenant": 7},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "a" * 201},
        {"exp": None},
        {"iat": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 1e300},
        {"exp": 10**30},
        {"iat": -5},
    ],
)
def test_claims_that_are_missing_or_not_ours_are_refused(parts, claims):
    assert answer(parts, signed(parts, **claims)) == 401


@pytest.mark.parametrize(
    ("iat", "exp"),
    [
        (-400, -100),  # expired
        (-400, -61),  # expired, also with the clock skew
        (120, 300),  # from the future
        (-1, 700),  # lives too long
        (-1000, 30),  # lives too long
        (10, 5),  # ends before it begins
        (10, 10),
    ],
)
def test_a_token_out_of_its_time_is_refused(parts, iat, exp):
    at = now(parts)
    assert answer(parts, signed(parts, iat=at + iat, exp=at + exp)) == 401


@pytest.mark.parametrize(("iat", "exp"), [(30, 330), (-300, -30), (-1, 599)])
def test_clocks_may_differ_a_little(parts, iat, exp):
    at = now(parts)
    assert answer(parts, signed(parts, iat=at + iat, exp=at + exp)) == 200


def test_a_token_not_yet_valid_is_refused(parts):
    assert answer(parts, signed(parts, nbf=now(parts) + 200)) == 401


@pytest.mark.parametrize(
    "audience",
    [
        f"{PUBLIC}{CALL}",
        PUBLIC,
        f"{PUBLIC}{DISCOVERY}/",
        "https://other.example.org/cds-services",
        "",
        None,
        [],
        [f"{PUBLIC}{CALL}"],
        [[f"{PUBLIC}{DISCOVERY}"]],
        {"aud": f"{PUBLIC}{DISCOVERY}"},
    ],
)
def test_a_token_for_another_address_is_refused(parts, audience):
    assert answer(parts, f"Bearer {token(parts.clock, audience)}") == 401


@pytest.mark.parametrize(
    "header",
    [
        {"kid": None},
        {"kid": ""},
        {"kid": "unknown"},
        {"kid": 7},
        {"typ": "at+jwt"},
        {"jku": "https://evil.example.org/jwks.json"},
        {"jku": f"{JKU}#"},
        {"jku": ["https://ehr.example.org/jwks.json"]},
        {"crit": ["exp"], "exp": 1},
    ],
)
def test_a_header_that_is_not_as_agreed_is_refused(parts, header):
    given = {"alg": "ES384", "typ": "JWT", "kid": KEY.kid, "jku": JKU} | header
    parts_of = {k: v for k, v in given.items() if v is not None}
    assert answer(parts, f"Bearer {_hand_made(parts, parts_of)}") == 401


def _hand_made(parts, header: dict) -> str:
    """A token whose header no library would write, with a proper signature all the same."""
    at = now(parts)
    claims = {"iss": ISSUER, "aud": f"{PUBLIC}{DISCOVERY}", "iat": at, "exp": at + 300}
    claims["jti"] = str(uuid.uuid4())

    def part(content: bytes) -> bytes:
        return urlsafe_b64encode(content).rstrip(b"=")

    text = b".".join(part(json.dumps(each).encode()) for each in (header, claims))
    r, s = utils.decode_dss_signature(KEY.private_key.sign(text, ec.ECDSA(hashes.SHA384())))
    return (text + b"." + part(r.to_bytes(48, "big") + s.to_bytes(48, "big"))).decode()


def test_the_hand_made_token_is_refused_for_its_header_alone(parts):
    proper = {"alg": "ES384", "typ": "JWT", "kid": KEY.kid, "jku": JKU}
    assert answer(parts, f"Bearer {_hand_made(parts, proper)}") == 200


def test_another_address_for_keys_is_never_asked(parts):
    before = list(parts.keys.asked)
    answer(parts, signed(parts, header={"jku": "https://evil.example.org/jwks.json"}))
    answer(parts, signed(parts, iss="https://evil.example.org"))
    assert parts.keys.asked == before
    assert set(before) <= {JKU}


def test_a_key_of_somebody_else_with_the_same_id_is_refused(parts):
    assert answer(parts, signed(parts, key=OTHER_KEY)) == 401


def test_an_altered_token_is_refused(parts):
    head, body, signature = signed(parts).split(".")
    other = signed(parts).split(".")[1]
    assert other != body
    assert answer(parts, f"{head}.{other}.{signature}") == 401
    assert answer(parts, f"{head}.{body}.") == 401
    assert answer(parts, f"{head}.{body}.{signature[:-8]}AAAAAAAA") == 401


def test_no_signature_and_shared_secrets_are_refused(parts):
    at = now(parts)
    claims = {"iss": ISSUER, "aud": f"{PUBLIC}{DISCOVERY}", "iat": at, "exp": at + 300, "jti": "x"}

    def part(content: dict) -> str:
        return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    for name in ("none", "None", "NONE", "nOnE"):
        unsigned = f"{part({'alg': name, 'kid': KEY.kid, 'typ': 'JWT'})}.{part(claims)}."
        assert answer(parts, f"Bearer {unsigned}") == 401
    # the public key, which everybody has, taken for a shared secret
    secret = OctKey.import_key(json.dumps(public_keys(KEY)["keys"][0]).encode())
    header = {"alg": "HS256", "kid": KEY.kid, "typ": "JWT"}
    shared = jwt.encode(header, claims, secret, algorithms=["HS256"])
    assert answer(parts, f"Bearer {shared}") == 401


@pytest.mark.parametrize("algorithm", ["RS256", "PS384", "RS512"])
def test_an_algorithm_that_is_not_on_the_list_is_refused(parts, algorithm):
    at = now(parts)
    claims = {"iss": ISSUER, "aud": f"{PUBLIC}{DISCOVERY}", "iat": at, "exp": at + 300, "jti": "y"}
    header = {"alg": algorithm, "kid": RSA.kid, "typ": "JWT"}
    signed_so = jwt.encode(header, claims, RSA, algorithms=[algorithm])
    assert answer(parts, f"Bearer {signed_so}") == 401


def test_two_authorization_headers_are_refused(parts):
    response = parts.send(
        "GET",
        DISCOVERY,
        headers=[("Authorization", signed(parts)), ("Authorization", signed(parts))],
    )
    assert response.status_code == 401


def test_a_token_is_good_once_and_for_good(tmp_path):
    """The guard outlives the process: a second one that shares the store refuses it as well."""
    identity = str(uuid.uuid4())
    with running(tmp_path, stored_tokens=True) as parts:
        used = signed(parts, jti=identity)
        assert answer(parts, used) == 200
        assert answer(parts, used) == 401
        assert answer(parts, signed(parts, jti=identity)) == 401
    with running(tmp_path, stored_tokens=True) as again:
        assert answer(again, used) == 401
        again.clock.forward(seconds=(LONGEST_LIFE + 2 * SKEW).total_seconds())
        assert answer(again, used) == 401


def test_a_refused_token_uses_up_nobodys_id(tmp_path):
    identity = str(uuid.uuid4())
    with running(tmp_path, stored_tokens=True) as parts:
        assert answer(parts, signed(parts, key=OTHER_KEY, jti=identity)) == 401
        assert answer(parts, signed(parts, jti=identity)) == 200


def test_keys_may_be_a_local_file(tmp_path):
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(public_keys()), encoding="utf-8")
    tenant = tenant_of(hooks=(HookIssuer(issuer=ISSUER, keys_file=file),))
    with running(tmp_path, tenant=tenant) as parts:
        assert answer(parts, signed(parts, header={"jku": None})) == 200
        assert answer(parts, signed(parts)) == 401  # names an address although none was agreed
        assert parts.keys.asked == []
        file.unlink()
        assert answer(parts, signed(parts, header={"jku": None})) == 401


def test_the_tenant_claim_tells_two_hospitals_of_one_issuer_apart(tmp_path):
    north = tenant_of(hooks=(HookIssuer(issuer=ISSUER, jku=JKU, tenant="n"),))
    south = dataclasses.replace(
        tenant_of("https://south.example.org/fhir"),
        id="south",
        agent="south",
        hooks=(HookIssuer(issuer=ISSUER, jku=JKU, tenant="s"),),
    )
    with running(tmp_path, tenant=north, others=(south,)) as parts:
        body = json.dumps(patient_view("demo-12"))
        for claim, agent in (("n", "north"), ("s", "south")):
            headers = {"Authorization": signed(parts, CALL, tenant=claim)}
            headers["Content-Type"] = "application/json"
            assert parts.send("POST", CALL, content=body, headers=headers).status_code == 200
            assert parts.calls[-1].agent == f"{agent}: Practitioner/example"
            assert parts.records[-1].identity.server == parts.calls[-1].tenant.issuer
        assert answer(parts, signed(parts)) == 401


def test_a_client_may_not_name_the_server_of_another_tenant(tmp_path):
    south = dataclasses.replace(tenant_of("https://south.example.org/fhir"), id="south", hooks=())
    with running(tmp_path, others=(south,)) as parts:
        response = parts.call(patient_view("demo-12", fhirServer=south.issuer))
        assert response.status_code == 400


def test_open_callers_are_all_the_demos_own_ehr():
    tenant = tenant_of()
    found = asyncio.run(OpenCallers(tenant).identify("", f"{PUBLIC}{DISCOVERY}"))
    assert found is tenant


def test_a_refusal_knows_its_cause_and_does_not_tell_it():
    assert UntrustedError("replay").check == "replay"
    assert "replay" not in UntrustedError("replay").message


def test_a_new_key_is_found_without_a_restart(parts, monkeypatch):
    new = ECKey.generate_key("P-384", {"kid": "third", "use": "sig"})
    answer(parts, signed(parts))
    parts.clock.forward(minutes=2)
    monkeypatch.setattr("tests.hook_calls.public_keys", lambda: public_keys(KEY, RSA, new))
    assert answer(parts, signed(parts, key=new)) == 200
