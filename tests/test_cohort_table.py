"""Malformed cohorts: each fault is reported in one pass with its column, its rows and a remedy."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import check_cohort
from models.table.document import PATH, document
from models.table.problems import WARNINGS, Found, Problem, Severity
from models.table.raw import TableFileError
from models.table.schema import schema_of
from tests.cohort_tables import (
    RA,
    TODAY,
    Rows,
    as_csv,
    checked,
    checked_text,
    clean,
    every,
    later,
    put,
    schema,
    with_visit,
)

N = 900


def rename(old, new):
    def change(rows: Rows) -> None:
        rows[new] = rows.pop(old)

    return change


def drop(column):
    return lambda rows: rows.pop(column)


def add(column, cell):
    """A column whose cells are made of the row's number in a spreadsheet and the row."""

    def change(rows: Rows) -> None:
        names = list(rows)
        made = [
            cell(i + 2, dict(zip(names, values, strict=True)))
            for i, values in enumerate(zip(*rows.values(), strict=True))
        ]
        rows[column] = made

    return change


def rows_where(column, cell):
    """Numbers of the rows of the clean table with that cell."""
    return tuple(i + 2 for i, c in enumerate(clean(N)[column]) if c == cell)


def filled(column):
    return tuple(i + 2 for i, c in enumerate(clean(N)[column]) if c)


def duplicate(row):
    def change(rows: Rows) -> None:
        for cells in rows.values():
            cells.append(cells[row - 2])

    return change


def copy_row(row, **cells):
    """A further row of the same person, with other cells."""

    def change(rows: Rows) -> None:
        for name, column in rows.items():
            column.append(cells.get(name, column[row - 2]))

    return change


def at_site(site, column, change):
    def apply(rows: Rows) -> None:
        rows[column] = [
            change(c) if c and s == site else c
            for c, s in zip(rows[column], rows["site"], strict=True)
        ]

    return apply


SITE_2_CRP = tuple(
    i + 2
    for i, (c, s) in enumerate(zip(clean(N)["crp"], clean(N)["site"], strict=True))
    if c and s == "site 2"
)
NEW = N + 2
"""Number of the row that is added below the table."""

CASES = {
    "CRP of the whole table in mg/dL": (
        [every("crp", lambda c: repr(float(c) / 10))],
        [(Found.UNIT, "crp", ())],
    ),
    "CRP of one site in mg/dL": (
        [at_site("site 2", "crp", lambda c: repr(float(c) / 10))],
        [(Found.UNIT_AT_SITE, "crp", SITE_2_CRP)],
    ),
    "haemoglobin in g/L": (
        [every("hemoglobin", lambda c: repr(float(c) * 10))],
        [(Found.UNIT, "hemoglobin", ())],
    ),
    "haemoglobin in mmol/L, which is inside the supported range": (
        [every("hemoglobin", lambda c: repr(float(c) / 1.6114))],
        [(Found.UNIT, "hemoglobin", ())],
    ),
    "both global assessments in millimetres": (
        [
            every("patient_global", lambda c: repr(float(c) * 10)),
            every("physician_global", lambda c: repr(float(c) * 10)),
        ],
        [(Found.UNIT, "patient_global", ()), (Found.UNIT, "physician_global", ())],
    ),
    "disease duration in months": (
        [every("disease_duration", lambda c: repr(float(c) * 12))],
        [(Found.UNIT, "disease_duration", ())],
    ),
    "two joint counts and an age out of range": (
        [put("tender_joints", 5, "31"), put("swollen_joints", 9, "-2"), put("age", 12, "7")],
        [
            (Found.OUT_OF_RANGE, "tender_joints", (5,)),
            (Found.OUT_OF_RANGE, "swollen_joints", (9,)),
            (Found.OUT_OF_RANGE, "age", (12,)),
        ],
    ),
    "a start that is no day of the calendar and one in words": (
        [put("index_date", 3, "2021-02-30"), put("index_date", 4, "spring 2021")],
        [(Found.NOT_A_DATE, "index_date", (3, 4))],
    ),
    "a spreadsheet's day number for a date": (
        [put("index_date", 8, "44197")],
        [(Found.NOT_A_DATE, "index_date", (8,))],
    ),
    "dates with day and month either way round": (
        [put("index_date", 2, "03/04/2021"), put("index_date", 7, "3.4.21")],
        [(Found.AMBIGUOUS_DATE, "index_date", (2, 7))],
    ),
    "a start in the future": (
        [put("index_date", 6, "2031-05-01")],
        [(Found.FUTURE, "index_date", (6,))],
    ),
    "a start before birth and an age that is today's": (
        [
            add(
                "birth_date",
                lambda i, r: f"{int(r['index_date'][:4]) - int(float(r['age']))}-01-01",
            ),
            put("birth_date", 4, "2025-01-01"),
            put("age", 11, "99"),
        ],
        [
            (Found.BEFORE_BIRTH, "index_date", (4,)),
            (Found.AGE_DISAGREES, "age", (4, 11)),
        ],
    ),
    "a CRP dated after the start": (
        [
            add("crp_date", lambda i, r: later(r["index_date"], 60 if i in (5, 6) else -3)),
        ],
        [(Found.AFTER_INDEX, "crp_date", (5, 6))],
    ),
    "an unread column of days after the start": (
        [add("sample_taken", lambda i, r: later(r["index_date"], 30 if i in (8, 9) else -1))],
        [
            (Found.AFTER_INDEX, "sample_taken", (8, 9)),
            (Found.UNKNOWN_COLUMN, "sample_taken", ()),
        ],
    ),
    "columns named like an outcome": (
        [add("crp_week12", lambda i, r: "3"), add("eular_response", lambda i, r: "good")],
        [
            (Found.LEAKAGE_NAME, "crp_week12", ()),
            (Found.LEAKAGE_NAME, "eular_response", ()),
        ],
    ),
    "a predictor that behaves like the outcome": (
        [
            add(
                "haq",
                lambda i, r: "" if r["outcome"] == "" else repr(2.5 - 2 * float(r["outcome"])),
            )
        ],
        [(Found.KNOWS_OUTCOME, "haq", ())],
    ),
    "an unread column that behaves like the outcome": (
        [add("marker", lambda i, r: r["outcome"])],
        [(Found.KNOWS_OUTCOME, "marker", ()), (Found.UNKNOWN_COLUMN, "marker", ())],
    ),
    "a predictor copied from the outcome visit": (
        [with_visit, add("swollen_joints", lambda i, r: r["outcome_swollen_joints"])],
        [
            (Found.COPY_OF_OUTCOME, "swollen_joints", ()),
            (Found.KNOWS_OUTCOME, "swollen_joints", ()),
        ],
    ),
    "a predictor that is recorded only where the outcome was reached": (
        [add("esr", lambda i, r: "" if r["outcome"] == "0" else str(10 + i % 40))],
        [(Found.MISSING_BY_OUTCOME, "esr", ())],
    ),
    "one row twice": (
        [duplicate(17)],
        [(Found.DUPLICATE_ROW, "", (NEW,)), (Found.SEVERAL_ROWS, "person_id", (17, NEW))],
    ),
    "one person who began both drugs on one day": (
        [
            put("treatment", 17, "tnfi"),
            copy_row(17, treatment="il6i"),
        ],
        [
            (Found.SAME_START, "index_date", (NEW,)),
            (Found.SEVERAL_ROWS, "person_id", (17, NEW)),
        ],
    ),
    "a second course a month after the first, at another site": (
        [put("index_date", 17, "2021-01-04"), copy_row(17, index_date="2021-02-04", site="site 1")],
        [
            (Found.OVERLAPPING, "index_date", (NEW,)),
            (Found.SEVERAL_ROWS, "person_id", (17, NEW)),
        ],
    ),
    "a person of two sexes at two sites": (
        [
            put("index_date", 17, "2021-01-04"),
            put("male", 17, "0"),
            put("site", 17, "site 1"),
            copy_row(17, index_date="2023-02-04", male="1", site="site 2"),
        ],
        [
            (Found.PERSON_DISAGREES, "male", (17, NEW)),
            (Found.SEVERAL_SITES, "site", (17, NEW)),
            (Found.SEVERAL_ROWS, "person_id", (17, NEW)),
        ],
    ),
    "an unknown drug and a misspelt one": (
        [put("treatment", 3, "rituximab"), put("treatment", 8, "tnfl")],
        [
            (Found.UNKNOWN_TREATMENT, "treatment", (3,)),
            (Found.UNKNOWN_TREATMENT, "treatment", (8,)),
        ],
    ),
    "a misspelt predictor": (
        [rename("hemoglobin", "haemoglobin")],
        [(Found.MISSPELT_COLUMN, "haemoglobin", ()), (Found.NEVER_MEASURED, "hemoglobin", ())],
    ),
    "a column that nobody asked for": (
        [add("shoe_size", lambda i, r: str(36 + i % 10))],
        [(Found.UNKNOWN_COLUMN, "shoe_size", ())],
    ),
    "a name and a record number": (
        [add("patient_name", lambda i, r: "x"), add("mrn", lambda i, r: str(i))],
        [
            (Found.IDENTIFYING_COLUMN, "mrn", ()),
            (Found.IDENTIFYING_COLUMN, "patient_name", ()),
        ],
    ),
    "no site and no age": (
        [drop("site"), drop("age")],
        [(Found.MISSING_COLUMN, "site", ()), (Found.MISSING_COLUMN, "age", ())],
    ),
    "no outcome, and one component too few for it": (
        [with_visit, drop("outcome_patient_global")],
        [(Found.MISSING_COLUMN, "outcome", ())],
    ),
    "people, sites and treatments that are not given": (
        [put("person_id", 2, ""), put("site", 3, "NA"), put("treatment", 4, "")],
        [
            (Found.MISSING_VALUE, "person_id", (2,)),
            (Found.MISSING_VALUE, "site", (3,)),
            (Found.MISSING_VALUE, "treatment", (4,)),
        ],
    ),
    "words, a comparator and a unit among the numbers": (
        [
            put("crp", 2, "high"),
            put("crp", 3, "<4"),
            put("crp", 4, "12 mg/L"),
            put("esr", 5, "inf"),
        ],
        [
            (Found.NOT_A_NUMBER, "crp", (2,)),
            (Found.COMPARATOR, "crp", (3,)),
            (Found.WITH_UNIT, "crp", (4,)),
            (Found.NOT_A_NUMBER, "esr", (5,)),
        ],
    ),
    "decimal commas in some rows": (
        [put("crp", 2, "12,5"), put("crp", 9, "1,250")],
        [(Found.MIXED_DECIMALS, "crp", (2, 9))],
    ),
    "decimal commas in all rows": (
        [every("bmi", lambda c: f"{float(c):.1f}".replace(".", ","))],
        [(Found.DECIMAL_COMMA, "bmi", filled("bmi")), (Found.NEVER_MEASURED, "bmi", ())],
    ),
    "999 and -9 for missing": (
        [put("crp", 4, "999"), put("esr", 5, "-9"), put("esr", 6, "-9")],
        [(Found.PLACEHOLDER, "crp", (4,)), (Found.PLACEHOLDER, "esr", (5, 6))],
    ),
    "yes and no, and sexes counted from one": (
        [put("acpa", 2, "yes"), put("male", 3, "2")],
        [(Found.NOT_A_FLAG, "acpa", (2,)), (Found.NOT_A_FLAG, "male", (3,))],
    ),
    "an outcome of 2": (
        [put("outcome", 3, "2")],
        [(Found.NOT_A_FLAG, "outcome", (3,))],
    ),
    "half a joint": (
        [put("swollen_joints", 3, "4.5")],
        [(Found.NOT_WHOLE, "swollen_joints", (3,))],
    ),
    "a column of one value and a column without any": (
        [every("prior_tnfi_count", lambda c: "0"), every("il6", lambda c: "")],
        [(Found.CONSTANT, "prior_tnfi_count", ()), (Found.NEVER_MEASURED, "il6", ())],
    ),
    "one column pasted over another": (
        [add("esr", lambda i, r: r["bmi"])],
        [(Found.SAME_COLUMN, "esr", ())],
    ),
    "a site written in two ways": (
        [put("site", 2, "Site 2 ")],
        [(Found.NEAR_SITE, "site", (2,)), (Found.SMALL_SITE, "site", ())],
    ),
    "an outcome that nobody reached": (
        [every("outcome", lambda c: "0")],
        [
            (Found.ONE_OUTCOME, "outcome", ()),
            (Found.FEW_OUTCOMES, "outcome", ()),
            (Found.FEW_OUTCOMES, "outcome", ()),
        ],
    ),
    "an outcome that disagrees with its components": (
        [with_visit, add("outcome", lambda i, r: "1" if i == 30 else "")],
        [],
    ),
    "a visit in week 40, and a stop before the start": (
        [
            with_visit,
            put("outcome_date", 12, later(clean(N)["index_date"][10], 280)),
            add("stop_date", lambda i, r: later(r["index_date"], -5) if i == 20 else ""),
        ],
        [
            (Found.VISIT_OUTSIDE, "outcome_date", (12,)),
            (Found.STOP_BEFORE_START, "stop_date", (20,)),
        ],
    ),
    "components without the day of their visit": (
        [with_visit, drop("outcome_date")],
        [(Found.UNDATED_OUTCOME, "outcome_date", None)],
    ),
    "outcomes unknown in one treatment": (
        [
            add(
                "outcome",
                lambda i, r: "" if r["treatment"] == "il6i" and i % 2 else r["outcome"],
            )
        ],
        [(Found.OUTCOME_UNKNOWN_BY_ARM, "outcome", ())],
    ),
    "one treatment only": (
        [every("treatment", lambda c: "tnfi")],
        [(Found.ONE_ARM, "treatment", ())],
    ),
    "a predictor that decides the treatment": (
        [add("interferon_score", lambda i, r: "1.5" if r["treatment"] == "il6i" else "-1.5")],
        [
            (Found.DECIDES_TREATMENT, "interferon_score", ()),
            (Found.THIN_OVERLAP, "treatment", ()),
        ],
    ),
    "a row with a cell too many": (None, [(Found.RAGGED_ROW, "", (3,))]),
    "two columns of one name": (None, [(Found.REPEATED_COLUMN, "crp", ())]),
    "a header and nothing below it": (None, [(Found.EMPTY_TABLE, "", ())]),
}


def report_of(sentence):
    rows = clean(N)
    changes, _ = CASES[sentence]
    if changes is None:
        return checked_text(BROKEN_FILES[sentence])
    for change in changes:
        change(rows)
    return checked(rows)


_LINES = as_csv(clean(N)).splitlines()
BROKEN_FILES = {
    "a row with a cell too many": "\n".join([*_LINES[:2], _LINES[2] + ",7", *_LINES[3:]]),
    "two columns of one name": "\n".join(
        [_LINES[0] + ",crp", *(line + ",7" for line in _LINES[1:])]
    ),
    "a header and nothing below it": _LINES[0],
}


def places(report) -> list[tuple[Found, str, tuple[int, ...]]]:
    return [(p.kind, p.column, p.rows) for p in report.problems]


def test_a_table_without_a_fault_is_taken_as_it_is():
    report = checked(clean(N))
    assert report.problems == ()
    assert report.table is not None
    cells = clean(N)["crp"]
    found = report.table.features["crp"]
    assert [None if np.isnan(v) else repr(v) for v in found.tolist()] == [
        repr(float(c)) if c else None for c in cells
    ]


@pytest.mark.parametrize("sentence", CASES)
def test_a_malformed_cohort_is_reported_whole(sentence):
    report = report_of(sentence)
    found = places(report)
    expected = CASES[sentence][1]
    for kind, column, rows in expected:
        matching = [p for p in found if p[:2] == (kind, column) and rows in (None, p[2])]
        assert matching, (kind, column, rows, found)
        found.remove(matching[0])
    # What else is said must be a consequence that only warns, never a wrong accusation.
    assert [p for p in found if p[0] not in WARNINGS] == []
    errors = [kind for kind, _, _ in expected if kind not in WARNINGS]
    assert (report.table is None) == bool(errors)


def test_there_are_enough_malformed_cohorts_and_they_reach_most_kinds():
    assert len(CASES) >= 45
    kinds = {kind for _, expected in CASES.values() for kind, _, _ in expected}
    elsewhere = {
        Found.UNUSUAL_LEVEL,
        Found.TIMES,
        Found.TOO_OLD,
        Found.OUTCOME_DISAGREES,
        Found.OUTCOME_UNKNOWN,
        Found.THIN_STRATUM,
        Found.ONE_ARM_AT_SITE,
    }
    assert set(Found) - kinds == elsewhere


def test_many_faults_at_once_are_all_in_one_report():
    rows = clean(N)
    expected = []
    for sentence in TOGETHER:
        changes, problems = CASES[sentence]
        for change in changes:
            change(rows)
        expected += problems
    found = places(checked(rows))
    assert [p for p in expected if p not in found] == []
    assert len(expected) >= 20


TOGETHER = (
    "an unread column of days after the start",  # while every start is still a date
    "haemoglobin in g/L",
    "both global assessments in millimetres",
    "two joint counts and an age out of range",
    "a start that is no day of the calendar and one in words",
    "a start in the future",
    "columns named like an outcome",
    "an unknown drug and a misspelt one",
    "a name and a record number",
    "words, a comparator and a unit among the numbers",
    "yes and no, and sexes counted from one",
    "a column of one value and a column without any",
)


@pytest.mark.parametrize("sentence", CASES)
def test_every_problem_has_a_remedy_and_repeats_no_cell(sentence):
    for problem in report_of(sentence).problems:
        assert problem.message.endswith(".")
        assert problem.remedy.endswith((".", ")"))
        assert "p000" not in problem.line()


def test_faults_of_the_other_kinds():
    rows = with_visit(clean(N))
    add("outcome", lambda i, r: "1" if i == 30 else "")(rows)
    for component in ("tender_joints", "swollen_joints", "patient_global", "physician_global"):
        rows[f"outcome_{component}"][28] = "9"
    rows["outcome_date"][28] = later(rows["index_date"][28], 168)
    add("crp_date", lambda i, r: later(r["index_date"], -400 if i == 40 else -3))(rows)
    found = places(checked(rows))
    assert (Found.OUTCOME_DISAGREES, "outcome", (30,)) in found
    assert (Found.TOO_OLD, "crp_date", (40,)) in found

    rows = clean(N)
    every("crp", lambda c: repr(float(c) * 9))(rows)
    every("outcome", lambda c: c)(rows)
    rows["outcome"] = [c if i % 3 == 0 else "" for i, c in enumerate(rows["outcome"])]
    rows["treatment"] = [
        "tnfi" if s == "site 2" else t for t, s in zip(rows["treatment"], rows["site"], strict=True)
    ]
    kinds = {p.kind for p in checked(rows).problems}
    assert {Found.UNUSUAL_LEVEL, Found.OUTCOME_UNKNOWN, Found.ONE_ARM_AT_SITE} <= kinds

    small = clean(60)
    assert Found.THIN_STRATUM in {p.kind for p in checked(small).problems}


def test_a_treatment_may_be_named_by_its_label_and_in_any_case():
    rows = clean(N)
    rows["treatment"] = [{"tnfi": "TNF inhibitor", "il6i": "IL6I"}[t] for t in rows["treatment"]]
    report = checked(rows)
    assert report.problems == ()
    assert report.table is not None
    assert report.table.arm.tolist() == [int(t == "IL6I") for t in rows["treatment"]]


def test_the_delimiter_and_a_byte_order_mark_do_not_matter(tmp_path, capsys):
    path = tmp_path / "registry.csv"
    path.write_bytes(b"\xef\xbb\xbf" + as_csv(clean(N), ";").encode())
    assert check_cohort.main([RA, "--table", str(path)]) == 0
    assert "It can be used." in capsys.readouterr().out


def test_the_command_says_everything_as_json_and_as_lines(tmp_path, capsys):
    rows = clean(N)
    put("tender_joints", 5, "31")(rows)
    path = tmp_path / "registry.csv"
    path.write_text(as_csv(rows), encoding="utf-8")
    assert check_cohort.main([RA, "--table", str(path), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["usable"] is False
    assert said["courses"]["tnfi"] + said["courses"]["il6i"] == N
    assert said["problems"] == [
        {
            "severity": "error",
            "kind": "outside the supported range",
            "column": "tender_joints",
            "rows": [5],
            "message": "Outside 0 to 28 {count}, for which answers are given.",
            "remedy": "Check value and unit at the source; leave out people whom the decision is "
            "not for.",
        }
    ]
    assert check_cohort.main([RA, "--table", str(path)]) == 1
    assert "error: column tender_joints, row 5: Outside 0 to 28" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("absent.csv", None, "cannot be read"),
        ("latin.csv", b"person_id\nJ\xe4rvi\n", "not UTF-8"),
        ("broken.parquet", b"PAR1 and nothing", "as Parquet"),
        ("quoted.csv", b'a,b\n"x"y,2\n', "not CSV"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_its_name(tmp_path, capsys, name, content, said):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert check_cohort.main([RA, "--table", str(path)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert name in error


def test_an_unknown_decision_is_refused(tmp_path, capsys):
    assert check_cohort.main(["no_such", "--table", str(tmp_path / "x.csv")]) == 2
    assert "no_such" in capsys.readouterr().err


def test_parquet_reads_as_the_same_table_to_the_last_bit(tmp_path):
    from datetime import date

    import pyarrow
    from pyarrow import parquet

    from models.table.check import check_file

    rows = clean(N)
    columns = {}
    for name, cells in rows.items():
        if name in ("person_id", "site", "treatment"):
            columns[name] = pyarrow.array(cells)
        elif name == "index_date":
            columns[name] = pyarrow.array([date.fromisoformat(c) for c in cells])
        else:
            columns[name] = pyarrow.array([float(c) if c else None for c in cells])
    path = tmp_path / "registry.parquet"
    parquet.write_table(pyarrow.table(columns), path)
    from_parquet, from_csv = check_file(path, schema(), TODAY).table, checked(rows).table
    assert from_parquet is not None
    assert from_csv is not None
    for feature, values in from_csv.features.items():
        assert from_parquet.features[feature].tobytes() == values.tobytes()
    assert from_parquet.start.tolist() == from_csv.start.tolist()


def test_the_outcome_is_computed_by_the_decisions_own_score():
    rows = with_visit(clean(N))
    visit = {"tender_joints": "4", "swollen_joints": "2", "patient_global": "2"}
    for row, physician in ((0, "2"), (1, "2.1")):
        for component, cell in {**visit, "physician_global": physician}.items():
            rows[f"outcome_{component}"][row] = cell
        rows["outcome_date"][row] = later(rows["index_date"][row], 160)
    report = checked(rows)
    assert report.table is not None
    assert report.table.outcome[:2].tolist() == [1.0, 0.0]  # CDAI 10.0 and 10.1


def test_whoever_stopped_before_the_visit_did_not_reach_it():
    rows = with_visit(clean(N))
    for row in (0, 1, 2):
        for component in ("tender_joints", "swollen_joints", "patient_global", "physician_global"):
            rows[f"outcome_{component}"][row] = "0"
        rows["outcome_date"][row] = later(rows["index_date"][row], 168)
    for component in ("tender_joints", "swollen_joints", "patient_global", "physician_global"):
        rows[f"outcome_{component}"][3] = ""
    rows["outcome_date"][3] = ""
    days = {0: 100, 1: 200, 3: 90}
    add("stop_date", lambda i, r: later(r["index_date"], days[i - 2]) if i - 2 in days else "")(
        rows
    )
    report = checked(rows)
    assert report.table is not None
    assert report.table.outcome[:4].tolist() == [0.0, 1.0, 1.0, 0.0]


PROGRESSION = "t1d_progression"


def progression(n=40):
    """A table of a prognosis: no treatment, and the time to an event or to the last visit."""
    rows = {
        "person_id": [f"c{i}" for i in range(n)],
        "site": ["clinic"] * n,
        "index_date": ["2020-05-04"] * n,
        "time": [str(1 + i % 7) for i in range(n)],
        "event": [str(int(i % 3 == 0)) for i in range(n)],
        "age": [str(4 + i % 20) for i in range(n)],
        "male": [str(i % 2) for i in range(n)],
        "ia2a": [str(int(i % 5 < 2)) for i in range(n)],
        "antibody_number": [str(2 + i % 2) for i in range(n)],
        "stratum": [str(i % 2) for i in range(n)],
        "hba1c": [f"{5 + (i % 9) / 10:.1f}" for i in range(n)],
    }
    return rows


def test_a_prognosis_takes_times_and_censoring_instead_of_treatments():
    report = checked(progression(), PROGRESSION)
    assert [p for p in report.problems if p.severity is Severity.ERROR] == []
    assert report.table is not None
    assert report.table.last_free.tolist() == report.table.time.tolist()
    assert report.courses == {}


def test_times_that_run_backwards_and_haemoglobin_a1c_in_other_units_are_found():
    rows = progression()
    rows["last_free"] = ["9" if i == 3 else "" for i in range(40)]
    rows["entry"] = ["8" if i == 4 else "" for i in range(40)]
    rows["time"][5] = "0"
    rows["hba1c"] = [f"{(float(c) - 2.152) / 0.09148:.0f}" for c in rows["hba1c"]]
    found = places(checked(rows, PROGRESSION))
    assert (Found.TIMES, "last_free", (5,)) in found
    assert (Found.TIMES, "entry", (6,)) in found
    assert (Found.TIMES, "time", (7,)) in found
    assert (Found.UNIT, "hba1c", ()) in found


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=30),
    st.sampled_from(["person_id", "index_date", "treatment", "outcome", "crp", "male", "site"]),
    st.integers(min_value=2, max_value=61),
)
def test_no_cell_whatever_it_holds_stops_the_check(cell, column, row):
    """A check that fails half way would hide the problems behind it."""
    rows = clean(60)
    put(column, row, cell)(rows)
    report = checked(rows)
    assert report.rows == 60 or any(p.kind is Found.RAGGED_ROW for p in report.problems)


def test_rows_are_numbered_as_in_a_spreadsheet_and_long_lists_are_cut_in_lines_only():
    problem = Problem(
        kind=Found.OUT_OF_RANGE,
        column="crp",
        rows=tuple(range(2, 30)),
        message="M.",
        remedy="R.",
    )
    assert problem.line() == ("error: column crp, rows 2, 3, 4, 5, 6, 7, 8, 9 and 20 more: M. R.")
    assert len(problem.words()["rows"]) == 28


def test_every_decision_has_a_table_and_its_columns_are_named_once():
    from decision import catalog

    for name in catalog.offered():
        found = schema_of(catalog.load(name))
        assert len({c.name for c in found.columns}) == len(found.columns)
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", c.name) for c in found.columns)


def test_a_file_that_is_no_table_is_its_own_error():
    with pytest.raises(TableFileError, match="not CSV"):
        checked_text('a\n"x"y\n')


def test_the_document_says_what_the_decisions_say():
    assert PATH.read_text(encoding="utf-8") == document(), "run python -m models.table.document"
