"""The one-class model finds what is there, nothing where nothing is, and never peeks."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from models.admission import paired
from models.studies import one_arm
from models.studies.errors import FolderError, LabelError, TooFewError
from models.studies.one_arm import (
    Arm,
    by_study,
    fit,
    gained,
    interval,
    mean_ranked,
    ranked,
    scores,
    stratified,
    within,
)
from models.studies.page import as_text
from models.studies.report import Plan, arm_of, permuted, report, together
from models.studies.stored import StudyCohort

QUICK = Plan(repeats=2, permutations=3, bootstraps=50)


def cohort(
    name: str = "GSE1", n: int = 80, seed: int = 1, strength: float = 1.5, offset: float = 0.0
) -> StudyCohort:
    """A study whose first panel goes with the outcome; `offset` is its laboratory's."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, 3))
    y = (rng.uniform(size=n) < 1.0 / (1.0 + np.exp(-strength * z[:, 0]))).astype(float)
    return StudyCohort(
        study=name,
        title="t",
        citation="c.",
        terms="free",
        specimen="whole-blood",
        people=name,
        verification="unverified",
        outcome_id="eular-response",
        definition="EULAR response",
        weeks=12,
        platform="study",
        panels=("p1", "p2", "p3"),
        arm=np.zeros(n, dtype=np.int64),
        outcome=y,
        age=rng.normal(55.0, 10.0, n),
        male=np.full(n, np.nan),
        scores=0.1 * z + offset,
    )


def arm(**changed: object) -> Arm:
    return arm_of([cohort(**changed)], 0)[0]


def test_the_only_course_of_another_study_lies_at_its_centre_whatever_its_platform():
    found = fit(arm(n=100), 0)
    one, other = (
        dataclasses.replace(arm(n=100).rows(np.array([0])), study=np.array([7]), panels=p)
        for p in (np.array([[0.0, 0.0, 0.0]]), np.array([[9.0, 9.0, 9.0]]))
    )
    assert found.probability(one) == found.probability(other)


def test_the_panel_that_matters_gets_the_weight():
    found = fit(arm(n=300), 0)
    assert found.theta[1] > 3.0 * np.abs(found.theta[2:]).max()
    assert found.penalty in one_arm.LAMBDAS


def test_probabilities_are_calibrated_out_of_fold():
    a = arm(n=400, seed=2)
    told = scores(a, within(a, 1, 0))
    assert told["calibration_slope"] == pytest.approx(1.0, abs=0.3)
    assert told["calibration_intercept"] == pytest.approx(0.0, abs=0.2)
    assert told["auroc"] > told["auroc_without_panels"] + 0.1


def test_no_course_is_predicted_by_a_model_that_saw_its_outcome(monkeypatch):
    """No two courses share a panel score, so that scores tell whom a fit was given."""
    a, seen = arm(n=60), []
    own = one_arm.fit

    def watched(train: Arm, seed: int):
        seen.append(train.panels[:, 0].copy())
        return own(train, seed)

    monkeypatch.setattr(one_arm, "fit", watched)
    found = within(a, 1, 0, compared=False)
    assert len(seen) == one_arm.OUTER
    for fold, values in enumerate(seen):
        scored = a.panels[found.fold[0] == fold, 0]
        assert not set(scored.tolist()) & set(values.tolist())


def test_a_changed_outcome_does_not_move_its_own_prediction():
    """The sharpest test of leakage: flip one outcome, same folds, and look at its probability."""
    a = arm(n=60)
    folds = stratified(a.y, one_arm.OUTER, np.random.default_rng(0))
    rest, at = np.flatnonzero(folds != 0), np.flatnonzero(folds == 0)
    y = a.y.copy()
    y[at] = 1.0 - y[at]
    before = one_arm._predicted(a, rest, at, 0)
    after = one_arm._predicted(dataclasses.replace(a, y=y), rest, at, 0)
    assert np.array_equal(before, after)


def test_permuted_outcomes_rank_like_a_coin():
    a = arm(n=120)
    found = permuted(a, Plan(permutations=12))
    assert abs(found["mean_auroc"] - 0.5) < 4.0 * found["standard_error"]
    assert found["auroc_of_one_deal"] > 0.65
    assert found["p"] == pytest.approx(1 / 13)


def test_an_offset_of_a_laboratory_changes_nothing_of_the_ranking_between_studies():
    one, two = cohort("A"), cohort("B", seed=2)
    moved = dataclasses.replace(two, scores=3.0 * two.scores + 5.0)
    plain = arm_of([one, two], 0)[0]
    shifted = arm_of([one, moved], 0)[0]
    assert np.allclose(by_study(plain, 0).p, by_study(shifted, 0).p)


def test_ranks_are_compared_within_groups_only():
    y = np.array([1.0, 0.0, 1.0, 0.0])
    p = np.array([0.9, 0.8, 0.2, 0.1])
    assert ranked(y, p, np.array([0, 0, 1, 1])) == 1.0
    assert ranked(y, p, np.zeros(4, dtype=np.int64)) == 0.75
    assert math.isnan(ranked(y, p, np.array([0, 1, 2, 3])))
    assert mean_ranked(y, p[None], np.array([[0, 0, 1, 1]])) == 1.0


def test_the_interval_holds_the_estimate_and_narrows_with_courses():
    few, many = arm(n=60, seed=4), arm(n=600, seed=4)
    widths = []
    for a in (few, many):
        found = within(a, 1, 0)
        low, high = interval(a.y, found, a.study, 0, 100)
        assert low < ranked(a.y, found.p[0], found.group[0]) < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2.0


def test_repeats_of_the_same_courses_do_not_shrink_the_error_to_nothing():
    """Folds of eight repeats are no forty studies: naively the error would be 3.3 times smaller."""
    a = arm(n=60)
    found = gained(a, within(a, 8, 0))
    assert found.repeats == 40
    assert found.sem == pytest.approx(paired(found.differences).sem * math.sqrt(1.0 + 40 / 4))


def test_folds_spread_every_stratum_evenly():
    strata = np.array([0] * 11 + [1] * 9)
    folds = stratified(strata, 5, np.random.default_rng(0))
    for value in (0, 1):
        counts = np.bincount(folds[strata == value], minlength=5)
        assert counts.max() - counts.min() <= 1
    assert np.bincount(folds).max() - np.bincount(folds).min() <= 1


def test_two_studies_are_validated_by_study_and_one_says_it_was_not():
    both = report([cohort("A"), cohort("B", seed=2)], QUICK)["arms"]["tnfi"]
    assert set(both["validation"]) == {"within_studies", "by_study"}
    assert both["validation"]["by_study"]["studies"]["A"]["courses"] == 80
    found = report([cohort()], QUICK)
    one = found["arms"]["tnfi"]
    assert set(one["validation"]) == {"within_studies"}
    assert any("One study" in w for w in one["warnings"])
    assert any("fewer than 50" in w for w in one["warnings"])
    assert "male: not recorded often enough" in one["left_out"]
    assert "hold one class" in found["contrast"]
    assert "AUROC" in as_text(found)


def test_a_class_with_few_outcomes_is_not_fitted_and_the_contrast_not_claimed():
    c = cohort(n=100)
    mixed = dataclasses.replace(c, arm=(np.arange(100) >= 88).astype(np.int64))
    found = report([mixed], QUICK)
    assert set(found["arms"]) == {"tnfi"}
    assert "nothing was fitted" in found["too_few"]["il6i"]
    assert "not randomised, and the rarer class has 12 courses" in found["contrast"]
    with pytest.raises(TooFewError, match="fewer than 10"):
        report([cohort(n=12)], QUICK)


def test_registered_scores_are_not_centred_again():
    c = dataclasses.replace(cohort(n=200), platform="rna-seq-1")
    a, _ = arm_of([c], 0)
    assert not a.centred
    other = dataclasses.replace(a, study=np.ones(200, dtype=np.int64))
    found = fit(a, 0)
    assert np.allclose(found.probability(a), found.probability(other))


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"outcome_id": "cdai-remission"}, LabelError, "different outcomes"),
        ({"specimen": "synovium"}, LabelError, "different specimens"),
        ({"platform": "rna-seq-1"}, LabelError, "different kinds of scores"),
        ({"study": "A"}, LabelError, "named twice"),
        ({"people": "A"}, LabelError, "same persons"),
        ({"panels": ("q1", "q2", "q3")}, FolderError, "No panel"),
    ],
)
def test_studies_that_do_not_belong_together_are_refused(change, error, said):
    other = dataclasses.replace(cohort("B", seed=2), **change)
    with pytest.raises(error) as caught:
        together([cohort("A"), other], across_specimens=False)
    assert said in caught.value.message
    assert caught.value.remedy


def test_specimens_are_mixed_only_when_asked_and_with_a_warning():
    other = dataclasses.replace(cohort("B", seed=2), specimen="synovium")
    plan = dataclasses.replace(QUICK, across_specimens=True)
    found = report([cohort("A"), other], plan)["arms"]["tnfi"]
    assert any("Specimens differ" in w for w in found["warnings"])
