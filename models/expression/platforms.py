"""Registered platforms on disk: which genes they measure, and how their scores become comparable.

    <id>/platform.json     what it is, where each panel's score lies and how it spreads, limits
    <id>/genes.csv.gz      the genes it measures, each with its mean rank as a share
    <id>/cohort.json       how each panel's score lies in the reference cohort
    <id>/probes.csv        probe set -> gene, where its rows are probe sets
    <id>/SHA256SUMS        of the others

A raw score x of a panel becomes (x − location) / scale: standard deviations of the cohort a model
was trained on. Location and scale come from blood that was measured on both platforms
(`register`); without that a platform is unknown, and its samples are not used.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from decision.clinical.expression import Spread, spreads_of
from models.cohort import Floats
from models.expression.errors import RegistryError
from models.expression.kinds import Kind
from models.expression.naming import read_probes
from models.expression.quality import QualityLimits
from models.spreads import written as written_spreads

FOLDER = Path(__file__).parent / "data" / "platforms"
SCHEMA = 1
DESCRIPTION, GENES, PROBES, SUMS = "platform.json", "genes.csv.gz", "probes.csv", "SHA256SUMS"
COHORT = "cohort.json"
_ID = re.compile(r"[a-z0-9][a-z0-9.-]{1,60}")
_AGAIN = "Register the platform again, or restore its folder."


@dataclass(frozen=True, slots=True, kw_only=True)
class Recentring:
    """How one panel's raw score becomes standard deviations of the reference cohort.

    genes : of the panel that the platform measures · sha256 : of the panel's list
    error : standard error of the location, in those standard deviations
    """

    location: float
    scale: float
    genes: int
    sha256: str
    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One way of measuring expression in one specimen.

    genes, profile : (p,) the genes it measures and their mean ranks as shares, in (0, 1]
    reference : the platform its samples were paired with; "" where it is the reference cohort's own
    samples : how many it was registered with · date : when, as given
    cohort : how each panel's score lies in the reference cohort; of a platform that was paired, as
        its reference has it; nothing for a platform registered before that was kept
    """

    id: str
    label: str
    version: str
    kind: Kind
    specimen: str
    reference: str
    samples: int
    date: str
    simulated: bool
    genes: tuple[str, ...] = field(repr=False)
    profile: Floats = field(repr=False)
    recentring: Mapping[str, Recentring] = field(repr=False)
    limits: QualityLimits
    probes: Mapping[str, str] | None = field(default=None, repr=False)
    cohort: Mapping[str, Spread] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise RegistryError(
                "A platform's id is not made of small letters, digits, points and hyphens.",
                "Choose one such as rna-seq-2026.",
            )
        if any(not r.scale > 0.0 for r in self.recentring.values()):
            raise RegistryError(f"Platform {self.id}: a panel's scale is not above 0.", _AGAIN)


def load_platforms(folder: Path = FOLDER) -> Mapping[str, Platform]:
    """Every platform of a folder, by id. An empty or missing folder has none.

    Raises
    ------
    RegistryError
    """
    found = sorted(p.parent for p in folder.glob(f"*/{DESCRIPTION}"))
    return {platform.id: platform for platform in map(load_platform, found)}


def load_platform(folder: Path) -> Platform:
    """One platform's folder.

    Raises
    ------
    RegistryError
        A checksum that does not fit, another schema, or a field that is not there.
    """
    files = _verified(folder)
    try:
        written: dict[str, Any] = json.loads(files[DESCRIPTION])
        if written.pop("schema") != SCHEMA:
            raise RegistryError(f"{folder.name}/{DESCRIPTION} is of another schema.", _AGAIN)
        lines = csv.DictReader(io.StringIO(gzip.decompress(files[GENES]).decode("utf-8")))
        rows = [(row["gene"], float(row["rank"])) for row in lines]
        return Platform(
            **{
                **written,
                "kind": Kind(written["kind"]),
                "limits": QualityLimits(**written["limits"]),
                "recentring": {k: Recentring(**r) for k, r in written["recentring"].items()},
            },
            genes=tuple(gene for gene, _ in rows),
            profile=np.array([rank for _, rank in rows]),
            probes=read_probes(files[PROBES]) if PROBES in files else None,
            cohort=spreads_of(json.loads(files[COHORT])) if COHORT in files else {},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RegistryError(f"{folder.name}: a field is missing or not known.", _AGAIN) from None


def _verified(folder: Path) -> dict[str, bytes]:
    try:
        sums = (folder / SUMS).read_text(encoding="ascii").split()
        files = {name: (folder / name).read_bytes() for name in sums[1::2]}
    except (OSError, UnicodeDecodeError):
        raise RegistryError(f"{folder.name}: a file is missing.", _AGAIN) from None
    for sha256, name in zip(sums[::2], sums[1::2], strict=True):
        if hashlib.sha256(files[name]).hexdigest() != sha256:
            raise RegistryError(
                f"{folder.name}/{name} is not the file its checksum was made of.", _AGAIN
            )
    return files


def save_platform(platform: Platform, folder: Path, probes: bytes = b"") -> Path:
    """Writes a platform under its id into a folder of platforms; the same data, the same bytes."""
    described = {
        "schema": SCHEMA,
        **{name: getattr(platform, name) for name in _PLAIN},
        "limits": asdict(platform.limits),
        "recentring": {k: asdict(r) for k, r in sorted(platform.recentring.items())},
    }
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["gene", "rank"])
    writer.writerows((g, f"{r:.4f}") for g, r in zip(platform.genes, platform.profile, strict=True))
    files = {
        DESCRIPTION: (json.dumps(described, indent=1) + "\n").encode(),
        GENES: gzip.compress(table.getvalue().encode(), mtime=0),
        **({COHORT: _cohort(platform)} if platform.cohort else {}),
        **({PROBES: probes} if probes else {}),
    }
    own = folder / platform.id
    own.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (own / name).write_bytes(content)
    sums = "".join(f"{hashlib.sha256(c).hexdigest()}  {n}\n" for n, c in sorted(files.items()))
    (own / SUMS).write_text(sums, encoding="ascii")
    return own


def _cohort(platform: Platform) -> bytes:
    return (json.dumps(written_spreads(platform.cohort), separators=(",", ":")) + "\n").encode()


_PLAIN = ("id", "label", "version", "kind", "specimen", "reference", "samples", "date", "simulated")
