"""The configuration file of the EHRs: what it means, and what is wrong with it, in clear words."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey

from fhir.smart import addresses
from fhir.smart.tenant import ClientMethod, ExpressionDocument, ScopeVersion, Tenant
from fhir.smart.tenant_file import SCHEMA, TenantsError
from fhir.smart.tenants import Tenants, load_tenants
from tests.smart_world import private_file

ROOT = Path(__file__).parent.parent
ONE = """
[[ehr]]
id = "north"
name = "North Hospital"
issuer = "https://ehr.test/fhir/"
site = "simulated-demo"
{read}
{more}
[ehr.client]
id = "our-app"
{client}
{tables}
"""
PUBLIC = 'method = "public"'


def written(folder: Path, more: str = "", client: str = PUBLIC, tables: str = "") -> Path:
    path = folder / "ehr.toml"
    read = "" if "also_read" in more else "also_read = []"
    content = ONE.format(read=read, more=more, client=client, tables=tables)
    path.write_text(content, encoding="utf-8")
    return path


def complaint(path: Path) -> str:
    with pytest.raises(TenantsError) as caught:
        load_tenants(path)
    assert caught.value.__cause__ is None
    assert caught.value.remedy
    assert str(path.parent) not in caught.value.message
    return f"{caught.value.message} {caught.value.remedy}"


def test_the_example_file_is_valid_and_says_what_it_seems_to_say():
    north, south = load_tenants(ROOT / "examples" / "ehr.example.toml")
    assert north.standalone
    assert (len(north.also_read), south.also_read) == (2, ())
    assert north.lifetime == timedelta(hours=8)
    assert north.pages == {"review-inputs": "data"}
    assert north.framing == "https://portal.north.example"
    assert south.scope_version is ScopeVersion.V1
    assert south.write_back.kinds == ("RiskAssessment", "DocumentReference", "Observation")
    assert south.expression is None  # until a model reads genes
    assert south.hooks[0].tenant == "south-main"


def test_where_gene_expression_is_filed_can_be_named(tmp_path):
    tables = '[ehr.expression]\nsystem = "https://types.test"\ncode = "counts"\n'
    (found,) = load_tenants(written(tmp_path, tables=tables))
    assert found.expression == ExpressionDocument(system="https://types.test", code="counts")


def test_the_schema_is_itself_valid():
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text()))


TABLES = json.loads(SCHEMA.read_text())["$defs"]


@pytest.mark.parametrize(
    ("table", "field"),
    [(table, field) for table, part in TABLES.items() for field in part.get("properties", ())],
)
def test_every_field_of_the_schema_says_what_it_means_and_what_holds_without_it(table, field):
    said = TABLES[table]["properties"][field]["description"]
    assert said.endswith(".")
    if field in TABLES[table].get("required", ()):
        assert said.endswith("Must be given.")
    else:
        assert any(word in said for word in ("Default: ", "Needed by ", "must be given."))


def test_a_short_file_gets_careful_defaults(tmp_path):
    (found,) = load_tenants(written(tmp_path))
    assert found.issuer == "https://ehr.test/fhir"
    assert found.client.method is ClientMethod.PUBLIC
    assert found.agent == "north"
    assert found.framing == "'none'"
    assert not found.standalone
    assert found.write_back.kinds == ()
    assert found.lifetime == timedelta(hours=8)
    assert found.idle == timedelta(minutes=60)


def test_a_launch_is_never_idle_longer_than_it_lives(tmp_path):
    (found,) = load_tenants(written(tmp_path, "lifetime_minutes = 10"))
    assert found.idle == timedelta(minutes=10)


def test_an_ehr_is_found_by_its_exact_issuer_only(tmp_path):
    tenants = load_tenants(written(tmp_path))
    assert tenants.of_issuer("https://ehr.test/fhir").id == "north"
    assert tenants.of_issuer("https://ehr.test/fhir/").id == "north"
    for other in ("https://ehr.test/fhir//", "https://ehr.test/FHIR", "https://ehr.test", ""):
        assert tenants.of_issuer(other) is None
    assert tenants.of_id("north").id == "north"
    assert tenants.of_id("") is None


def test_hooks_issuers_are_told_apart_by_tenant(tmp_path):
    hook = '[[ehr.hooks]]\nissuer = "https://h.test"\njku = "https://h.test/jwks"\n'
    tenants = load_tenants(written(tmp_path, tables=hook + 'tenant = "a"\n'))
    assert tenants.of_hook("https://h.test", "a")[0].id == "north"
    assert tenants.of_hook("https://h.test") is None
    assert tenants.of_hook("https://h.test/", "a") is None


# What is wrong, where, and what to do about it


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("isuer = 'x'", ["ehr 'north'", "'isuer'", "Known here", "issuer"]),
        ("standalone = 'yes'", ["ehr 'north', standalone", "'yes'", "true or false"]),
        ("lifetime_minutes = 3", ["lifetime_minutes", "3 cannot", "from 5 to 720"]),
        ("lifetime_minutes = 721", ["lifetime_minutes", "721"]),
        ("scope_version = 'v3'", ["scope_version", "'v3'", '"v1" or "v2"']),
        ("also_read = ['Immunization']", ["also_read.0", "'Immunization'", "optional resource"]),
        ("also_read = ['Procedure']", ["also_read.0", "'Procedure'"]),
        ("frame_ancestors = ['https://*.test']", ["frame_ancestors", "'https://*.test'"]),
        ("frame_ancestors = ['http://ehr.test']", ["frame_ancestors", "https"]),
        ("frame_ancestors = ['https://ehr.test/x']", ["frame_ancestors", "host alone"]),
        ("frame_ancestors = [\"'self'\"]", ["frame_ancestors.0", "no wildcard"]),
        ("frame_ancestors = ['https://a.test; x']", ["frame_ancestors.0"]),
        ("frame_ancestors = ['https://a.test;script-src']", ["frame_ancestors"]),
        ("hook_origins = ['*']", ["hook_origins.0"]),
        ("endpoint_hosts = ['https://login.test']", ["endpoint_hosts.0", "login.example.org"]),
        ("extra_scopes = ['user/*.rs']", ["extra_scopes.0", "without access to data"]),
        ("extra_scopes = ['patient/*.cruds']", ["extra_scopes.0"]),
        ("extra_scopes = ['openid offline_access']", ["extra_scopes.0"]),
        ("extra_scopes = ['offline_access']", ["extra_scopes.0"]),
        ("pages = {x = 'worklist'}", ["pages.x", "'worklist'", '"about"']),
    ],
)
def test_a_wrong_value_is_named_with_its_place_and_remedy(tmp_path, more, words):
    said = complaint(written(tmp_path, more))
    assert said.startswith("ehr.toml, ehr 'north'")
    assert [word for word in words if word not in said] == []


@pytest.mark.parametrize(
    "issuer",
    [
        "http://ehr.test/fhir",
        "ftp://ehr.test/fhir",
        "https://user:pw@ehr.test/fhir",
        "https://ehr.test/fhir?x=1",
        "https://ehr.test/fhir#x",
        "https://ehr.test/a/../fhir",
        "https://ehr.test:99999/fhir",
        "https://",
        "ehr.test/fhir",
    ],
)
def test_an_issuer_must_be_a_safe_address(tmp_path, issuer):
    path = written(tmp_path)
    path.write_text(path.read_text().replace("https://ehr.test/fhir/", issuer))
    assert "ehr 'north', issuer" in complaint(path)


def test_the_address_of_a_smart_configuration_is_told_from_the_issuer(tmp_path):
    path = written(tmp_path)
    found = "https://ehr.test/fhir/.well-known/smart-configuration"
    path.write_text(path.read_text().replace("https://ehr.test/fhir/", found))
    said = complaint(path)
    assert "SMART configuration" in said
    assert "Leave out everything from /.well-known/ on" in said


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"])
def test_plain_http_is_for_this_machine(tmp_path, host):
    path = written(tmp_path)
    path.write_text(path.read_text().replace("https://ehr.test", f"http://{host}"))
    assert load_tenants(path).every[0].issuer == f"http://{host}/fhir"


@pytest.mark.parametrize("field", ["name", "issuer", "site", "id", "also_read"])
def test_what_is_missing_is_named(tmp_path, field):
    path = written(tmp_path)
    lines = path.read_text().splitlines()
    gone = next(i for i, line in enumerate(lines) if line.startswith(f"{field} ="))
    path.write_text("\n".join(lines[:gone] + lines[gone + 1 :]))
    said = complaint(path)
    assert f"{field!r} is missing" in said
    assert ("ehr number 1" if field == "id" else "ehr 'north'") in said


def test_a_missing_client_is_named(tmp_path):
    path = tmp_path / "ehr.toml"
    path.write_text(
        ONE.format(read="also_read = []", more="", client="", tables="").partition("[ehr.client]")[
            0
        ]
    )
    assert "'client' is missing" in complaint(path)


@pytest.mark.parametrize(
    ("second", "field"),
    [
        ('id = "north"\nissuer = "https://other.test"', "id"),
        ('id = "south"\nissuer = "https://ehr.test/fhir"', "issuer"),
    ],
)
def test_two_ehrs_may_not_share_a_name_or_an_issuer(tmp_path, second, field):
    second = f"also_read = []\n{second}"
    more = f'[[ehr]]\nname = "S"\nsite = "s"\n{second}\n[ehr.client]\nid = "x"\n{PUBLIC}'
    said = complaint(written(tmp_path, tables=more))
    assert f", {field}: " in said
    assert "stands twice" in said


def test_a_file_that_is_not_there_or_not_toml_is_said(tmp_path):
    assert "cannot be read" in complaint(tmp_path / "none.toml")
    broken = tmp_path / "ehr.toml"
    broken.write_text('[[ehr]]\nid = "hunter2-secret"x\n')
    said = complaint(broken)
    assert "is not TOML" in said
    assert "line 2" in said
    assert "hunter2" not in said
    broken.write_bytes(b"\xff\xfe")
    assert "UTF-8" in complaint(broken)
    broken.write_text("")
    assert "'ehr' is missing" in complaint(broken)
    broken.write_text("ehr = []")
    assert "[[ehr]]" in complaint(broken)
    broken.write_text('ehr = ["x"]')
    assert "ehr number 1" in complaint(broken)


# Secrets


@pytest.mark.parametrize("key", ["secret", "client_secret", "password", "private_key"])
def test_an_inline_secret_is_refused_and_not_repeated(tmp_path, key):
    said = complaint(written(tmp_path, client=f'{PUBLIC}\n{key} = "hunter2-secret"'))
    assert key in said
    assert "file of its own" in said
    assert "hunter2" not in said


def test_a_secret_in_the_place_of_its_file_is_not_repeated(tmp_path):
    client = 'method = "client_secret_basic"\nsecret_file = "hunter2-secret"'
    said = complaint(written(tmp_path, client=client))
    assert "client.secret_file" in said
    assert "no such file" in said
    assert "hunter2" not in said
    client = 'method = "client_secret_basic"\nsecret_file = ["hunter2-secret"]'
    assert "hunter2" not in complaint(written(tmp_path, client=client))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_secret_that_others_may_read_is_refused(tmp_path, mode):
    private_file(tmp_path / "s", "a-long-secret").chmod(mode)
    said = complaint(written(tmp_path, client='method = "client_secret_basic"\nsecret_file = "s"'))
    assert f"{mode:04o}" in said
    assert "0600" in said


@pytest.mark.parametrize("text", ["", "short", "two\nlines of text", "ümlaut-secret", "x" * 600])
def test_a_secret_file_holds_one_secret(tmp_path, text):
    private_file(tmp_path / "s", text)
    said = complaint(written(tmp_path, client='method = "client_secret_basic"\nsecret_file = "s"'))
    assert "no client secret" in said
    assert text == "" or text not in said


KEY = 'method = "private_key_jwt"\nkey_file = "k"\n'
RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-384")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("nonsense", "no private key"),
        ("{}", "no private key"),
        ('{"kty": "oct", "k": "aGFsbG8"}', "no private key"),
        (json.dumps(EC.as_dict(private=False)), "no private key"),
        (EC.as_pem(private=False), "no private key"),
        (ECKey.generate_key("P-256").as_pem(private=True), "P-384"),
        (EC.as_pem(private=True), "key has no id"),
    ],
)
def test_a_key_file_holds_one_usable_private_key(tmp_path, key, words):
    private_file(tmp_path / "k", key)
    assert words in complaint(written(tmp_path, client=KEY))


@pytest.mark.parametrize(
    ("key", "key_id"),
    [
        (RSA.as_pem(private=True), 'key_id = "a"'),
        (EC.as_pem(private=True), 'key_id = "a"'),
        (json.dumps(EC.as_dict(private=True) | {"kid": "a"}), ""),
    ],
)
def test_keys_are_read_as_pem_or_jwk(tmp_path, key, key_id):
    private_file(tmp_path / "k", key)
    (found,) = load_tenants(written(tmp_path, client=KEY + key_id))
    assert found.client.method is ClientMethod.KEY
    assert "k" not in repr(found.client).partition("file")[2]  # where it lies is told to nobody


@pytest.mark.parametrize(("second", "refused"), [(RSA, False), (EC, True)])
def test_one_key_may_serve_two_ehrs_but_one_id_names_one_key(tmp_path, second, refused):
    private_file(tmp_path / "k", RSA.as_pem(private=True))
    private_file(tmp_path / "k2", second.as_pem(private=True))
    client = KEY + 'key_id = "a"'
    other = ONE.format(read="also_read = []", more="", client=client, tables="")
    other = other.replace('"north"', '"south"').replace("ehr.test", "south.test")
    path = written(tmp_path, client=client, tables=other.replace('"k"', '"k2"'))
    if refused:
        assert "'south', client.key_id: stands for another EHR's key" in complaint(path)
    else:
        assert len(load_tenants(path).every) == 2


@pytest.mark.parametrize(
    ("client", "words"),
    [
        ('method = "client_secret_basic"', "'secret_file' is missing"),
        ('method = "private_key_jwt"', "'key_file' is missing"),
        (PUBLIC + '\nsecret_file = "s"', "secret_file has no use"),
        (PUBLIC + '\nkey_id = "s"', "key_id has no use"),
        ('method = "client_secret_post"', "'client_secret_post' cannot stand here"),
        ("method = 7", "7 cannot stand here"),
    ],
)
def test_the_method_and_its_file_belong_together(tmp_path, client, words):
    assert words in complaint(written(tmp_path, client=client))


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        ("", "keys of a hooks issuer"),
        ('jku = "https://h.test/k"\nkeys_file = "x"', "keys of a hooks issuer"),
        ('jku = "http://h.test/k"', "no safe address"),
        ('keys_file = "hidden-name"', "cannot be read"),
    ],
)
def test_the_keys_of_a_hooks_issuer_stand_at_one_safe_place(tmp_path, hook, words):
    said = complaint(written(tmp_path, tables=f'[[ehr.hooks]]\nissuer = "h"\n{hook}\n'))
    assert words in said
    assert "hidden-name" not in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "cannot be read"),
        ('{"keys": [], "keys": []}', "cannot be read"),
        ("[]", "no key set"),
        ('{"keys": []}', "no usable key"),
        ('{"keys": [{"kty": "oct", "k": "aGlkZGVu"}]}', "no usable key"),
        (json.dumps({"keys": [ECKey.generate_key("P-384").as_dict(private=True)]}), "no usable"),
    ],
)
def test_a_file_of_keys_that_nobody_could_use_stops_the_start(tmp_path, text, words):
    (tmp_path / "hidden-name").write_text(text)
    hook = '[[ehr.hooks]]\nissuer = "h"\nkeys_file = "hidden-name"\n'
    said = complaint(written(tmp_path, tables=hook))
    assert "hooks.keys_file" in said
    assert words in said
    assert "hidden-name" not in said


def test_a_file_with_a_public_key_is_taken(tmp_path):
    key = ECKey.generate_key("P-384", {"kid": "1"}).as_dict(private=False)
    (tmp_path / "k").write_text(json.dumps({"keys": [key]}))
    (found,) = load_tenants(
        written(tmp_path, tables='[[ehr.hooks]]\nissuer = "h"\nkeys_file = "k"\n')
    )
    assert found.hooks[0].keys_file == tmp_path / "k"


def test_one_hooks_issuer_belongs_to_one_ehr(tmp_path):
    hook = '[[ehr.hooks]]\nissuer = "h"\njku = "https://h.test/k"\n'
    assert "stands twice" in complaint(written(tmp_path, tables=hook + hook))


# Addresses


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://a.test/x", "https://a.test"),
        ("https://a.test:443/x", "https://a.test"),
        ("https://a.test:8443", "https://a.test:8443"),
        ("http://127.0.0.1:80/", "http://127.0.0.1"),
        ("http://[::1]:81/", "http://[::1]:81"),
        ("http://a.test", ""),
        ("https://a.test\\@b.test", ""),
        ("https://a.test@b.test", ""),
        ("https://a.tést", ""),
        ("https://a.test;script-src", ""),
        ("https://a.test,b.test", ""),
        ("https://a.test:", ""),
        ("https://a.test/ x", ""),
        ("//a.test", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_an_origin_is_that_of_a_safe_address(address, origin):
    assert addresses.origin_of(address) == origin


@given(st.text(max_size=60) | st.none() | st.integers())
def test_no_input_breaks_the_reading_of_an_address(anything):
    # Servers and configuration files may hold anything; refusing is the only other outcome.
    parts = addresses.parts_of(anything)
    assert parts is None or parts.scheme in ("http", "https")
    addresses.is_base(anything)
    addresses.is_origin(anything)


def test_pages_of_nobody_may_be_framed_by_every_known_ehr_and_no_other(tmp_path):
    base = load_tenants(written(tmp_path, "frame_ancestors = ['https://a.test']")).every[0]
    assert isinstance(base, Tenant)
    assert Tenants((base, base)).framing == "https://a.test"
    assert Tenants(()).framing == "'none'"
