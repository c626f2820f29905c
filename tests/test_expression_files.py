"""Files as laboratories write them are read; malformed ones say what is wrong and what to do."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.expression import errors as e
from models.expression import tables
from models.expression.kinds import Kind, Scale, check_scale, scale_of
from models.expression.naming import load_names, read_probes
from models.expression.sample import Sample, read_sample, read_samples
from tests.expression_samples import CSV, PARQUET, TSV, lines, panels, parquet
from tests.fhir_builders import NAME

TPM = Scale(Kind.TPM)
SYMBOLS = sorted(panels().names.symbols)[:60]
IDS = {s: n for n, s in panels().names.by_name.items() if n.startswith("ENSG")}
GENES = [*SYMBOLS, *(f"BACK{i}" for i in range(140))]
VALUES = np.arange(1.0, 201.0) / np.arange(1.0, 201.0).sum() * 1e6
FULL = lines(GENES, VALUES)


def read(content: bytes, kind: str = TSV, scale: Scale = TPM, **more: object) -> Sample:
    return read_sample(content, kind, scale, panels().names, **more)  # type: ignore[arg-type]


def changed(line: int, *cells: str) -> bytes:
    rows = FULL.decode().split("\n")
    rows[line - 1] = "\t".join(cells)
    return "\n".join(rows).encode()


def several() -> bytes:
    rows = [f"{g}\t{v!r}\t{2 * v!r}" for g, v in zip(GENES, VALUES.tolist(), strict=True)]
    return "\n".join([f"gene\t{NAME}\tsecond", *rows]).encode()


def renamed(names: list[str]) -> bytes:
    return lines([*names, *GENES[len(names) :]], VALUES)


MALFORMED: dict[str, tuple[bytes | Callable[[], bytes], type[e.ExpressionError], str, str]] = {
    "empty": (b"", e.EmptyFileError, TSV, "empty"),
    "blank": (b" \n\n ", e.EmptyFileError, TSV, "blanks"),
    "column names alone": (b"gene\tvalue\n", e.EmptyFileError, TSV, "no row"),
    "remarks alone": (b"#1.2\n#x\n", e.HeaderError, TSV, "remarks"),
    "binary rubbish": (bytes(range(256)) * 9, e.NotTextError, TSV, "no text"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, e.NotTextError, TSV, "no text"),
    "a spreadsheet": (b"PK\x03\x04" + b"\x00\x01" * 80, e.NotTextError, CSV, "spreadsheet"),
    "truncated gzip": (gzip.compress(FULL)[:-30], e.CompressionError, TSV, "cut off"),
    "damaged gzip": (b"\x1f\x8b\x08\x00" + b"\xff" * 60, e.CompressionError, TSV, "damaged"),
    "truncated Parquet": (
        lambda: parquet({"gene": GENES, "S1": VALUES})[:-40],
        e.ParquetError,
        PARQUET,
        "cut off",
    ),
    "text called Parquet": (FULL, e.ParquetError, PARQUET, "is none"),
    "commas called tabs": (lines(GENES, VALUES, ","), e.DelimiterError, TSV, "commas"),
    "tabs called commas": (FULL, e.DelimiterError, CSV, "tabs"),
    "semicolons": (lines(GENES, VALUES, ";"), e.DelimiterError, CSV, "semicolons"),
    "one column": ("\n".join(["gene", *GENES]).encode(), e.DelimiterError, TSV, "one column"),
    "no column names": (FULL.split(b"\n", 1)[1], e.HeaderError, TSV, "names of columns"),
    "a name twice": (FULL.replace(b"S1", b"gene_id", 1), e.HeaderError, TSV, "same name"),
    "a short line": (changed(7, "X"), e.RaggedRowError, TSV, "Line 7"),
    "an open quotation mark": (changed(7, '"X', "1"), e.RaggedRowError, TSV, "quotation"),
    "samples in rows": (
        ("sample\t" + "\t".join(GENES) + "\nS1\t" + "\t".join(map(str, VALUES))).encode(),
        e.TransposedError,
        TSV,
        "Turn the table",
    ),
    "a word": (changed(9, GENES[7], "high"), e.NotANumberError, TSV, "line 9"),
    "a comma": (changed(9, GENES[7], "1,5"), e.NotANumberError, TSV, "comma"),
    "an underscore": (changed(9, GENES[7], "1_000"), e.NotANumberError, TSV, "line 9"),
    "missing": (changed(9, GENES[7], ""), e.NotFiniteError, TSV, "line 9"),
    "NA": (changed(9, GENES[7], "NA"), e.NotFiniteError, TSV, "line 9"),
    "NaN": (changed(9, GENES[7], "nan"), e.NotFiniteError, TSV, "line 9"),
    "infinite": (changed(9, GENES[7], "1e999"), e.NotFiniteError, TSV, "line 9"),
    "a formula": (changed(9, GENES[7], "=1+1"), e.FormulaError, TSV, "line 9"),
    "a formula as a gene": (changed(9, "=HYPERLINK(A1)", "1"), e.FormulaError, TSV, "Line 9"),
    "a formula as a name": (FULL.replace(b"S1", b"@SUM(A1)", 1), e.FormulaError, TSV, "column"),
    "UTF-16": (FULL.decode().encode("utf-16"), e.EncodingError, TSV, "UTF-16"),
    "Latin 1": (changed(9, "GÉNE", "1").decode().encode("latin-1"), e.EncodingError, TSV, "Line 9"),
    "several samples": (several(), e.SampleChoiceError, TSV, "2 samples"),
    "mouse ids": (
        lines([f"ENSMUSG{i:011d}" for i in range(200)], VALUES),
        e.OrganismError,
        TSV,
        "human",
    ),
    "mouse symbols": (renamed([g.capitalize() for g in GENES]), e.OrganismError, TSV, "human"),
    "transcripts": (
        lines([f"ENST{i:011d}.2" for i in range(200)], VALUES),
        e.IdentifierError,
        TSV,
        "transcripts",
    ),
    "NCBI ids": (renamed([str(i + 1) for i in range(200)]), e.IdentifierError, TSV, "NCBI"),
    "probe sets": (
        lines([f"{200000 + i}_s_at" for i in range(200)], VALUES),
        e.IdentifierError,
        TSV,
        "mapping",
    ),
    "no names at all": (lines(["?" * (i + 1) for i in range(200)], VALUES), e.IdentifierError, TSV,
                        "nothing known"),
    "dates": (renamed(["1-Mar", "2-Sep"]), e.SpreadsheetDateError, TSV, "1-Mar"),
    "a gene twice": (renamed([*SYMBOLS[:5], SYMBOLS[2]]), e.DuplicateGeneError, TSV, "two rows"),
    "every gene twice": (lines(GENES[60:] * 2, np.r_[VALUES[60:], VALUES[60:]] / 2),
                         e.DuplicateGeneError, TSV, "rows repeat"),
    "negative": (changed(9, GENES[7], "-1.5"), e.ScaleError, TSV, "line 9"),
    "all zeros": (lines(GENES, np.zeros(200)), e.ScaleError, TSV, "0"),
    "one value": (lines(GENES, np.full(200, 7.0)), e.ScaleError, TSV, "the same"),
    "logarithms called TPM": (lines(GENES, np.log2(VALUES + 1)), e.ScaleError, TSV, "log2-tpm"),
    "counts called TPM": (lines(GENES, np.round(9 * VALUES)), e.ScaleError, TSV, "one million"),
    "a selection of genes": (lines(GENES, VALUES / 50), e.ScaleError, TSV, "selection"),
}  # fmt: skip


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_file_names_the_fault_and_a_remedy_and_nothing_else_of_the_file(kind):
    content, error, declared, words = MALFORMED[kind]
    with pytest.raises(error) as caught:
        read(content() if callable(content) else content, declared)
    said = f"{caught.value.message} {caught.value.remedy}"
    assert words in said
    assert caught.value.remedy.endswith(".")
    assert NAME not in said
    assert caught.value.__cause__ is None


def test_the_list_of_malformed_files_has_a_case_of_every_kind_of_error():
    met = {error for _, error, _, _ in MALFORMED.values()}
    every = {
        c for c in vars(e).values() if isinstance(c, type) and issubclass(c, e.ExpressionError)
    }
    families = {e.ExpressionError, e.FileError, e.TableError, e.GeneError}
    elsewhere = {e.TooLargeError, e.TooFewGenesError, e.PlatformError}
    assert every - families - elsewhere == met


@pytest.mark.parametrize("name", ["ncounter", "counts", "log2-cpm", "Log_TPM", "microarray"])
def test_scales_are_known_by_the_names_laboratories_use(name):
    assert scale_of(name).log == name.lower().startswith("log")


@pytest.mark.parametrize(("name", "said"), [("", "not declared"), (NAME, "no known kind")])
def test_an_undeclared_or_unknown_scale_is_refused_without_repeating_it(name, said):
    with pytest.raises(e.ScaleError, match=said) as caught:
        scale_of(name)
    assert NAME not in caught.value.message + caught.value.remedy


def test_counts_that_add_up_to_a_million_fractions_are_called_tpm():
    with pytest.raises(e.ScaleError, match="one million"):
        check_scale(VALUES, Scale(Kind.COUNT))
    check_scale(np.round(VALUES), Scale(Kind.COUNT))  # whole numbers may add up to anything
    check_scale(VALUES * 1.7, Scale(Kind.COUNT))  # and estimated counts are fractions


def test_logarithms_beyond_all_instruments_are_none():
    with pytest.raises(e.ScaleError, match="line 202"):
        check_scale(np.r_[VALUES / 1e6, 4e3], Scale(Kind.TPM, log=True), 2)
    check_scale(np.log2(VALUES) - 20.0, Scale(Kind.TPM, log=True))


@pytest.mark.parametrize(("value", "log"), [(1e308, False), (-1e308, True)])
def test_a_number_no_instrument_reports_is_refused_before_it_is_summed(value, log):
    with pytest.raises(e.ScaleError, match=r"line 3\)"):
        check_scale(np.array([1.0, value, value]), Scale(Kind.COUNT, log), 2)


def test_a_huge_file_is_refused_before_it_is_unpacked(monkeypatch):
    bomb = gzip.compress(b"gene\tvalue\n" + b"0" * 5_000_000)
    monkeypatch.setattr(tables, "LARGEST", 1_000_000)
    with pytest.raises(e.TooLargeError, match="after decompression"):
        read(bomb)
    monkeypatch.setattr(tables, "LARGEST", 100_000_000)
    monkeypatch.setattr(tables, "MOST_ROWS", 100)
    with pytest.raises(e.TooLargeError, match="rows"):
        read(FULL)


def test_a_large_text_and_a_large_parquet_are_refused():
    with patch("models.expression.text.LARGEST", 100), pytest.raises(e.TooLargeError):
        read(FULL)
    with patch("models.expression.parquet.LARGEST", 100), pytest.raises(e.TooLargeError):
        read(parquet({"gene": GENES, "S1": VALUES}), PARQUET)


def as_before(found: Sample) -> None:
    assert found.genes == tuple(GENES)
    assert found.values == pytest.approx(VALUES)
    assert found.notes == ()


WAYS: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
    "TSV": (FULL, TSV),
    "CSV": (lines(GENES, VALUES, ","), CSV),
    "with a byte order mark": (b"\xef\xbb\xbf" + FULL, TSV),
    "with Windows line ends": (FULL.replace(b"\n", b"\r\n"), TSV),
    "with remarks before": (b"#1.2\n# made by hand\n" + FULL, TSV),
    "with blank lines after": (FULL + b"\n\n", TSV),
    "with names of rows, as R writes": (FULL.replace(b"gene_id\tS1", b"S1", 1), TSV),
    "quoted": (
        b"\n".join(
            [b'"gene","S1"', *(f'"{g}",{v!r}'.encode() for g, v in zip(GENES, VALUES.tolist()))]  # noqa: B905
        ),
        CSV,
    ),
    "gzip": (gzip.compress(FULL), TSV),
    "gzip in two members": (gzip.compress(FULL[:900]) + gzip.compress(FULL[900:]), TSV),
    "Parquet": (lambda: parquet({"gene": GENES, "S1": VALUES}), PARQUET),
    "Parquet by its bytes alone": (lambda: parquet({"gene": GENES, "S1": VALUES}), TSV),
    "with other columns beside": (
        lines([f"{g}\tprotein_coding" for g in GENES], VALUES, header="gene,gene_type,S1"),
        TSV,
    ),
    "as RSEM writes": (
        lines([f"{g}\tT1\t100\t90\t5" for g in GENES], VALUES,
              header="gene_id,transcript_id(s),length,effective_length,expected_count,TPM"),
        TSV,
    ),
    "one below the other": (
        lines([f"S1\t{g}" for g in GENES], VALUES, header="sample,gene,value"),
        TSV,
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_writing_one_sample_is_the_same_sample(way):
    content, kind = WAYS[way]
    as_before(read(content() if callable(content) else content, kind))


def test_ensembl_ids_and_former_symbols_are_the_same_genes():
    names = [f"{IDS[s]}.7" for s in SYMBOLS]
    backs = [f"ENSG99{i:09d}.1" for i in range(140)]
    found = read(lines([*names, *backs], VALUES))
    assert found.genes[:60] == tuple(SYMBOLS)
    assert "ACKR3" in read(lines(["CXCR7", *GENES[60:]], VALUES[:141] * 1.9)).genes
    assert "CCN1" in read(lines(["cyr61", *GENES[60:]], VALUES[:141] * 1.9)).genes


def test_the_second_copy_on_y_and_shared_names_are_left_out_and_told():
    ids = [f"ENSG99{i:09d}.1" for i in range(199)]
    found = read(lines([*ids, "ENSG99000000003.1_PAR_Y"], VALUES))
    assert len(found.genes) == 199
    assert found.notes == ("1 rows without a gene of their own were left out",)
    again = read(renamed([*SYMBOLS, "Y_RNA", "Y_RNA"]))
    assert "Y_RNA" not in again.genes
    assert again.notes == ("2 rows that share a name were left out",)


def test_one_of_several_samples_is_chosen_by_name_and_the_names_stay_out_of_the_message():
    assert read(several(), sample=NAME).values == pytest.approx(VALUES)
    half = Scale(Kind.COUNT)
    assert read(several(), sample="second", scale=half).values == pytest.approx(2 * VALUES)
    with pytest.raises(e.SampleChoiceError) as caught:
        read(several(), sample="third")
    assert caught.value.samples == (NAME, "second")
    assert NAME not in caught.value.message + caught.value.remedy


def test_rows_of_several_samples_are_told_apart():
    rows = [f"{s}\t{g}" for s in ("S1", "S2") for g in GENES]
    content = lines(rows, np.r_[VALUES, VALUES[::-1]], header="sample,gene,value")
    assert read(content, sample="S2").values == pytest.approx(VALUES[::-1])
    with pytest.raises(e.SampleChoiceError, match="2 samples"):
        read(content)


def test_of_several_probe_sets_the_highest_counts_on_every_scale():
    probes = {"1_at": "OAS1", "2_at": "OAS1", "3_at": "MX2", "4_at": ""}
    rows, values = ["1_at", "2_at", "3_at", "4_at"], np.array([50.0, 900.0, 70.0, 8.0])
    kind = Scale(Kind.INTENSITY)
    found = read(lines(rows, values), scale=kind, probes=probes)
    assert dict(zip(found.genes, found.values.tolist(), strict=True)) == {
        "OAS1": 900.0,
        "MX2": 70.0,
    }
    logs = read(lines(rows, np.log2(values)), scale=Scale(Kind.INTENSITY, log=True), probes=probes)
    assert np.array_equal(np.exp2(logs.values).round(6), found.values)


def test_every_sample_of_a_matrix_is_read_for_a_registration():
    found = read_samples(several(), TSV, Scale(Kind.INTENSITY), panels().names)
    assert list(found) == [NAME, "second"]
    assert found["second"].values == pytest.approx(2 * VALUES)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"id,gene\n1_at,A\n", "columns"), (b"probe,gene\n1_at,A\n1_at,B\n", "line 3")],
)
def test_a_mapping_of_probe_sets_must_be_one(content, said):
    with pytest.raises(e.RegistryError, match=said):
        read_probes(content)


def test_a_name_of_two_genes_is_refused_when_it_is_loaded(tmp_path):
    path = tmp_path / "genes.csv"
    path.write_text("symbol,hgnc,ensembl,previous,aliases\nA,1,,X,\nB,2,,X,\n")
    with pytest.raises(e.RegistryError, match="X means two genes"):
        load_names(path)


@settings(max_examples=60)
@given(st.binary(max_size=400), st.sampled_from([TSV, CSV, PARQUET, ""]))
def test_whatever_the_bytes_the_answer_is_a_sample_or_one_of_these_errors(content, kind):
    said = ""
    try:
        read(content, kind)
    except e.ExpressionError as error:
        said = f"{error.message} {error.remedy}"
    assert not said or (said[0].isupper() and said.endswith("."))


@settings(max_examples=60)
@given(st.integers(0, len(FULL) - 1), st.binary(min_size=1, max_size=3))
def test_a_file_with_some_bytes_changed_is_read_or_refused(at, junk):
    try:
        found = read(FULL[:at] + junk + FULL[at + len(junk) :])
    except e.ExpressionError:
        return
    assert len(found.genes) == len(found.values)
    assert np.isfinite(found.values).all()


ARROW = parquet({"gene": GENES, "S1": VALUES})


@settings(max_examples=150)
@given(st.integers(4, len(ARROW) - 1), st.binary(min_size=1, max_size=2), st.booleans())
def test_a_parquet_file_with_some_bytes_changed_or_cut_is_read_or_refused(at, junk, cut):
    """Arrow checks less than it reads: text that is not UTF-8 or columns of other lengths came
    through before.
    """
    try:
        found = read(ARROW[:at] if cut else ARROW[:at] + junk + ARROW[at + len(junk) :], PARQUET)
    except e.ExpressionError:
        return
    assert len(found.genes) == len(found.values)
    assert np.isfinite(found.values).all()
