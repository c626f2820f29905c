"""One sample out of a table: its column or its rows, its genes, its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from models.cohort import Floats
from models.expression.errors import (
    HeaderError,
    SampleChoiceError,
    ScaleError,
    TableError,
    TransposedError,
)
from models.expression.kinds import Kind, Scale, check_scale
from models.expression.naming import GeneNames, named
from models.expression.tables import Table, read_table

_GENE = ("gene_id", "gene", "gene_name", "gene_symbol", "symbol", "hgnc_symbol", "ensembl_gene_id",
         "ensembl_id", "ensembl", "geneid", "probe", "probe_id", "probeset_id", "id_ref", "id",
         "name")  # fmt: skip
_SAMPLE = ("sample", "sample_id", "sample_name", "patient", "patient_id", "subject", "subject_id",
           "participant", "participant_id", "individual", "donor", "donor_id")  # fmt: skip
_VALUE = {
    Kind.COUNT: ("expected_count", "count", "counts", "raw_count", "numreads"),
    Kind.TPM: ("tpm",),
    Kind.CPM: ("cpm",),
    Kind.INTENSITY: ("intensity",),
    Kind.NCOUNTER: ("count", "counts"),
}
_ANY_VALUE = ("value", "expression")
_KNOWN_VALUES = frozenset(name for names in _VALUE.values() for name in names)
_BESIDE = frozenset(
    "transcript_id(s) length effective_length effectivelength description gene_description "
    "gene_type biotype gene_biotype chr chromosome seqnames reference start end width strand locus "
    "coverage entrez entrezgene entrezid entrez_id codeclass accession fpkm rpkm isopct pme_tpm "
    "tracking_id class_code".split()
) | {"gene name", "gene id"}
_FEWEST = 10
STUDY_CELLS = 40_000_000
"""Of a table for a registration, which nobody's page waits for."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one sample expressed.

    genes : n distinct keys (`naming.named`) · values : (n,) finite, in `scale`
    notes : what was left out on the way, in words
    """

    genes: tuple[str, ...] = field(repr=False)
    values: Floats = field(repr=False)
    scale: Scale
    notes: tuple[str, ...] = ()


def read_sample(
    content: bytes,
    content_type: str,
    scale: Scale,
    names: GeneNames,
    *,
    sample: str = "",
    probes: Mapping[str, str] | None = None,
) -> Sample:
    """One sample of a file. `sample` is its name, needed where the file holds several.

    Raises
    ------
    ExpressionError
    """
    table = read_table(content, content_type)
    gene = _gene_column(table, names)
    chosen = _rows_of(table, sample)
    values = table.numbers(_value_column(table, gene, scale.kind, sample, chosen is not None))
    rows: Sequence[str] = table.cells(gene)
    if chosen is not None:
        rows, values = [rows[i] for i in chosen], values[chosen]
    keys, notes = named(rows, names, probes, table.first_line)
    check_scale(values, scale, table.first_line if chosen is None else 0)
    return _collected(keys, values, scale, tuple(notes))


def read_samples(
    content: bytes,
    content_type: str,
    scale: Scale,
    names: GeneNames,
    probes: Mapping[str, str] | None = None,
) -> Mapping[str, Sample]:
    """Every sample of a table that has one column for each, by its name."""
    table = read_table(content, content_type, most_cells=STUDY_CELLS)
    gene = _gene_column(table, names)
    keys, notes = named(table.cells(gene), names, probes, table.first_line)
    found = {}
    for column in _samples(table, gene):
        values = table.numbers(column)
        check_scale(values, scale, table.first_line)
        found[table.header[column]] = _collected(keys, values, scale, tuple(notes))
    return found


def _collected(keys: Sequence[str], values: Floats, scale: Scale, notes: tuple[str, ...]) -> Sample:
    """Rows without a key left out; of several probe sets of one gene the highest counts: unlike a
    mean, it is the same probe set whatever monotone scale the values are on.
    """
    place = {key: i for i, key in enumerate(dict.fromkeys(key for key in keys if key))}
    if len(place) == len(keys):
        return Sample(tuple(place), values, scale, notes)
    best = np.full(len(place), -np.inf)
    kept = np.array([bool(key) for key in keys])
    np.maximum.at(best, [place[key] for key in keys if key], values[kept])
    return Sample(tuple(place), best, scale, notes)


def _lower(table: Table) -> list[str]:
    return [name.lower() for name in table.header]


def _gene_column(table: Table, names: GeneNames) -> int:
    lower = _lower(table)
    if names.known(table.header) >= _FEWEST:
        raise TransposedError(
            "The genes are the names of columns.", "Turn the table: one row per gene."
        )
    if names.known(table.header[:1]) or _is_number(table.header[-1]):
        raise HeaderError(
            "The first line holds a gene and a number, not the names of columns.",
            "Add a first line that names the columns, such as gene and value.",
        )
    return next((lower.index(name) for name in _GENE if name in lower), 0)


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return "." in name or "e" in name.lower()


def _samples(table: Table, gene: int) -> list[int]:
    lower = _lower(table)
    apart = _BESIDE | set(_GENE) | set(_SAMPLE)
    return [i for i, name in enumerate(lower) if i != gene and name not in apart]


def _rows_of(table: Table, sample: str) -> list[int] | None:
    """The rows of one sample where they are one below the other; None where they are columns."""
    lower = _lower(table)
    where = next((lower.index(name) for name in _SAMPLE if name in lower), None)
    if where is None:
        return None
    cells = table.cells(where)
    found = tuple(dict.fromkeys(cells))
    if not sample and len(found) == 1:
        return list(range(table.rows))
    if sample not in found:
        raise _choice(found, sample)
    return [i for i, cell in enumerate(cells) if cell == sample]


def _value_column(table: Table, gene: int, kind: Kind, sample: str, below: bool) -> int:
    """The column of the sample's values. `below`: the samples stand one below the other, and this
    one's rows are chosen.

    Where the file names samples, one that was asked for must be among them.
    """
    lower = _lower(table)
    columns = _samples(table, gene)
    named = tuple(table.header[i] for i in columns)
    generic = {*_KNOWN_VALUES, *_ANY_VALUE}
    if sample and not below:
        if sample in named:
            return table.header.index(sample)
        if any(lower[i] not in generic for i in columns):
            raise _choice(named, sample)  # else the file names no sample, and holds one
    own = [i for n in (*_VALUE[kind], *_ANY_VALUE) for i in columns if lower[i] == n]
    if own:
        others = [i for i in columns if i != own[0] and lower[i] not in generic]
        if others:
            raise SampleChoiceError(
                f"Beside its column of values the file has {len(others)} that may be of others.",
                "Send this patient's values alone, or name the column of this patient.",
                named,
            )
        return own[0]
    if not columns:
        raise TableError("No column holds values.", "Add a column with the values of the sample.")
    if len(columns) > 1:
        raise _choice(named, "")
    if lower[columns[0]] in _KNOWN_VALUES:
        raise ScaleError(
            f"The file is declared as {kind.value}, but its column of values is named otherwise.",
            "Declare what the numbers are, or name the column so.",
        )
    return columns[0]


def _choice(found: tuple[str, ...], sample: str) -> SampleChoiceError:
    if sample:
        return SampleChoiceError(
            "The file holds no sample of the name that was chosen.",
            "Name one of the samples in it, exactly as it is written there.",
            found,
        )
    return SampleChoiceError(
        f"The file holds {len(found)} samples, and nothing says which is this patient's.",
        "Send this patient's sample alone, or declare its name with the file.",
        found,
    )
