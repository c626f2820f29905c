"""A file is never read for another person, another day, another unit, or at any price."""

from __future__ import annotations

import gzip
import io
import json
import re
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decision.clinical.features import Found, Missing, MissingReason
from decision.clinical.record import IssueKind
from models.expression import errors as e
from models.expression import tables, text
from models.expression.kinds import Kind, Scale
from models.expression.naming import read_probes
from tests.expression_samples import (
    ARRAY,
    PARQUET,
    RNA,
    TSV,
    declared,
    lines,
    parquet,
    scorer,
    table,
)
from tests.test_expression_files import FULL, GENES, TPM, VALUES, read
from tests.test_expression_record import INTERFERON, decision, document, encoded, finding, record


def two_people(column: str) -> bytes:
    """One below the other, and no gene in common: nothing but the column tells them apart."""
    half = len(GENES) // 2
    rows = [
        f"{'A' if i < half else 'B'}\t{gene}\t{value!r}"
        for i, (gene, value) in enumerate(zip(GENES, VALUES.tolist(), strict=True))
    ]
    return "\n".join([f"{column}\tgene\tvalue", *rows]).encode()


@pytest.mark.parametrize("column", ["sample", "patient_id", "Subject", "donor"])
def test_rows_of_two_people_are_never_read_as_one(column):
    with pytest.raises(e.SampleChoiceError) as refused:
        read(two_people(column))
    assert refused.value.samples == ("A", "B")
    assert "A" not in refused.value.message.split()


def test_a_column_beside_the_values_that_may_be_another_persons_stops_the_reading():
    rows = [f"{g}\t{v!r}\t{v / 2!r}" for g, v in zip(GENES, VALUES.tolist(), strict=True)]
    with pytest.raises(e.SampleChoiceError) as refused:
        read("\n".join(["gene\ttpm\tmother", *rows]).encode())
    assert "mother" not in refused.value.message + refused.value.remedy
    assert refused.value.samples == ("tpm", "mother")


def test_what_quantifiers_write_beside_their_values_stops_nothing():
    head = "Name\tLength\tEffectiveLength\tTPM\tNumReads"
    rows = [f"{g}\t900\t800.5\t{v!r}\t7" for g, v in zip(GENES, VALUES.tolist(), strict=True)]
    assert read("\n".join([head, *rows]).encode()).values.tolist() == VALUES.tolist()


@pytest.mark.parametrize("name", ["gene_id", "length", "S2", "s1"])
def test_a_named_sample_is_read_under_its_exact_name_or_not_at_all(name):
    rows = [f"{g}\t1000\t{v!r}" for g, v in zip(GENES, VALUES.tolist(), strict=True)]
    content = "\n".join(["gene_id\tlength\tS1", *rows]).encode()
    with pytest.raises(e.SampleChoiceError):
        read(content, sample=name)
    assert read(content, sample="S1").values.tolist() == VALUES.tolist()


def test_a_file_that_names_no_sample_holds_the_one_that_is_declared():
    assert read(lines(GENES, VALUES, header="gene,TPM"), sample="S1").values[0] == VALUES[0]


def test_one_of_several_samples_below_each_other_needs_no_name_of_its_column():
    rows = [f"{s}\t{g}\t{v!r}" for s in "AB" for g, v in zip(GENES, VALUES.tolist(), strict=True)]
    content = "\n".join(["sample\tgene\tabundance", *rows]).encode()
    assert read(content, sample="B").values.tolist() == VALUES.tolist()


def test_counts_are_not_taken_for_tpm_by_their_column_or_their_numbers():
    with pytest.raises(e.ScaleError):
        read(lines(GENES, VALUES, header="gene,count"))
    with pytest.raises(e.ScaleError, match="whole number"):
        read(lines(GENES, np.round(VALUES)))
    assert read(lines(GENES, np.round(VALUES)), scale=Scale(Kind.COUNT)).values[0] > 0


@pytest.mark.parametrize("kind", [Kind.TPM, Kind.CPM, Kind.COUNT, Kind.INTENSITY])
def test_logarithms_are_never_taken_for_the_numbers_themselves(kind):
    """The ranks would be right and the sums wrong: what was declared is doubtful, so all of it."""
    with pytest.raises(e.ScaleError) as refused:
        read(lines(GENES, np.log2(VALUES + 1.0)), scale=Scale(kind))
    assert f"log2-{kind.value}" in refused.value.remedy


def test_a_gzip_file_of_many_empty_parts_is_refused_in_time():
    part = gzip.compress(b"", mtime=0)
    with pytest.raises(e.TooLargeError, match="parts"):
        read(part * (tables.MOST_PARTS + 1) + gzip.compress(FULL))
    assert read(part * 50 + gzip.compress(FULL)).values[0] == VALUES[0]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, len(FULL)), max_size=5), st.integers(0, 70_000))
def test_gzip_in_parts_and_padded_is_the_same_file(cuts, padding):
    """However it was cut: the reader's slices and the writer's parts end nowhere in particular."""
    ends = [0, *sorted(cuts), len(FULL)]
    parts = (gzip.compress(FULL[a:b]) for a, b in pairwise(ends))
    assert tables.read_table(b"".join(parts) + b"\0" * padding, TSV).rows == len(GENES)


def test_a_parquet_file_whose_text_grows_on_reading_is_refused_before_it_does():
    words = pa.DictionaryArray.from_arrays(
        pa.array([0] * 50_000, pa.int32()), pa.array(["G" * 99_999])
    )
    held = io.BytesIO()
    pq.write_table(pa.table({"gene": words, "S1": [1.5] * 50_000}), held, store_schema=False)
    assert len(held.getvalue()) < 1_000_000  # and 5 GB as text
    with pytest.raises(e.ParquetError, match="longer"):
        read(held.getvalue(), PARQUET)


def test_a_parquet_file_of_bytes_in_place_of_names_says_so():
    with pytest.raises(e.ParquetError, match="bytes"):
        read(parquet({"gene": [g.encode() for g in GENES], "S1": VALUES}), PARQUET)


def test_a_text_table_of_too_many_cells_is_refused_before_they_are_made():
    row = b"G\t" + b"1\t" * 999 + b"1\n"
    with pytest.raises(e.TooLargeError, match="cells"):
        read(b"gene" + b"".join(b"\ts%d" % i for i in range(1000)) + b"\n" + row * 4_000)


@pytest.mark.parametrize("end", ["\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028"])
def test_lines_of_nothing_are_counted_before_they_are_made(end):
    """200 kB of gzip made 190 million of them, and 1.8 GB."""
    held = "gene\tS1\nA\t1\n" + end * (tables.MOST_CELLS + 1)
    with pytest.raises(e.TooLargeError, match="cells"):
        tables.read_table(gzip.compress(held.encode()), TSV)


def test_one_wide_letter_does_not_make_a_large_text_four_times_as_large(monkeypatch):
    monkeypatch.setattr(text, "_LARGEST_WIDE", len(FULL) - 1)
    assert tables.read_table(FULL, TSV).rows == len(GENES)
    assert tables.read_table("# Größe\n".encode() + FULL, TSV).rows == len(GENES)
    for wide in ("\u0100", "\u20ac", "\U0001f600"):
        with pytest.raises(e.TooLargeError, match="beyond Latin"):
            tables.read_table(f"# {wide}\n".encode() + FULL, TSV)


def varint(number: int, length: int) -> bytes:
    """As Thrift writes a whole number, in so many bytes."""
    parts = [(2 * number >> 7 * i) & 0x7F for i in range(length)]
    return bytes([part | 0x80 for part in parts[:-1]] + parts[-1:])


@pytest.mark.parametrize("place", ["whole", "part", "column"])
def test_a_parquet_file_whose_parts_say_more_rows_than_the_whole_is_not_begun(place):
    """What is read follows the parts: two thousand million rows of one value are a few bytes."""
    rows = 123_457
    held = io.BytesIO()
    names = pa.array(["G"] * rows)
    pq.write_table(pa.table({"gene": names, "S1": [1.5] * rows}), held, store_schema=False)
    content = held.getvalue()
    foot = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    said = [m.start() for m in re.finditer(re.escape(varint(rows, 3)), content[foot:])]
    at = foot + said[{"whole": 0, "column": 1, "part": -1}[place]]  # as they stand in the file
    lying = content[:at] + varint(10, 3) + content[at + 3 :]
    assert tables.read_table(content, PARQUET).rows == rows
    with pytest.raises(e.ParquetError, match="damaged"):
        tables.read_table(lying, PARQUET)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([TSV, "text/csv", PARQUET]), st.integers(0, 3))
def test_no_bytes_make_the_reader_fail_in_another_way(content, kind, disguise):
    """What escapes as another error would take the whole record with it."""
    heads = (b"", b"\x1f\x8b\x08\x00", b"PAR1", b"gene\tS1\n")
    with pytest.raises(e.ExpressionError) as refused:  # it is too short to be a sample
        scorer().score(heads[disguise] + content, declared(content_type=kind))
    assert refused.value.message
    assert refused.value.remedy


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"",
        b"probe,gene\nA\n",
        b"probe;gene\n",
        b'probe,gene\n"A',
        b"\0\0",
        b"a,b\n1,2",
    ],
)
def test_a_mapping_that_is_none_says_so(content):
    with pytest.raises(e.RegistryError):
        read_probes(content)


def filed(
    identity: str, specimen: str, document_day: str, row: int = 0, **more: Any
) -> dict[str, Any]:
    made = document(table(row=row), identity=identity, day=specimen, **more)
    return {**made, "date": f"{document_day}T00:00:00Z"}


def test_the_newest_specimen_counts_however_late_an_older_one_was_filed(tmp_path):
    late = filed("old", "2026-09-01", "2026-11-19", row=1)
    found = record(tmp_path, late, filed("new", "2026-11-10", "2026-11-11"))
    assert finding(found, INTERFERON).evidence.sources[0].reference == "DocumentReference/new"
    assert {f.source.reference[-3:]: f.use for f in found.expression}[
        "old"
    ] == "a newer one is used"


def test_among_many_files_those_of_the_newest_specimens_are_read(tmp_path):
    old = [filed(f"o{i}", "2026-08-0" + str(i), "2026-11-19", row=1) for i in range(1, 5)]
    found = record(tmp_path, *old, filed("new", "2026-11-10", "2026-11-11"))
    assert finding(found, INTERFERON).evidence.sources[0].reference == "DocumentReference/new"


def test_a_specimen_dated_after_the_record_is_not_used_and_takes_no_older_ones_place(tmp_path):
    ahead = filed("ahead", "2027-02-01", "2026-11-11", row=1)
    found = record(tmp_path, ahead, filed("now", "2026-11-10", "2026-11-11"))
    assert finding(found, INTERFERON).evidence.sources[0].reference == "DocumentReference/now"
    alone = record(tmp_path, ahead)
    assert finding(alone, INTERFERON).reason is MissingReason.UNUSABLE
    assert any(i.kind is IssueKind.UNUSABLE_DATE for i in alone.issues)


def test_a_sample_older_than_the_look_back_is_named_and_not_used(tmp_path):
    found = finding(record(tmp_path, filed("e1", "2026-02-01", "2026-02-02")), INTERFERON)
    assert isinstance(found, Missing)
    assert found.reason is MissingReason.TOO_OLD


@pytest.mark.parametrize(
    ("guard", "used"),
    [
        ({}, True),
        ({"reference": "Patient/demo-08"}, True),
        ({"reference": "DocumentReference/e1"}, True),
        ({"reference": "Patient/another"}, False),
        ({"type": "Patient", "identifier": {"system": "urn:x", "value": "7"}}, False),
    ],
)
def test_content_that_is_guarded_as_somebody_elses_is_not_used(tmp_path, guard, used):
    binary = {"resourceType": "Binary", "id": "b1", "contentType": TSV, "data": encoded(table())}
    if guard:
        binary["securityContext"] = guard
    found = record(tmp_path, document(url="Binary/b1"), binary)
    assert bool(found.expression) is used
    assert isinstance(finding(found, INTERFERON), Found) is used
    assert any("another patient's" in i.detail for i in found.issues) is not used


def test_no_name_of_a_panel_gene_is_the_symbol_of_another_one():
    """A file that has both would give one gene's numbers to the other."""
    names = scorer().panels.names
    assert all(names.by_name[s.upper()] == s for s in names.symbols)


def test_a_gene_under_two_of_its_names_is_refused_and_not_summed():
    names = scorer().panels.names
    alias, symbol = next(
        (n, s)
        for n, s in sorted(names.by_name.items())
        if n != s.upper() and not n.startswith("ENSG") and s in GENES
    )
    with pytest.raises(e.DuplicateGeneError, match=symbol):
        read(lines([*GENES[:-1], alias], VALUES), scale=TPM)


def test_a_file_in_the_record_changes_no_other_input(tmp_path):
    plain, found = record(tmp_path), record(tmp_path, document(table()))
    features = [f.id for f in decision().spec.features if f.id != INTERFERON]
    assert [finding(found, f) for f in features] == [finding(plain, f) for f in features]


def test_the_report_of_a_file_holds_every_panel_once_with_its_place(tmp_path):
    used = record(tmp_path, document(table())).expression[0]
    report = used.report
    assert report is not None
    expected = scorer().score(table(), declared()).scores
    assert [p.id for p in report.panels] == list(expected)
    assert [a.id for a in report.absent] == [m.id for m in scorer().panels.missing]
    assert all(p.spread is not None and p.spread.people == 200 for p in report.panels)
    assert (report.platform, report.reference, report.samples) == (RNA, "", 200)
    assert json.dumps(report.notes) == "[]"


def test_a_sample_under_another_platforms_name_is_refused_either_way():
    """Its ranks pass most limits of the wrong one: only the comparison tells."""
    told = set()
    for made, said in ((RNA, ARRAY), (ARRAY, RNA)):
        kind = {RNA: "tpm", ARRAY: "intensity"}[said]
        for row in range(6):
            with pytest.raises(e.PlatformError) as refused:
                scorer().score(table(made, row), declared(said, scale=kind))
            told.add("another platform" in refused.value.message)
            assert scorer().score(table(made, row), declared(made)).scores
    assert True in told
