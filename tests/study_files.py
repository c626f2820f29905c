"""Tiny studies in the formats of the repositories, with their quirks; made by us, nobody's data."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from models.expression.panels import Panels, load_panels

FILLERS = 900


@cache
def panels() -> Panels:
    return load_panels()


@cache
def genes() -> tuple[str, ...]:
    """Every panel gene, and as many others as make a transcriptome of sorts."""
    own = sorted({g for p in panels().panels for g in (*p.up, *p.down)})
    return (*own, *(f"FILL{i}" for i in range(FILLERS)))


def levels(signal: Sequence[float], seed: int = 1, panel: str = "neutrophil") -> np.ndarray:
    """(genes, n) log2 values; one panel rises with the signal."""
    rng = np.random.default_rng(seed)
    own = rng.uniform(4.0, 12.0, (len(genes()), 1))
    values = own + rng.normal(0.0, 0.5, (len(genes()), len(signal)))
    up = set(panels().panel(panel).up)
    rows = np.array([g in up for g in genes()])
    values[rows] += np.asarray(signal)[None, :]
    return values


def quoted(*cells: object) -> str:
    return "\t".join(f'"{c}"' for c in cells)


def series_matrix(
    accession: str,
    titles: Sequence[str],
    characteristics: Sequence[Sequence[str]],
    table: tuple[Sequence[str], np.ndarray] | None = None,
    first: int = 1,
) -> str:
    """A GEO series matrix file; without a table as for sequencing."""
    gsm = [f"GSM{first + i}" for i in range(len(titles))]
    lines = [
        f'!Series_title\t"A study of our own"\n!Series_geo_accession\t"{accession}"',
        '!Series_summary\t"Made up."\n!Series_summary\t"Nobody was measured."',
        "",
        "!Sample_title\t" + quoted(*titles),
        "!Sample_geo_accession\t" + quoted(*gsm),
        "!Sample_source_name_ch1\t" + quoted(*["blood"] * len(titles)),
        *("!Sample_characteristics_ch1\t" + quoted(*row) for row in characteristics),
        "!Sample_data_processing\t" + quoted(*["quantile normalised"] * len(titles)),
        "!series_matrix_table_begin",
        '"ID_REF"\t' + quoted(*gsm),
    ]
    if table is not None:
        lines += [
            f'"{name}"\t' + "\t".join(f"{v:.4f}" for v in row)
            for name, row in zip(*table, strict=True)
        ]
    return "\n".join([*lines, "!series_matrix_table_end", ""])


def annotation(probes: Sequence[str], symbols: Sequence[str], symbol: str = "Gene symbol") -> str:
    """A platform's table as GEO's .annot files are."""
    rows = [f"{p}\ttitle of it\t{s}\t1" for p, s in zip(probes, symbols, strict=True)]
    head = [
        "^Annotation",
        "!Annotation_platform = GPL0",
        "#ID = the probe",
        "!platform_table_begin",
    ]
    return "\n".join(
        [*head, f"ID\tGene title\t{symbol}\tGene ID", *rows, "!platform_table_end", ""]
    )


def count_table(
    columns: Sequence[str], values: np.ndarray, leading: Sequence[str] = (), delimiter: str = "\t"
) -> str:
    """Counts of every gene; `leading` columns of annotation come after the gene."""
    counts = np.round(2.0 ** np.clip(values, 0, 20)).astype(int)
    head = delimiter.join(["Geneid", *leading, *columns])
    rows = [
        delimiter.join([g, *("x" for _ in leading), *map(str, row)])
        for g, row in zip(genes(), counts.tolist(), strict=True)
    ]
    return "\n".join([head, *rows, ""])


def save(path: Path, text: str, *, compressed: bool = False) -> Path:
    content = text.encode()
    path.write_bytes(gzip.compress(content) if compressed else content)
    return path


def outcomes(n: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """(signal, outcome): who has more of the signal does well more often."""
    rng = np.random.default_rng(seed)
    signal = rng.standard_normal(n)
    return signal, (rng.uniform(size=n) < 1.0 / (1.0 + np.exp(-1.5 * signal))).astype(int)


def blood_counts(folder: Path, n: int = 60, seed: int = 3, first: int = 1) -> tuple[Path, Path]:
    """GSE129705's format: an empty matrix table, counts by title after six annotation columns,
    two visits of everybody, and a characteristics row that mixes keys.
    """
    signal, y = outcomes(n, seed)
    titles = [f"S{i}_{v}" for i in range(n) for v in ("BL", "M3")]
    label = ["Good" if i % 2 else "Moderate" for i in range(n)]
    told = [label[i] if y[i] else "None" for i in range(n)]
    rows = [
        [f"subject id: S{i}" for i in range(n) for _ in "ab"],
        [f"visit time: {v}" for _ in range(n) for v in ("BL", "Month 3")],
        # the first person has no sex recorded, so that the response moves up a row
        [f"eular response: {told[0]}"] * 2
        + [f"Sex: {'F' if i % 3 else 'M'}" for i in range(1, n) for _ in "ab"],
        ["", ""] + [f"eular_response: {told[i]}" for i in range(1, n) for _ in "ab"],
    ]
    matrix = save(
        folder / "GSE129705_series_matrix.txt.gz",
        series_matrix("GSE129705", titles, rows, first=first),
        compressed=True,
    )
    both = np.repeat(levels(signal, seed), 2, axis=1)
    counts = save(
        folder / "counts.txt.gz",
        count_table(titles, both, ["Chr", "Start", "End", "Strand", "Length"]),
        compressed=True,
    )
    return matrix, counts


MINE = """
[study]
accession = "mine"
title = "Our own"
citation = "Ours."
terms = "ours"
specimen = "whole-blood"
people = "ours"
verification = "unverified"
checked = "made up"

[expression]
kind = "tpm"
column = "accession"

[outcome]
id = "cdai-remission"
definition = "Remission by CDAI"
weeks = 24

[person]
from = "subject"
verification = "unverified"

[drug]
from = "drug"
tnfi = ["infliximab"]
il6i = ["tocilizumab"]
leave_out = ["none"]
verification = "unverified"

[timepoint]
always = "baseline"
verification = "unverified"

[response]
from = "response"
reached = ["yes"]
not_reached = ["no"]
not_recorded = [""]
verification = "unverified"

[age]
from = "age"
not_recorded = [""]
verification = "unverified"

[sex]
from = "sex"
male = ["m"]
female = ["f"]
verification = "unverified"
"""


def sample_table(rows: Sequence[Sequence[object]]) -> str:
    """A plain table of samples for `MINE`."""
    head = "sample,subject,drug,response,age,sex"
    return "\n".join([head, *(",".join(map(str, row)) for row in rows), ""])
