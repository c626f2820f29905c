"""The shared answer of a prognosis, from the shipped model: the same numbers, exact reasons by
player and by kind of data, and features in their own units.
"""

from __future__ import annotations

import dataclasses
import math
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decision import catalog
from decision.clinical.answers import PrognosisEstimate
from decision.clinical.features import Evidence, FeatureVector, Found, Missing, MissingReason
from decision.clinical.record import Origin
from decision.clinical.spec import DecisionSpec, Transform
from models.artifact import SpecMismatchError, active
from models.decisions import ARTIFACTS, DEMO_SITE
from models.hazard_predictor import load_hazard_predictor
from models.predictor import ModelInputError
from models.prognosis import PrognosisPredictor, load_prognosis
from tests.progression import USUAL

FOLDER: Path = ARTIFACTS / "t1d_progression"
CHILD = {k: v for k, v in USUAL.items() if k != "ln_age"} | {"age": 10.0, "stratum": 1.0}
OPTIONAL = ("bmi", "grs2", "hba1c", "index60")


@cache
def spec() -> DecisionSpec:
    return catalog.load("t1d_progression")


@cache
def predictor() -> PrognosisPredictor:
    return load_prognosis(spec(), FOLDER)


def vector(values) -> FeatureVector:
    evidence = Evidence(sources=(), effective=None, origin=Origin.RECORD, how="test")
    absent = Missing(reason=MissingReason.NOT_FOUND, detail="")
    return FeatureVector(
        spec_id=spec().id,
        spec_version=spec().version,
        findings=tuple(
            (f.id, Found(value=values[f.id], evidence=evidence) if f.id in values else absent)
            for f in spec().features
        ),
    )


def answer(without=(), **change):
    values = {k: v for k, v in (CHILD | change).items() if k not in without}
    return predictor().answer(vector(values), site=DEMO_SITE, level=0.9)


@pytest.mark.parametrize("without", [(), ("hba1c",), OPTIONAL])
def test_what_is_tried_is_the_full_answer_to_the_last_bit_without_its_reasons(without):
    values = {k: v for k, v in CHILD.items() if k not in without}
    told = predictor().estimate(vector(values), site=DEMO_SITE, level=0.9)
    full = answer(without)
    assert type(told) is PrognosisEstimate  # nothing a card could be made of
    assert (told.risks, told.domain) == (full.risks, full.domain)


def test_the_numbers_are_those_of_the_model_by_column():
    found = answer()
    columns = {k: v for k, v in CHILD.items() if k not in ("age", "stratum")}
    plain = load_hazard_predictor(spec().id, FOLDER).answer(
        {**columns, "ln_age": math.log(10.0)}, stratum=1, site=DEMO_SITE, level=0.9
    )
    assert found.risks == plain.risks
    assert [r.id for r in found.risks] == ["1y", "2y", "5y"]
    assert found.stratum_label.startswith("stage 1")
    assert found.reference_n == plain.behind.people > found.reference_events > 0


@settings(max_examples=60)
@given(
    st.sets(st.sampled_from(OPTIONAL)),
    st.sampled_from([0.0, 1.0, 2.0]),
    st.floats(2.0, 45.0),
    st.floats(4.6, 6.3),
)
def test_reasons_add_up_whoever_it_is_and_whatever_is_missing(without, stratum, age, hba1c):
    """An explanation that does not add up explains another number than the one shown."""
    found = answer(without, stratum=stratum, age=age, hba1c=hba1c)
    for risk in found.risks:
        base = found.explanation.base[risk.id]
        for parts in (found.explanation.effects, found.explanation.modalities):
            total = base + sum(part.effects[risk.id] for part in parts)
            assert total == pytest.approx(risk.probability, abs=1e-9)
    silent = {p.player: p.effects for p in found.explanation.effects if p.player in without}
    assert all(value == 0.0 for effects in silent.values() for value in effects.values())
    assert {cost.player for cost in found.missing_costs} == set(without)


def test_the_curve_passes_through_the_risks():
    found = answer()
    curve = {point.years: point for point in found.curve}
    for risk in found.risks:
        point = curve[risk.years]
        shown = (risk.probability, risk.interval.low, risk.interval.high)
        assert (point.risk, point.low, point.high) == pytest.approx(shown, abs=1e-12)


def test_an_unusual_age_is_told_in_years():
    found = answer(age=70.0)
    told = {feature: rest for feature, *rest in found.domain.outside_usual}
    value, low, high = told["age"]
    assert value == 70.0
    assert 0.5 < low < high < 70.0  # years, not their logarithm


def test_nothing_is_said_without_a_stratum():
    with pytest.raises(ModelInputError, match="never imputed"):
        answer(without=("stratum",))


def test_nothing_is_said_at_a_site_without_recalibration():
    with pytest.raises(ModelInputError, match="site 'elsewhere'"):
        predictor().answer(vector(CHILD), site="elsewhere", level=0.9)


@pytest.mark.parametrize("what", ["columns", "horizons", "strata"])
def test_a_model_for_another_specification_is_not_served(what):
    changed = {
        "columns": {"columns": spec().columns[::-1]},
        "horizons": {
            "prognosis": dataclasses.replace(spec().prognosis, horizons_years=(1.0, 2.0, 4.0))
        },
        "strata": {"strata": spec().strata[:2]},
    }[what]
    with pytest.raises(SpecMismatchError, match=what):
        load_prognosis(dataclasses.replace(spec(), **changed), FOLDER)


def test_a_column_that_says_no_single_feature_is_not_served():
    first, *rest = spec().columns
    odd = dataclasses.replace(first, transform=Transform.AT_LEAST)
    with pytest.raises(SpecMismatchError, match="ln_age"):
        load_prognosis(dataclasses.replace(spec(), columns=(odd, *rest)), active(FOLDER))


def test_a_comparison_has_no_prognosis():
    with pytest.raises(TypeError, match="no prognosis"):
        load_prognosis(dataclasses.replace(spec(), prognosis=None), FOLDER)
