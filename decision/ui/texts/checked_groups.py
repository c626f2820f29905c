"""Sentences about groups of validation patients: observed against expected, and what that shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from decision.clinical.assessment import ModelIdentity
from decision.clinical.outlook import FEWEST_EVENTS, CheckedGroup
from decision.clinical.spec import DecisionSpec
from decision.ui.texts.estimate import ordered
from decision.ui.texts.numbers import count, digits, number, per_100, unit

CHANCE = 0.05
"""Share of comparisons outside a 95 % range where nothing is wrong."""
NOTE = (
    "Observed against expected in each group of {whom}, with the 95 % range of the observed, and "
    "how well the estimates rank them (AUROC, 0.5 is chance). Only those whose outcome was "
    "recorded are counted; the others may fare otherwise. A group in which fewer than {fewest} "
    "reached the outcome, or fewer than {fewest} did not, is too few to say. Groups overlap."
)
WHOM, SIMULATED = "validation patients", "SIMULATED validation patients"
SUMMARY = (
    "In {apart} of {all} comparisons the share expected lies outside the 95 % range of what was "
    "observed; about {chance} would by chance alone."
)
AGREE = (
    "In each of {all} comparisons the share expected lies within the 95 % range of what was "
    "observed."
)
MORE = "Overestimated: {group}, {drug}: {observed} of {n} reached it, {expected} were expected."
FEWER = "Underestimated: {group}, {drug}: {observed} of {n} reached it, {expected} were expected."
OWN = "{group} (this patient)"
BELOW, FROM = "{feature} below {value}", "{feature} {value} or more"
CELL = "{n}: {observed} of 100 observed ({low} to {high}), {expected} expected{auc}"
FEW = "{n}: too few to say"
AUC = "; AUROC {auc}"

Groups = Mapping[str, Sequence[CheckedGroup]]
"""By treatment, the same groups in the same order."""


def name(spec: DecisionSpec, group: CheckedGroup) -> str:
    """`Age below 65 years`, `Sex: female`, or the words of a stratum."""
    if group.label:
        words = f"{group.label[:1].upper()}{group.label[1:]}"
    else:
        feature = spec.feature(group.feature)
        if feature.flag_labels is not None:
            words = f"{feature.label}: {feature.flag_labels[math.isinf(group.high)]}"
        else:
            upper = math.isinf(group.high)
            value = f"{number(group.low if upper else group.high)} {unit(feature.unit)}".rstrip()
            words = (FROM if upper else BELOW).format(feature=feature.label, value=value)
    return OWN.format(group=words) if group.own else words


def said(spec: DecisionSpec, group: CheckedGroup) -> bool:
    """Whether enough are in it to say anything."""
    fewest = spec.thresholds["smallest_calibration_band"].value
    return group.n >= fewest and group.rarer >= FEWEST_EVENTS


def cell(spec: DecisionSpec, group: CheckedGroup) -> str:
    if not said(spec, group):
        return FEW.format(n=count(group.n))
    return CELL.format(
        n=count(group.n),
        observed=per_100(group.events / group.n),
        low=per_100(group.observed_low),
        high=per_100(group.observed_high),
        expected=per_100(group.expected / group.n),
        auc="" if group.auc is None else AUC.format(auc=digits(group.auc)),
    )


def head(spec: DecisionSpec) -> tuple[str, ...]:
    return ("Group", *(treatment.label for treatment in ordered(spec)))


def rows(spec: DecisionSpec, groups: Groups) -> tuple[tuple[str, ...], ...]:
    """One row per group, a column per drug in the neutral order; the patient's own groups first."""
    columns = [groups.get(treatment.id, ()) for treatment in ordered(spec)]
    found = sorted(zip(*columns, strict=True), key=lambda cells: not cells[0].own)
    return tuple((name(spec, cells[0]), *(cell(spec, c) for c in cells)) for cells in found)


def note(model: ModelIdentity) -> str:
    """How the table is to be read, and whom it is of."""
    return NOTE.format(whom=SIMULATED if model.simulated else WHOM, fewest=FEWEST_EVENTS)


def summary(spec: DecisionSpec, groups: Groups) -> str:
    """In how many comparisons expected and observed part, beside how many chance would part."""
    told = [g for own in groups.values() for g in own if said(spec, g)]
    apart = sum(g.apart != 0 for g in told)
    if not apart:
        return AGREE.format(all=count(len(told))) if told else ""
    chance = count(max(1, round(CHANCE * len(told))))
    return SUMMARY.format(apart=count(apart), all=count(len(told)), chance=chance)


def misfits(spec: DecisionSpec, groups: Groups, *, own: bool = False) -> tuple[str, ...]:
    """A sentence for each group in which a drug's estimates were too high or too low; of a patient
    only the `own` ones.
    """
    return tuple(
        (MORE if group.apart > 0 else FEWER).format(
            group=name(spec, group),
            drug=drug.label,
            observed=count(round(group.events)),
            n=count(group.n),
            expected=count(round(group.expected)),
        )
        for drug in ordered(spec)
        for group in groups.get(drug.id, ())
        if said(spec, group) and group.apart and (group.own or not own)
    )
