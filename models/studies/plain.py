"""A plain table of samples: one line of names, one row per sample, the first column its name."""

from __future__ import annotations

from pathlib import Path

from models.studies.errors import FormatError
from models.studies.mapping import plain
from models.studies.samples import Samples, listed, repeated
from models.studies.text import cells, lines_of


def read_sample_table(path: Path) -> Samples:
    """Samples of a TSV or CSV; every column is a characteristic under its own name.

    Raises
    ------
    FormatError
    """
    lines = [line for line in lines_of(path) if line.strip() and not line.startswith("#")]
    delimiter = "\t" if "\t" in lines[0] else ","
    header, *rows = cells(lines, delimiter, path.name)
    names = [plain(name) for name in header]
    if twice := repeated(names):
        raise FormatError(
            f"{path.name}: several columns are called {listed(twice)}.", "Rename one."
        )
    for line, row in enumerate(rows, start=2):
        if len(row) != len(names):
            raise FormatError(
                f"{path.name}, line {line}: {len(row)} cells under {len(names)} names of columns.",
                "Export the table again.",
            )
    return Samples(
        accessions=tuple(row[0] for row in rows),
        said={name: tuple(row[j] for row in rows) for j, name in enumerate(names)},
    )
