"""The vectorised scores of simulated cohorts equal the single-patient scores clinicians see."""

from __future__ import annotations

import numpy as np
import pytest

from decision.clinical import scores
from models.simulate import ra_scores
from models.simulate.ra import simulate_all
from models.simulate.ra_population import eligible
from models.simulate.ra_response import Components, at_week_24
from models.simulate.ra_world import EHR, TRIAL_NAIVE
from tests.printed_vectors import DAS28, PRINTED


def components(tjc=0.0, sjc=0.0, ptga=0.0, phga=0.0, pain=0.0, haq=0.0, crp=0.0, esr=0.0):
    values = {"tjc": tjc, "sjc": sjc, "ptga": ptga, "phga": phga, "pain": pain, "haq": haq}
    return Components(
        **{k: np.array([float(v)]) for k, v in {**values, "crp": crp, "esr": esr}.items()}
    )


@pytest.mark.parametrize(("tjc", "sjc", "reactant", "ptga", "crp_score", "esr_score"), DAS28)
def test_das28_golden_values(tjc, sjc, reactant, ptga, crp_score, esr_score):
    p = components(tjc=tjc, sjc=sjc, ptga=ptga, crp=reactant, esr=reactant)
    assert ra_scores.das28_crp(p)[0] == pytest.approx(crp_score, abs=PRINTED)
    assert ra_scores.das28_esr(p)[0] == pytest.approx(esr_score, abs=PRINTED)


@pytest.mark.parametrize(
    ("before", "after", "good"),
    [
        (5.21, 1.8, True),
        (3.93, 1.1, True),
        (4.41, 3.2, True),
        (6.0, 4.0, False),
        (4.4, 3.2, False),
        (4.3, 5.13, False),
        (3.8, 3.2, False),
        (6.4, 5.2, False),
    ],
)
def test_eular_good_survives_binary_noise(before, after, good):
    assert ra_scores.eular_good(np.array([before]), np.array([after]))[0] == good


@pytest.mark.parametrize(
    ("after", "levels"),
    [
        ((10, 6, 30, 30, 35, 1.25, 18), {20, 50}),
        ((10, 7, 10, 10, 10, 0.25, 2), {20}),
        ((16, 9, 48, 48, 56, 1.5, 20), {20}),  # exactly 20 % counts
        ((6, 3, 18, 15, 20, 1.0, 12), {20, 50, 70}),
    ],
)
def test_acr_golden_values(after, levels):
    names = ("tjc", "sjc", "ptga", "phga", "pain", "haq", "crp")
    before = components(**dict(zip(names, (20, 12, 60, 60, 70, 1.5, 20), strict=True)))
    attained = components(**dict(zip(names, map(float, after), strict=True)))
    assert {n for n in (20, 50, 70) if ra_scores.acr(before, attained, n)[0]} == levels


def test_every_vectorised_score_equals_the_one_clinicians_see():
    s = simulate_all(300, k=1, seed=3, mode=TRIAL_NAIVE)
    before, after = s.patients, at_week_24(s.patients, s.mu[:, 1], 1, np.random.default_rng(0))
    acr = {n: ra_scores.acr(before, after, n) for n in (20, 50, 70)}
    crp, esr = ra_scores.das28_crp(after), ra_scores.das28_esr(after)
    good = ra_scores.eular_good(ra_scores.das28_crp(before), crp)

    def core_set(p, i):
        return scores.AcrCoreSet(
            tender_joints=float(p.tjc[i]),
            swollen_joints=float(p.sjc[i]),
            patient_global=float(p.ptga[i]),
            physician_global=float(p.phga[i]),
            pain=float(p.pain[i]),
            haq_di=float(p.haq[i]),
            acute_phase=float(p.crp[i]),
        )

    def joints(p, i):
        return {"tender_joints_28": float(p.tjc[i]), "swollen_joints_28": float(p.sjc[i])}

    for i in range(s.patients.n):
        patient_global = float(after.ptga[i])
        das28_crp = scores.das28_crp(
            **joints(after, i), crp_mg_l=float(after.crp[i]), patient_global_0_100=patient_global
        )
        das28_esr = scores.das28_esr(
            **joints(after, i), esr_mm_h=float(after.esr[i]), patient_global_0_100=patient_global
        )
        cdai = scores.cdai(
            **joints(after, i),
            patient_global_0_10=patient_global / 10,
            physician_global_0_10=float(after.phga[i]) / 10,
        )
        eular = scores.eular_response(
            baseline_das28=float(ra_scores.das28_crp(before)[i]), attained_das28=das28_crp
        )
        reached = scores.acr_response(core_set(before, i), core_set(after, i))
        assert crp[i] == pytest.approx(das28_crp, abs=1e-12)
        assert esr[i] == pytest.approx(das28_esr, abs=1e-12)
        # Clinicians see one decimal; simulated globals are continuous.
        assert ra_scores.cdai(after)[i] == pytest.approx(cdai, abs=0.05 + 1e-9)
        assert good[i] == (eular is scores.EularResponse.GOOD)
        assert {n for n in acr if acr[n][i]} == {n for n in (20, 50, 70) if n <= reached}
    assert {n: flags.any() for n, flags in acr.items()} == {20: True, 50: True, 70: True}


def test_stopping_is_non_response_on_every_endpoint():
    s = simulate_all(4_000, k=1, seed=5)
    stopped = s.endpoints["stopped"] == 1
    assert stopped.any()
    flags = [n for n in s.endpoints if not n.endswith("_fall") and n != "stopped"]
    assert all((s.endpoints[name][stopped] == 0).all() for name in flags)


def test_endpoints_nest():
    # A deeper response is a response; remission is low disease activity.
    e = simulate_all(4_000, k=1, seed=5).endpoints
    assert (e["acr70"] <= e["acr50"]).all()
    assert (e["acr50"] <= e["acr20"]).all()
    assert (e["cdai_remission"] <= e["cdai_lda"]).all()


def test_every_ehr_patient_is_eligible():
    s = simulate_all(2_000, k=1, seed=5)
    assert eligible(s.patients, EHR).all()
    assert (s.patients.cdai > 10).all()
