"""One part of an export scored: every chart by the use case of the page, one row each.

A row is what the page would have said of that chart: both probabilities with their ranges, or every
reason why none is shown. Rows are the record of a run; nothing of it is shown to anybody here.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import parquet

from cohorts.bulk import Chart, charts_in
from cohorts.charts import Reader, reader
from decision import catalog
from decision.assess import Context, assess
from decision.clinical.assessment import (
    Abstention,
    Assessment,
    AuditEvent,
    AuditTrail,
    ComparisonCard,
)
from decision.clinical.record import Identity
from decision.clinical.spec import DecisionSpec
from fhir.errors import BundleError
from models.predictor import ArtefactPredictor, load_predictor

AGENT = "population scoring"
UNREADABLE = "the chart cannot be read"
TOP = 5
"""Contributions that are written, by their share in the difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything a part needs besides itself; plain values, so that any worker can be sent it."""

    decision: str
    artifacts: str
    version: str
    site: str
    taken: str
    base: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What came of one part: its file, its rows and their digest."""

    file: str
    rows: int
    answered: int
    digest: str


class RowIsTheEntry:
    """The trail of a run is its rows: each has the hash of its inputs and the model's version."""

    def append(self, event: AuditEvent) -> str:
        return f"{event.patient_id}:{event.input_hash}"

    def entries(self, patient_id: str, identity: Identity) -> AuditTrail:
        raise NotAllowedError("a scoring run has no trail to look back on")


class NotAllowedError(TypeError):
    """A question that has no answer while scoring."""


def schema_of(spec: DecisionSpec) -> pyarrow.Schema:
    """The columns of a scored file."""
    number, text = pyarrow.float64(), pyarrow.string()
    texts = pyarrow.list_(text)
    reason = pyarrow.struct([("player", text), ("prognostic", number), ("differential", number)])
    columns = [("patient", text), ("as_of", text), ("answered", pyarrow.bool_())]
    for treatment in spec.treatments:
        columns += [(f"{treatment.id}{end}", number) for end in ("", "_low", "_high")]
    columns += [(f"difference{end}", number) for end in ("", "_low", "_high")]
    columns += [
        ("named", text),
        ("silence", texts),
        ("abstention", texts),
        ("abstention_details", texts),
        ("contributions", pyarrow.list_(reason)),
        ("missing", texts),
        ("input_hash", text),
        ("model_version", text),
        ("spec_version", text),
    ]
    return pyarrow.schema(columns)


@cache
def _tools(run: Run) -> tuple[DecisionSpec, Reader, ArtefactPredictor]:
    """Loaded once in each process."""
    spec = catalog.load(run.decision)
    folder = Path(run.artifacts) / run.decision / run.version
    return spec, reader(spec, run.base), load_predictor(spec, folder)


def score_part(run: Run, part: str, output: str) -> Scored:
    """Score the charts of one part into one Parquet file, whole or not at all.

    The file appears under its name only when it is complete, so whoever finds it need not ask who
    wrote it: doing a part twice changes nothing, and being killed leaves no half a part.
    """
    spec, read, predictor = _tools(run)
    target = Path(output)
    rows = [row_of(chart, spec, read, predictor, run) for chart in charts_in(Path(part), Counter())]
    beside = target.with_name(f"{target.name}.{os.getpid()}.part")
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema_of(spec)), beside)
    with beside.open("rb") as handle:
        os.fsync(handle.fileno())  # a name on disk must never be ahead of its content
    beside.replace(target)
    return described(target)


def described(path: Path) -> Scored:
    """What a finished file holds."""
    answered = parquet.read_table(path, columns=["answered"]).column("answered").to_pylist()
    return Scored(
        file=path.name,
        rows=len(answered),
        answered=sum(map(bool, answered)),
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def row_of(
    chart: Chart, spec: DecisionSpec, read: Reader, predictor: ArtefactPredictor, run: Run
) -> dict[str, Any]:
    """One chart as one row."""
    context = Context(agent=AGENT, site=run.site, now=run.now)
    row: dict[str, Any] = {
        "patient": chart.patient,
        "as_of": run.taken,
        "answered": False,
        "model_version": run.version,
        "spec_version": spec.version,
    }
    try:
        record = read.record(chart.resources, run.taken)
    except BundleError as error:
        return row | {"abstention": [UNREADABLE], "abstention_details": [error.message]}
    found = assess(record, spec, predictor, RowIsTheEntry(), context)
    row |= {"input_hash": found.input_hash, "missing": sorted(found.features.missing)}
    return row | (_refused(found) if isinstance(found, Abstention) else _answered(found))


def _refused(found: Abstention) -> dict[str, Any]:
    return {
        "abstention": [cause.reason.value for cause in found.causes],
        "abstention_details": [cause.detail for cause in found.causes],
    }


def _answered(found: Assessment) -> dict[str, Any]:
    if not isinstance(found, ComparisonCard):
        raise NotAllowedError("only comparisons of treatments are scored")
    answer = found.answer
    row: dict[str, Any] = {"answered": True, "abstention": [], "abstention_details": []}
    for prediction in answer.predictions:
        row |= _range(prediction.treatment, prediction.probability, prediction.interval)
    row |= _range("difference", answer.contrast.difference, answer.contrast.interval)
    strongest = sorted(
        answer.explanation.contributions, key=lambda c: (-abs(c.differential), c.player)
    )
    return row | {
        "named": found.preference.treatment,
        "silence": [reason.value for reason in found.preference.silence],
        "contributions": [
            {"player": c.player, "prognostic": c.prognostic, "differential": c.differential}
            for c in strongest[:TOP]
        ],
    }


def _range(name: str, value: float, interval: Any) -> Mapping[str, float]:
    return {name: value, f"{name}_low": interval.low, f"{name}_high": interval.high}
