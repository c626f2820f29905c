"""GEO, ArrayExpress and plain files with their quirks, and each kind of damage with its message."""

from __future__ import annotations

import numpy as np
import pytest

from models.expression.kinds import scale_of
from models.studies.arrayexpress import read_sdrf
from models.studies.errors import ExpressionTableError, FormatError, StudyError
from models.studies.geo import read_series_matrix
from models.studies.mapping import Annotation
from models.studies.matrices import Matrix, genes_of, read_annotation, read_matrix
from models.studies.plain import read_sample_table
from tests.study_files import annotation, genes, levels, panels, save, series_matrix

KEYS = [
    ["subject: a", "subject: b", "subject: c"],
    ["Sex: F", "eular response: Good", "Sex: M"],  # the second has no sex, so what follows moves up
    ["eular response: None", "", "EULAR_response: Moderate"],
    ["free text", "free text", "free text"],
]


def matrix_file(folder, text: str, *, compressed: bool = False):
    return save(folder / "GSE1_series_matrix.txt.gz", text, compressed=compressed)


def test_characteristics_are_read_cell_by_cell_where_a_row_mixes_keys(tmp_path):
    text = series_matrix("GSE1", ["t1", "t2", "t3"], KEYS)
    samples, matrix = read_series_matrix(matrix_file(tmp_path, text, compressed=True))
    assert matrix is None
    assert samples.study == "GSE1"
    assert samples.accessions == ("GSM1", "GSM2", "GSM3")
    assert samples.said["sex"] == ("F", "", "M")
    assert samples.said["eular response"] == ("None", "Good", "Moderate")
    assert samples.said["characteristic 4"] == ("free text",) * 3
    assert samples.said["title"] == ("t1", "t2", "t3")


def test_the_table_of_values_is_read_with_what_is_missing(tmp_path):
    values = np.array([[7.1, 6.9, 8.0], [3.0, 2.5, 2.0]])
    text = series_matrix("GSE1", ["t1", "t2", "t3"], KEYS, (["p1", "p2"], values))
    text = text.replace("2.5000", "null")
    samples, matrix = read_series_matrix(matrix_file(tmp_path, text))
    assert matrix is not None
    assert matrix.columns == samples.accessions
    assert matrix.rows == ("p1", "p2")
    assert matrix.values[0].tolist() == [7.1, 6.9, 8.0]
    assert np.isnan(matrix.values[1, 1])


def whole() -> str:
    return series_matrix("GSE1", ["t1", "t2"], [["s: a", "s: b"]], (["p1"], np.array([[1.0, 2.0]])))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (whole().replace("!series_matrix_table_begin", ""), "no line !series_matrix_table_begin"),
        (whole().replace("!series_matrix_table_end", ""), "is cut off"),
        (whole().replace("!Sample_geo_accession", "!Sample_id"), "no line !Sample_geo_accession"),
        (whole().replace("GSM2", "GSM1"), "Samples are listed twice: GSM1"),
        (whole().replace('"s: a"', '"s: a"\t"s: c"'), "characteristics row 1 has 3 cells"),
        (whole().replace('ID_REF"\t"GSM1"', 'ID_REF"\t"GSM9"'), "no samples of its header: GSM9"),
        (whole().replace("1.0000", "one"), "a value is not a number"),
        (whole().replace("1.0000\t", ""), "2 cells under 3 names"),
        (whole().replace("1.0000", "inf"), "infinite"),
        ("<!DOCTYPE html><html></html>", "is a web page"),
        ("", "is empty"),
        ("PK\x03\x04rest", "is an archive"),
    ],
)
def test_a_damaged_series_matrix_is_refused_with_the_reason(tmp_path, text, said):
    with pytest.raises(StudyError) as caught:
        read_series_matrix(matrix_file(tmp_path, text))
    assert said in caught.value.message
    assert caught.value.remedy


def test_two_values_of_one_characteristic_are_refused(tmp_path):
    text = series_matrix("GSE1", ["t"], [["drug: a"], ["Drug: b"]])
    with pytest.raises(FormatError, match="sample 1 has two different values of 'drug'"):
        read_series_matrix(matrix_file(tmp_path, text))


def test_compressed_files_that_are_damaged_or_cut_off_are_refused(tmp_path):
    path = matrix_file(tmp_path, whole(), compressed=True)
    good = path.read_bytes()
    path.write_bytes(good[:-12])
    with pytest.raises(FormatError, match="cut off"):
        read_series_matrix(path)
    path.write_bytes(good[:20] + b"\xff\xff\xff\xff" + good[24:])
    with pytest.raises(FormatError, match="damaged"):
        read_series_matrix(path)
    with pytest.raises(FormatError, match="cannot be read"):
        read_series_matrix(tmp_path / "nowhere.txt")


def test_a_probe_of_several_genes_belongs_to_none_of_them(tmp_path):
    text = annotation(["p1", "p2", "p3", "p4"], ["A", "A /// B", "", "C /// C"])
    path = save(tmp_path / "GPL0.annot.gz", text, compressed=True)
    how = Annotation(platform="GPL0", probe=("ID",), symbol=("GENE_SYMBOL", "Gene Symbol"))
    assert read_annotation(path, how) == {"p1": "A", "p4": "C"}
    with pytest.raises(FormatError, match=r"no column 'Symbol'. The table has 'id', 'gene title'"):
        read_annotation(path, Annotation(platform="GPL0", probe=("ID",), symbol=("Symbol",)))
    cut = save(tmp_path / "cut.annot", text.replace("!platform_table_end", ""))
    with pytest.raises(FormatError, match="cut off"):
        read_annotation(cut, how)


def test_probes_become_genes_the_highest_of_several_and_panel_genes_by_their_name_of_today():
    names = genes()
    probes = {f"A_23_P{i}": g for i, g in enumerate(names)} | {"A_23_P99999": names[0]}
    values = levels([0.0, 0.5, -0.5])
    higher = values[:1] + 3.0
    matrix = Matrix(
        rows=tuple(probes), columns=("a", "b", "c"), values=np.concatenate([values, higher])
    )
    found = genes_of(matrix, scale_of("log2-intensity"), panels().names, probes, "t")
    assert found.names == names
    assert found.values[0].tolist() == higher[0].tolist()
    assert found.values[1].tolist() == values[1].tolist()


def test_counts_of_one_gene_are_added_and_ensembl_versions_dropped():
    by_name = panels().names.by_name
    ensembl = {s: e for e, s in by_name.items() if e.startswith("ENSG")}
    rows = [f"{ensembl[g]}.7" if g in ensembl else g for g in genes()]
    counts = np.round(2.0 ** levels([0.0, 0.0]))
    matrix = Matrix(
        rows=(*rows, rows[0]), columns=("a", "b"), values=np.concatenate([counts, counts[:1]])
    )
    found = genes_of(matrix, scale_of("count"), panels().names, None, "t")
    assert found.names == genes()
    assert found.values[0].tolist() == (2.0 * counts[0]).tolist()


@pytest.mark.parametrize(
    ("rows", "kind", "change", "said"),
    [
        (
            tuple(f"A_23_P{i}" for i in range(1500)),
            "log2-intensity",
            0.0,
            "no annotation was given",
        ),
        (
            tuple(f"G{i}" for i in range(1500)),
            "log2-intensity",
            0.0,
            "no row is a gene of any panel",
        ),
        (genes()[:300], "log2-intensity", 0.0, "300 genes could be named, fewer than 1000"),
        (genes(), "tpm", -20.0, "values are below 0"),
    ],
)
def test_tables_that_cannot_be_ranked_are_refused(rows, kind, change, said):
    values = np.random.default_rng(0).normal(8.0, 2.0, (len(rows), 3)) + change
    matrix = Matrix(rows=rows, columns=("a", "b", "c"), values=values)
    with pytest.raises(ExpressionTableError) as caught:
        genes_of(matrix, scale_of(kind), panels().names, None, "table")
    assert said in caught.value.message


def test_values_centred_per_gene_are_refused_because_their_ranks_are_chance():
    values = levels(np.linspace(-1, 1, 12))
    centred = values - values.mean(axis=1, keepdims=True)
    matrix = Matrix(rows=genes(), columns=tuple("abcdefghijkl"), values=centred)
    with pytest.raises(ExpressionTableError, match="centred per gene"):
        genes_of(matrix, scale_of("log2-intensity"), panels().names, None, "table")


SDRF = (
    "Source Name\tCharacteristics[individual]\tUnit\tCharacteristics[organism part]\t"
    "Protocol REF\tProtocol REF\tAssay Name\tComment[FASTQ_URI]\tFactor Value[compound]\n"
    "s1\tp1\tyear\tsynovium\tP1\tP2\tr1\tone_1.gz\ttocilizumab\n"
    "s1\tp1\tyear\tsynovium\tP1\tP2\tr1\tone_2.gz\ttocilizumab\n"
    "s2\tp2\tyear\tsynovium\tP1\tP2\tr2\ttwo_1.gz\trituximab\n"
)


def test_an_sdrf_has_a_row_per_file_and_a_sample_per_source(tmp_path):
    idf = save(tmp_path / "x.idf.txt", "Comment[ArrayExpressAccession]\tE-MTAB-1\nSDRF File\tx\n")
    samples = read_sdrf(save(tmp_path / "x.sdrf.txt", SDRF), idf)
    assert samples.study == "E-MTAB-1"
    assert samples.accessions == ("s1", "s2")
    assert samples.said["individual"] == ("p1", "p2")
    assert samples.said["compound"] == ("tocilizumab", "rituximab")
    assert samples.said["assay name"] == ("r1", "r2")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SDRF.replace("Source Name", "Sample"), "no column 'Source Name'"),
        (SDRF.replace("s1\tp1\tyear", "s1\tp9\tyear", 1), "another value of 'individual'"),
        (SDRF.replace("s2\t", "\t"), "no source name"),
        (SDRF.replace("rituximab", "rituximab\tx"), "10 cells under 9"),
    ],
)
def test_a_damaged_sdrf_is_refused_with_its_line(tmp_path, text, said):
    with pytest.raises(FormatError) as caught:
        read_sdrf(save(tmp_path / "x.sdrf.txt", text))
    assert said in caught.value.message


def test_an_idf_without_an_accession_lists_what_it_has(tmp_path):
    idf = save(tmp_path / "x.idf.txt", "Investigation Title\tOurs\n")
    with pytest.raises(FormatError, match="it has investigation title"):
        read_sdrf(save(tmp_path / "x.sdrf.txt", SDRF), idf)


def test_plain_tables_are_tabs_or_commas_and_lines_are_counted(tmp_path):
    samples = read_sample_table(save(tmp_path / "s.csv", "# ours\nname,Drug\na,x\nb,y\n"))
    assert samples.accessions == ("a", "b")
    assert samples.said["drug"] == ("x", "y")
    with pytest.raises(FormatError, match="line 3: 1 cells under 2"):
        read_sample_table(save(tmp_path / "s.csv", "name,Drug\na,x\nb\n"))
    with pytest.raises(FormatError, match="several columns are called drug"):
        read_sample_table(save(tmp_path / "s.csv", "name,Drug,drug\na,x,y\n"))


def test_tables_as_r_writes_them_lack_the_name_of_the_rows(tmp_path):
    found = read_matrix(save(tmp_path / "t.csv", '"s1","s2"\n"A",1,2\n"B",3,NA\n'), 1)
    assert found.rows == ("A", "B")
    assert found.columns == ("s1", "s2")
    assert np.isnan(found.values[1, 1])
    with pytest.raises(ExpressionTableError, match="a value is not a number"):
        read_matrix(save(tmp_path / "t.tsv", "g\tchr\ts1\nA\tchr1\t5\n"), 1)
    with pytest.raises(ExpressionTableError, match="several columns are called s1"):
        read_matrix(save(tmp_path / "t.tsv", "g\ts1\ts1\nA\t1\t5\n"), 1)
    with pytest.raises(FormatError, match="no column of a sample"):
        read_matrix(save(tmp_path / "t.tsv", "g\ts1\nA\t1\n"), 2)
