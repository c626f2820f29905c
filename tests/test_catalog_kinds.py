"""Two kinds of decision: what is wrong with a comparison or a prognosis is said in words."""

from __future__ import annotations

import dataclasses

import pytest

from decision import catalog
from decision.catalog.validate import NEEDED, NEEDED_TO_COMPARE, problems_of
from decision.clinical.spec import DecisionSpec, PrognosisSpec

SPECS = tuple(catalog.discover().values())
COMPARISON = next(s for s in SPECS if s.prognosis is None)
PROGNOSIS = next(s for s in SPECS if s.prognosis is not None)


def with_prognosis(**fields: object) -> DecisionSpec:
    assert isinstance(PROGNOSIS.prognosis, PrognosisSpec)
    return dataclasses.replace(
        PROGNOSIS, prognosis=dataclasses.replace(PROGNOSIS.prognosis, **fields)
    )


def with_feature(spec: DecisionSpec, name: str, **fields: object) -> DecisionSpec:
    changed = tuple(dataclasses.replace(f, **fields) if f.id == name else f for f in spec.features)
    return dataclasses.replace(spec, features=changed)


def without(spec: DecisionSpec, threshold: str) -> DecisionSpec:
    left = {name: t for name, t in spec.thresholds.items() if name != threshold}
    return dataclasses.replace(spec, thresholds=left)


def one_treatment(spec: DecisionSpec) -> DecisionSpec:
    return dataclasses.replace(spec, treatments=spec.treatments[:1])


STRATUM = PROGNOSIS.prognosis.stratum


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (one_treatment(COMPARISON), "between two treatments, not 1"),
        (
            dataclasses.replace(
                COMPARISON, outcome=dataclasses.replace(COMPARISON.outcome, horizon_weeks=0)
            ),
            "horizon_weeks above 0",
        ),
        (with_prognosis(horizons_years=()), "must be above 0 and ascend"),
        (with_prognosis(horizons_years=(0.0, 1.0)), "must be above 0 and ascend"),
        (with_prognosis(horizons_years=(2.0, 1.0)), "must be above 0 and ascend"),
        (with_prognosis(horizons_years=(1.0, 1.0)), "must be above 0 and ascend"),
        (with_prognosis(stratum="nothing"), "'nothing', which does not exist"),
        (with_prognosis(band_note=" "), "band_note is empty"),
        (with_feature(PROGNOSIS, STRATUM, required=False), "so it must be required"),
        (
            dataclasses.replace(PROGNOSIS, strata=PROGNOSIS.strata[:-1]),
            "supports other values than those of the strata",
        ),
        (
            dataclasses.replace(PROGNOSIS, strata=tuple(reversed(PROGNOSIS.strata))),
            "strata must be the values",
        ),
        (dataclasses.replace(PROGNOSIS, strata=()), "strata must be the values"),
        (with_feature(PROGNOSIS, "bmi", describes=True), "'bmi' only describes, so no player"),
        (with_feature(PROGNOSIS, "relative", describes=False), "'relative' belongs to 0 players"),
        (with_feature(COMPARISON, "age", describes=True), "'age' only describes"),
        *((without(PROGNOSIS, name), f"threshold {name!r} is missing") for name in NEEDED),
        *((without(COMPARISON, name), f"{name!r} is missing") for name in NEEDED_TO_COMPARE),
    ],
)
def test_what_is_wrong_with_either_kind_is_said(spec, told):
    assert any(told in problem for problem in problems_of(spec, spec.id))


def test_a_prognosis_needs_nothing_that_only_a_comparison_reads():
    assert not set(NEEDED_TO_COMPARE) & set(PROGNOSIS.thresholds)
    assert problems_of(PROGNOSIS, PROGNOSIS.id) == ()


def test_a_prognosis_may_speak_of_one_treatment_and_of_none():
    none = dataclasses.replace(PROGNOSIS, treatments=(), cautions=())
    assert problems_of(none, none.id) == ()
