"""Tables of expression as they are deposited, and the platform tables that name their rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from models.cohort import Floats
from models.expression.kinds import Kind, Scale
from models.expression.naming import GeneNames
from models.studies.errors import ExpressionTableError, FormatError
from models.studies.mapping import Annotation, plain
from models.studies.samples import listed, repeated
from models.studies.text import cells, lines_of

MISSING = frozenset({"", "null", "na", "n/a", "nan", "#n/a"})
_PROBE = re.compile(r"AFFX-\S+|\d+(?:_[a-z]+)*_(?:at|st)|ILMN_\d+|A_\d\d_P\d+|TC\d+\S*\.hg\.\d")
_ENSEMBL = re.compile(r"(ENSG\d{11})(?:\.\d+)?(?:_PAR_Y)?")
_SEVERAL = re.compile(r"\s*(?:///|//|[|;,])\s*")
_TABLE_BEGIN, _TABLE_END = "!platform_table_begin", "!platform_table_end"
FEWEST_GENES = 1_000
"""Of a usable table: ranks among fewer are not those of a transcriptome."""
LEAST_KNOWN = 0.8
"""Share of a gene's samples that must be measured for the gene to be ranked at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """rows : (p,) names · columns : (n,) names · values : (p, n), NaN where not measured"""

    rows: tuple[str, ...] = field(repr=False)
    columns: tuple[str, ...] = field(repr=False)
    values: Floats = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Genes:
    """names : (p,) genes, panel genes by approved symbol · values : (p, n) · notes : what was
    left out, in words
    """

    names: tuple[str, ...] = field(repr=False)
    values: Floats = field(repr=False)
    notes: tuple[str, ...]


def read_matrix(path: Path, annotation_columns: int) -> Matrix:
    """A supplementary or plain table: one line of names, one row per gene; tabs or commas.

    Raises
    ------
    FormatError, ExpressionTableError
    """
    lines = [line for line in lines_of(path) if line.strip() and not line.startswith(("#", "!"))]
    if len(lines) < 2:
        raise FormatError(f"{path.name} has column names and no row.", "Download it again.")
    delimiter = "\t" if "\t" in lines[1] else ","
    return matrix_of_rows(cells(lines, delimiter, path.name), annotation_columns, path.name, 1)


def matrix_of_rows(rows: list[list[str]], leading: int, where: str, first_line: int) -> Matrix:
    """The matrix of a table's cells, the first row its header; `leading` columns are no samples."""
    header, *body = rows
    if body and len(body[0]) == len(header) + 1:
        header = ["", *header]  # as R writes tables with names of rows
    width = len(header)
    if width <= leading:
        raise FormatError(f"{where}: the table has no column of a sample.", "Name another file.")
    for number, row in enumerate(body, start=first_line + 1):
        if len(row) != width:
            raise FormatError(
                f"{where}, line {number}: {len(row)} cells under {width} names of columns.",
                "Download the file again.",
            )
    columns = tuple(header[leading:])
    if twice := repeated(columns):
        raise ExpressionTableError(
            f"{where}: several columns are called {listed(twice)}.", "Name each sample once."
        )
    values = np.empty((len(body), width - leading))
    for i, row in enumerate(body):
        try:
            values[i] = [np.nan if c.lower() in MISSING else float(c) for c in row[leading:]]
        except ValueError:
            raise ExpressionTableError(
                f"{where}, line {first_line + 1 + i}: a value is not a number.",
                "Raise annotation_columns in [expression] where leading columns are words; write "
                "decimals with a point.",
            ) from None
    if np.isinf(values).any():
        raise ExpressionTableError(f"{where}: a value is infinite.", "Export the table again.")
    return Matrix(rows=tuple(row[0] for row in body), columns=columns, values=values)


def read_annotation(path: Path, how: Annotation) -> Mapping[str, str]:
    """Probe -> symbol of a platform's table (`GPL….annot` or the full table).

    A probe of several genes (`A /// B`) or of none is left out: what it shows belongs to nobody.

    Raises
    ------
    FormatError
    """
    lines = lines_of(path)
    begin = next((i for i, line in enumerate(lines) if line.startswith(_TABLE_BEGIN)), -1)
    body = [
        line for line in lines[begin + 1 :] if line.strip() and not line.startswith(("#", "!", "^"))
    ]
    if begin >= 0 and not any(line.startswith(_TABLE_END) for line in lines):
        raise FormatError(f"{path.name} is cut off: no line {_TABLE_END}.", "Download it again.")
    rows = cells(body, "\t", path.name)
    if len(rows) < 2:
        raise FormatError(f"{path.name} holds no table of probes.", "Name the platform's table.")
    names = [plain(name) for name in rows[0]]
    probe, symbol = (_place(names, wanted, path.name) for wanted in (how.probe, how.symbol))
    found: dict[str, str] = {}
    for row in rows[1:]:
        if len(row) > max(probe, symbol):
            genes = {g for g in _SEVERAL.split(row[symbol]) if g and g != "---"}
            if len(genes) == 1:
                found[row[probe]] = genes.pop()
    if not found:
        raise FormatError(
            f"{path.name}: no probe has exactly one gene under {rows[0][symbol]!r}.",
            "Correct `symbol` in [annotation].",
        )
    return found


def _place(names: list[str], wanted: Sequence[str], where: str) -> int:
    for name in wanted:
        if plain(name) in names:
            return names.index(plain(name))
    raise FormatError(
        f"{where}: no column {' or '.join(map(repr, wanted))}. The table has "
        f"{', '.join(map(repr, names))}.",
        "Correct [annotation] of the mapping.",
    )


def genes_of(
    matrix: Matrix, scale: Scale, names: GeneNames, probes: Mapping[str, str] | None, where: str
) -> Genes:
    """Rows as genes: probes through the annotation, Ensembl versions dropped, former symbols and
    aliases of panel genes as the approved ones; counts of one gene added, else its highest row.

    Raises
    ------
    ExpressionTableError
    """
    keys, notes = _keys(matrix.rows, names, probes, where)
    known = ~np.isnan(matrix.values)
    full = known.mean(axis=1) >= LEAST_KNOWN
    if dropped := int((~full).sum()):
        notes.append(f"{dropped} rows measured in fewer than {LEAST_KNOWN:.0%} of the samples")
    use = [bool(key) and bool(ok) for key, ok in zip(keys, full, strict=True)]
    used = [key for key, ok in zip(keys, use, strict=True) if ok]
    place = {key: i for i, key in enumerate(dict.fromkeys(used))}
    if len(place) < FEWEST_GENES:
        raise ExpressionTableError(
            f"{where}: {len(place)} genes could be named, fewer than {FEWEST_GENES}.",
            "Name the platform's annotation, or a table of all genes with HGNC symbols or Ensembl "
            "ids; a table of NCBI Gene ids has to be translated first.",
        )
    at = [place[key] for key in used]
    rows = matrix.values[np.array(use)]
    if scale.kind is Kind.COUNT and not scale.log:
        found = np.zeros((len(place), rows.shape[1]))
        np.add.at(found, at, np.nan_to_num(rows, nan=0.0))
    else:
        found = np.full((len(place), rows.shape[1]), -np.inf)
        np.fmax.at(found, at, rows)
        lowest = rows[~np.isnan(rows)].min()
        found = np.where(np.isinf(found), lowest, found)  # not measured in this sample: lowest
    _refuse_centred(found, scale, where)
    return Genes(names=tuple(place), values=found, notes=tuple(notes))


def _keys(
    rows: Sequence[str], names: GeneNames, probes: Mapping[str, str] | None, where: str
) -> tuple[list[str], list[str]]:
    step = max(1, len(rows) // 500)
    looked = rows[::step]
    of_probes = sum(bool(_PROBE.fullmatch(r)) for r in looked) * 2 > len(looked)
    if of_probes and probes is None:
        raise ExpressionTableError(
            f"{where}: the rows are probes, and no annotation was given.",
            "Add --annotation with the platform's table, and [annotation] to the mapping.",
        )
    if of_probes or (probes is not None and not names.known(looked)):
        table = probes or {}
        genes = [table.get(row, "") for row in rows]
        note = f"{genes.count('')} of {len(genes)} probes have no gene, or several"
    else:
        genes = [m[1] if (m := _ENSEMBL.fullmatch(row)) else row for row in rows]
        note = ""
    keys = [names.by_name.get(g.upper(), g.upper()) for g in genes]
    if not names.known(keys):
        raise ExpressionTableError(
            f"{where}: no row is a gene of any panel.",
            "Check the organism, the annotation, and which column holds the gene.",
        )
    return keys, [note] if note else []


def _refuse_centred(values: Floats, scale: Scale, where: str) -> None:
    """Values centred per gene rank genes by chance: every gene then has the same mean."""
    if scale.log and values.shape[1] > 2:
        between, within = values.mean(axis=1).std(), values.std(axis=1).mean()
        if between < within:
            raise ExpressionTableError(
                f"{where}: genes differ less from one another (SD {between:.2g}) than each does "
                f"between samples (SD {within:.2g}), so the table was centred per gene; ranks of "
                "genes within a sample then mean nothing.",
                "Use values that were normalised between samples only, or the raw files.",
            )
    elif (values < 0.0).any():
        raise ExpressionTableError(
            f"{where}: declared as {scale.kind.value}, and values are below 0.",
            f"Declare log2-{scale.kind.value} in [expression] if logarithms were taken.",
        )
