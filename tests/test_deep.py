"""The deep challenger in training: shapes, missing modalities, seeds, genes, scikit-learn."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from sklearn.base import clone

from decision.clinical.spec import Modality
from models import metrics
from models.cohort import CohortError
from models.deep import DeepLogit
from models.deep_nets import Genes, GeneSets, Noise, Recipe, Rows, as_tensor, train
from models.deep_pretrain import pretrained
from models.held_out import answered
from tests.deeply import SMALL, deep
from tests.trained import about, cohort

GENES, SETS, EACH = 120, 6, 20
RNA = about().design.modalities.index(Modality.TRANSCRIPTOMIC)


@cache
def sets() -> Genes:
    """Six sets of 15 genes of their own; 30 genes belong to none."""
    gene = np.arange(SETS * 15)
    return Genes(gene=gene, member_of=gene // 15, genes=GENES, sets=SETS)


def expression(n: int, seed: int) -> np.ndarray:
    """Genes of a set share a latent score, every third of them upside down."""
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((n, SETS))
    x = rng.standard_normal((n, GENES))
    sign = np.where(np.arange(SETS * 15) % 3 == 0, -1.0, 1.0)
    x[:, : SETS * 15] += sign * np.repeat(latent, 15, axis=1)
    return x


@cache
def with_genes() -> tuple[DeepLogit, np.ndarray, np.ndarray, np.ndarray]:
    c = cohort()
    X, present = about().design.gated(c.features)
    present = present.copy()
    present[:, RNA] = np.arange(c.n) % 2 == 0
    x = expression(c.n, 5)
    x[~present[:, RNA]] = np.nan
    model = DeepLogit(about().design, genes=sets(), pretraining=3, **SMALL)
    model.fit(X, c.outcome, treatment=c.treatment, present=present, site=c.site, expression=x)
    return model, X, present, x


def test_probabilities_have_one_column_per_treatment_and_order_patients():
    new = cohort(held_out=True)
    shown = new.rows(answered(about(), new))
    X, present = about().design.gated(shown.features)
    p = deep().predict_proba(X, present=present)
    assert p.shape == (shown.n, 2)
    assert ((p > 0.0) & (p < 1.0)).all()
    for arm in (0, 1):
        assert metrics.auroc(shown.truth.potential[:, arm], p[:, arm]) > 0.6


def test_an_absent_modality_counts_as_its_flag_whatever_its_columns_say():
    X, present = about().design.gated(cohort().features)
    gone = present.copy()
    gone[:, RNA] = False
    of_rna = about().design.modality_of == RNA
    blank, filled = X.copy(), X.copy()
    blank[:, of_rna], filled[:, of_rna] = np.nan, 7.0
    one, other = (deep().panel_.margins(x, gone) for x in (blank, filled))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (one[2][:, :, RNA] == 0.0).all()


def test_a_missing_test_never_moves_the_difference_by_its_flag():
    nobody = np.zeros((1, 3), dtype=bool)
    X = np.full((1, len(about().design.columns)), np.nan)
    level, gap, _ = deep().panel_.margins(X, nobody)
    panel = deep().panel_
    assert level[:, 0] == pytest.approx(panel.intercept + panel.absent.sum(axis=1))
    assert gap[:, 0] == pytest.approx(panel.effect)


def test_one_modality_never_completes_another():
    X, present = about().design.gated(cohort().features)
    changed = X.copy()
    clinical = about().design.modality_of == 0
    changed[:, ~clinical] += 1.0
    one, other = (deep().panel_.margins(x, present)[2][:, :, 0] for x in (X, changed))
    assert one == pytest.approx(other, abs=1e-12)


def test_level_and_difference_are_the_sum_of_their_parts():
    X, present = about().design.gated(cohort().features)
    level, gap, parts = deep().panel_.margins(X, present)
    start = deep().panel_.starts(present)
    assert level == pytest.approx(start.mean(axis=2) + parts[..., 0].sum(axis=2))
    assert gap == pytest.approx(np.diff(start, axis=2)[..., 0] + parts[..., 1].sum(axis=2))


def test_a_seed_repeats_to_the_last_bit_and_another_differs():
    X, present = about().design.gated(cohort().features)
    torch.manual_seed(99)
    again = DeepLogit(about().design, **SMALL).fit_cohort(cohort())
    other = DeepLogit(about().design, **{**SMALL, "seed": 1}).fit_cohort(cohort())
    p = deep().predict_proba(X, present=present)
    np.testing.assert_array_equal(p, again.predict_proba(X, present=present))
    assert np.abs(p - other.predict_proba(X, present=present)).max() > 1e-3


def test_clone_and_parameters_follow_scikit_learn():
    copy = clone(deep())
    assert not hasattr(copy, "panel_")
    assert {k: v for k, v in copy.get_params().items() if k != "design"} == {
        k: v for k, v in deep().get_params().items() if k != "design"
    }
    assert copy.set_params(width=8, seed=4).width == 8
    with pytest.raises(ValueError, match="depth"):
        copy.set_params(depth=2)


def test_too_few_courses_of_one_drug_are_refused():
    c = cohort()
    few = c.rows(np.flatnonzero((c.treatment == 0) | (np.cumsum(c.treatment) <= 3)))
    with pytest.raises(CohortError, match="courses per treatment and outcome"):
        DeepLogit(about().design, **SMALL).fit_cohort(few)


def test_training_lowers_the_loss_below_that_of_a_rate():
    c = cohort()
    seen = ~np.isnan(c.outcome)
    X, present = about().design.gated(c.features)
    p = deep().predict_proba(X, present=present)[np.arange(c.n), c.treatment]
    rate = np.full(int(seen.sum()), c.outcome[seen].mean())
    assert metrics.log_loss(c.outcome[seen], p[seen]) < metrics.log_loss(c.outcome[seen], rate)


def test_a_set_hears_only_its_own_genes():
    encoder = GeneSets(2, sets(), 4, Noise(0))
    x = as_tensor(expression(3, 1))
    before = encoder.scores(x)
    x[:, SETS * 15 :] += 5.0  # genes of no set
    assert torch.equal(encoder.scores(x), before)
    x[:, :15] += 5.0  # all genes of the first set
    moved = (encoder.scores(x) - before).abs() > 1e-6
    assert moved[..., 0].all()
    assert not moved[..., 1:].any()


def test_exported_sets_score_as_torch_does():
    model, _, present, x = with_genes()
    encoder = model.panel_.encoders[RNA]
    z = encoder.sets.standardise(x[present[:, RNA]][:7])
    chosen = model.networks_.members
    with torch.no_grad():
        theirs = model.networks_.net.encoders[RNA].scores(as_tensor(z))[chosen].numpy()
    assert encoder.sets.scores(z) == pytest.approx(theirs, abs=1e-5)


def test_genes_predict_and_their_absence_equals_the_flag():
    model, X, present, x = with_genes()
    p = model.predict_proba(X, present=present, expression=x)
    assert p.shape == (len(X), 2)
    gone = present.copy()
    gone[:, RNA] = False
    without = model.predict_proba(X, present=gone)
    np.testing.assert_array_equal(without, model.predict_proba(X, present=gone, expression=x))
    rows = ~present[:, RNA]
    assert p[rows] == pytest.approx(without[rows], abs=1e-12)
    assert np.abs(p[~rows] - without[~rows]).max() > 1e-3


def test_pretraining_learns_what_genes_go_together_without_an_outcome():
    """A masked gene is told better than by its mean, whose squared error is its variance."""
    rows = as_tensor(expression(400, 2) / np.sqrt(2.0))
    short, long = (pretrained(sets(), rows, 8, epochs, 64, 0) for epochs in (0, 30))
    assert [s.shape for s in short] == [(1, SETS * 15), (1, SETS, 8), (1, 8)]
    new = as_tensor(expression(300, 3) / np.sqrt(2.0))
    assert told(long, new) > told(short, new) + 0.02
    again = pretrained(sets(), rows, 8, 30, 64, 0)
    assert all(torch.equal(a, b) for a, b in zip(long, again, strict=True))


def told(weights: tuple[torch.Tensor, ...], x: torch.Tensor) -> float:
    """Share of the genes' variance that is linear in the encoder's hidden layer."""
    encoder = GeneSets(1, sets(), 8, Noise(0))
    with torch.no_grad():
        encoder.values.copy_(weights[0])
        hidden = torch.relu(encoder.scores(x)[0] @ weights[1][0] + weights[2][0])
    H = np.column_stack([np.ones(len(x)), hidden.double().numpy()])
    genes = x[:, : SETS * 15].double().numpy()
    rest = genes - H @ np.linalg.lstsq(H, genes, rcond=None)[0]
    return 1.0 - float(rest.var() / genes.var())


def test_genes_without_sets_or_of_another_number_are_refused():
    c = cohort()
    X, present = about().design.gated(c.features)
    given = {"treatment": c.treatment, "present": present}
    with pytest.raises(CohortError, match="expression has shape"):
        DeepLogit(about().design, genes=sets(), **SMALL).fit(X, c.outcome, **given)
    with pytest.raises(CohortError, match="expression has shape"):
        DeepLogit(about().design, genes=sets(), **SMALL).fit(
            X, c.outcome, expression=np.zeros((c.n, GENES + 1)), **given
        )
    empty = Genes(gene=np.arange(3), member_of=np.zeros(3, int), genes=GENES, sets=2)
    with pytest.raises(CohortError, match="no gene"):
        DeepLogit(about().design, genes=empty, **SMALL).fit(
            X, c.outcome, expression=expression(c.n, 1), **given
        )


def test_a_network_hears_nothing_of_rows_that_are_neither_fitted_nor_stopped_on():
    """Folds are trained in one batch; outcomes of a network's own test rows must not reach it."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((90, 3)), (rng.uniform(size=90) < 0.5).astype(float)
    own, stop, test = np.arange(40), np.arange(40, 60), np.arange(60, 90)
    recipe = Recipe(
        width=4,
        dropout=0.3,
        modality_dropout=0.2,
        decay=1.0,
        effect_penalty=0.01,
        rate=0.01,
        batch=16,
        epochs=4,
        patience=9,
    )

    def first(outcome: np.ndarray) -> np.ndarray:
        rows = Rows(
            blocks=(as_tensor(x),),
            present=as_tensor(np.ones((90, 1))),
            a=as_tensor(np.where(np.arange(90) % 2, 0.5, -0.5)),
            y=as_tensor(outcome),
        )
        net = train([3], rows, [own, test], [stop, own], recipe, seed=0)
        return np.concatenate([p.detach()[0].numpy().ravel() for p in net.parameters()])

    flipped = y.copy()
    flipped[test] = 1.0 - y[test]
    assert np.array_equal(first(y), first(flipped))
    flipped[stop[0]] = 1.0 - y[stop[0]]
    flipped[own] = 1.0 - y[own]
    assert not np.array_equal(first(y), first(flipped))
