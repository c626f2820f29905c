"""What a simulated record holds: units, assays, quantification limits, and what is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from decision.clinical.codes import LOINC, Code
from fhir.units import conversion
from models.simulate.ra import simulate_all
from models.simulate.ra_record import MISSING_RATE
from models.simulate.ra_world import COMMUNITY_SITES, CRP_MG_DL_SITES, EHR

N = 30_000
CRP = Code(system=LOINC, code="1988-5")
TWELVE = range(1, 13)


@pytest.fixture(scope="module")
def s():
    return simulate_all(N, k=0.5, seed=21, sites=TWELVE)


def read_crp(reported, unit):
    """CRP in mg/L as the record reader converts it: by code and declared unit."""
    factors = {declared: conversion(CRP, declared).factor for declared in ("mg/L", "mg/dL")}
    assert conversion(CRP, "mg/L").unit == "mg/L"
    return reported * np.vectorize(factors.get)(unit)


def lacks(s, name):
    return np.isnan(s.cohort.features[name])


def test_masking_moves_neither_truth_nor_treatment_nor_any_recorded_value(s):
    whole = simulate_all(N, k=0.5, seed=21, sites=TWELVE, mode=replace(EHR, masked=False))
    assert np.array_equal(s.truth.potential, whole.truth.potential)
    assert np.array_equal(s.cohort.treatment, whole.cohort.treatment)
    assert not np.isnan(whole.cohort.outcome).any()
    for name, column in s.cohort.features.items():
        known = ~np.isnan(column)
        assert np.array_equal(column[known], whole.cohort.features[name][known]), name
        assert np.array_equal(whole.cohort.features[name], s.complete[name]), name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tender_joints", "swollen_joints"),
        ("sicam1", "cxcl13"),
        ("tnfi_nonresponse_score", "interferon_score"),
    ],
)
def test_what_is_ordered_together_is_missing_together(s, one, other):
    assert np.array_equal(lacks(s, one), lacks(s, other))
    assert lacks(s, one).any()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tender_joints", "physician_global"),
        ("patient_global", "haq"),
        ("crp", "esr"),
        ("rheumatoid_factor", "acpa"),
    ],
)
def test_a_visit_or_an_order_is_missed_as_a_whole_more_often_than_by_chance(s, one, other):
    a, b = lacks(s, one), lacks(s, other)
    assert (a & b).mean() > 1.4 * a.mean() * b.mean()


def test_missing_across_groups_is_nearly_independent(s):
    a, b = lacks(s, "haq"), lacks(s, "esr")
    assert (a & b).mean() == pytest.approx(a.mean() * b.mean(), rel=0.06)


@pytest.mark.parametrize(
    ("feature", "item"),
    [
        ("haq", "haq"),
        ("crp", "crp"),
        ("esr", "esr"),
        ("hemoglobin", "hemoglobin"),
        ("acpa", "acpa"),
        ("il6", "il6"),
        ("physician_global", "phga"),
        ("patient_global", "ptga"),
        ("current_smoker", "smoking"),
        ("bmi", "bmi"),
        ("calprotectin", "calprotectin"),
        ("sicam1", "sicam1_cxcl13"),
        ("interferon_score", "rna"),
    ],
)
def test_missing_shares_are_the_stated_ones(s, feature, item):
    # The site term, SD 0.3 log-odds over twelve sites, moves the mean log-odds by SD 0.09.
    rate = MISSING_RATE[item]
    assert abs(lacks(s, feature).mean() - rate) < 4 * 0.09 * rate * (1 - rate) + 0.006


def test_joints_are_scored_less_often_at_community_sites_and_in_the_well(s):
    community = np.isin(s.cohort.site, COMMUNITY_SITES)
    lacking = lacks(s, "tender_joints")
    assert lacking[community].mean() == pytest.approx(0.30, abs=0.08)
    assert lacking[~community].mean() == pytest.approx(0.15, abs=0.06)
    well = s.patients.cdai < np.median(s.patients.cdai)
    assert lacking[well].mean() > 1.15 * lacking[~well].mean()


def test_why_the_last_drug_stopped_is_known_to_be_no_failure_in_the_never_exposed(s):
    exposed = s.patients.prior > 0
    assert not lacks(s, "primary_failure")[~exposed].any()
    assert (s.cohort.features["primary_failure"][~exposed] == 0).all()
    assert lacks(s, "primary_failure")[exposed].mean() == pytest.approx(0.30, abs=0.08)


@pytest.mark.parametrize("name", ["age", "male", "monotherapy", "prior_tnfi_count"])
def test_what_every_record_holds(s, name):
    assert not lacks(s, name).any()


def test_the_endpoint_is_lost_oftener_in_responders_and_in_those_who_stopped(s):
    rows = np.arange(N)
    response = s.endpoints["cdai_lda"][rows, s.cohort.treatment] == 1
    stopped = s.endpoints["stopped"][rows, s.cohort.treatment] == 1
    lost = np.isnan(s.cohort.outcome)
    neither = ~response & ~stopped
    assert lost[response].mean() > lost[neither].mean() + 0.04
    assert lost[stopped].mean() > lost[neither].mean() + 0.04


def test_units_and_ranges_of_complete_features(s):
    low_high = {
        "age": (18, 88),
        "bmi": (16, 55),
        "disease_duration": (0.2, 45),
        "haq": (0, 3),
        "tender_joints": (0, 28),
        "swollen_joints": (0, 28),
        "patient_global": (0, 10),
        "physician_global": (0, 10),
        "crp": (1, 400),
        "esr": (1, 140),
        "il6": (1.5, 1700),
    }
    for name, (low, high) in low_high.items():
        values = s.complete[name]
        assert low <= values.min() <= values.max() <= high, name
    for name in ("tender_joints", "swollen_joints", "prior_tnfi_count"):
        assert np.array_equal(s.complete[name], np.rint(s.complete[name]))
    medians = {"sicam1": 250, "cxcl13": 100, "calprotectin": 4}
    for name, median in medians.items():
        # Active patients have somewhat higher CXCL13 and calprotectin than the median of everyone.
        assert np.median(s.complete[name]) == pytest.approx(median, rel=0.06)
        assert np.log(s.complete[name]).std() == pytest.approx(np.hypot(0.5, 0.12), abs=0.02)
    assert np.median(s.complete["hemoglobin"]) == pytest.approx(12.8, abs=0.3)


def test_crp_is_milligrams_per_litre_whatever_the_site_reports(s):
    """The product's own unit table reads back what each site's laboratory wrote."""
    deciliter = np.isin(s.cohort.site, CRP_MG_DL_SITES)
    assert set(s.crp_unit[deciliter]) == {"mg/dL"}
    assert set(s.crp_unit[~deciliter]) == {"mg/L"}
    assert np.allclose(
        read_crp(s.crp_reported, s.crp_unit), s.cohort.features["crp"], equal_nan=True
    )


def test_a_site_that_declares_the_wrong_unit_stands_out_by_its_median(s):
    """A factor of ten is beyond believable values in few patients, but not lost in the spread of
    sites: this is how a feed with a wrong unit is found.
    """
    wrong = np.where(s.cohort.site == CRP_MG_DL_SITES[0], "mg/L", s.crp_unit)

    def odd(unit) -> list[int]:
        crp = np.log10(read_crp(s.crp_reported, unit))
        medians = np.array([np.nanmedian(crp[s.cohort.site == site]) for site in TWELVE])
        return [TWELVE[i] for i in np.flatnonzero(np.abs(medians - np.median(medians)) > 0.5)]

    assert odd(wrong) == [CRP_MG_DL_SITES[0]]
    assert odd(s.crp_unit) == []


def test_below_the_limit_of_quantification_the_limit_is_recorded(s):
    crp, site = s.complete["crp"], s.cohort.site
    assert crp[site == 3].min() == 4.0
    assert (crp[site == 3] == 4.0).mean() > 0.15
    assert crp[site != 3].min() == 1.0
    assert s.complete["il6"].min() == 1.5


def test_assay_error_has_its_size_and_can_be_switched_off(s):
    far = (s.patients.crp > 8) & (s.patients.il6 > 3)
    for name, true, cv in (("crp", s.patients.crp, 0.06), ("il6", s.patients.il6, 0.15)):
        error = np.log(s.complete[name] / true)[far]
        assert error.mean() == pytest.approx(0, abs=0.005)
        assert error.std() == pytest.approx(np.sqrt(np.log(1 + cv**2)), rel=0.03)
    noise = (s.complete["tnfi_nonresponse_score"] - s.patients.gtnf)[s.cohort.site == 4]
    assert noise.std() == pytest.approx(0.35, abs=0.02)
    exact = simulate_all(500, k=1, seed=21, mode=replace(EHR, assays=False, masked=False))
    assert np.array_equal(exact.cohort.features["crp"], exact.patients.crp)
    assert np.array_equal(exact.cohort.features["interferon_score"], exact.patients.ifn)


def test_each_site_has_its_own_batch_shift_of_each_score(s):
    shift = s.complete["interferon_score"] - s.patients.ifn
    means = [shift[s.cohort.site == site].mean() for site in TWELVE]
    assert 0.1 < np.std(means) < 0.5
