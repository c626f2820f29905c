"""A record narrowed to what this decision's code lists name: a chart holds thousands of results,
and each of some forty concepts would look through all of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from decision.catalog.t1d_progression.codelists import CODELISTS
from decision.clinical.codes import Codelist
from decision.clinical.features import Finding
from decision.clinical.record import PatientRecord
from decision.clinical.spec import FeatureSpec

Derive = Callable[[PatientRecord, FeatureSpec, Mapping[str, Codelist]], Finding]

_OWN = frozenset(
    (entry.code.system, entry.code.code)
    for codelist in CODELISTS.values()
    for entry in codelist.entries
    if not entry.prefix
)


def own(record: PatientRecord) -> PatientRecord:
    """The record without the results that no list here names; all else is kept."""
    kept = tuple(o for o in record.observations if any((c.system, c.code) in _OWN for c in o.codes))
    if len(kept) == len(record.observations):
        return record
    return dataclasses.replace(record, observations=kept)


def narrowed(derive: Derive) -> Derive:
    """The same finding, looked for in the narrowed record."""

    def find(
        record: PatientRecord, feature: FeatureSpec, codelists: Mapping[str, Codelist]
    ) -> Finding:
        return derive(own(record), feature, codelists)

    return find
