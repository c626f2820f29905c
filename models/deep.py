"""The deep challenger as a scikit-learn estimator, in torch: trained here, served without it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.model_selection import StratifiedKFold

from models.background import MEDOIDS, Reference, drawn
from models.calibrate import Shrinkage, between_sites, half, shrink
from models.cohort import Cohort, CohortError, Floats, Ints
from models.deep_nets import (
    MOST_NUMBERS,
    Fusion,
    Genes,
    GeneSets,
    Recipe,
    Rows,
    Tabular,
    as_tensor,
    train,
)
from models.deep_pretrain import pretrained
from models.deep_served import DeepPanel, Encoder, Sets
from models.design import Bools, Design
from models.gaussian import Gaussian, fit_gaussian
from models.link import sigmoid
from models.medoids import weighted_medoids
from models.metrics import logit

STOPPING = 0.2
"""Share of a network's rows that only say when to stop."""


class DeepLogit(BaseEstimator):  # type: ignore[misc]
    """Encoders per modality, fused by adding log-odds, averaged over seeds and calibrated.

    Parameters
    ----------
    design : columns, players and quorum of the decision
    genes : gene sets of the last modality; its inputs are then genes rather than its columns
    members : networks of the ensemble, whose probabilities are averaged
    width, dropout, modality_dropout : of an encoder's hidden layer, and of whole modalities but
        the first
    decay, effect_penalty : AdamW's decay of the weights, and of the squared modification of the
        treatments' difference
    rate, batch, epochs, patience : of the training; it stops when `patience` epochs bring no
        improvement on rows set aside
    pretraining : epochs of denoising on all expression before any outcome is seen
    folds, seed : of the cross-fitting, stratified on treatment and outcome

    Attributes
    ----------
    panel_ : the fitted parameters, numpy · networks_ : the same before calibration, torch
    shrinkage_ : what was folded in · between_ : variance between training sites
    """

    def __init__(
        self,
        design: Design,
        genes: Genes | None = None,
        members: int = 5,
        width: int = 32,
        dropout: float = 0.3,
        modality_dropout: float = 0.2,
        decay: float = 1.0,
        effect_penalty: float = 0.01,
        rate: float = 0.005,
        batch: int = 256,
        epochs: int = 120,
        patience: int = 15,
        pretraining: int = 0,
        folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.design = design
        self.genes = genes
        self.members = members
        self.width = width
        self.dropout = dropout
        self.modality_dropout = modality_dropout
        self.decay = decay
        self.effect_penalty = effect_penalty
        self.rate = rate
        self.batch = batch
        self.epochs = epochs
        self.patience = patience
        self.pretraining = pretraining
        self.folds = folds
        self.seed = seed

    def fit(
        self,
        X: Floats,
        y: Floats,
        *,
        treatment: Ints,
        present: Bools,
        site: Ints | None = None,
        expression: Floats | None = None,
        unlabelled: Floats | None = None,
    ) -> DeepLogit:
        """Fit on every row with an outcome; the others teach what values and genes go together.

        Parameters
        ----------
        X : (n, p) columns from `Design.gated`, NaN unknown · y : (n,) 0, 1 or NaN not recorded
        treatment : (n,) 0 or 1 · present : (n, M) · site : (n,)
        expression : (n, genes), a row of NaN where there is none · unlabelled : (u, genes)

        Raises
        ------
        CohortError
            If a treatment has fewer courses with either outcome than there are folds, or
            expression and gene sets do not fit.
        """
        gaussian = _blind(fit_gaussian(X), self.design)
        panel = self._empty(gaussian, expression, len(X))
        labelled = ~np.isnan(y)
        y, arm, here = y[labelled], treatment[labelled], present[labelled]
        stratum = 2 * arm + y.astype(np.int64)
        counts = np.bincount(stratum, minlength=4)
        if counts.min() < self.folds:
            raise CohortError(
                f"courses per treatment and outcome {counts.tolist()}; cross-fitting needs "
                f"at least {self.folds} of each"
            )
        own_genes = None if expression is None else expression[labelled]
        blocks = panel.inputs(X[labelled], here, own_genes)
        rows = Rows(
            blocks=tuple(as_tensor(b) for b in blocks),
            present=as_tensor(here),
            a=as_tensor(half(arm)),
            y=as_tensor(y),
        )
        cuts = StratifiedKFold(self.folds, shuffle=True, random_state=self.seed)
        tests = [test for _, test in cuts.split(np.zeros((len(y), 1)), stratum)]
        start = self._pretrained(panel, expression, unlabelled)
        networks = self._train(rows, stratum, tests, start)

        out = np.empty((len(y), 2))
        for f, test in enumerate(tests):
            out[test] = networks[f].probability(rows)[test]
        margins = logit(np.clip(out, 1e-6, 1.0 - 1e-6))
        level, gap = margins.mean(axis=1), margins[:, 1] - margins[:, 0]
        self.shrinkage_ = shrink(level, gap, arm, y)
        self.networks_ = networks[-1]
        self.panel_ = _folded(panel, self.networks_, self.shrinkage_)
        given = self._margins(X[labelled], here, own_genes)[np.arange(len(y)), arm]
        self.between_ = between_sites(given, y, site[labelled]) if site is not None else 0.0
        return self

    def fit_cohort(self, cohort: Cohort) -> DeepLogit:
        """`fit` on a training table."""
        X, present = self.design.gated(cohort.features)
        return self.fit(
            X, cohort.outcome, treatment=cohort.treatment, present=present, site=cohort.site
        )

    def predict_proba(
        self, X: Floats, *, present: Bools, expression: Floats | None = None
    ) -> Floats:
        """(n, 2) probability of the outcome under the first and the second treatment."""
        return self.panel_.predict_proba(X, present=present, expression=expression)

    def torch_proba(self, X: Floats, *, present: Bools, expression: Floats | None = None) -> Floats:
        """`predict_proba` by torch from its own weights: what the export is compared with."""
        blocks = [as_tensor(b) for b in self.panel_.inputs(X, present, expression)]
        with torch.no_grad():
            level, gap = self.networks_.net(blocks, as_tensor(present))
        s, chosen = self.shrinkage_, self.networks_.members
        mu, tau = level[chosen].double(), gap[chosen].double()
        centred = s.centre + s.effect + s.contrast * (tau - s.centre)
        both = [torch.sigmoid(s.slope * mu + s.level + a * centred) for a in (-0.5, 0.5)]
        return np.asarray(torch.stack(both, dim=-1).mean(dim=0).numpy())

    def reference(self, X: Floats, present: Bools, count: int = MEDOIDS) -> Reference:
        """Patients to compare with: medoids of what the modalities add to the log-odds."""
        rng = np.random.default_rng(self.seed)
        full = drawn(self.panel_.gaussian, self.panel_.gaussian.standardise(X), rng)
        parts = self.panel_.contributions(self.panel_.blocks(full), np.ones_like(present))
        points = parts.mean(axis=0).reshape(len(full), -1)
        chosen, shares = weighted_medoids(points, count, rng)
        return Reference(z=full[chosen], weights=shares)

    def _margins(self, X: Floats, present: Bools, expression: Floats | None) -> Floats:
        p = self.panel_.predict_proba(X, present=present, expression=expression)
        return logit(np.clip(p, 1e-9, 1.0 - 1e-9))

    def _empty(self, gaussian: Gaussian, expression: Floats | None, n: int) -> DeepPanel:
        """A panel without weights: it knows how to turn rows into inputs."""
        last = len(self.design.modalities) - 1
        encoders = []
        for m in range(last + 1):
            columns = np.flatnonzero(self.design.modality_of == m)
            sets = _sets(self.genes, expression, n) if m == last else None
            none = np.zeros((1, 0, 0))
            encoders.append(Encoder(columns=columns, w1=none, b1=none[0], w2=none, sets=sets))
        return DeepPanel(
            design=self.design,
            gaussian=gaussian,
            encoders=tuple(encoders),
            absent=np.zeros((1, last + 1)),
            intercept=np.zeros(1),
            effect=np.zeros(1),
        )

    def _pretrained(
        self, panel: DeepPanel, expression: Floats | None, unlabelled: Floats | None
    ) -> tuple[torch.Tensor, ...] | None:
        sets = panel.encoders[-1].sets
        if self.genes is None or sets is None or not self.pretraining:
            return None
        known = [x[~np.isnan(x).all(axis=1)] for x in (expression, unlabelled) if x is not None]
        rows = as_tensor(sets.standardise(np.concatenate(known)))
        return pretrained(self.genes, rows, self.width, self.pretraining, self.batch, self.seed)

    def _train(
        self,
        rows: Rows,
        stratum: Ints,
        tests: list[Ints],
        start: tuple[torch.Tensor, ...] | None,
    ) -> list[Members]:
        """The members of every fold, and last those of all rows."""
        rng = np.random.default_rng(self.seed)
        everyone = np.arange(len(stratum))
        groups = [*(np.setdiff1d(everyone, test) for test in tests), everyone]
        pairs = [_set_aside(own, stratum, rng) for own in groups for _ in range(self.members)]
        recipe = Recipe(
            width=self.width,
            dropout=self.dropout,
            modality_dropout=self.modality_dropout,
            decay=self.decay,
            effect_penalty=self.effect_penalty,
            rate=self.rate,
            batch=self.batch,
            epochs=self.epochs,
            patience=self.patience,
        )
        inputs: list[int | Genes] = [b.shape[1] for b in rows.blocks]
        widest = self.width
        if self.genes is not None:
            inputs[-1], widest = self.genes, len(self.genes.gene)
        # Whole ensembles at a time, so that how many fit never changes a result's meaning.
        fit = max(1, MOST_NUMBERS // (widest * self.batch * self.members))
        networks = []
        for first in range(0, len(groups), fit):
            own = pairs[first * self.members : (first + fit) * self.members]
            net = train(
                inputs, rows, [a for a, _ in own], [b for _, b in own], recipe, self.seed, start
            )
            for g in range(len(own) // self.members):
                at = slice(g * self.members, (g + 1) * self.members)
                networks.append(Members(net=net, members=at))
        return networks


@dataclass(frozen=True, slots=True)
class Members:
    """Some of the networks trained together."""

    net: Fusion
    members: slice

    def probability(self, rows: Rows) -> Floats:
        """(n, 2) mean probability under either treatment, before calibration."""
        with torch.no_grad():
            level, gap = self.net.margins(rows)
        mu, tau = (x[self.members].double().numpy() for x in (level, gap))
        both = [sigmoid(mu + a * tau).mean(axis=0) for a in (-0.5, 0.5)]
        return np.stack(both, axis=1)


def _blind(gaussian: Gaussian, design: Design) -> Gaussian:
    """The Gaussian with modalities independent of one another."""
    same = design.modality_of[:, None] == design.modality_of
    return replace(gaussian, covariance=np.where(same, gaussian.covariance, 0.0))


def _sets(genes: Genes | None, expression: Floats | None, n: int) -> Sets | None:
    if genes is None and expression is None:
        return None
    if genes is None or expression is None or expression.shape != (n, genes.genes):
        shape = None if expression is None else expression.shape
        raise CohortError(
            f"expression has shape {shape}, gene sets are for "
            f"{None if genes is None else genes.genes} genes; give both, one row per course"
        )
    if len(np.unique(genes.member_of)) != genes.sets:
        raise CohortError("a gene set has no gene; leave it out")
    known = expression[~np.isnan(expression).all(axis=1)]
    sd = np.nanstd(known, axis=0)
    return Sets(
        gene=genes.gene,
        member_of=genes.member_of,
        values=np.zeros((1, len(genes.gene))),
        count=genes.sets,
        mean=np.nanmean(known, axis=0),
        sd=np.where(sd > 1e-9, sd, 1.0),
    )


def _set_aside(own: Ints, stratum: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Rows to fit on and rows to stop on, the same share of every stratum."""
    stop = []
    for s in np.unique(stratum[own]):
        at = rng.permutation(own[stratum[own] == s])
        stop.append(at[: max(1, round(STOPPING * len(at)))])
    held = np.sort(np.concatenate(stop))
    return np.setdiff1d(own, held), held


def _folded(panel: DeepPanel, networks: Members, s: Shrinkage) -> DeepPanel:
    """The networks in double precision, with calibration and shrinkage in their last layers."""

    def chosen(x: torch.Tensor) -> Floats:
        return np.asarray(x.detach()[networks.members].double().numpy())

    net = networks.net
    encoders = []
    for empty, trained in zip(panel.encoders, net.encoders, strict=True):
        head, sets = trained, empty.sets
        if isinstance(trained, GeneSets) and sets is not None:
            head, sets = trained.head, replace(sets, values=chosen(trained.values))
        assert isinstance(head, Tabular)  # noqa: S101  (what a ModuleList cannot say)
        w2 = chosen(head.w2) * np.array([s.slope, s.contrast])
        encoders.append(replace(empty, w1=chosen(head.w1), b1=chosen(head.b1), w2=w2, sets=sets))
    gap = s.centre + s.effect + s.contrast * (chosen(net.effect) - s.centre)
    return replace(
        panel,
        encoders=tuple(encoders),
        absent=s.slope * chosen(net.absent),
        intercept=s.slope * chosen(net.intercept) + s.level,
        effect=gap,
    )
