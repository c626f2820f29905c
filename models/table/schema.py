"""The columns of a cohort table, made from the decision itself so that the two cannot drift."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from importlib.util import find_spec
from typing import cast

from decision.clinical.endpoint import Endpoint
from decision.clinical.spec import DecisionSpec, FeatureSpec

LATER = "outcome_"
"""Before a feature's id: the same feature measured again at the outcome visit."""
DATED = "_date"
"""After a feature's id: the day on which it was measured."""


class Kind(StrEnum):
    """What the cells of a column hold."""

    LABEL = "text"
    NUMBER = "number"
    COUNT = "whole number"
    FLAG = "0 or 1"
    DATE = "date, YYYY-MM-DD"


class Need(StrEnum):
    """Whether a column must be there."""

    REQUIRED = "required"
    OUTCOME = "`outcome` or its components"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `low` and `high` are the closed range of its numbers; `lookback_days` how old a
    measurement dated by it may be. `filled`: whether each row must have a value.
    """

    name: str
    kind: Kind
    need: Need
    meaning: str
    unit: str = ""
    low: float = float("-inf")
    high: float = float("inf")
    lookback_days: int | None = None
    filled: bool = False


PERSON, SITE, START, BORN = "person_id", "site", "index_date", "birth_date"
TREATMENT, OUTCOME, VISIT, STOPPED = "treatment", "outcome", "outcome_date", "stop_date"
TIME, EVENT, LAST_FREE, ENTRY = "time", "event", "last_free", "entry"


@dataclass(frozen=True, kw_only=True)
class Schema:
    """All columns of a decision's cohort table, and how its outcome is made from components."""

    spec: DecisionSpec
    columns: tuple[Column, ...]
    endpoint: Endpoint | None

    @cached_property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Ids of the decision's predictors that a model may read, in its order."""
        return tuple(f.id for f in self.spec.features)

    @property
    def components(self) -> tuple[str, ...]:
        """Names of the columns that the outcome can be computed from."""
        return tuple(LATER + c for c in self.endpoint.components) if self.endpoint else ()

    @property
    def timed(self) -> bool:
        """Whether the outcome is when something happens."""
        return self.spec.prognosis is not None


def schema_of(spec: DecisionSpec) -> Schema:
    """The cohort table of a decision."""
    endpoint = endpoint_of(spec)
    columns = (*_about_the_row(spec), *_outcomes(spec, endpoint))
    features = tuple(_feature(f) for f in spec.features)
    days = tuple(_feature_date(f) for f in spec.features)
    return Schema(spec=spec, columns=columns + features + days, endpoint=endpoint)


def endpoint_of(spec: DecisionSpec) -> Endpoint | None:
    """How the decision's catalogue folder reads its outcome; None where it does not say."""
    name = f"decision.catalog.{spec.id}.endpoint"
    if spec.prognosis is not None or find_spec(name) is None:
        return None
    return cast("Endpoint", importlib.import_module(name).ENDPOINT)


def _about_the_row(spec: DecisionSpec) -> tuple[Column, ...]:
    timed = spec.prognosis is not None
    start = "Day from which the outcome is counted" if timed else "Day on which the drug was begun"
    row = (
        Column(
            name=PERSON,
            kind=Kind.LABEL,
            need=Need.REQUIRED,
            filled=True,
            meaning="Pseudonym of the person: the same in all rows of one person, no name or "
            "record number. All rows of one person stay on one side of every split.",
        ),
        Column(
            name=SITE,
            kind=Kind.LABEL,
            need=Need.REQUIRED,
            filled=True,
            meaning="Where the person was treated. Sites are left out one by one in validation.",
        ),
        Column(
            name=START,
            kind=Kind.DATE,
            need=Need.REQUIRED,
            filled=True,
            meaning=f"{start}. Every predictor is what was known by the end of it.",
        ),
        Column(
            name=BORN,
            kind=Kind.DATE,
            need=Need.OPTIONAL,
            meaning="Only to check dates and ages; never a predictor and never stored.",
        ),
    )
    if timed:
        return row
    labels = ", ".join(f"`{t.id}`" for t in spec.treatments)
    arm = Column(
        name=TREATMENT,
        kind=Kind.LABEL,
        need=Need.REQUIRED,
        filled=True,
        meaning=f"The drug class that was begun: {labels}.",
    )
    return (*row, arm)


def _outcomes(spec: DecisionSpec, endpoint: Endpoint | None) -> tuple[Column, ...]:
    if spec.prognosis is not None:
        return _times()
    found = [
        Column(
            name=OUTCOME,
            kind=Kind.FLAG,
            need=Need.OUTCOME if endpoint else Need.REQUIRED,
            low=0.0,
            high=1.0,
            meaning=f"{spec.outcome.definition} 1 reached, 0 not reached, empty not known.",
        )
    ]
    if endpoint is None:
        return tuple(found)
    first, last = endpoint.window_weeks
    for component in endpoint.components:
        feature = spec.feature(component)
        found.append(
            Column(
                name=LATER + component,
                kind=_kind(feature),
                need=Need.OUTCOME,
                unit=feature.unit,
                low=feature.supported.low,
                high=feature.supported.high,
                meaning=f"{feature.label} at the visit {first} to {last} weeks after the start; "
                "the outcome is computed from all components.",
            )
        )
    visit = Column(
        name=VISIT,
        kind=Kind.DATE,
        need=Need.OPTIONAL,
        meaning=f"Day of that visit; it must lie {first} to {last} weeks after the start.",
    )
    stopped = Column(
        name=STOPPED,
        kind=Kind.DATE,
        need=Need.OPTIONAL,
        meaning="Day on which the drug was stopped. Stopping before the visit, or by week "
        f"{endpoint.target_week} without one, counts as not reached.",
    )
    return (*found, visit, stopped)


def _times() -> tuple[Column, ...]:
    def years(name: str, meaning: str, need: Need = Need.OPTIONAL) -> Column:
        return Column(
            name=name,
            kind=Kind.NUMBER,
            need=need,
            unit="a",
            low=0.0,
            high=100.0,
            meaning=meaning,
            filled=need is Need.REQUIRED,
        )

    event = Column(
        name=EVENT,
        kind=Kind.FLAG,
        need=Need.REQUIRED,
        low=0.0,
        high=1.0,
        filled=True,
        meaning="1 where the event was seen at `time`; 0 where the person was last seen free of "
        "it then (censored).",
    )
    return (
        years(TIME, "Years from the index date to the event or the last visit.", Need.REQUIRED),
        event,
        years(
            LAST_FREE,
            "Years to the last visit free of the event, where that is known: the event lies "
            "between it and `time`. Empty: the event is taken to be at `time`.",
        ),
        years(ENTRY, "Years after which the person came under observation; empty is 0."),
    )


def _kind(feature: FeatureSpec) -> Kind:
    if feature.flag_labels:
        return Kind.FLAG
    return Kind.COUNT if feature.unit == "{count}" else Kind.NUMBER


def _feature(feature: FeatureSpec) -> Column:
    words = feature.label
    if feature.flag_labels:
        words = f"{words}: 0 {feature.flag_labels[0]}, 1 {feature.flag_labels[1]}"
    return Column(
        name=feature.id,
        kind=_kind(feature),
        need=Need.REQUIRED if feature.required else Need.OPTIONAL,
        unit=feature.unit,
        low=feature.supported.low,
        high=feature.supported.high,
        meaning=f"{words}.",
    )


def _feature_date(feature: FeatureSpec) -> Column:
    days = feature.lookback.days if feature.lookback else None
    limit = f", at most {days} days before the start" if days else ""
    return Column(
        name=feature.id + DATED,
        kind=Kind.DATE,
        need=Need.OPTIONAL,
        lookback_days=days,
        meaning=f"Day on which `{feature.id}` was measured{limit}; never after the start.",
    )
