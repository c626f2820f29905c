"""TrialNet Cox models: printed linear predictors, missing patterns, refusals, licence."""

from __future__ import annotations

import math
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decision.catalog.t1d_progression.antibodies import Kind, Profile
from decision.catalog.t1d_progression.refusals import (
    IncompleteInputError,
    NoCoefficientError,
    NotLicensedError,
    RequiredMissingError,
)
from decision.catalog.t1d_progression.staging import Stratum
from decision.catalog.t1d_progression.trialnet import (
    NONCOMMERCIAL,
    RelativeHazard,
    Submodel,
    covariates,
    cox_models,
)
from tests.t1d_people import profile

MODELS = cox_models(allowed=True)
ALL_THREE = profile(Kind.GADA, Kind.IAA, Kind.IA2A)
IA2A_ALONE = profile(Kind.IA2A)
WORKED = {
    Stratum.SINGLE: IA2A_ALONE,
    Stratum.STAGE_1: ALL_THREE,
    Stratum.STAGE_2: ALL_THREE,
}
PRINTED = {
    Submodel.FULL: ((12.7206, 8.9468, 43.546), (5.1591, 3.1099, 7.761), (10.9657, 8.5385, 11.327)),
    Submodel.NO_GRS: ((9.4379, 6.0141, 30.685), (4.2660, 2.0352, 9.308), (9.2684, 7.0444, 9.244)),
    Submodel.NO_HBA1C: ((6.3252, 2.8667, 31.770), (2.7158, 0.8152, 6.690), (3.6493, 1.8964, 5.771)),
    Submodel.NO_OGTT: (
        (12.8052, 10.5845, 9.215),
        (4.4510, 3.5980, 2.347),
        (11.3929, 10.0762, 3.731),
    ),
    Submodel.NO_OGTT_NO_GRS: (
        (8.4484, 6.8821, 4.789),
        (2.6889, 1.8895, 2.224),
        (8.1804, 7.3687, 2.252),
    ),
    Submodel.GRS2_ALONE: (
        (3.7482, 3.1715, 1.780),
        (1.4944, 1.2645, 1.258),
        (1.6944, 1.4337, 1.298),
    ),
}
LACKING = {
    Submodel.FULL: (),
    Submodel.NO_GRS: ("grs2",),
    Submodel.NO_HBA1C: ("hba1c_percent",),
    Submodel.NO_OGTT: ("index60",),
    Submodel.NO_OGTT_NO_GRS: ("index60", "grs2"),
    Submodel.GRS2_ALONE: ("index60", "hba1c_percent"),
}
"""What somebody lacks for whom that submodel is the right one."""


def person(antibodies: Profile, *lacking: str, **changes: float) -> dict[str, float]:
    values: dict[str, float | None] = {
        "age_years": 10,
        "male": True,
        "bmi_kg_m2": 18,
        "grs2": 13,
        "index60": 2.0074,
        "hba1c_percent": 5.6,
        **changes,
        **dict.fromkeys(lacking),
    }
    return covariates(**values, antibodies=antibodies)


CASES = [
    (submodel, stratum, *numbers)
    for submodel, row in PRINTED.items()
    for stratum, numbers in zip(Stratum, row, strict=True)
]


@pytest.mark.parametrize(("submodel", "stratum", "lp", "reference", "ratio"), CASES)
def test_printed_linear_predictors(submodel, stratum, lp, reference, ratio):
    antibodies = WORKED[stratum]
    found = MODELS.best(stratum, person(antibodies, *LACKING[submodel]), antibodies)

    assert found.submodel is submodel
    assert found.linear_predictor == pytest.approx(lp, abs=5e-5)
    assert found.reference == pytest.approx(reference, abs=5e-5)
    assert found.ratio == pytest.approx(ratio, abs=5e-4)
    # every richer submodel is named with what it lacked
    assert [s for s, _ in found.passed_over] == list(Submodel)[: list(Submodel).index(submodel)]
    assert all(reason for _, reason in found.passed_over)


def test_every_coefficient_is_loaded_with_its_standard_error_and_source():
    rows = [r for s in Stratum for m in Submodel for r in MODELS.rows(s, m)]

    assert len(rows) == 77
    assert {len(MODELS.rows(s, Submodel.FULL)) for s in Stratum} == {7}
    for row in rows:
        assert row.number("standard_error") > 0
        assert "ptm_performance" in row.source
        assert row.status == "verified"
    inferred = {r.text("input") for r in rows if "inferred" in r.note}
    assert "hba1c" in inferred
    assert {i for i in inferred if i != "hba1c"} == {
        r.text("input") for r in rows if r.text("input").startswith("group:")
    }


@pytest.mark.parametrize(
    ("antibodies", "stratum"),
    [
        (profile(Kind.GADA, Kind.ZNT8A), Stratum.STAGE_1),
        (profile(Kind.IA2A, Kind.ZNT8A), Stratum.STAGE_2),
        (profile(Kind.GADA, Kind.ICA), Stratum.STAGE_2),
        (profile(Kind.ZNT8A), Stratum.SINGLE),
        (profile(Kind.GADA, Kind.IAA), Stratum.SINGLE),
    ],
)
def test_a_pair_that_relies_on_znt8a_or_ica_has_no_coefficient(antibodies, stratum):
    with pytest.raises(NoCoefficientError, match="ZnT8A or ICA"):
        MODELS.group(stratum, Submodel.NO_OGTT, antibodies)
    found = MODELS.best(stratum, person(antibodies, "index60"), antibodies)

    assert found.submodel is Submodel.NO_OGTT_NO_GRS
    assert any("ZnT8A or ICA" in reason for _, reason in found.passed_over)


@pytest.mark.parametrize(
    ("antibodies", "stratum", "level"),
    [
        (profile(Kind.GADA), Stratum.SINGLE, ""),
        (profile(Kind.IAA), Stratum.SINGLE, "group:IAA"),
        (profile(Kind.GADA, Kind.IA2A), Stratum.STAGE_1, ""),
        (profile(Kind.GADA, Kind.IA2A, Kind.ZNT8A), Stratum.STAGE_1, ""),
        (profile(Kind.GADA, Kind.IAA), Stratum.STAGE_2, "group:GADA+IAA"),
        (profile(Kind.IAA, Kind.IA2A), Stratum.STAGE_2, "group:IAA+IA-2A"),
    ],
)
def test_the_group_of_the_omitted_level_has_no_term(antibodies, stratum, level):
    levels = MODELS.group(stratum, Submodel.NO_OGTT, antibodies)

    assert [name for name, value in levels.items() if value] == ([level] if level else [])
    assert len(levels) == (2 if stratum is Stratum.SINGLE else 3)


def test_without_ia2a_only_what_does_not_need_it_is_given():
    untested = profile(Kind.GADA, Kind.IAA, tested=False)
    found = MODELS.best(Stratum.STAGE_1, person(untested), untested)

    assert found.submodel is Submodel.GRS2_ALONE
    assert any("ia2a" in reason for _, reason in found.passed_over)
    with pytest.raises(IncompleteInputError, match="no submodel is complete"):
        MODELS.best(Stratum.STAGE_1, person(untested, "grs2"), untested)
    waiting = profile(Kind.GADA, Kind.IAA, unconfirmed=(Kind.IA2A,))
    assert "ia2a" not in person(waiting)


def test_without_genes_and_hba1c_no_model_is_complete():
    with pytest.raises(IncompleteInputError):
        MODELS.best(Stratum.STAGE_2, person(ALL_THREE, "grs2", "hba1c_percent"), ALL_THREE)


def test_without_age_there_is_no_answer_even_where_a_model_needs_none():
    with pytest.raises(RequiredMissingError, match="age"):
        MODELS.best(Stratum.STAGE_2, person(ALL_THREE, "age_years"), ALL_THREE)


@settings(max_examples=40)
@given(
    stratum=st.sampled_from(list(Stratum)),
    name=st.sampled_from(["grs2", "index60", "hba1c_percent", "bmi_kg_m2"]),
    more=st.floats(0.1, 1.5),
)
def test_hazard_rises_with_each_of_these(stratum, name, more):
    """Their coefficients are positive in every stratum; age's is negative."""
    antibodies = WORKED[stratum]
    base = person(antibodies)
    here = MODELS.against_reference(stratum, Submodel.FULL, base).ratio
    start = {"grs2": 13, "index60": 2.0074, "hba1c_percent": 5.6, "bmi_kg_m2": 18}[name]
    there = person(antibodies, **{name: start + more})

    assert MODELS.against_reference(stratum, Submodel.FULL, there).ratio > here
    older = person(antibodies, age_years=10 + more)
    assert MODELS.against_reference(stratum, Submodel.FULL, older).ratio < here


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [
        (43.546, "> 20, extrapolated"),
        (20.0, "20"),
        (7.761, "7.8"),
        (0.05, "0.05"),
        (0.049, "< 1/20, extrapolated"),
    ],
)
def test_a_ratio_is_shown_within_its_caps(ratio, shown):
    # the caps compare the ratio itself; a hair inside absorbs exp(log(x)) at the caps
    nudge = {20.0: 1 - 1e-12, 0.05: 1 + 1e-12}.get(ratio, 1.0)
    hazard = RelativeHazard(
        stratum=Stratum.STAGE_1,
        submodel=Submodel.FULL,
        linear_predictor=math.log(ratio * nudge),
        reference=0.0,
    )
    assert hazard.shown == shown


def test_a_commercial_build_has_no_coefficients(tmp_path):
    with pytest.raises(NotLicensedError, match="non-commercial"):
        cox_models(allowed=False)
    with pytest.raises(NotLicensedError, match="not part of this build"):
        cox_models(allowed=True, folder=tmp_path)
    shutil.copy(NONCOMMERCIAL / "trialnet_cox.csv", tmp_path)
    with pytest.raises(NotLicensedError):
        cox_models(allowed=True, folder=tmp_path)
    shutil.copy(NONCOMMERCIAL / "reference_person.csv", tmp_path)
    cox_models(allowed=True, folder=tmp_path)


def test_no_coefficient_of_the_models_lies_outside_their_folder():
    betas = {r.text("coefficient") for s in Stratum for m in Submodel for r in MODELS.rows(s, m)}
    others = [p for p in NONCOMMERCIAL.parent.rglob("*") if p.suffix in {".py", ".csv", ".md"}]
    for path in others:
        if path.parent != NONCOMMERCIAL:
            text = path.read_text(encoding="utf-8")
            assert not [beta for beta in betas if beta in text], path.name
