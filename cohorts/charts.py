"""A chart from an export, read by the very code that reads it at the bedside."""

from __future__ import annotations

from dataclasses import dataclass

from cohorts.bulk import bundle_of
from decision.clinical.features import FeatureVector
from decision.clinical.record import PatientRecord
from decision.clinical.spec import DecisionSpec
from decision.rules import derive_features
from fhir.fields import Json
from fhir.to_record import read_bundle
from models.expression.into_record import with_scores
from models.expression.panels import load_panels
from models.expression.platforms import FOLDER, load_platforms
from models.expression.scorer import Scorer

NAME = "chart"
"""What errors call a chart: its id is a person's."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Charts of one server, for one decision, with expression files scored as at the bedside."""

    spec: DecisionSpec
    scorer: Scorer
    base: str = ""

    def record(self, resources: tuple[Json, ...], as_of: str) -> PatientRecord:
        """The record as it would be read now, were it `as_of`.

        Raises
        ------
        fhir.errors.BundleError
        """
        bundle = bundle_of(resources, as_of, self.base)
        record = read_bundle(bundle, NAME, with_files=True)
        return with_scores(record, self.scorer, self.spec.codelists)

    def features(self, resources: tuple[Json, ...], as_of: str) -> FeatureVector:
        """Every predictor of the decision, found or missing."""
        return derive_features(self.record(resources, as_of), self.spec)


def reader(spec: DecisionSpec, base: str = "") -> Reader:
    """A reader with the panels and platforms that are shipped."""
    scorer = Scorer(load_panels(), load_platforms(FOLDER))
    return Reader(spec=spec, scorer=scorer, base=base)
