"""A study's courses on disk, without names: what training reads.

cohort.csv    course, arm, outcome, age, male, and a column per panel; empty where not known
cohort.json   study, terms, outcome, how the scores came about, and the checksum of the table
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from models.cohort import Floats, Ints
from models.expression.panels import Panels
from models.studies.courses import ARMS, Courses
from models.studies.errors import FolderError
from models.studies.mapping import StudyMapping
from models.studies.scored import Scores

SCHEMA = 1
TABLE, DESCRIPTION = "cohort.csv", "cohort.json"
_LEADING = ("course", "arm", "outcome", "age", "male")
_AGAIN = "Make the folder again with `python -m models.studies`."
_TEXTS = ("study", "title", "citation", "terms", "specimen", "people", "verification")


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyCohort:
    """One study as training sees it.

    scores : (n, panels) · platform : "study" or the registered platform's id
    outcome_id : studies of different ones are never trained together
    """

    study: str
    title: str
    citation: str
    terms: str
    specimen: str
    people: str
    verification: str
    outcome_id: str
    definition: str
    weeks: int
    platform: str
    panels: tuple[str, ...]
    arm: Ints = field(repr=False)
    outcome: Floats = field(repr=False)
    age: Floats = field(repr=False)
    male: Floats = field(repr=False)
    scores: Floats = field(repr=False)
    notes: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """How many courses."""
        return len(self.arm)


def write_cohort(
    folder: Path,
    mapping: StudyMapping,
    courses: Courses,
    scores: Scores,
    panels: Panels,
    files: Mapping[str, str],
) -> dict[str, Any]:
    """Writes both files; returns the description. `files`: name of each input -> SHA-256."""
    kept = scores.kept
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_LEADING, *scores.panels])
    for number, (i, values) in enumerate(zip(kept, scores.values, strict=True), start=1):
        told = (courses.outcome[i], courses.age[i], courses.male[i])
        writer.writerow(
            [number, ARMS[courses.arm[i]], *map(_cell, told), *(_cell(v) for v in values)]
        )
    content = text.getvalue().encode()
    arms = courses.arm[kept]
    outcome = courses.outcome[kept]
    counts = {
        arm: {
            "courses": int((arms == a).sum()),
            "reached": int((outcome[arms == a] == 1.0).sum()),
            "not_reached": int((outcome[arms == a] == 0.0).sum()),
        }
        for a, arm in enumerate(ARMS)
    }
    described = {
        "schema": SCHEMA,
        "study": mapping.accession,
        "title": mapping.title,
        "citation": mapping.citation,
        "terms": mapping.terms,
        "specimen": mapping.specimen,
        "people": mapping.people,
        "verification": mapping.verification.value,
        "unverified": list(mapping.unverified),
        "outcome": {
            "id": mapping.outcome_id,
            "definition": mapping.definition,
            "weeks": mapping.weeks,
        },
        "courses": counts,
        "scores": {
            "platform": scores.platform,
            "panels": {
                p: {"measured": scores.measured[p], "sha256": panels.panel(p).sha256}
                for p in scores.panels
            },
            "missing": dict(scores.missing),
        },
        "notes": [*unlike_published(mapping, counts), *courses.notes, *scores.notes],
        "files": dict(files),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TABLE).write_bytes(content)
    text_of = json.dumps(described, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / DESCRIPTION).write_text(text_of + "\n", encoding="utf-8")
    return described


def unlike_published(
    mapping: StudyMapping, counts: Mapping[str, Mapping[str, int]]
) -> tuple[str, ...]:
    """Numbers that differ from the published ones: a pattern that fits can still mean another."""
    return tuple(
        f"CHECK THE MAPPING: {counts[arm][name]} {name.replace('_', ' ')} under {arm}, published "
        f"are {wanted}"
        for arm, told in mapping.expected.items()
        for name, wanted in told.items()
        if counts[arm][name] != wanted
    )


def _cell(value: float) -> str:
    return "" if math.isnan(value) else repr(float(value))


def read_cohort(folder: Path) -> StudyCohort:
    """One folder, checksum first.

    Raises
    ------
    FolderError
    """
    try:
        described: dict[str, Any] = json.loads((folder / DESCRIPTION).read_text("utf-8"))
        content = (folder / TABLE).read_bytes()
    except OSError as error:
        raise FolderError(
            f"{folder} is no stored cohort ({type(error).__name__} at {DESCRIPTION} or {TABLE}).",
            "Name a folder that `python -m models.studies … --out` made.",
        ) from None
    except ValueError:
        raise FolderError(f"{folder / DESCRIPTION} is not JSON.", _AGAIN) from None
    if not isinstance(described, dict) or described.get("schema") != SCHEMA:
        raise FolderError(f"{folder / DESCRIPTION} is of another schema.", _AGAIN)
    if hashlib.sha256(content).hexdigest() != described.get("sha256"):
        raise FolderError(f"{folder / TABLE} is not the table its checksum was made of.", _AGAIN)
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"))))
        panels = tuple(described["scores"]["panels"])
        outcome = described["outcome"]
        return StudyCohort(
            **{name: str(described[name]) for name in _TEXTS},
            outcome_id=str(outcome["id"]),
            definition=str(outcome["definition"]),
            weeks=int(outcome["weeks"]),
            platform=str(described["scores"]["platform"]),
            panels=panels,
            arm=np.array([ARMS.index(row["arm"]) for row in rows], dtype=np.int64),
            outcome=_numbers(rows, "outcome"),
            age=_numbers(rows, "age"),
            male=_numbers(rows, "male"),
            scores=np.stack([_numbers(rows, p) for p in panels], axis=1),
            notes=tuple(described["notes"]),
            unverified=tuple(described["unverified"]),
        )
    except (KeyError, TypeError, ValueError):
        raise FolderError(f"{folder}: an entry is missing or not known.", _AGAIN) from None


def _numbers(rows: Sequence[Mapping[str, str]], name: str) -> Floats:
    return np.array([float(row[name]) if row[name] else np.nan for row in rows])
