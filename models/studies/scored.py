"""Panel scores of a study's baseline samples, from its table of expression.

`study`: the raw rank scores, to be centred within the study when a model is fitted: no platform
needs registering, and in return nothing can be said of a single patient from elsewhere.
`registered`: through a registered platform, in standard deviations of the reference cohort.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from models.cohort import Floats, Ints
from models.expression.errors import ExpressionError, TooFewGenesError
from models.expression.panels import Panels
from models.expression.sample import Sample
from models.expression.scorer import Scorer, Universe
from models.expression.scores import ranks
from models.studies.courses import Courses
from models.studies.errors import ExpressionTableError
from models.studies.mapping import StudyMapping
from models.studies.matrices import Genes
from models.studies.samples import Samples, listed

STUDY = "study"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """values : (n, panels) NaN where a panel has too few genes · kept : (n,) whether a course has
    any · measured : panel id -> genes of it in the table · missing : panel id -> why there is none
    """

    panels: tuple[str, ...]
    values: Floats = field(repr=False)
    kept: Ints = field(repr=False)
    measured: Mapping[str, int]
    missing: Mapping[str, str]
    platform: str
    notes: tuple[str, ...]


def columns_of(
    mapping: StudyMapping, samples: Samples, courses: Courses, columns: tuple[str, ...]
) -> Ints:
    """(n,) the column of each course's sample in the table of expression.

    Raises
    ------
    ExpressionTableError
        A sample without a column, or two that name the same one.
    """
    how = mapping.expression
    named: dict[str, int] = {}
    for j, column in enumerate(columns):
        match = how.column_pattern.search(column) if how.column_pattern else None
        name = column if how.column_pattern is None else (match[1] if match else "")
        if name and named.setdefault(name, j) != j:
            raise ExpressionTableError(
                f"Two columns of the table belong to one sample: {columns[named[name]]!r}, "
                f"{column!r}.",
                "Correct column_pattern in [expression].",
            )
    said = (
        samples.accessions
        if how.column == "accession"
        else samples.values((how.column,), "expression")
    )
    lost = [int(i) for i in courses.sample if said[i] not in named]
    if lost:
        raise ExpressionTableError(
            f"{len(lost)} of {len(courses.sample)} baseline samples have no column in the table: "
            f"{listed([samples.place(i) for i in lost])}. Its columns begin with "
            f"{', '.join(map(repr, columns[:3]))}.",
            "Correct column and column_pattern in [expression], or leave the samples out in "
            "[tissue].",
        )
    found = [named[said[i]] for i in courses.sample]
    if len(set(found)) != len(found):
        raise ExpressionTableError(
            f"Several samples name the same column by {how.column!r}.", "Correct column."
        )
    return np.array(found, dtype=np.int64)


def study_scores(genes: Genes, panels: Panels, at: Ints) -> Scores:
    """Raw scores on the ranks of the study's own genes, all samples on the same ones.

    Raises
    ------
    ExpressionTableError
        No panel has enough of its genes.
    """
    universe = Universe.of(genes.names, panels.panels)
    every = np.arange(len(genes.names))
    of = [ranks(genes.values[:, j]) for j in at]
    values, measured, missing = [], {}, {}
    for panel in panels.panels:
        try:
            found = [universe.ranked(r, every, panel) for r in of]
        except TooFewGenesError as error:
            missing[panel.id] = error.message
            continue
        values.append([score for score, _ in found])
        measured[panel.id] = found[0][1]
    if not values:
        raise ExpressionTableError(
            "No panel has enough of its genes in the table.",
            "Check the annotation; use the table of all genes.",
        )
    return Scores(
        panels=tuple(measured),
        values=np.array(values).T,
        kept=np.arange(len(at)),
        measured=measured,
        missing=missing,
        platform=STUDY,
        notes=genes.notes,
    )


def registered_scores(
    genes: Genes, scorer: Scorer, platform: str, mapping: StudyMapping, at: Ints
) -> Scores:
    """Scores through a registered platform; samples it refuses are left out and counted.

    Raises
    ------
    ExpressionTableError
        The platform is not registered, is for another specimen, or refuses every sample.
    """
    known = scorer.platforms.get(platform)
    if known is None:
        raise ExpressionTableError(
            f"No platform {platform!r} is registered; there are "
            f"{', '.join(scorer.platforms) or 'none'}.",
            "Register it (docs/expression.md), or leave --platform out to centre within the study.",
        )
    if known.specimen != mapping.specimen or known.kind is not mapping.expression.scale.kind:
        raise ExpressionTableError(
            f"Platform {platform!r} is registered for {known.kind.value} of {known.specimen}, the "
            f"study has {mapping.expression.scale.kind.value} of {mapping.specimen}.",
            "Register the study's platform, or leave --platform out.",
        )
    found, refused = {}, {}
    for row, j in enumerate(at):
        sample = Sample(genes.names, genes.values[:, j], mapping.expression.scale, ())
        try:
            found[row] = scorer.scored(sample, platform).scores
        except ExpressionError as error:
            refused[row] = error.message
    ids = tuple(p.id for p in scorer.panels.panels if any(p.id in s for s in found.values()))
    if not ids:
        raise ExpressionTableError(
            f"The platform refuses all {len(at)} samples; the first: "
            f"{next(iter(refused.values()), 'no panel has enough genes')}",
            "Register the study's own platform, or leave --platform out.",
        )
    rows = np.array(list(found), dtype=np.int64)
    values = [[s[p].standard if p in s else np.nan for p in ids] for s in found.values()]
    notes = (f"{len(refused)} samples were refused by the platform",) if refused else ()
    return Scores(
        panels=ids,
        values=np.array(values),
        kept=rows,
        measured={p: max(s[p].measured for s in found.values() if p in s) for p in ids},
        missing={p.id: "no score" for p in scorer.panels.panels if p.id not in ids},
        platform=platform,
        notes=(*genes.notes, *notes),
    )
