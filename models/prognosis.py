"""A progression model behind a decision: findings in, the shared answer of a prognosis out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from decision.clinical.answers import (
    DomainCheck,
    MissingCost,
    Prognosis,
    PrognosisEstimate,
    RiskEffect,
    RiskExplanation,
    horizon_id,
)
from decision.clinical.assessment import ModelIdentity
from decision.clinical.features import FeatureVector
from decision.clinical.outlook import Outlook
from decision.clinical.spec import DecisionSpec, ModelColumn, Transform
from models.artifact import SpecMismatchError
from models.design import Design, DesignError
from models.hazard_explain import Reasons
from models.hazard_predictor import HazardAnswer, HazardPredictor, load_hazard_predictor
from models.predictor import ModelInputError

_BACK = {Transform.IDENTITY: float, Transform.LOG: math.exp}
"""From a column's value to its feature's, for the transforms a progression model has."""


def load_prognosis(spec: DecisionSpec, folder: Path) -> PrognosisPredictor:
    """The decision's active model, held against what the decision now reads.

    Raises
    ------
    models.artifact.ArtefactError
    """
    return PrognosisPredictor(spec, load_hazard_predictor(spec.id, folder), folder)


class PrognosisPredictor:
    """A loaded model. Holds no person: every answer depends on its arguments only."""

    def __init__(self, spec: DecisionSpec, hazard: HazardPredictor, origin: Path) -> None:
        if spec.prognosis is None:
            raise TypeError(f"decision {spec.id!r} is no prognosis")
        self._spec, self._hazard = spec, hazard
        self._stratum = spec.prognosis.stratum
        self._design = Design(columns=spec.columns, players=spec.players, quorum=spec.quorum)
        then = hazard.design
        for what, was, now in (
            ("columns", then.columns, tuple(c.id for c in spec.columns)),
            ("horizons", then.horizons, spec.prognosis.horizons_years),
            ("strata", then.strata, tuple(s.id for s in spec.strata)),
        ):
            if was != now:
                raise SpecMismatchError(
                    f"{origin}: {what} were {was!r}, the decision has {now!r}",
                    "Train the model again for the changed decision, or restore the decision.",
                )
        if odd := [c.id for c in spec.columns if c.transform not in _BACK or len(c.inputs) != 1]:
            raise SpecMismatchError(
                f"{origin}: columns {', '.join(odd)} do not say one feature each",
                "Give each column of a prognosis one feature, as it is or as its logarithm.",
            )
        self._players = {
            p.id: tuple(np.flatnonzero(self._design.player_of == j).tolist())
            for j, p in enumerate(spec.players)
        }
        self._modalities = {
            m.value: tuple(np.flatnonzero(self._design.modality_of == j).tolist())
            for j, m in enumerate(self._design.modalities)
        }

    @property
    def identity(self) -> ModelIdentity:
        """Which model this is, and at which sites it may be used."""
        return self._hazard.identity

    def answer(self, features: FeatureVector, *, site: str, level: float) -> Prognosis:
        """Everything the model says about one person at one recalibrated site.

        Raises
        ------
        ModelInputError
            For a site without recalibration, a value no column can be computed from, or a person
            without a stratum.
        """
        found = features.values
        stratum, values = self._person(found)
        answered = self._hazard.answer(values, stratum=stratum, site=site, level=level)
        each, whole = (
            self._hazard.reasons(values, stratum=stratum, site=site, players=players)
            for players in (self._players, self._modalities)
        )
        return Prognosis(
            stratum=stratum,
            stratum_label=self._spec.strata[stratum].label,
            risks=answered.risks,
            curve=answered.curve,
            explanation=RiskExplanation(
                base=dict(zip(self._keys, each.base.tolist(), strict=True)),
                effects=self._effects(each),
                modalities=self._effects(whole),
                certificate=max(each.residual, whole.residual),
            ),
            domain=self._domain(answered.domain, found),
            missing_costs=self._costs(answered),
            absent_modalities=tuple(
                m
                for m in self._design.modalities
                if not any(f in found for f in self._features_of(m.value))
            ),
            reference_n=answered.behind.people,
            reference_events=answered.behind.events,
        )

    def estimate(self, features: FeatureVector, *, site: str, level: float) -> PrognosisEstimate:
        """What `answer` says, without its reasons; raises what `answer` does."""
        found = features.values
        stratum, values = self._person(found)
        risks, domain = self._hazard.estimate(values, stratum=stratum, site=site, level=level)
        return PrognosisEstimate(risks=risks, domain=self._domain(domain, found))

    def _person(self, found: Mapping[str, float]) -> tuple[int, dict[str, float]]:
        """Stratum, and what is known by column."""
        if self._stratum not in found:
            raise ModelInputError(
                "The stratum is not known, and it is never imputed.",
                "Enter what the class of this person rests on.",
            )
        return int(found[self._stratum]), self._columns(found)

    def outlook(self, features: FeatureVector, *, site: str, level: float) -> Outlook:
        """How the model was checked, what it has seen, and what one more measurement is worth to a
        person whom it answers for.
        """
        found = features.values
        columns = {c.id: c for c in self._spec.columns}
        answered = self._hazard.outlook(
            self._columns(found),
            stratum=int(found[self._stratum]),
            site=site,
            level=level,
            players={
                group: columns[first].player
                for group, (first, *_) in self._hazard.design.groups.items()
            },
        )
        return replace(
            answered,
            usual={
                columns[name].inputs[0]: (_back(columns[name], low), _back(columns[name], high))
                for name, (low, high) in answered.usual.items()
            },
        )

    @property
    def _keys(self) -> tuple[str, ...]:
        return tuple(horizon_id(years) for years in self._hazard.design.horizons)

    def _columns(self, found: Mapping[str, float]) -> dict[str, float]:
        """What is known, by column."""
        table = {f: np.array([found.get(f, np.nan)]) for f in self._design.features}
        try:
            row = self._design.raw(table)[0]
        except DesignError as error:
            raise ModelInputError(str(error), "Correct the value at its source.") from error
        known = zip(self._design.columns, row.tolist(), strict=True)
        return {column.id: value for column, value in known if not math.isnan(value)}

    def _features_of(self, modality: str) -> tuple[str, ...]:
        return tuple(self._spec.columns[j].inputs[0] for j in self._modalities[modality])

    def _effects(self, reasons: Reasons) -> tuple[RiskEffect, ...]:
        return tuple(
            RiskEffect(
                player=player,
                effects=dict(zip(self._keys, reasons.values[:, k].tolist(), strict=True)),
            )
            for k, player in enumerate(reasons.players)
        )

    def _domain(self, check: DomainCheck, found: Mapping[str, float]) -> DomainCheck:
        """The same in features and their units."""
        columns = {c.id: c for c in self._spec.columns}
        return DomainCheck(
            p_value=check.p_value,
            culprit=columns[check.culprit].inputs[0],
            outside_usual=tuple(
                (feature, found[feature], _back(columns[name], low), _back(columns[name], high))
                for name, _, low, high in check.outside_usual
                for feature in columns[name].inputs
            ),
        )

    def _costs(self, answered: HazardAnswer) -> tuple[MissingCost, ...]:
        """By player: a group of the model is what one test measures."""
        groups = self._hazard.design.groups
        players = {column.id: column.player for column in self._spec.columns}
        return tuple(
            MissingCost(player=players[groups[cost.player][0]], wider=cost.wider)
            for cost in answered.missing_costs
        )


def _back(column: ModelColumn, value: float) -> float:
    return _BACK[column.transform](value)
