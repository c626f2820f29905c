"""Which gene a row is about: Ensembl ids, HGNC symbols with former names, mapped probe sets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from models.expression.errors import (
    DuplicateGeneError,
    FormulaError,
    IdentifierError,
    OrganismError,
    RegistryError,
    SpreadsheetDateError,
)

TWICE = 0.01
"""Share of rows that may repeat a name outside the panels (such as Y_RNA); they are left out."""
_LOOKED_AT = 500
_FORMULA = re.compile(r"^[=+@\-\t\r]", re.MULTILINE)
_DATE = re.compile(
    r"^(?:\d{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d{1,2}|\d{4}-\d\d-\d\d(?: .*)?)$", re.MULTILINE
)
_FORMS = re.compile(
    r"(?P<ensembl>ENSG\d{11}(?:\.\d+)?(?:_PAR_Y)?)"
    r"|(?P<species>ENS[A-Z]{3,4}G\d{11}(?:\.\d+)?)"
    r"|(?P<transcript>ENS[A-Z]{0,4}T\d{11}(?:\.\d+)?|[NX][MR]_\d+(?:\.\d+)?)"
    r"|(?P<probe>(?:AFFX-\S+|\d+(?:_[a-z]+)*_(?:at|st)|ILMN_\d+|A_\d\d_P\d+|TC\d+\S*\.hg\.\d))"
    r"|(?P<number>\d+)"
    r"|(?P<rodent>[A-Z][a-z]+[a-z0-9]*[0-9a-z]|[a-z][a-z0-9.\-]+)"
    r"|(?P<symbol>[A-Z0-9][A-Za-z0-9.\-_@]*)"
)
_USE = "Use Ensembl gene ids (ENSG…) or HGNC symbols, one row per gene."


@dataclass(frozen=True, slots=True)
class GeneNames:
    """The panel genes under every name they go by, in capitals.

    by_name : symbols, former symbols, aliases and Ensembl ids -> the approved symbol
    """

    by_name: Mapping[str, str]
    symbols: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "symbols", frozenset(self.by_name.values()))

    def known(self, names: Iterable[str]) -> int:
        """How many of the names mean a panel gene."""
        return sum(name.upper() in self.by_name for name in names)


def load_names(path: Path) -> GeneNames:
    """The vendored table of names.

    Raises
    ------
    RegistryError
        A name that means two genes.
    """
    by_name: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            others = (*row["ensembl"].split(), *row["previous"].split(), *row["aliases"].split())
            for name in (row["symbol"].upper(), *others):
                if by_name.setdefault(name, row["symbol"]) != row["symbol"]:
                    raise RegistryError(f"{path.name}: {name} means two genes.", "Name it once.")
    return GeneNames(by_name)


def read_probes(content: bytes) -> Mapping[str, str]:
    """Probe set -> gene, from a CSV of two columns named `probe` and `gene`.

    Raises
    ------
    RegistryError
        No such text, other columns, or a probe set that is given two genes.
    """
    try:
        header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")), strict=True)
    except (UnicodeDecodeError, ValueError, csv.Error):
        raise RegistryError(
            "The mapping of probe sets is no CSV file.",
            "Save it as text in UTF-8, with two columns named probe and gene.",
        ) from None
    if header != ["probe", "gene"]:
        raise RegistryError(
            "The mapping of probe sets has other columns.", "Name its two columns probe and gene."
        )
    probes: dict[str, str] = {}
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise RegistryError(
                f"The mapping of probe sets has not two cells in line {line}.",
                "Give each probe set one gene.",
            )
        probe, gene = row
        if probes.setdefault(probe, gene) != gene:
            raise RegistryError(
                f"The mapping of probe sets gives one probe set two genes (line {line}).",
                "Leave out probe sets that measure several genes.",
            )
    return probes


def named(
    rows: Sequence[str], names: GeneNames, probes: Mapping[str, str] | None, first_line: int
) -> tuple[list[str], list[str]]:
    """One key per row (`""` where the row is left out), and what was done, in words.

    A panel gene's key is its approved symbol; any other gene's its own identifier in capitals,
    without an Ensembl version.

    Raises
    ------
    GeneError, FormulaError
    """
    together = "\n".join(rows)  # one search of the whole is much faster than one per row
    if found := _FORMULA.search(together):
        line = together.count("\n", 0, found.start()) + first_line
        raise FormulaError(
            f"Line {line} begins like a formula of a spreadsheet.",
            "Export the table from its source, not through a spreadsheet.",
        )
    if _DATE.search(together):
        raise SpreadsheetDateError(
            "Names of genes were made into dates, as a spreadsheet does (such as 1-Mar).",
            "Export the table from its source, not through a spreadsheet.",
        )
    form = _form(rows)
    if form == "probe":
        if not probes:
            raise IdentifierError(
                "The rows are probe sets, and this platform has no mapping of them to genes.",
                "Register the platform with a mapping file, or export one row per gene.",
            )
        keys = [probes.get(row, "").upper() for row in rows]
    elif form == "ensembl":
        # the second copy of a gene on Y is the same gene, and always 0 where it is listed
        keys = ["" if row.endswith("_PAR_Y") else row.split(".", 1)[0].upper() for row in rows]
    else:
        keys = [row.upper() for row in rows]
    find = names.by_name.get
    return _once([find(key, key) for key in keys], names, form == "probe", first_line)


def _form(rows: Sequence[str]) -> str:
    """What most rows are called by; raises where that cannot be used."""
    step = max(1, len(rows) // _LOOKED_AT)
    looked = rows[::step]
    counts: dict[str, int] = {}
    for row in looked:
        match = _FORMS.fullmatch(row)
        form = (match and match.lastgroup) or "other"
        counts[form] = counts.get(form, 0) + 1
    most = max(counts, key=lambda form: counts[form])
    if most in ("species", "rodent"):
        raise OrganismError(
            "The genes are of another species, by their names.",
            "Send human genes: Ensembl ids that begin with ENSG, or HGNC symbols.",
        )
    if most == "transcript":
        raise IdentifierError("The rows are transcripts, not genes.", f"Sum them by gene. {_USE}")
    if most == "number":
        raise IdentifierError("The rows are numbers, such as NCBI Gene ids.", _USE)
    if most == "other":
        raise IdentifierError("The rows are named by nothing known.", _USE)
    return most


def _once(
    keys: list[str], names: GeneNames, of_probes: bool, first_line: int
) -> tuple[list[str], list[str]]:
    """Keys with repeated ones left out; several probe sets of one gene may stand."""
    notes = []
    if (dropped := keys.count("")) > 0:
        notes.append(f"{dropped} rows without a gene of their own were left out")
    if of_probes or len(set(keys)) == len(keys):
        return keys, notes
    first: dict[str, int] = {}
    again: set[str] = set()
    for number, key in enumerate(keys):
        if key and first.setdefault(key, number) != number:
            if key in names.symbols:
                raise DuplicateGeneError(
                    f"The gene {key} has two rows, at lines {first[key] + first_line} and "
                    f"{number + first_line}; one may be a former name of it.",
                    "Keep one row per gene.",
                )
            again.add(key)
    rows = sum(key in again for key in keys)
    if rows > max(2, TWICE * len(keys)):
        raise DuplicateGeneError(
            f"{rows} rows repeat a gene of another row.", "Sum or choose them, one row per gene."
        )
    if rows:
        notes.append(f"{rows} rows that share a name were left out")
    return ["" if key in again else key for key in keys], notes
