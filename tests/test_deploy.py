"""What docs/deploy.md says to do is done here, literally."""

from __future__ import annotations

import dataclasses
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from decision.clinical.errors import AuditError
from fhir.smart.client_files import signing_key
from fhir.smart.tenant import Client, ClientMethod
from fhir.store.database import Database, database_url, metadata
from fhir.store.keys import existing_key, kept_key
from fhir.store.replay import UsedTokens
from fhir.store.verify import verify
from fhir.write.launched import Launched
from fhir.write.outbox import Outbox
from settings import Settings
from tests.trails import ADA, make_event
from wiring import Wired

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
FIRST, THEN = re.findall(r"^```sql\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
LAUNCHED = Launched(tenant="north", base="https://ehr.test/fhir", patient_id="1", agent="a")


@pytest.fixture(scope="module")
def divided(app, postgres, tmp_path_factory) -> Iterator[tuple[str, Path, Wired]]:
    """The trail's database after the steps of the document, and the app started on it."""
    key = tmp_path_factory.mktemp("key") / "trail.key"

    def place(role: str) -> str:
        return f"postgresql://{role}@/trail?host={postgres.folder}"

    def started(role: str) -> Wired:
        settings = dataclasses.replace(
            app.Settings.read({}),
            audit=place(role),
            audit_key=key,
            ehrs=ROOT / "examples" / "ehr.example.toml",
            demo=False,
        )
        wired = Wired(settings, app.OUTSIDE)
        wired.routes()
        opened.callback(wired._store.database.close)
        return wired

    opened = ExitStack()

    with postgres.connect() as administrator:
        for statement in FIRST.split(";\n"):
            administrator.execute(statement)
    started("trail_owner")
    opened.close()
    with postgres.connect(place("trail_owner")) as owner:
        owner.execute(THEN)
    with opened:
        yield place("treatment_response"), key, started("treatment_response")
    with postgres.connect() as administrator:
        administrator.execute("drop database trail with (force)")
        administrator.execute("drop role trail_owner, treatment_response")


@pytest.fixture
def database(divided) -> Iterator[Database]:
    with closing(Database(database_url(divided[0]))) as opened:
        yield opened


def test_every_table_is_granted_what_it_needs():
    assert [name for name in metadata.tables if name not in THEN] == []


def test_the_apps_account_writes_all_that_the_app_keeps(divided, database):
    _, key, wired = divided
    event = make_event()
    wired.services.audit.append(event)
    assert len(wired.services.audit.entries("patient-1", ADA).entries) == 1
    now = event.recorded
    assert UsedTokens(database).first_use("issuer", "jti", now + timedelta(minutes=1), now)
    later = now + timedelta(days=1)
    end = later + timedelta(minutes=1)
    assert UsedTokens(database).first_use("issuer", "other", end, later)  # forgets the first
    outbox = Outbox(database, kept_key(database, key))
    whose = outbox.whose(LAUNCHED)
    outbox.add(whose, "d1", "a1", [("k1", {"resourceType": "RiskAssessment"})], {}, now)
    assert len(outbox.of(whose, "d1")) == 1
    assert outbox.erase(later) == 1


def test_the_apps_account_checks_the_trail(divided):
    with closing(Database(database_url(divided[0]), existing=True)) as database:
        assert verify(database, existing_key(database, divided[1])).problem is None


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entry set agent = 'x'",
        "delete from audit_entry",
        "truncate audit_entry",
        "drop table audit_entry",
        "alter table audit_entry disable trigger all",
        "drop trigger audit_entry_rows on audit_entry",
        "create or replace function audit_entry_append_only() returns trigger language plpgsql"
        " as $$ begin return new; end $$",
        "update store_format set version = 1",
    ],
)
def test_the_apps_account_changes_nothing_that_was_written(divided, postgres, statement):
    with (
        postgres.connect(divided[0]) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_without_the_grants_nothing_starts(divided, postgres):
    """So that this file would notice if the grants did nothing."""
    with postgres.connect() as administrator:
        administrator.execute("create role stranger login")
    try:
        with pytest.raises(AuditError):
            Database(database_url(divided[0].replace("treatment_response@", "stranger@")))
    finally:
        with postgres.connect() as administrator:
            administrator.execute("drop role stranger")


MAKING = re.findall(r"^\(umask 077; openssl .*\)$", TEXT, re.MULTILINE)


@pytest.mark.parametrize("command", MAKING)
def test_the_commands_make_keys_that_the_app_takes(tmp_path, command):
    (tmp_path / "secrets").mkdir(mode=0o700)
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True, capture_output=True)
    (made,) = (tmp_path / "secrets").iterdir()
    client = Client(id="x", method=ClientMethod.KEY, file=made, key_id="2031-05")
    _, algorithm, kid = signing_key(client)
    assert (algorithm, kid) == ("ES384" if "P-384" in command else "RS384", "2031-05")


def test_both_kinds_of_key_are_shown():
    assert len(MAKING) == 2


def test_the_variables_of_the_first_start_are_understood():
    given = dict(re.findall(r"^export (\w+)=(\S+)$", TEXT, re.MULTILINE))
    found = Settings.read(given)
    assert found.ehrs == ROOT / "ehr.toml"
    assert found.hosts == ("app.example.org", "127.0.0.1")
    assert not found.demo


def test_every_command_of_ours_that_is_named_is_there():
    named = set(re.findall(r"python -m ((?:fhir|models)[\w.]*)", TEXT))
    assert {"fhir.registration", "fhir.store.verify"} <= named
    for module in named:
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), module
