"""shap's explainers, each returning (T, d) values for both treatments as we do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import shap
from scipy.special import expit
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

from benchmarks.explain_models import Case, Task
from benchmarks.shapley_oracles import by_definition
from models.cohort import Floats

Method = Callable[[Case], Floats]
TREE_PLAYERS, TREE_ROWS, TREE_PATIENTS = 10, 64, 5


def on_probability(make: Callable[[Callable[[Floats], Floats], Floats], Any]) -> Any:
    """An explainer of sigma(intercept + sum of contributions), made once per model and treatment.

    The players' contributions are the inputs: a model with all slopes 1, the same game as ours.
    """
    made: dict[tuple[bytes, int], Any] = {}

    def explainer(case: Case, t: int) -> Any:
        key = (case.intercepts.tobytes() + case.background.contributions.tobytes(), t)
        if key not in made:
            intercept = case.intercepts[t]
            made[key] = make(
                lambda z: expit(intercept + z.sum(axis=1)), case.background.contributions[t]
            )
        return made[key]

    return explainer


def independent(rows: Floats) -> Any:
    """All rows: by default shap silently keeps 100."""
    return shap.maskers.Independent(rows, max_samples=len(rows))


def linear(case: Case) -> Floats:
    """LinearExplainer: log-odds, which do not add up to a probability."""
    values = []
    for t, intercept in enumerate(case.intercepts):
        slopes = np.ones(case.contributions.shape[1])
        masker = independent(case.background.contributions[t])
        explainer = shap.LinearExplainer((slopes, intercept), masker)
        values.append(explainer.shap_values(case.contributions[t]))
    return np.array(values)


def linear_rescaled(case: Case) -> Floats:
    """The common mend: log-odds values stretched until they add up to the probability."""
    values = linear(case)
    return np.asarray(values * (case.gain / values.sum(axis=1))[:, None], dtype=np.float64)


def permutation() -> Method:
    """PermutationExplainer with its default number of evaluations."""
    explainer = on_probability(
        lambda f, rows: shap.PermutationExplainer(f, independent(rows), seed=0)
    )

    def values(case: Case) -> Floats:
        return np.array(
            [
                explainer(case, t)(own[None], silent=True).values[0]
                for t, own in enumerate(case.contributions)
            ]
        )

    return values


def kernel() -> Method:
    """KernelExplainer with its defaults (2 d + 2048 coalitions, regularised)."""
    explainer = on_probability(lambda f, rows: shap.KernelExplainer(f, rows, seed=0))

    def values(case: Case) -> Floats:
        return np.array(
            [
                explainer(case, t).shap_values(own, silent=True)
                for t, own in enumerate(case.contributions)
            ]
        )

    return values


def enumerating() -> Method:
    """ExactExplainer, for the few players that modalities are."""
    explainer = on_probability(lambda f, rows: shap.ExactExplainer(f, independent(rows)))

    def values(case: Case) -> Floats:
        return np.array(
            [explainer(case, t)(own[None]).values[0] for t, own in enumerate(case.contributions)]
        )

    return values


class Trees:
    """One ensemble per treatment, on the additive model's own patients."""

    def __init__(self, cases: list[Case], boosting: bool) -> None:
        rng = np.random.default_rng(0)
        share = np.mean([np.abs(case.contributions).mean(axis=0) for case in cases], axis=0)
        self.players = np.sort(np.argsort(share)[-TREE_PLAYERS:])
        means = np.array([case.contributions.mean(axis=0)[self.players] for case in cases])
        # ranks, which trees split as they do values: on near ties scikit-learn and shap round
        # differently, and shap's interventional values then miss the definition by 2.5e-4
        ranks = [np.unique(column, return_inverse=True)[1] for column in means.T]
        self.features = 4.0 * np.stack(ranks, axis=1).astype(np.float64)
        margins = np.array([case.intercepts + case.contributions.sum(axis=1) for case in cases])
        outcomes = (rng.random(margins.shape) < expit(margins)).astype(np.int64)
        self.rows = self.features[:TREE_ROWS]
        self.boosting = boosting
        self.ensembles = [
            GradientBoostingClassifier(n_estimators=50, max_depth=3, random_state=0)
            if boosting
            else RandomForestClassifier(n_estimators=50, max_depth=5, random_state=0)
            for _ in outcomes.T
        ]
        for ensemble, outcome in zip(self.ensembles, outcomes.T, strict=True):
            ensemble.fit(self.features, outcome)

    def probability(self, t: int, features: Floats) -> Floats:
        return np.asarray(self.ensembles[t].predict_proba(features)[:, 1], dtype=np.float64)

    def exact(self, patient: Floats) -> Floats:
        """(2, d) by definition: the ensemble is evaluated for every coalition and row."""
        member = (np.arange(2**TREE_PLAYERS)[:, None] >> np.arange(TREE_PLAYERS)) & 1
        mixed = np.where(member[:, None] == 1, patient, self.rows).reshape(-1, TREE_PLAYERS)
        worth = [self.probability(t, mixed).reshape(len(member), -1).mean(axis=1) for t in (0, 1)]
        return np.array([by_definition(value) for value in worth])

    def task(self) -> Task[Floats]:
        patients = list(self.features[-TREE_PATIENTS:])
        gain = [
            np.array(
                [
                    (self.probability(t, patient[None]) - self.probability(t, self.rows).mean())[0]
                    for t in (0, 1)
                ]
            )
            for patient in patients
        ]
        kind = "gradient boosting, 50 trees" if self.boosting else "random forest, 50 trees"
        return Task(
            f"{kind} per treatment (scikit-learn), on patients of the additive model",
            TREE_PLAYERS,
            f"{TREE_ROWS} joint rows, equal weights",
            patients,
            [self.exact(patient) for patient in patients],
            gain,
        )

    def explainer(self, **options: Any) -> Callable[[Floats], Floats]:
        made = [shap.TreeExplainer(ensemble, **options) for ensemble in self.ensembles]

        def values(patient: Floats) -> Floats:
            raw = [np.asarray(one.shap_values(patient[None]))[0] for one in made]
            # a forest is explained for both classes; the second is the outcome reached
            return np.array([value[:, 1] if value.ndim == 2 else value for value in raw])

        return values

    def methods(self) -> list[tuple[str, Callable[[Floats], Floats]]]:
        unit = "log-odds" if self.boosting else "probability"
        given = {"data": self.rows, "feature_perturbation": "interventional"}
        path = self.explainer(feature_perturbation="tree_path_dependent")
        rows = [
            (f"shap Tree, path-dependent, {unit}", path),
            (f"shap Tree, interventional, {unit}", self.explainer(**given)),
        ]
        if self.boosting:
            rescaled = self.explainer(**given, model_output="probability")
            rows.append(("shap Tree, interventional, model_output=probability", rescaled))
        return rows
