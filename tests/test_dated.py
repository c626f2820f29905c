"""Dated tables: which rows stand on a day, and loud where a file is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from decision.clinical.dated import DatedTable, Standing, TableError, read_dated
from decision.clinical.refusal import RefusalError, Refused

HEAD = "id,jurisdiction,value,source,edition,status,effective_from,superseded_by,note\n"
OLD = "old,US,100,book,1,verified,2020-01-01,new,\n"
NEW = "new,US,110,book,2,verified,2026-01-01,,\n"
DRAFT = "draft,US,120,rumour,,unverified,2020-01-01,,\n"
ABROAD = "abroad,GB,90,book,1,verified,2020-01-01,,\n"


def table(tmp_path: Path, *lines: str, jurisdictions: bool = True) -> DatedTable:
    path = tmp_path / "rules.csv"
    path.write_text(HEAD + "".join(lines), encoding="utf-8")
    return read_dated(path, jurisdictions=jurisdictions)


@pytest.mark.parametrize(
    ("on", "jurisdiction", "switched_on", "ids"),
    [
        (date(2019, 12, 31), "US", (), []),
        (date(2020, 1, 1), "US", (), ["old"]),
        (date(2025, 12, 31), "US", (), ["old"]),
        (date(2026, 1, 1), "US", (), ["new"]),
        (date(2026, 1, 1), "US", ("draft",), ["new", "draft"]),
        (date(2026, 1, 1), "GB", (), ["abroad"]),
        (date(2026, 1, 1), "FR", ("draft",), []),
    ],
)
def test_rows_in_force(tmp_path, on, jurisdiction, switched_on, ids):
    found = table(tmp_path, OLD, NEW, DRAFT, ABROAD).in_force(
        on, jurisdiction, switched_on=switched_on
    )
    assert [row.id for row in found] == ids


def test_an_unverified_successor_replaces_nothing_until_it_is_switched_on(tmp_path):
    rules = table(tmp_path, OLD, NEW.replace("verified", "unverified"))
    later = date(2026, 6, 1)

    assert [r.id for r in rules.in_force(later, "US")] == ["old"]
    assert [r.id for r in rules.in_force(later, "US", switched_on=["new"])] == ["new"]


def test_a_caller_may_ask_for_verified_rows_only(tmp_path):
    second = ABROAD.replace("GB,90,book,1,verified", "US,90,page,,secondary")
    rules = table(tmp_path, OLD.replace(",new,", ",,"), second)
    on = date(2021, 1, 1)

    assert len(rules.in_force(on, "US")) == 2
    only = rules.in_force(on, "US", accepted={Standing.VERIFIED})
    assert [r.id for r in only] == ["old"]


def test_the_version_changes_with_any_cell(tmp_path):
    assert table(tmp_path, OLD, NEW).version == table(tmp_path, OLD, NEW).version
    assert (
        table(tmp_path, OLD, NEW).version != table(tmp_path, OLD, NEW.replace("110", "111")).version
    )


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("x,US,1,,1,verified,2020-01-01,,\n",), "rules.csv:2: column 'source' is empty"),
        (("x,US,1,a,1,,2020-01-01,,\n",), "column 'status' is empty"),
        (("x,US,1,a,1,verified,,,\n",), "column 'effective_from' is empty"),
        (("x,,1,a,1,verified,2020-01-01,,\n",), "column 'jurisdiction' is empty"),
        (("x,US,1,a,1,certain,2020-01-01,,\n",), "'certain' is not a valid Standing"),
        (("x,US,1,a,1,verified,soon,,\n",), "rules.csv:2: Invalid isoformat"),
        ((NEW, NEW), "given twice: new"),
        ((OLD,), "successor 'new' is not in the file"),
        (("x,US,1,a\n",), "rules.csv:2: not as many cells"),
        (("x,US,1,a,1,verified,2020-01-01,,,more\n",), "not as many cells"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_the_line(tmp_path, lines, told):
    with pytest.raises(TableError, match=r"rules\.csv") as caught:
        table(tmp_path, *lines)
    assert told in str(caught.value)


def test_a_cell_that_is_no_number_is_an_error_where_it_is_read(tmp_path):
    rules = table(tmp_path, NEW.replace("110", "many"), OLD.replace("100", ""))

    with pytest.raises(TableError, match="holds no number"):
        rules["new"].number("value")
    with pytest.raises(TableError, match="is empty; a number is needed"):
        rules["old"].number("value")
    assert rules["old"].number_or_none("value") is None
    with pytest.raises(TableError, match="column 'weight' is missing"):
        rules["old"].text("weight")
    with pytest.raises(TableError, match="no row 'gone'"):
        rules["gone"]


def test_a_refusal_as_a_value_keeps_its_reason_and_its_kind():
    refusal = RefusalError("the unit is missing", "give it")

    assert str(refusal) == "the unit is missing; give it"
    assert Refused.of(refusal) == Refused(
        kind="RefusalError", reason="the unit is missing", remedy="give it"
    )
