"""ArrayExpress: the SDRF (what is said of each sample) and the IDF (what is said of the study).

An SDRF has one row per file, so a sample that was sequenced in two files has two rows, which must
agree. `Characteristics[x]` and `Factor Value[x]` are read as x; every other column under its own
name. Column names repeat in this format (`Protocol REF`, `Unit`): of those the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from models.studies.errors import FormatError
from models.studies.mapping import plain
from models.studies.samples import Samples, listed
from models.studies.text import cells, lines_of

_NAMED = re.compile(r"(characteristics|factor ?value|comment|parameter ?value) ?\[(.+)\]")
_SOURCE = "source name"


def read_sdrf(path: Path, idf: Path | None = None) -> Samples:
    """Samples by source name; with the IDF also the study's accession.

    Raises
    ------
    FormatError
    """
    rows = cells([line for line in lines_of(path) if line.strip()], "\t", path.name)
    header = [plain(name) for name in rows[0]]
    if _SOURCE not in header:
        raise FormatError(
            f"{path.name} has no column 'Source Name'.", "Name the file ….sdrf.txt of the study."
        )
    accessions: list[str] = []
    said: dict[str, list[str]] = {}
    for line, row in enumerate(rows[1:], start=2):
        if len(row) > len(header):
            raise FormatError(
                f"{path.name}, line {line}: {len(row)} cells under {len(header)} names of columns.",
                "Download it again.",
            )
        told = _told(header, row)
        source = told[_SOURCE]
        if not source:
            raise FormatError(f"{path.name}, line {line}: no source name.", "Download it again.")
        if source not in accessions:
            accessions.append(source)
            for column in said.values():
                column.append("")
        _put(said, told, accessions.index(source), len(accessions), line, path.name)
    study = _first(read_idf(idf), "comment[arrayexpressaccession]", idf) if idf else ""
    return Samples(
        accessions=tuple(accessions), said={k: tuple(v) for k, v in said.items()}, study=study
    )


def read_idf(path: Path) -> Mapping[str, tuple[str, ...]]:
    """Every line of an IDF by its name in small letters."""
    rows = cells([line for line in lines_of(path) if line.strip()], "\t", path.name)
    return {plain(row[0]): tuple(v for v in row[1:] if v) for row in rows}


def _first(idf: Mapping[str, tuple[str, ...]], name: str, path: Path) -> str:
    if not idf.get(name):
        raise FormatError(
            f"{path.name} has no line {name!r}; it has {listed(list(idf))}.",
            "Name the file ….idf.txt of the study.",
        )
    return idf[name][0]


def _told(header: list[str], row: list[str]) -> dict[str, str]:
    told: dict[str, str] = {}
    for name, cell in zip(header, row, strict=False):
        named = _NAMED.fullmatch(name)
        key = name if named is None else plain(named[2])
        if named is not None and named[1] != "characteristics" and key in told:
            key = f"{named[1]} {key}"  # a factor repeats a characteristic, mostly word for word
        told.setdefault(key, cell)
    return told


def _put(
    said: dict[str, list[str]], told: dict[str, str], i: int, n: int, line: int, where: str
) -> None:
    for key, cell in told.items():
        column = said.setdefault(key, [""] * n)
        if not column[i]:
            column[i] = cell
        elif cell and column[i] != cell and not _of_a_file(key):
            raise FormatError(
                f"{where}, line {line}: another value of {key!r} than in an earlier line of the "
                "same sample.",
                "Ask the depositor which is right, and correct the file.",
            )


def _of_a_file(key: str) -> bool:
    """Columns that tell a sample's files apart rather than describing the sample."""
    return any(
        w in key for w in ("file", "uri", "name", "run", "scan", "md5", "ref", "term", "fastq")
    )
