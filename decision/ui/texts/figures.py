"""Figures of a validation over time, for the About page: one row for each group and horizon (D14).

A metric's dotted name is where it was measured, in whom, by when, and what. Within a stratum comes
before everybody together: the strata alone set people apart, and the pooled figure flatters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from decision.clinical.answers import in_years
from decision.clinical.assessment import ModelIdentity
from decision.clinical.spec import DecisionSpec
from decision.ui.texts.numbers import figure
from decision.ui.texts.risk import horizon_years

HEAD = (
    "In whom",
    "Within",
    "Discrimination (AUC)",
    "Brier score",
    "Observed per expected",
    "Calibration slope",
    "Truth inside its range",
)
PLACES = {
    "held_out": "At a site that took no part in training, recalibrated first",
    "development": "New people of the training sites",
}
EVERYBODY = "overall"
COMPLETE = "complete"
OTHERS = "Every other time and site"
NOTE = (
    "AUC: how often, of one person who developed it and one who did not, the first was given the "
    "higher risk; 0.5 is chance. Brier score: smaller is better; beside it that of the average "
    "course at the training sites, without any input and never recalibrated. The ceiling is that "
    "of the true risks, which only a simulation knows. Whoever was lost on the way counts through "
    "those like them who stayed. One run: another would give other figures."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One group of people at one place, by one horizon."""

    place: str
    who: str
    by: float
    row: tuple[str, ...]


def figures(spec: DecisionSpec, metrics: Mapping[str, float]) -> tuple[Figures, ...]:
    """Every figure that the artefact carries of this form, strata before everybody."""
    found: dict[tuple[str, tuple[str, ...], float], dict[str, float]] = {}
    for name, value in metrics.items():
        *path, when, metric = name.split(".")
        by = horizon_years(when)
        if by is not None and len(path) > 1:
            place, *who = path
            found.setdefault((place, tuple(who), by), {})[metric] = value
    ranked = sorted(found, key=lambda key: (_rank(key[0]), key[1][0] == EVERYBODY))
    return tuple(
        Figures(
            place=place,
            who=_who(spec, who),
            by=by,
            row=(_who(spec, who), in_years(by), *_values(found[place, who, by])),
        )
        for place, who, by in ranked
    )


def _rank(place: str) -> int:
    return list(PLACES).index(place) if place in PLACES else len(PLACES)


def _who(spec: DecisionSpec, path: tuple[str, ...]) -> str:
    labels = {stratum.id: stratum.label for stratum in spec.strata}
    name, *rest = path
    said = "Everybody" if name == EVERYBODY else labels.get(name, name.replace("_", " "))
    more = [", everything measured" if part == COMPLETE else f", {part}" for part in rest]
    return f"{said[:1].upper()}{said[1:]}{''.join(more)}"


def _values(found: Mapping[str, float]) -> tuple[str, ...]:
    """What was not measured is a dash, and never a nought."""

    def shown(metric: str, beside: str = "", word: str = "") -> str:
        if metric not in found:
            return "–"
        other = f" ({word} {figure(found[beside])})" if beside in found else ""
        return f"{figure(found[metric])}{other}"

    return (
        shown("auc", "auc_oracle", "ceiling"),
        shown("brier", "brier_kaplan_meier", "average course"),
        shown("oe"),
        shown("slope"),
        shown("coverage"),
    )


def place(key: str) -> str:
    """Where it was measured, in words."""
    return PLACES.get(key, key.replace("_", " "))


def shown_first(found: tuple[Figures, ...]) -> tuple[Figures, ...]:
    """The longest time at the first place: what the headline rests on."""
    if not found:
        return ()
    first, last = found[0].place, max(f.by for f in found)
    return tuple(f for f in found if f.place == first and f.by == last)


def validated_over_time(model: ModelIdentity) -> str:
    """On whom the figures rest; what a simulation can know, a registry could not."""
    if not model.simulated:
        return "On people whom the model was not trained on."
    return (
        "On SIMULATED people whom the model was not trained on. The true risk of each is known "
        "there. It says how well the software recovers the simulation, and nothing about patients."
    )
