"""Rows of a cohort table as the bedside's feature vectors: to ask the model itself about them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from decision.clinical.features import (
    Evidence,
    FeatureVector,
    Finding,
    Found,
    Missing,
    MissingReason,
)
from decision.clinical.record import Origin, Source
from models.table.check import Table

_ABSENT = Missing(reason=MissingReason.NOT_FOUND, detail="Empty in the cohort table.")


def vectors(table: Table) -> Iterator[FeatureVector]:
    """One vector for each row, in the order of the rows."""
    spec = table.schema.spec
    for i in range(table.n):
        evidence = Evidence(
            sources=(Source(reference=f"row {i + 2}"),),
            effective=None,
            origin=Origin.RECORD,
            how="cohort table",
        )
        findings: list[tuple[str, Finding]] = []
        for feature in spec.features:
            value = float(table.features[feature.id][i])
            known = not math.isnan(value)
            findings.append(
                (feature.id, Found(value=value, evidence=evidence) if known else _ABSENT)
            )
        yield FeatureVector(spec_id=spec.id, spec_version=spec.version, findings=tuple(findings))
