"""From downloaded files to a stored cohort and a report, by the documented commands."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from models.expression.platforms import load_platforms
from models.studies.__main__ import main
from models.studies.errors import FolderError
from models.studies.mapping import shipped
from models.studies.stored import DESCRIPTION, TABLE, read_cohort
from models.train import main as train
from tests.expression_samples import RNA, blood
from tests.expression_samples import genes as simulated_genes
from tests.study_files import (
    MINE,
    annotation,
    blood_counts,
    count_table,
    genes,
    levels,
    outcomes,
    sample_table,
    save,
    series_matrix,
)

QUICK = ["--repeats", "1", "--permutations", "3"]


def described(folder: Path) -> dict:
    return json.loads((folder / DESCRIPTION).read_text())


def test_a_series_of_sequencing_becomes_a_cohort_without_names(tmp_path, capsys):
    matrix, counts = blood_counts(tmp_path, n=24)
    words = ["GSE129705", "--matrix", str(matrix), "--expression", str(counts)]
    assert main([*words, "--out", str(tmp_path / "c")]) == 0
    shown = capsys.readouterr()
    assert "Nobody has checked these parts of the mapping" in shown.err
    assert json.loads(shown.out)["courses"]["tnfi"]["courses"] == 24
    cohort = read_cohort(tmp_path / "c")
    _, y = outcomes(24)
    assert cohort.outcome.tolist() == y.tolist()
    assert cohort.scores.shape == (24, len(cohort.panels))
    assert "neutrophil" in cohort.panels
    whole = (tmp_path / "c" / TABLE).read_text() + (tmp_path / "c" / DESCRIPTION).read_text()
    assert "S1_BL" not in whole
    assert str(tmp_path) not in whole


def test_a_panel_follows_what_it_measures(tmp_path):
    matrix, counts = blood_counts(tmp_path, n=24)
    words = ["GSE129705", "--matrix", str(matrix), "--expression", str(counts)]
    assert main([*words, "--out", str(tmp_path / "c")]) == 0
    cohort, signal = read_cohort(tmp_path / "c"), outcomes(24)[0]
    own = cohort.scores[:, cohort.panels.index("neutrophil")]
    assert np.corrcoef(own, signal)[0, 1] > 0.9
    other = cohort.scores[:, cohort.panels.index("nk")]
    assert abs(np.corrcoef(other, signal)[0, 1]) < 0.6


def array_files(folder: Path, n: int = 12) -> list[str]:
    """GSE78068's format: probes of an Agilent array, drug and remission in the titles."""
    drugs = ["Infliximab", "Tocilizumab", "Abatacept"]
    titles = [
        f"RA_{drugs[i % 3]}_{'Non-remission' if i % 2 else 'remission'}_{i}" for i in range(n)
    ]
    probes = [f"A_23_P{i}" for i in range(len(genes()))]
    table = (probes, levels(np.linspace(-1.0, 1.0, n)))
    matrix = save(
        folder / "m.txt", series_matrix("GSE78068", titles, [["tissue: blood"] * n], table)
    )
    names = annotation(probes, genes(), "GENE_SYMBOL")
    return ["--matrix", str(matrix), "--annotation", str(save(folder / "GPL6480.txt", names))]


def test_an_array_series_reads_both_classes_and_says_where_counts_are_not_the_published(tmp_path):
    assert main(["GSE78068", *array_files(tmp_path), "--out", str(tmp_path / "c")]) == 0
    cohort = read_cohort(tmp_path / "c")
    assert np.bincount(cohort.arm).tolist() == [4, 4]
    assert cohort.outcome[cohort.arm == 0].tolist() == [1.0, 0.0, 1.0, 0.0]
    notes = described(tmp_path / "c")["notes"]
    assert "CHECK THE MAPPING: 4 courses under tnfi, published are 140" in notes
    assert "4 samples of other drugs or none were left out" in notes


def test_paired_synovium_takes_the_biopsy_before_treatment(tmp_path):
    people = ["r_1", "mr_2", "nr_3", "r_4"]
    titles = [f"{p}_{t}" for p in people for t in ("pre", "post")]
    matrix = save(tmp_path / "m.txt", series_matrix("GSE198520", titles, [["pathotype: x"] * 8]))
    counts = count_table([f"{t}_bx" for t in titles], levels(np.zeros(8)))
    words = ["--matrix", str(matrix), "--expression", str(save(tmp_path / "c.tsv", counts))]
    assert main(["GSE198520", *words, "--out", str(tmp_path / "c")]) == 0
    assert read_cohort(tmp_path / "c").outcome.tolist() == [1.0, 1.0, 0.0, 1.0]


def test_one_compartment_of_three_is_read_from_names_that_carry_drug_and_response(tmp_path):
    titles = [f"{c}_{d}" for c in ("PBMC", "cd14") for d in ("A_g_1", "E_n_2", "E_m_3")]
    rows = [["Sex: F", "Sex: M", "age: 50"] * 2, ["age: 61", "age: 70", ""] * 2]
    matrix = save(tmp_path / "m.txt", series_matrix("GSE138746", titles, rows))
    counts = save(tmp_path / "PBMC.csv", count_table(titles[:3], levels([0.0] * 3), delimiter=","))
    words = ["--matrix", str(matrix), "--expression", str(counts), "--out", str(tmp_path / "c")]
    # The third's sex is not recorded, and its age stands in the row of the others' sex.
    assert main(["GSE138746", *words]) == 0
    cohort = read_cohort(tmp_path / "c")
    assert cohort.outcome.tolist() == [1.0, 0.0, 1.0]
    assert cohort.age.tolist() == [61.0, 70.0, 50.0]
    assert np.array_equal(cohort.male, [0.0, 1.0, np.nan], equal_nan=True)


def test_an_arrayexpress_study_is_read_from_its_sdrf(tmp_path):
    head = "Source Name\tCharacteristics[individual]\tCharacteristics[compound]\t"
    rows = [
        f"s{i}\tp{i}\t{'tocilizumab' if i % 2 else 'rituximab'}\tbaseline\tresponder"
        for i in range(6)
    ]
    whole = "\n".join([f"{head}Characteristics[visit]\tFactor Value[response]", *rows, ""])
    counts = count_table([f"s{i}" for i in range(6)], levels(np.zeros(6)))
    words = ["--sdrf", str(save(tmp_path / "x.sdrf.txt", whole))]
    words += ["--expression", str(save(tmp_path / "c.tsv", counts)), "--out", str(tmp_path / "c")]
    assert main(["E-MTAB-11611", *words]) == 0
    cohort = read_cohort(tmp_path / "c")
    assert cohort.arm.tolist() == [1, 1, 1]


def own_files(folder: Path, rows: list[list[object]], columns: list[str]) -> list[str]:
    mapping = save(folder / "mine.toml", MINE.replace('kind = "tpm"', 'kind = "count"'))
    table = count_table(columns, levels(np.zeros(len(columns))))
    samples = save(folder / "samples.csv", sample_table(rows))
    expression = save(folder / "counts.tsv", table)
    return [str(mapping), "--samples", str(samples), "--expression", str(expression)]


def test_a_plain_table_of_ones_own_needs_a_mapping_and_two_files(tmp_path):
    rows = [["a", "p1", "infliximab", "yes", 50, "f"], ["b", "p2", "tocilizumab", "no", 60, "m"]]
    words = own_files(tmp_path, rows, ["b", "a", "c"])
    assert main([*words, "--out", str(tmp_path / "c")]) == 0
    cohort = read_cohort(tmp_path / "c")
    assert cohort.male.tolist() == [0.0, 1.0]
    assert cohort.age.tolist() == [50.0, 60.0]


def test_a_sample_without_a_column_is_named_by_its_accession(tmp_path, capsys):
    rows = [["a", "p1", "infliximab", "yes", 50, "f"], ["b", "p2", "infliximab", "no", 60, "m"]]
    assert main([*own_files(tmp_path, rows, ["a", "c"]), "--out", str(tmp_path / "c")]) == 2
    told = capsys.readouterr().err
    assert "1 of 2 baseline samples have no column in the table: 2 (b)" in told
    assert "p2" not in told


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: [w[0], *w[3:]], "comes from exactly one file"),
        (lambda w: w[:3], "Add --expression"),
        (lambda w: ["GSE1", *w[1:]], "There is no mapping for 'GSE1'"),
        (lambda w: [*w, "--annotation", w[2]], "has no [annotation]"),
        (lambda w: [*w, "--platform", "nanostring"], "No platform 'nanostring' is registered"),
        (lambda w: [*w, "--platform", RNA], "is registered for tpm of whole-blood"),
    ],
)
def test_what_is_missing_or_does_not_fit_is_said(tmp_path, capsys, change, said):
    rows = [["a", "p1", "infliximab", "yes", 50, "f"]]
    words = change(own_files(tmp_path, rows, ["a"]))
    assert main([*words, "--out", str(tmp_path / "c")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


def test_a_registered_platform_gives_scores_in_its_own_standard_deviations(tmp_path):
    values, n = blood()[1][RNA], 6
    rows = [[f"s{i}", f"p{i}", "infliximab", "yes" if i % 2 else "no", 50, "f"] for i in range(n)]
    lines = [
        "\t".join([g, *(repr(float(v)) for v in values[:, j])])
        for j, g in enumerate(simulated_genes())
    ]
    table = "\n".join(["gene\t" + "\t".join(f"s{i}" for i in range(n)), *lines, ""])
    words = [
        str(save(tmp_path / "mine.toml", MINE)),
        "--samples",
        str(save(tmp_path / "s.csv", sample_table(rows))),
        "--expression",
        str(save(tmp_path / "t.tsv", table)),
    ]
    assert main([*words, "--platform", RNA, "--out", str(tmp_path / "c")]) == 0
    cohort = read_cohort(tmp_path / "c")
    assert cohort.platform == RNA
    known = load_platforms()[RNA].recentring
    assert set(cohort.panels) <= set(known)
    assert np.abs(cohort.scores).max() < 6.0


def test_a_changed_folder_is_refused(tmp_path):
    rows = [["a", "p1", "infliximab", "yes", 50, "f"]]
    assert main([*own_files(tmp_path, rows, ["a"]), "--out", str(tmp_path / "c")]) == 0
    folder = tmp_path / "c"
    table, description = (folder / TABLE).read_text(), (folder / DESCRIPTION).read_text()
    (folder / TABLE).write_text(table.replace(",1.0,", ",0.0,"))
    with pytest.raises(FolderError, match="is not the table its checksum"):
        read_cohort(folder)
    (folder / TABLE).write_text(table)
    for broken, said in (
        (description.replace('"schema": 1', '"schema": 2'), "another schema"),
        (description.replace('"people"', '"persons"'), "missing or not known"),
        ("{", "not JSON"),
    ):
        (folder / DESCRIPTION).write_text(broken)
        with pytest.raises(FolderError, match=said):
            read_cohort(folder)
    with pytest.raises(FolderError, match="no stored cohort"):
        read_cohort(tmp_path / "nowhere")


def stored_twin(folder: Path, number: int) -> str:
    """A study in GSE129705's format under another accession, of other persons."""
    folder.mkdir()
    matrix, counts = blood_counts(folder, n=40, seed=3 + number)
    series = gzip.decompress(matrix.read_bytes()).decode()
    own = shipped()["GSE129705"].read_text().replace("GSE129705", f"GSE{number}")
    words = [
        str(save(folder / "mine.toml", own)),
        "--matrix",
        str(save(folder / "m.txt", series.replace("GSE129705", f"GSE{number}"))),
        "--expression",
        str(counts),
    ]
    assert main([*words, "--out", str(folder / "c")]) == 0
    return str(folder / "c")


def test_training_on_stored_studies_writes_a_report_that_claims_no_contrast(tmp_path, capsys):
    folders = [stored_twin(tmp_path / str(number), number) for number in (0, 1)]
    capsys.readouterr()
    words = ["ra_biologic_response", "--cohort", *folders, "--output", str(tmp_path / "r")]
    assert train([*words, *QUICK]) == 0
    page = capsys.readouterr().out
    assert "No contrast between drug classes can be claimed" in page
    found = json.loads((tmp_path / "r" / "report.json").read_text())
    assert (tmp_path / "r" / "report.txt").read_text() == page
    arm = found["arms"]["tnfi"]
    assert arm["courses"] == 80
    assert set(arm["validation"]) == {"within_studies", "by_study"}
    by_study = arm["validation"]["by_study"]
    assert set(by_study["studies"]) == {"GSE0", "GSE1"}
    assert by_study["auroc"] > 0.6
    assert arm["model"]["coefficients"]["neutrophil"] > 0.0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ra_biologic_response", "--cohort", "nowhere"], "is no stored cohort"),
        (["no_such_decision", "--cohort", "nowhere"], "no_such_decision"),
    ],
)
def test_training_says_what_it_cannot_use(tmp_path, capsys, words, said):
    assert train([*words, "--output", str(tmp_path / "r")]) == 2
    assert said in capsys.readouterr().err
