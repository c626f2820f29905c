"""The serving side of a progression model: one person's columns in, risks and exact reasons out.

numpy only. The same functions as in training compute every number, so that what was validated is
what is shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np

from decision.clinical.answers import (
    CurvePoint,
    DomainCheck,
    HorizonRisk,
    Interval,
    MissingCost,
    horizon_id,
)
from decision.clinical.assessment import ModelIdentity
from decision.clinical.outlook import Outlook
from models.artifact import active
from models.cohort import Floats
from models.domain import unusual
from models.events import EventError
from models.gaussian import complete
from models.hazard_artifact import ServedHazard, load_hazard
from models.hazard_explain import Reasons, explain_risk
from models.hazard_model import (
    HazardDesign,
    Risks,
    SiteShift,
    StratumModel,
    part_of,
    predict,
    rising,
    survival,
)
from models.hazard_outlook import expected_ranges, tenths
from models.hazard_validation import local_calibration
from models.predictor import ModelInputError

STEP = 0.25
"""Years between the points of the curve; every horizon is one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """Whom an answer rests on: people and events of the stratum's fit, and of these the ones who
    know at least as much, who calibrated this pattern; `auc` is theirs, by the last horizon.
    """

    people: int
    events: int
    pattern_people: int
    pattern_events: int
    auc: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardAnswer:
    """Everything the model says of one person but the reasons.

    missing : groups of columns that are not known · decided : whether the group is known without
    which the stratum itself is provisional · missing_costs : by group, of the range at the last
    horizon
    """

    stratum: int
    stratum_name: str
    pattern: str
    missing: tuple[str, ...]
    decided: bool
    risks: tuple[HorizonRisk, ...]
    curve: tuple[CurvePoint, ...]
    domain: DomainCheck
    missing_costs: tuple[MissingCost, ...]
    behind: Behind


def load_hazard_predictor(
    decision: str, folder: Path, design: HazardDesign | None = None
) -> HazardPredictor:
    """The decision's active model.

    Parameters
    ----------
    folder : the decision's artefact folder (with active.json), or one version's
    design : what the decision reads now; the model must have been trained for the same

    Raises
    ------
    models.artifact.ArtefactError
    """
    return HazardPredictor(load_hazard(decision, active(folder), design))


class HazardPredictor:
    """A loaded progression model. Holds no person: every answer depends on its arguments only."""

    def __init__(self, served: ServedHazard) -> None:
        self._served = served

    @property
    def identity(self) -> ModelIdentity:
        """Which model this is, and at which sites it may be used."""
        return self._served.identity

    @property
    def design(self) -> HazardDesign:
        """Columns, groups of them that may be missing, strata and horizons."""
        return self._served.model.design

    def answer(
        self, values: Mapping[str, float], *, stratum: int, site: str, level: float
    ) -> HazardAnswer:
        """The risks of one person at one recalibrated site, and what they rest on.

        Parameters
        ----------
        values : by column, what is not known left out · stratum : number into the design's strata
        site : one of `identity.sites` · level : of the ranges, e.g. 0.9

        Raises
        ------
        ModelInputError
            For a site without recalibration, a value that is no number, an unknown column, a
            required value that is missing, or a stratum that was not fitted.
        """
        x, found, fitted, decided, name = self._asked(values, stratum, site, level)
        part, shifts = fitted.submodels[name], self._served.sites[site]
        known = self.design.known(x[None])[0]
        return HazardAnswer(
            stratum=stratum,
            stratum_name=self.design.strata[stratum],
            pattern=name,
            missing=tuple(g for g, k in zip(self.design.groups, known, strict=True) if not k),
            decided=decided,
            risks=self._risks(found, stratum, level),
            curve=self._curve(x, stratum, found, level),
            domain=self._domain(x, stratum, fitted),
            missing_costs=self._costs(x, stratum, shifts, found, level),
            behind=Behind(
                people=fitted.people,
                events=fitted.events,
                pattern_people=part.people,
                pattern_events=part.events,
                auc=part.auc,
            ),
        )

    def estimate(
        self, values: Mapping[str, float], *, stratum: int, site: str, level: float
    ) -> tuple[tuple[HorizonRisk, ...], DomainCheck]:
        """The risks of `answer`, and how usual the person is; raises what `answer` does."""
        x, found, fitted, _, _ = self._asked(values, stratum, site, level)
        return self._risks(found, stratum, level), self._domain(x, stratum, fitted)

    def _asked(
        self, values: Mapping[str, float], stratum: int, site: str, level: float
    ) -> tuple[Floats, Risks, StratumModel, bool, str]:
        """The person's row, the risks, and the fit that gave them with what it decided and read."""
        served = self._served
        if site not in served.sites:
            raise ModelInputError(
                f"The model has not been recalibrated for site {site!r}.",
                f"Use one of: {', '.join(served.sites)}.",
            )
        if not 0.0 < level < 1.0:
            raise ModelInputError(
                f"The level of the ranges is {level:g}.", "Use a share between 0 and 1, such as .9."
            )
        x, shifts = self._row(values), served.sites[site]
        try:
            found = predict(served.model, x[None], np.array([stratum]), shifts, level)
            ((_, decided, name, _),) = part_of(self.design, x[None], np.array([stratum]))
        except EventError as error:
            raise ModelInputError(
                f"The model cannot answer: {error}.", "Give what is required, or show no estimate."
            ) from error
        return x, found, served.model.models[stratum, decided], decided, name

    def reasons(
        self,
        values: Mapping[str, float],
        *,
        stratum: int,
        site: str,
        players: Mapping[str, tuple[int, ...]] | None = None,
    ) -> Reasons:
        """Why an answer's risks are what they are, with columns taken together as `players`; each
        column a player of its own if not given.
        """
        shift = self._served.sites[site].get(stratum)
        return explain_risk(self._served.model, self._row(values), stratum, shift, players)

    def outlook(
        self,
        values: Mapping[str, float],
        *,
        stratum: int,
        site: str,
        level: float,
        players: Mapping[str, str],
    ) -> Outlook:
        """How risks of this stratum were checked, by horizon, the usual range of each column, and
        what measuring a group is worth; `players` names who is measured with it.
        """
        served = self._served
        return Outlook(
            bands={
                horizon_id(years): tenths(served.validated, stratum, h)
                for h, years in enumerate(self.design.horizons)
            },
            usual=served.usual.get(stratum, {}),
            expected=expected_ranges(served, self._row(values), stratum, site, level, players),
        )

    def _row(self, values: Mapping[str, float]) -> Floats:
        columns = self.design.columns
        for name, value in values.items():
            if name not in columns:
                raise ModelInputError(
                    f"The model has no column {name!r}.", f"Its columns are {', '.join(columns)}."
                )
            if not math.isfinite(value):
                raise ModelInputError(
                    f"The value of {name!r} is no finite number.",
                    "Leave out what is not known; correct the value at its source.",
                )
        return np.array([values.get(column, np.nan) for column in columns], dtype=np.float64)

    def _risks(self, found: Risks, stratum: int, level: float) -> tuple[HorizonRisk, ...]:
        return tuple(
            HorizonRisk(
                years=years,
                probability=float(found.risk[0, h]),
                interval=Interval(
                    low=float(found.low[0, h]), high=float(found.high[0, h]), level=level
                ),
                calibration=local_calibration(
                    self._served.validated, stratum, h, float(found.risk[0, h])
                ),
            )
            for h, years in enumerate(self.design.horizons)
        )

    def _curve(self, x: Floats, stratum: int, found: Risks, level: float) -> tuple[CurvePoint, ...]:
        horizons = self.design.horizons
        years = np.union1d(np.arange(0.0, horizons[-1], STEP), horizons)
        reach = _reach(found.sd, level)
        lines = []
        for margin, shown in (
            (found.margin, found.risk),
            (found.margin - reach, found.low),
            (found.margin + reach, found.high),
        ):
            alive = survival(self._served.model, x[None], np.array([stratum]), years, margin)[0]
            # the displayed risks themselves, not what rounding makes of them on the way
            line = 1.0 - alive
            line[np.searchsorted(years, horizons)] = shown[0]
            lines.append(np.maximum.accumulate(line).tolist())
        return tuple(
            CurvePoint(years=t, risk=risk, low=low, high=high)
            for t, risk, low, high in zip(years.tolist(), *lines, strict=True)
        )

    def _domain(self, x: Floats, stratum: int, fitted: StratumModel) -> DomainCheck:
        if fitted.domain is None:
            raise ModelInputError(
                f"Stratum {self.design.strata[stratum]!r} was fitted on too few people to tell who "
                "is unusual.",
                "Train on more people, or show no estimate in this stratum.",
            )
        check = unusual(fitted.domain, x)
        known = dict(zip(self.design.columns, x.tolist(), strict=True))
        return DomainCheck(
            p_value=check.p_value,
            culprit=self.design.columns[check.culprit],
            outside_usual=tuple(
                (column, known[column], low, high)
                for column, (low, high) in self._served.usual.get(stratum, {}).items()
                if not math.isnan(known[column]) and not low <= known[column] <= high
            ),
        )

    def _costs(
        self,
        x: Floats,
        stratum: int,
        shifts: Mapping[int, SiteShift],
        found: Risks,
        level: float,
    ) -> tuple[MissingCost, ...]:
        """Width each missing group adds to the last range, the largest first.

        The price of ONE more measurement at the value we expect, the risk being as it is now: the
        groups' costs do not add up. A group whose measurement no fit here could read has none.
        """
        width = float(found.high[0, -1] - found.low[0, -1])
        costs = []
        for group in self.design.groups:
            if not np.isnan(x[self.design.mask(group)]).any():
                continue
            likely = self._likely(x, stratum, group)
            if likely is None:
                continue
            more = predict(self._served.model, likely[None], np.array([stratum]), shifts, level)
            reach = _reach(more.sd, level)
            ends = rising(found.margin + reach) - rising(found.margin - reach)
            costs.append(MissingCost(player=group, wider=max(0.0, width - float(ends[0, -1]))))
        return tuple(sorted(costs, key=lambda cost: -cost.wider))

    def _likely(self, x: Floats, stratum: int, group: str) -> Floats | None:
        """The person with the group at what the fit that reads it expects."""
        columns = self.design.mask(group)
        read = np.where(columns & np.isnan(x), 0.0, x)
        ((_, decided, _, _),) = part_of(self.design, read[None], np.array([stratum]))
        fitted = self._served.model.models.get((stratum, decided))
        if fitted is None:
            return None
        z = fitted.gaussian.standardise(x[None])
        expected = complete(fitted.gaussian, z, np.ones_like(z, dtype=bool))[0]
        raw = fitted.gaussian.mean + fitted.gaussian.sd * expected
        return np.asarray(np.where(columns & np.isnan(x), raw, x))


def _reach(sd: Floats, level: float) -> Floats:
    """Half width of the ranges, in log cumulative hazard."""
    return np.asarray(NormalDist().inv_cdf(0.5 + level / 2.0) * sd)
