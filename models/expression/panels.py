"""The vendored gene panels: checked against their checksums, each with origin and licence."""

from __future__ import annotations

import csv
import hashlib
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decision.clinical.inputs import Verification
from models.expression.errors import RegistryError
from models.expression.naming import GeneNames, load_names

FOLDER = Path(__file__).parent / "data"
QUORUM = 0.8
"""Share of a panel's genes that must be measured for its score to count (design assumption)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenePanel:
    """Genes that rise, and genes that fall, with one process; where the list is from."""

    id: str
    label: str
    up: tuple[str, ...]
    down: tuple[str, ...]
    sha256: str
    source: str
    version: str
    citation: str
    licence: str
    verification: Verification
    note: str = ""
    answers: tuple[str, ...] = ()
    """Concepts of a decision's code lists that the score stands for."""

    @property
    def size(self) -> int:
        """Genes in all."""
        return len(self.up) + len(self.down)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingPanel:
    """A panel that is wanted and not here, why, and what it would take."""

    id: str
    label: str
    reason: str
    needed: str
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Panels:
    """Everything the vendored lists say."""

    panels: tuple[GenePanel, ...]
    missing: tuple[MissingPanel, ...]
    names: GeneNames

    def panel(self, panel_id: str) -> GenePanel:
        """The panel of that id; KeyError where there is none."""
        return {p.id: p for p in self.panels}[panel_id]


def load_panels(folder: Path = FOLDER) -> Panels:
    """The vendored panels and the names of their genes.

    Raises
    ------
    RegistryError
        A file that is damaged, or a gene without a name.
    """
    written = tomllib.loads((folder / "panels.toml").read_text(encoding="utf-8"))
    genes = folder / "genes.csv"
    _checked(genes, written["genes"]["sha256"])
    names = load_names(genes)
    return Panels(
        panels=tuple(_panel(folder, row, names) for row in written["panel"]),
        missing=tuple(
            MissingPanel(**{**row, "answers": tuple(row.get("answers", ()))})
            for row in written["missing"]
        ),
        names=names,
    )


def _checked(path: Path, sha256: str) -> bytes:
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise RegistryError(
            f"{path.name} is not the file its checksum was made of.", "Install it again."
        )
    return content


def _panel(folder: Path, row: Mapping[str, Any], names: GeneNames) -> GenePanel:
    content = _checked(folder / "panels" / f"{row['id']}.csv", row["sha256"])
    sides: dict[str, list[str]] = {"up": [], "down": []}
    for line in csv.DictReader(io.StringIO(content.decode("utf-8"))):
        sides[line["direction"]].append(line["gene"])
    genes = [*sides["up"], *sides["down"]]
    if len(set(genes)) != len(genes) or len(genes) != row["genes"]:
        raise RegistryError(f"{row['id']}.csv repeats or lacks a gene.", "Install it again.")
    if unnamed := sorted(set(genes) - names.symbols):
        raise RegistryError(
            f"{row['id']}.csv has genes without a name: {', '.join(unnamed)}.",
            "Add them to genes.csv.",
        )
    return GenePanel(
        id=row["id"],
        label=row["label"],
        up=tuple(sides["up"]),
        down=tuple(sides["down"]),
        sha256=row["sha256"],
        source=row["source"],
        version=row["version"],
        citation=row["citation"],
        licence=row["licence"],
        verification=Verification(row["verification"]),
        note=row.get("note", ""),
        answers=tuple(row.get("answers", ())),
    )
