"""The serving side: the same numbers as in training, exact reasons, honest prices."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from decision.clinical.spec import Modality
from models import artifact, held_out
from models.calibrate import SiteShift
from models.decisions import ARTIFACTS
from models.predictor import ModelInputError, load_predictor, local_calibration
from tests.trained import DECISION, TYPICAL, about, artefact, cohort, patient, spec, vector

SITE, LEVEL = "simulated-demo", 0.9


@pytest.fixture(scope="module")
def predictor():
    return load_predictor(spec(), artefact())


@pytest.fixture(scope="module")
def shipped():
    return load_predictor(spec(), ARTIFACTS / DECISION)


def answer(predictor, values, level=LEVEL):
    return predictor.answer(vector(values), site=SITE, level=level)


def test_serving_loads_no_training_library():
    script = (
        "import sys, models.predictor\n"
        "heavy = {'sklearn', 'torch', 'shap', 'scipy', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (run.stdout.strip(), run.stderr) == ("[]", "")


def test_a_served_patient_gets_the_numbers_of_the_validation(predictor):
    """Single-patient serving and vectorised evaluation are one model: equal to 1e-12."""
    served = predictor._served
    rows = cohort(400, seed=21, held_out=True)
    rows = rows.rows(held_out.answered(about(), rows)).rows(np.arange(40))
    shift, variance = served.sites[SITE]

    class Fitted:
        panel_ = served.panel

    shifts = {s: SiteShift(shift=shift, variance=variance, labels=0) for s in set(rows.site)}
    expected = held_out.predict(Fitted(), rows, shifts, LEVEL)
    for i in range(rows.n):
        got = answer(predictor, patient(rows, i))
        for arm, prediction in enumerate(got.predictions):
            assert prediction.probability == pytest.approx(expected.probability[i, arm], abs=1e-12)
            assert prediction.interval.low == pytest.approx(expected.low[i, arm], abs=1e-12)
            assert prediction.interval.high == pytest.approx(expected.high[i, arm], abs=1e-12)
        assert got.contrast.difference == pytest.approx(expected.difference[i], abs=1e-12)
        assert got.contrast.interval.low == pytest.approx(expected.difference_low[i], abs=1e-12)


def test_reasons_add_up_and_the_missing_give_none(predictor):
    rows = cohort(400, seed=21, held_out=True)
    rows = rows.rows(held_out.answered(about(), rows)).rows(np.arange(25))
    for i in range(rows.n):
        values = patient(rows, i)
        got = answer(predictor, values)
        for kind in (got.explanation.contributions, got.explanation.modalities):
            for p in got.predictions:
                total = got.explanation.base[p.treatment] + sum(
                    c.effects[p.treatment] for c in kind
                )
                assert total == pytest.approx(p.probability, abs=1e-9)
            gap = sum(c.differential for c in kind)
            base = got.explanation.base["il6i"] - got.explanation.base["tnfi"]
            assert base + gap == pytest.approx(got.contrast.difference, abs=1e-9)
        for player in spec().players:
            if not set(player.features) & set(values):
                found = next(c for c in got.explanation.contributions if c.player == player.id)
                assert set(found.effects.values()) == {0.0}


def test_an_absent_modality_is_said_and_contributes_exactly_nothing(predictor):
    got = answer(predictor, TYPICAL)
    assert got.absent_modalities == (Modality.TRANSCRIPTOMIC,)
    rna = next(m for m in got.explanation.modalities if m.player == Modality.TRANSCRIPTOMIC)
    assert set(rna.effects.values()) == {0.0}
    with_rna = answer(
        predictor, {**TYPICAL, "tnfi_nonresponse_score": 1.0, "interferon_score": -0.5}
    )
    assert with_rna.absent_modalities == ()


def test_what_is_missing_has_a_price_and_measuring_it_pays(predictor):
    got = answer(predictor, TYPICAL)
    costs = {c.player: c.wider for c in got.missing_costs}
    assert set(costs) == {
        "il6",
        "sicam1",
        "cxcl13",
        "calprotectin",
        "tnfi_nonresponse_score",
        "interferon_score",
    }
    assert all(cost >= 0 for cost in costs.values())
    assert costs["tnfi_nonresponse_score"] > costs["calprotectin"]
    usual = {"il6": 12.0, "sicam1": 250.0, "cxcl13": 100.0}
    more = answer(predictor, {**TYPICAL, **usual})
    assert more.contrast.interval.width < got.contrast.interval.width


def test_the_contrast_agrees_with_the_two_probabilities(predictor):
    got = answer(predictor, TYPICAL)
    first, second = got.predictions
    contrast = got.contrast
    assert (contrast.a, contrast.b) == ("tnfi", "il6i") == (first.treatment, second.treatment)
    assert contrast.difference == pytest.approx(second.probability - first.probability, abs=1e-15)
    assert contrast.interval.low < contrast.difference < contrast.interval.high
    assert (contrast.probability_positive > 0.5) == (contrast.difference > 0)
    wide = answer(predictor, TYPICAL, level=0.99)
    assert wide.contrast.interval.width > contrast.interval.width


def test_an_absurd_patient_is_out_of_domain_and_the_culprit_is_named(predictor):
    usual, odd = answer(predictor, TYPICAL), answer(predictor, {**TYPICAL, "hemoglobin": 3.0})
    assert usual.domain.p_value > 0.05
    assert usual.domain.outside_usual == ()
    assert odd.domain.p_value < 0.02
    assert odd.domain.culprit == "hemoglobin"
    feature, value, low, high = odd.domain.outside_usual[0]
    assert (feature, value) == ("hemoglobin", 3.0)
    assert low < 12.5 < high


def test_overlap_is_counted_in_the_patients_own_stratum(predictor):
    naive = answer(predictor, TYPICAL)
    assert naive.stratum == "no earlier TNF inhibitor, on methotrexate or another csDMARD"
    unknown = {f: v for f, v in TYPICAL.items() if f != "monotherapy"}
    coarse = answer(predictor, unknown)
    assert coarse.stratum == "no earlier TNF inhibitor"
    assert coarse.comparable > naive.comparable > 0
    nothing = answer(predictor, {f: v for f, v in unknown.items() if f != "prior_tnfi_count"})
    assert nothing.comparable == min(p.reference_n for p in nothing.predictions)


def test_a_site_that_was_not_recalibrated_gets_no_answer(predictor):
    assert predictor.identity.sites == (SITE,)
    with pytest.raises(ModelInputError, match="elsewhere"):
        predictor.answer(vector(TYPICAL), site="elsewhere", level=LEVEL)


def test_a_value_without_a_logarithm_is_refused_by_name(predictor):
    with pytest.raises(ModelInputError, match="crp"):
        answer(predictor, {**TYPICAL, "crp": 0.0})


def test_bands_grow_until_they_say_something():
    n, events = np.full(50, 10), np.full(50, 4)
    found = local_calibration(n, events, 0.5)
    assert found.n >= 60
    assert found.events == round(0.4 * found.n)
    assert found.low < 0.5 < found.high
    assert found.observed_low < 0.4 < found.observed_high
    empty = local_calibration(np.zeros(50, int), np.zeros(50, int), 0.999)
    assert (empty.n, empty.observed_low, empty.observed_high) == (0, 0.0, 1.0)
    assert empty.high == 1.0


def test_the_shipped_model_is_the_one_promised(shipped):
    folder = artifact.active(ARTIFACTS / DECISION)
    words = json.loads((folder / artifact.DESCRIPTION).read_text())
    assert shipped.identity.simulated
    assert "SIMULATED" in shipped.identity.description
    assert words["provenance"] | {"k": 0.5, "n": 6_000} == words["provenance"]
    # A patch of the specification changes words and sources, which no model reads.
    assert words["spec_version"].split(".")[:2] == spec().version.split(".")[:2]
    assert sum(f.stat().st_size for f in folder.iterdir()) < 1_000_000
    assert set(words["usual"]) <= {f.id for f in spec().features}


def test_the_shipped_model_passes_its_self_test(shipped):
    """Release gate: additive reasons, a sane domain, bands that hold together."""
    served = shipped._served
    assert served.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert len(served.weights) == 64
    assert (served.band_events <= served.band_n).all()
    assert served.band_n.sum() > 5_000
    assert np.linalg.eigvalsh(served.panel.covariance).min() > 0
    assert np.linalg.eigvalsh(served.panel.gaussian.covariance).min() > 0
    rows = cohort(300, seed=22, held_out=True)
    rows = rows.rows(held_out.answered(about(), rows)).rows(np.arange(60))
    p_values = []
    for i in range(rows.n):
        got = answer(shipped, patient(rows, i))
        p_values.append(got.domain.p_value)
        assert got.explanation.certificate <= 1e-9
        for p in got.predictions:
            total = sum(c.effects[p.treatment] for c in got.explanation.contributions)
            assert got.explanation.base[p.treatment] + total == pytest.approx(
                p.probability, abs=1e-9
            )
            assert 0 < p.interval.low < p.probability < p.interval.high < 1
            calibration = p.calibration
            assert calibration.low <= p.probability <= calibration.high
            assert calibration.observed_low <= calibration.observed_high
    # One patient in a hundred may be refused at .01; six of sixty would be a broken domain.
    assert np.mean(np.array(p_values) <= 0.01) < 0.1
