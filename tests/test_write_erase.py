"""The command that erases what could not be written to a chart."""

from __future__ import annotations

import pytest

from fhir.store.keys import kept_key
from fhir.write.erase import main
from fhir.write.outbox import Outbox, State
from tests.builders import AS_OF

PERSON = "a" * 64
RESOURCE = {"resourceType": "RiskAssessment", "note": "MARKED-TEXT"}


@pytest.fixture
def outbox(place) -> Outbox:
    database = place.database()
    made = Outbox(database, kept_key(database, place.key))
    made.add(PERSON, "d1", "s1", [("k1", RESOURCE)], {"name": "Ada Marker"}, AS_OF)
    return made


def run(place, before: str) -> int:
    return main(["--database", place.where, "--key", str(place.key), "--before", before])


def test_what_is_older_is_erased_and_its_row_stays(outbox, place, capsys):
    assert run(place, f"{AS_OF:%Y-%m-%d}") == 0
    assert capsys.readouterr().out == "Erased: the text of 0 resources.\n"
    assert outbox.of(PERSON, "d1")[0].payload == RESOURCE
    assert run(place, "2999-01-01") == 0
    assert capsys.readouterr().out == "Erased: the text of 1 resources.\n"
    (row,) = outbox.of(PERSON, "d1")
    assert (row.payload, row.state) == (None, State.WAITING)


def test_a_wrong_path_begins_no_store(tmp_path, capsys):
    nowhere = tmp_path / "no" / "audit.sqlite"
    assert main(["--database", str(nowhere), "--before", "2026-01-31"]) == 2
    assert "Nothing was erased: there is no audit store" in capsys.readouterr().err
    assert not nowhere.parent.exists()


def test_a_date_that_is_none_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--database", str(tmp_path / "a"), "--before", "January"])
    assert "--before" in capsys.readouterr().err
