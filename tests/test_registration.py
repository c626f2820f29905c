"""What an administrator is told to enter is what the app then asks for, letter for letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from decision import catalog
from fhir.registration import main, registration
from fhir.rest.searches import searches
from fhir.smart.tenant import Client, ClientMethod, HookIssuer, ScopeVersion, WriteBack
from tests import smart_world
from tests.smart_world import APP, World, running_loop, tenant

EXAMPLE = Path(__file__).parent.parent / "examples" / "ehr.example.toml"
SPECS = tuple(catalog.discover().values())


def entries(**changes: object) -> dict[str, str]:
    return dict(registration(tenant(**changes), SPECS, APP))


@pytest.mark.parametrize(
    ("path", "name"), [("/launch", "from a chart"), ("/standalone", "signing in")]
)
def test_the_scopes_and_addresses_are_those_that_a_launch_asks_for(monkeypatch, path, name):
    kinds = tuple({search.kind for spec in SPECS for search in searches(spec)})
    monkeypatch.setattr(smart_world, "KINDS", kinds)
    ehr = tenant(write_back=WriteBack(document=True, search=True))
    told = dict(registration(ehr, SPECS, APP))
    with running_loop() as loop:
        world = World(loop, ehr)
        given = {"iss": ehr.issuer, "launch": "x"} if path == "/launch" else {"ehr": ehr.id}
        sent = world.went(world.browser().get(path, params=given))
    assert sent["scope"] == told[f"scopes, {name}"]
    assert sent["redirect_uri"] == told["redirect address"]


def test_signing_in_asks_for_the_patient_and_for_access_while_away():
    chart, alone = (entries()[f"scopes, {n}"].split() for n in ("from a chart", "signing in"))
    assert {"launch", "online_access"} <= {*chart}
    assert {"launch/patient", "offline_access"} <= {*alone}
    assert {*chart} - {*alone} == {"launch", "online_access"}


def test_every_choice_of_the_file_changes_the_scopes_as_it_should():
    found = entries(write_back=WriteBack(document=True, search=True))["scopes, from a chart"]
    assert "patient/DocumentReference.cs" in found.split()
    found = entries(write_back=WriteBack(document=True))["scopes, from a chart"]
    assert "patient/DocumentReference.c" in found.split()
    found = entries(scope_version=ScopeVersion.V1)["scopes, from a chart"]
    assert "patient/Observation.read" in found.split()
    assert "_access" not in entries(refresh=False)["scopes, from a chart"]


def test_only_what_this_ehr_needs_is_listed():
    plain = entries(standalone=False)
    assert [*plain] == ["client type", "launch address", "redirect address", "scopes, from a chart"]
    key = Client(id="x", method=ClientMethod.KEY)
    assert entries(client=key)["our public keys"] == f"{APP}/.well-known/jwks.json"
    hooked = entries(hooks=(HookIssuer(issuer="h", jku="https://h.test/k"),))
    assert hooked["CDS Hooks discovery"] == f"{APP}/cds-services"
    assert hooked["hooks"] == "patient-view, order-select"


def test_every_decision_has_a_hook_service_of_its_own_and_all_share_the_scopes():
    ehr = tenant(hooks=(HookIssuer(issuer="h", jku="https://h.test/k"),))
    told = list(registration(ehr, SPECS, APP))
    services = [address for name, address in told if name == "CDS Hooks service"]
    assert services == [f"{APP}/cds-services/{spec.id}" for spec in SPECS]
    assert [name for name, _ in told].count("scopes, from a chart") == 1


def test_the_command_prints_every_ehr_of_the_file(capsys):
    assert main(["--ehrs", str(EXAMPLE), "--public-url", "https://app.example.org/"]) == 0
    said = capsys.readouterr().out
    assert said.count("https://app.example.org/callback\n") == 2
    assert said.startswith("North University Hospital (north), https://ehr.north.example/fhir/r4\n")
    assert "\n\nSouth Clinic (south), " in said


def test_only_the_decisions_that_are_named_are_told_of(capsys):
    """As a place does that serves some of those installed."""
    given = ["--ehrs", str(EXAMPLE), "--public-url", APP, "--decision"]
    assert main([*given, SPECS[-1].id]) == 0
    one = capsys.readouterr().out
    assert f"/cds-services/{SPECS[0].id}" not in one
    assert main([*given, ", ".join(spec.id for spec in SPECS)]) == 0
    every = capsys.readouterr().out
    assert every.count("CDS Hooks service") == len(SPECS) * one.count("CDS Hooks service") > 0


def test_what_cannot_be_used_is_said(capsys, tmp_path):
    assert main(["--ehrs", str(tmp_path / "none.toml"), "--public-url", APP]) == 2
    assert "none.toml: cannot be read" in capsys.readouterr().err
    assert main(["--ehrs", str(EXAMPLE), "--public-url", APP, "--decision", "none"]) == 2
    assert "decision 'none'" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["--ehrs", str(EXAMPLE), "--public-url", "https://app.test/below"])
    assert ended.value.code == 2
    assert "scheme and host alone" in capsys.readouterr().err
