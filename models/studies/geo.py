"""GEO series matrix files: what is said of each sample, and the table of values where it has one.

    !Series_geo_accession   "GSE12345"
    !Sample_title           "…" "…"
    !Sample_geo_accession   "GSM1" "GSM2"
    !Sample_characteristics_ch1   "key: value" "key: value"      several such rows
    !series_matrix_table_begin
    "ID_REF" "GSM1" "GSM2"
    "probe"  7.1    6.9
    !series_matrix_table_end

A characteristics row holds whatever the depositor typed in that column: where one sample lacks a
characteristic, the next ones of that sample move up, so that a row may mix keys. Keys are therefore
read cell by cell. Series of sequencing have an empty table; their counts are a supplementary file.
"""

from __future__ import annotations

from pathlib import Path

from models.studies.errors import FormatError
from models.studies.mapping import plain
from models.studies.matrices import Matrix, matrix_of_rows
from models.studies.samples import Samples, listed
from models.studies.text import cells, lines_of

_BEGIN, _END = "!series_matrix_table_begin", "!series_matrix_table_end"
_SAMPLE, _SERIES = "!Sample_", "!Series_"
_CHARACTERISTICS = ("characteristics_ch1", "characteristics_ch2")
_AGAIN = "Download the series matrix file again."


def read_series_matrix(path: Path) -> tuple[Samples, Matrix | None]:
    """Samples, and the table of values by accession; None where it is empty.

    Raises
    ------
    FormatError
    """
    lines = lines_of(path)
    begin = next((i for i, line in enumerate(lines) if line.startswith(_BEGIN)), None)
    if begin is None:
        raise FormatError(
            f"{path.name} has no line {_BEGIN}.",
            "Name the file GSE…_series_matrix.txt.gz, not the SOFT or MINiML one.",
        )
    end = next(
        (i for i, line in enumerate(lines[begin:], begin) if line.startswith(_END)), len(lines)
    )
    if end == len(lines):
        raise FormatError(f"{path.name} is cut off: it has no line {_END}.", _AGAIN)
    head = [line for line in lines[:begin] if line.startswith("!")]
    samples = _samples(cells(head, "\t", path.name), path.name)
    rows = cells([line for line in lines[begin + 1 : end] if line.strip()], "\t", path.name)
    if len(rows) < 2:
        return samples, None
    matrix = matrix_of_rows(rows, 1, path.name, begin + 2)
    if unknown := sorted(set(matrix.columns) - set(samples.accessions)):
        raise FormatError(
            f"{path.name}: columns of the table are no samples of its header: {listed(unknown)}.",
            _AGAIN,
        )
    return samples, matrix


def _samples(head: list[list[str]], where: str) -> Samples:
    plain_rows: dict[str, list[str]] = {}
    characteristics = []
    for row in head:
        key = row[0].removeprefix(_SAMPLE)
        if key == row[0]:
            continue
        if key in _CHARACTERISTICS:
            characteristics.append(row[1:])
        elif key not in plain_rows:
            plain_rows[key] = row[1:]
    accessions = plain_rows.get("geo_accession")
    if not accessions:
        raise FormatError(f"{where} has no line {_SAMPLE}geo_accession.", _AGAIN)
    n = len(accessions)
    said: dict[str, list[str]] = {}
    for number, row in enumerate(characteristics, start=1):
        if len(row) > n:
            raise FormatError(
                f"{where}: characteristics row {number} has {len(row)} cells for {n} samples.",
                _AGAIN,
            )
        for i, cell in enumerate(row):
            _put(said, cell, i, n, number, where)
    for key, values in plain_rows.items():
        if len(values) == n:
            said.setdefault(plain(key), values)
    study = next((r[1] for r in head if r[0] == f"{_SERIES}geo_accession" and len(r) > 1), "")
    return Samples(
        accessions=tuple(accessions),
        said={key: tuple(values) for key, values in said.items()},
        study=study,
    )


def _put(said: dict[str, list[str]], cell: str, i: int, n: int, row: int, where: str) -> None:
    """One `key: value` of sample i; a cell without a key is kept under its row's number."""
    if not cell:
        return
    key, colon, value = cell.partition(":")
    key = plain(key) if colon else f"characteristic {row}"
    column = said.setdefault(key, [""] * n)
    told = value.strip() if colon else cell
    if column[i] and column[i] != told:
        raise FormatError(
            f"{where}: sample {i + 1} has two different values of {key!r}.",
            "Ask the depositor which is right, and correct the file.",
        )
    column[i] = told
