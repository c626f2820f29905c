"""Where an EHR's login and keys are: believed only where they are safe."""

from __future__ import annotations

import asyncio
import json

import httpx2
import pytest
from joserfc.jwk import ECKey, RSAKey

from fhir.smart.discovery import Discovery, checked_endpoints, may_ask
from fhir.smart.fetch import NoAnswerError, get_json
from fhir.smart.keys import KeysError, KeySets, local_keys, pick, read_keys
from fhir.smart.refusals import LaunchError, Reason
from fhir.smart.signed import SignatureError, read_header, verified_claims
from fhir.smart.tenant import HookIssuer
from fhir.smart.tenants import Tenants
from tests.smart_world import (
    ENDPOINTS,
    ID_KEY,
    ISSUER,
    RSA_KEY,
    Clock,
    FakeEhr,
    answer,
    configuration,
    sign,
    tenant,
    unsigned,
)

JWKS = "https://ehr.test/jwks"
JKU = "https://hooks.test/jwks"


def client(handler) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.MockTransport(handler))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ehr(clock) -> FakeEhr:
    return FakeEhr(clock)


# Discovery


def test_a_safe_configuration_is_taken():
    assert checked_endpoints(tenant(), configuration()) == ENDPOINTS


def test_an_issuer_that_does_not_name_itself_is_its_own_base():
    found = checked_endpoints(tenant(), configuration(issuer=None, revocation_endpoint=None))
    assert found.issuer == ISSUER
    assert found.revoke == ""


@pytest.mark.parametrize(
    "methods", [None, [], ["plain"], ["s256"], ["S256", "plain"], "S256", {"S256": 1}]
)
def test_only_the_strong_challenge_is_accepted_and_only_alone(methods):
    with pytest.raises(LaunchError) as caught:
        checked_endpoints(tenant(), configuration(code_challenge_methods_supported=methods))
    assert caught.value.reason is Reason.UNSAFE_EHR


ADDRESSES = [
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "revocation_endpoint",
    "issuer",
]


@pytest.mark.parametrize("field", ADDRESSES)
@pytest.mark.parametrize(
    "address",
    [
        "http://ehr.test/x",
        "/x",
        "ehr.test/x",
        "",
        7,
        "https://evil.test/x",
        "https://ehr.test.evil.test/x",
        "https://ehr.test@evil.test/x",
        "https://ehr.test\\@evil.test",
        "https://ehr.test:8443/x",
        "http://127.0.0.1/x",
        "https://127.0.0.1/x",
        "https://ehr.test/x#y",
        "javascript:alert(1)",
    ],
)
def test_every_address_lies_on_the_issuers_host_and_is_https(field, address):
    with pytest.raises(LaunchError) as caught:
        checked_endpoints(tenant(), configuration(**{field: address}))
    assert caught.value.reason is Reason.UNSAFE_EHR
    assert caught.value.check.startswith(field)
    assert str(address) == "" or str(address) not in caught.value.check


@pytest.mark.parametrize("field", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_a_needed_address_must_be_there(field):
    with pytest.raises(LaunchError):
        checked_endpoints(tenant(), configuration(**{field: None}))


def test_a_listed_host_may_serve_the_login():
    elsewhere = "https://login.test:8443/token"
    listed = tenant(endpoint_hosts=("login.test:8443",))
    assert checked_endpoints(listed, configuration(token_endpoint=elsewhere)).token == elsewhere
    assert not may_ask(listed, "https://login.test/token")
    assert not may_ask(listed, "http://login.test:8443/token")


def test_plain_http_is_for_an_issuer_on_this_machine():
    here = tenant(issuer="http://127.0.0.1:8090/fhir", endpoint_hosts=("127.0.0.1:9000",))
    assert may_ask(here, "http://127.0.0.1:8090/token")
    assert may_ask(here, "http://127.0.0.1:9000/token")
    assert not may_ask(here, "http://localhost:8090/token")
    assert not may_ask(here, "http://ehr.test/token")
    assert not may_ask(tenant(endpoint_hosts=("127.0.0.1",)), "http://127.0.0.1/token")


def test_a_configuration_is_kept_for_a_while_and_a_failure_is_not(ehr, clock):
    discovery = Discovery(client(ehr), clock)
    path = "/fhir/.well-known/smart-configuration"

    async def story() -> list[int]:
        counts = []
        ehr.configuration = configuration(code_challenge_methods_supported=[])
        with pytest.raises(LaunchError):
            await discovery.endpoints(tenant())
        ehr.configuration = configuration()
        for minutes in (0, 14, 1, 0):
            clock.forward(minutes=minutes)
            await discovery.endpoints(tenant())
            counts.append(len(ehr.asked_for(path)))
        return counts

    assert asyncio.run(story()) == [2, 2, 3, 3]


# One bounded answer


def fetched(response: httpx2.Response | Exception):
    def handler(request: httpx2.Request) -> httpx2.Response:
        if isinstance(response, Exception):
            raise response
        return response

    return asyncio.run(get_json(client(handler), JWKS))


@pytest.mark.parametrize(
    "response",
    [
        answer(200, "[1]"),
        answer(200, "null"),
        answer(200, "<html>"),
        answer(200, '{"a": 1, "a": 1}'),
        answer(200, '{"a": Infinity}'),
        answer(200, '{"a": "' + "x" * 300_000 + '"}'),
        answer(200, "[" * 100_000),
        answer(204, ""),
        answer(404, {"a": 1}),
        httpx2.Response(302, headers={"Location": "https://ehr.test/elsewhere"}),
    ],
)
def test_what_is_not_one_plain_object_is_no_answer(response):
    with pytest.raises(NoAnswerError) as caught:
        fetched(response)
    assert caught.value.sent


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (httpx2.ConnectError("x"), False),
        (httpx2.ConnectTimeout("x"), False),
        (httpx2.ReadTimeout("x"), True),
        (httpx2.RemoteProtocolError("x"), True),
    ],
)
def test_whether_a_request_may_have_arrived_is_known(error, sent):
    with pytest.raises(NoAnswerError) as caught:
        fetched(error)
    assert caught.value.sent is sent
    assert caught.value.__suppress_context__


# Keys


def key_sets(ehr: FakeEhr, clock: Clock) -> KeySets:
    hooks = (HookIssuer(issuer="https://hooks.test", jku=JKU),)
    return KeySets(client(ehr), clock, Tenants((tenant(hooks=hooks),)))


@pytest.mark.parametrize(
    "url", ["https://evil.test/jwks", JKU + "/", JKU + "?x", JWKS, "file:///etc/passwd", ""]
)
def test_an_unlisted_key_address_is_never_asked(ehr, clock, url):
    with pytest.raises(KeysError):
        asyncio.run(key_sets(ehr, clock).key_set(url))
    assert ehr.requests == []


def test_an_ehrs_keys_lie_on_its_own_hosts(ehr, clock):
    keys = key_sets(ehr, clock)
    assert len(list(asyncio.run(keys.key_set(JWKS, tenant())))) == 2
    with pytest.raises(KeysError):
        asyncio.run(keys.key_set("https://evil.test/jwks", tenant()))
    assert len(ehr.requests) == 1


def test_a_listed_jku_is_asked_and_kept_for_an_hour(ehr, clock):
    keys = key_sets(ehr, clock)

    async def story() -> list[int]:
        counts = []
        for minutes in (0, 59, 1):
            clock.forward(minutes=minutes)
            await keys.key_set(JKU)
            counts.append(len(ehr.requests))
        return counts

    assert asyncio.run(story()) == [1, 1, 2]


def test_an_unknown_key_is_looked_for_once_a_minute(ehr, clock):
    keys = key_sets(ehr, clock)

    async def story() -> list[int]:
        counts = []
        for seconds in (0, 1, 30, 30, 1):
            clock.forward(seconds=seconds)
            with pytest.raises(KeysError):
                await keys.key(JKU, "made-up")
            counts.append(len(ehr.requests))
        assert (await keys.key(JKU, "id-1")).kid == "id-1"
        return [*counts, len(ehr.requests)]

    assert asyncio.run(story()) == [1, 1, 1, 2, 2, 2]


def test_many_who_wait_for_one_set_ask_once(ehr, clock):
    keys = key_sets(ehr, clock)

    async def story() -> None:
        await asyncio.gather(*(keys.key_set(JKU) for _ in range(20)))

    asyncio.run(story())
    assert len(ehr.requests) == 1


def test_a_set_that_cannot_be_had_is_an_error_of_its_own(ehr, clock):
    ehr.fails["/jwks"] = httpx2.ConnectError("down")
    with pytest.raises(KeysError):
        asyncio.run(key_sets(ehr, clock).key_set(JKU))


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"keys": {}},
        {"keys": []},
        {"keys": [7, None, {}]},
        {"keys": [{"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQ", "kid": "id-1"}]},
        {"keys": [ID_KEY.as_dict(private=False) | {"use": "enc"}]},
        {"keys": [ID_KEY.as_dict(private=True)]},
        {"keys": [{"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA", "kid": "id-1"}]},
        {"keys": [RSA_KEY.as_dict(private=False) | {"n": "AQAB"}]},
        {"keys": [ID_KEY.as_dict(private=False)] * 51},
    ],
)
def test_only_public_signing_keys_of_proper_size_are_keys(document):
    with pytest.raises(KeysError):
        read_keys(document)


def test_an_unknown_kind_of_key_hides_no_other():
    keys = read_keys({"keys": [{"kty": "AKP", "kid": "new"}, ID_KEY.as_dict(private=False)]})
    assert [key.kid for key in keys] == ["id-1"]


def test_one_key_needs_no_name_and_two_of_one_name_are_none():
    one = ID_KEY.as_dict(private=False)
    other = ECKey.generate_key("P-384", {"kid": "id-1"}).as_dict(private=False)
    assert pick(read_keys({"keys": [one]}), None).kid == "id-1"
    both = read_keys({"keys": [one, other]})
    assert pick(both, None) is None
    assert pick(both, "id-1") is None


def test_a_key_set_may_be_a_local_file(tmp_path):
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [ID_KEY.as_dict(private=False)]}))
    assert pick(local_keys(file), "id-1") is not None
    for text in ("nonsense", "[]", "{}"):
        file.write_text(text)
        with pytest.raises(KeysError):
            local_keys(file)
    with pytest.raises(KeysError):
        local_keys(tmp_path / "none.json")


# Signatures


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(ID_KEY, "ES384"), (RSA_KEY, "RS256"), (RSA_KEY, "RS384"), (RSA_KEY, "PS256")],
)
def test_signatures_with_public_keys_are_checked(key, algorithm):
    token = sign({"sub": "x"}, key, algorithm)
    assert verified_claims(token, key)["sub"] == "x"
    with pytest.raises(SignatureError):
        verified_claims(token, key, ("ES512",))


@pytest.mark.parametrize(
    "token",
    [
        unsigned({"sub": "x"}),
        unsigned({"sub": "x"}, "None"),
        unsigned({"sub": "x"}, "HS256"),
        unsigned({"sub": "x"}, "ES384") + "AAAA",
        sign({"sub": "x"}, ECKey.generate_key("P-384", {"kid": "id-1"})),
        sign({"sub": "x"}, RSAKey.generate_key(2048, {"kid": "id-1"}), "RS256"),
        "",
        "...",
        "a.b",
        "é.é.é",
    ],
)
def test_whatever_else_is_written_proves_nothing(token):
    with pytest.raises(SignatureError):
        verified_claims(token, ID_KEY)


def test_a_torn_payload_proves_nothing():
    header, _, signature = sign({"sub": "x"}).split(".")
    payload = sign({"sub": "y"}).split(".")[1]
    with pytest.raises(SignatureError):
        verified_claims(f"{header}.{payload}.{signature}", ID_KEY)


def test_a_critical_extension_nobody_knows_is_refused():
    with pytest.raises(SignatureError):
        read_header(
            "eyJhbGciOiJFUzM4NCIsImNyaXQiOlsieCJdLCJ4IjoxfQ.e30.AAAA"  # {"crit": ["x"], "x": 1}
        )
