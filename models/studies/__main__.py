"""Reads a study's downloaded files into a folder that training takes.

    python -m models.studies GSE78068 --matrix GSE78068_series_matrix.txt.gz \\
        --annotation GPL6480.annot.gz --out var/studies/GSE78068
    python -m models.studies GSE198520 --matrix GSE198520_series_matrix.txt.gz \\
        --expression GSE198520_Raw_gene_count_matrix.txt.gz --out var/studies/GSE198520
    python -m models.studies E-MTAB-11611 --sdrf E-MTAB-11611.sdrf.txt \\
        --expression counts.tsv --out var/studies/E-MTAB-11611
    python -m models.studies mine.toml --samples samples.csv --expression tpm.tsv \\
        --out var/studies/mine
    python -m models.train <decision> --cohort var/studies/GSE198520 var/studies/GSE138746

Nothing is downloaded: each repository's terms are between it and whoever downloads.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.expression.panels import load_panels
from models.expression.platforms import FOLDER, load_platforms
from models.expression.scorer import Scorer
from models.studies.arrayexpress import read_sdrf
from models.studies.courses import courses_of
from models.studies.errors import FormatError, MappingError, StudyError
from models.studies.geo import read_series_matrix
from models.studies.mapping import StudyMapping, load_mapping, shipped
from models.studies.matrices import Matrix, genes_of, read_annotation, read_matrix
from models.studies.plain import read_sample_table
from models.studies.samples import Samples
from models.studies.scored import columns_of, registered_scores, study_scores
from models.studies.stored import write_cohort

FILES = ("matrix", "sdrf", "idf", "samples", "expression", "annotation")


def read_study(given: argparse.Namespace) -> dict[str, Any]:
    """The command's work; returns the description that was written.

    Raises
    ------
    StudyError
    """
    mapping = load_mapping(given.study)
    samples, matrix = _samples(given)
    if given.expression is not None:
        matrix = read_matrix(given.expression, mapping.expression.annotation_columns)
    if matrix is None:
        raise FormatError(
            "The series matrix holds no values, as with every series of sequencing.",
            "Add --expression with the supplementary table of counts.",
        )
    where = (given.expression or given.matrix).name
    courses = courses_of(mapping, samples)
    at = columns_of(mapping, samples, courses, matrix.columns)
    panels = load_panels()
    genes = genes_of(matrix, mapping.expression.scale, panels.names, _probes(given, mapping), where)
    if given.platform:
        scorer = Scorer(panels, load_platforms(given.platforms))
        scores = registered_scores(genes, scorer, given.platform, mapping, at)
    else:
        scores = study_scores(genes, panels, at)
    named = {name: getattr(given, name) for name in FILES}
    sums = {
        f"{name}: {path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in named.items()
        if path is not None
    }
    return write_cohort(given.out, mapping, courses, scores, panels, sums)


def _samples(given: argparse.Namespace) -> tuple[Samples, Matrix | None]:
    ways = [name for name in ("matrix", "sdrf", "samples") if getattr(given, name) is not None]
    if len(ways) != 1:
        raise FormatError(
            "What is said of the samples comes from exactly one file.",
            "Give one of --matrix (GEO), --sdrf (ArrayExpress) and --samples (a plain table).",
        )
    if given.matrix is not None:
        return read_series_matrix(given.matrix)
    if given.expression is None:
        raise FormatError("No table of expression was named.", "Add --expression.")
    if given.sdrf is not None:
        return read_sdrf(given.sdrf, given.idf), None
    return read_sample_table(given.samples), None


def _probes(given: argparse.Namespace, mapping: StudyMapping) -> dict[str, str] | None:
    if given.annotation is None:
        return None
    if mapping.annotation is None:
        raise MappingError(
            f"The mapping of {mapping.accession} has no [annotation].",
            "Add it: platform, probe and symbol name the columns of the platform's table.",
        )
    return dict(read_annotation(given.annotation, mapping.annotation))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 when the folder has been written, 2 for what cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m models.studies",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("study", help=f"one of {', '.join(shipped())}, or a mapping file")
    parser.add_argument("--matrix", type=Path, help="GEO series matrix file")
    parser.add_argument("--sdrf", type=Path, help="ArrayExpress SDRF")
    parser.add_argument("--idf", type=Path, help="ArrayExpress IDF, to check the accession")
    parser.add_argument("--samples", type=Path, help="plain table, one row per sample")
    parser.add_argument("--expression", type=Path, help="table of expression, one row per gene")
    parser.add_argument("--annotation", type=Path, help="the platform's table: probe to gene")
    parser.add_argument("--platform", default="", help="a registered platform's id")
    parser.add_argument("--platforms", type=Path, default=FOLDER, help="folder of platforms")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    given = parser.parse_args(arguments)
    try:
        described = read_study(given)
    except StudyError as error:
        sys.stderr.write(f"{error.message} {error.remedy}\n")
        return 2
    if described["unverified"]:
        parts = ", ".join(f"[{name}]" for name in described["unverified"])
        sys.stderr.write(
            f"Nobody has checked these parts of the mapping against the files: {parts}. Compare "
            "the numbers below with the publication before any use.\n"
        )
    shown = ("study", "courses", "outcome", "specimen", "unverified", "notes")
    sys.stdout.write(json.dumps({k: described[k] for k in shown}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
