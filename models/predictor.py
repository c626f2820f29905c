"""The serving side: one patient's findings in, probabilities with ranges and exact reasons out.

numpy only. The same functions as in training compute every number, so that what was validated is
what is shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from decision.clinical.assessment import (
    Comparison,
    ComparisonEstimate,
    Contrast,
    Contribution,
    DomainCheck,
    Explanation,
    Interval,
    LocalCalibration,
    MissingCost,
    ModelIdentity,
    Prediction,
)
from decision.clinical.errors import ModelError
from decision.clinical.features import FeatureVector
from decision.clinical.outlook import Outlook
from decision.clinical.spec import DecisionSpec
from models.artifact import active
from models.cohort import Floats, Ints
from models.design import Bools, DesignError, groups, player_sums
from models.domain import unusual
from models.interval import Ranges, ranges, unmeasured, variances
from models.outlook import expected_ranges, tenths
from models.panel import SIDES
from models.served import Served, load_served
from models.shapley import Background, ShapleyValues, explain, grouped, mask
from models.subgroups import Counted, groups_of, read_subgroups
from models.wilson import wilson
from models.worth import worths

BAND_ROWS = 150
"""Validation patients aimed at around a probability, so that their share says something."""
WIDEST_BAND = 0.2


class ModelInputError(ModelError):
    """A patient or a site the model cannot answer for."""


def load_predictor(spec: DecisionSpec, folder: Path) -> ArtefactPredictor:
    """The decision's active model.

    Parameters
    ----------
    folder : the decision's artefact folder (with active.json), or one version's

    Raises
    ------
    models.artifact.ArtefactError
    """
    version = active(folder)
    served = load_served(spec, version)
    return ArtefactPredictor(served, read_subgroups(version, served.identity.checksum))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One patient's estimates, and the arrays that reasons are worked out from."""

    table: Mapping[str, Floats]
    z: Floats
    present: Bools
    site: tuple[float, float]
    """Shift and its variance."""
    margins: Floats
    variance: Floats
    estimate: ComparisonEstimate


class ArtefactPredictor:
    """A loaded model. Holds no patient: every answer depends on its arguments only."""

    def __init__(self, served: Served, subgroups: tuple[Counted, ...] = ()) -> None:
        self._served, self._subgroups = served, subgroups
        self._sums = player_sums(served.panel.design)

    @property
    def identity(self) -> ModelIdentity:
        """Which model this is, and at which sites it may be used."""
        return self._served.identity

    def answer(self, features: FeatureVector, *, site: str, level: float) -> Comparison:
        """Everything the model says about one patient at one recalibrated site.

        Parameters
        ----------
        features : findings of the decision's features
        site : one of `identity.sites` · level : of the ranges, e.g. 0.9

        Raises
        ------
        ModelInputError
            For a site without recalibration, or a value no column can be computed from.
        """
        return self._explained(self._asked(features, site, level), level)

    def estimate(self, features: FeatureVector, *, site: str, level: float) -> ComparisonEstimate:
        """What `answer` says, without its reasons; raises what `answer` does."""
        return self._asked(features, site, level).estimate

    def _asked(self, features: FeatureVector, site: str, level: float) -> _Asked:
        served, panel = self._served, self._served.panel
        if site not in served.sites:
            raise ModelInputError(
                f"The model has not been recalibrated for site {site!r}.",
                f"Use one of: {', '.join(served.sites)}.",
            )
        found = features.values
        table = {f: np.array([found.get(f, np.nan)]) for f in panel.design.features}
        try:
            raw, present = panel.design.gated(table)
            plain = panel.design.raw(table)[0]
        except DesignError as error:
            raise ModelInputError(str(error), "Correct the value at its source.") from error
        z = panel.gaussian.standardise(raw)
        filled = panel.complete(z, present)
        shift, v_site = served.sites[site]
        margins = panel.margins(filled, present) + shift
        variance = variances(panel, z, filled, present, np.array([v_site]))
        result = ranges(margins, variance, level)
        stratum, courses = self._overlap(found)
        at = partial(self._prediction, result, level=level)
        return _Asked(
            table=table,
            z=z[0],
            present=present[0],
            site=(shift, v_site),
            margins=margins,
            variance=variance,
            estimate=ComparisonEstimate(
                predictions=(at(0), at(1)),
                contrast=self._contrast(result, level),
                domain=self._domain(plain, found),
                comparable=min(courses),
                stratum=stratum,
            ),
        )

    def _explained(self, asked: _Asked, level: float) -> Comparison:
        panel, estimate = self._served.panel, asked.estimate
        known, here = ~np.isnan(asked.z), asked.present
        margins, variance = asked.margins, asked.variance
        return Comparison(
            predictions=estimate.predictions,
            contrast=estimate.contrast,
            explanation=self._explanation(asked.z, known, here, asked.site[0]),
            domain=estimate.domain,
            missing_costs=self._costs(margins, variance, known, here, level),
            absent_modalities=tuple(
                m for m, is_here in zip(panel.design.modalities, here, strict=True) if not is_here
            ),
            comparable=estimate.comparable,
            stratum=estimate.stratum,
            worths=worths(
                panel,
                asked.table,
                self._served.treatments,
                asked.site,
                (margins, variance, known, here),
                level,
            ),
        )

    def outlook(self, features: FeatureVector, *, site: str, level: float) -> Outlook:
        """How the model was checked, what it has seen, and what one more measurement is worth to a
        patient whom it answers for.
        """
        served, found = self._served, features.values
        return Outlook(
            bands={
                treatment: tenths(served.band_n[arm], served.band_events[arm])
                for arm, treatment in enumerate(served.treatments)
            },
            groups={
                treatment: groups_of(self._subgroups, arm, found)
                for arm, treatment in enumerate(served.treatments)
            },
            usual=served.usual,
            expected=expected_ranges(served, found, site, level),
        )

    def _prediction(self, result: Ranges, arm: int, level: float) -> Prediction:
        p = float(result.probability[0, arm])
        return Prediction(
            treatment=self._served.treatments[arm],
            probability=p,
            interval=Interval(
                low=float(result.low[0, arm]), high=float(result.high[0, arm]), level=level
            ),
            reference_n=self._served.courses[arm],
            calibration=local_calibration(
                self._served.band_n[arm], self._served.band_events[arm], p
            ),
        )

    def _contrast(self, result: Ranges, level: float) -> Contrast:
        first, second = self._served.treatments
        d, sd = float(result.difference[0]), float(result.sd[0])
        return Contrast(
            a=first,
            b=second,
            difference=d,
            interval=Interval(
                low=float(result.difference_low[0]),
                high=float(result.difference_high[0]),
                level=level,
            ),
            probability_positive=0.5 * (1.0 + math.erf(d / sd / math.sqrt(2.0))),
        )

    def _explanation(self, z: Floats, known: Bools, present: Bools, shift: float) -> Explanation:
        served, panel = self._served, self._served.panel
        weights = panel.pattern_weights(known, present)
        own = (np.where(known, z, 0.0) * weights) @ self._sums
        rows = Background(
            np.asarray((served.background * weights[:, None, :]) @ self._sums), served.weights
        )
        intercepts = panel.intercept + float(~present @ panel.absent) + shift + SIDES * panel.effect
        silent = ~(known @ self._sums > 0.0)
        rows = mask(rows, silent)
        each = explain(own, intercepts, rows)
        per_modality = grouped(own, intercepts, rows, groups(panel.design))
        players = tuple(p.id for p in panel.design.players)
        modalities = tuple(m.value for m in panel.design.modalities)
        return Explanation(
            base=dict(zip(served.treatments, each.base.tolist(), strict=True)),
            contributions=self._contributions(players, each),
            modalities=self._contributions(modalities, per_modality),
            certificate=max(each.certificate, per_modality.certificate),
        )

    def _contributions(
        self, names: tuple[str, ...], found: ShapleyValues
    ) -> tuple[Contribution, ...]:
        return tuple(
            Contribution(
                player=name,
                effects=dict(
                    zip(self._served.treatments, found.values[:, j].tolist(), strict=True)
                ),
                prognostic=float(found.prognostic[j]),
                differential=float(found.differential[j]),
            )
            for j, name in enumerate(names)
        )

    def _domain(self, raw: Floats, found: dict[str, float]) -> DomainCheck:
        check = unusual(self._served.domain, raw)
        outside = tuple(
            (feature, found[feature], low, high)
            for feature, (low, high) in self._served.usual.items()
            if feature in found and not low <= found[feature] <= high
        )
        return DomainCheck(
            p_value=check.p_value,
            culprit=self._served.panel.design.columns[check.culprit].inputs[0],
            outside_usual=outside,
        )

    def _costs(
        self, margins: Floats, variance: Floats, known: Bools, present: Bools, level: float
    ) -> tuple[MissingCost, ...]:
        """Width that each unmeasured player adds to the range of the difference, largest first.

        The price of ONE more measurement at the value we expect: the players' costs do not add up.
        """
        panel = self._served.panel
        missing: Ints = np.unique(panel.design.player_of[~known])
        now = unmeasured(panel, known, present)
        variants = [variance[0]]
        for player in missing:
            also = known | (panel.design.player_of == player)
            modality = panel.design.modality_of[panel.design.player_of == player][0]
            with_it = present.copy()
            with_it[modality] = True
            # Measuring one test of an absent panel leaves the rest of that panel unmeasured.
            variants.append(variance[0] - now + unmeasured(panel, also, with_it))
        widths = ranges(np.repeat(margins, len(variants), axis=0), np.stack(variants), level)
        width = widths.difference_high - widths.difference_low
        costs = [
            MissingCost(player=panel.design.players[int(j)].id, wider=float(width[0] - w))
            for j, w in zip(missing, width[1:], strict=True)
        ]
        return tuple(sorted(costs, key=lambda c: -c.wider))

    def _overlap(self, found: dict[str, float]) -> tuple[str, tuple[int, int]]:
        for stratum in self._served.strata:
            inside = all(
                feature in found and low <= found[feature] <= high
                for feature, (low, high) in stratum.ranges.items()
            )
            if inside:
                return stratum.label, stratum.courses
        raise ModelInputError(
            "The patient belongs to no stratum of training patients.",
            "Add a stratum without conditions to the decision's columns.",
        )


def local_calibration(n: Ints, events: Ints, p: float) -> LocalCalibration:
    """Validation patients scored near p, and how many of them reached the outcome.

    Parameters
    ----------
    n, events : (b,) validation patients and outcomes per equal band of [0, 1]

    Notes
    -----
    The band around p grows on both sides until it holds 150 patients or is .2 wide.

    Examples
    --------
    >>> found = local_calibration(np.full(10, 84), np.full(10, 31), 0.37)
    >>> found.n, found.events, round(found.low, 2), round(found.high, 2)
    (84, 31, 0.3, 0.4)
    """
    bands = len(n)
    first = last = min(int(p * bands), bands - 1)
    while (
        n[first : last + 1].sum() < BAND_ROWS and (last + 3 - first) / bands <= WIDEST_BAND + 1e-9
    ):
        first, last = max(first - 1, 0), min(last + 1, bands - 1)
        if first == 0 and last == bands - 1:
            break
    total, reached = int(n[first : last + 1].sum()), int(events[first : last + 1].sum())
    low, high = wilson(reached, total)
    return LocalCalibration(
        low=first / bands,
        high=(last + 1) / bands,
        n=total,
        events=reached,
        observed_low=low,
        observed_high=high,
    )
