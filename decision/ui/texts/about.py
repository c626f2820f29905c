"""Sentences about the decision and its model, for the About page (D14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from decision.assess import NoModel
from decision.clinical.account import Change
from decision.clinical.assessment import ModelIdentity
from decision.clinical.spec import DecisionSpec
from decision.ui.texts.estimate import ordered
from decision.ui.texts.numbers import (
    count,
    dated,
    decimals,
    figure,
    number,
    plural,
    quantity,
    signed,
)


def title(models: int) -> str:
    return "About this model" if models == 1 else "About these models"


def compared(spec: DecisionSpec) -> str:
    """What is compared; nothing where the decision is a prognosis."""
    if spec.prognosis is not None:
        return ""
    return f"Compared: {' and '.join(t.label for t in ordered(spec))}."


def outcome(spec: DecisionSpec) -> str:
    """What is estimated, and by when."""
    if spec.prognosis is None:
        return f"Outcome: {spec.outcome.label} by week {spec.outcome.horizon_weeks}."
    years = [f"{years:g}" for years in spec.prognosis.horizons_years]
    listed = " and ".join((", ".join(years[:-1]), years[-1])) if years[1:] else years[0]
    return f"Outcome: {spec.outcome.label} within {listed} years. {spec.prognosis.band_note}"


METRICS = {
    "auroc": "Discrimination (AUROC)",
    "auroc_oracle": "Discrimination of the true probabilities (ceiling)",
    "brier": "Brier score",
    "log_loss": "Log loss",
    "calibration_slope": "Calibration slope",
    "calibration_intercept": "Calibration intercept",
    "ici": "Mean calibration error (ICI)",
    "interval_coverage_90": "Share of 90 % ranges that hold the truth",
    "interval_width_90": "Mean width of the 90 % range",
    "sign_agreement": "Sign of the difference right, all patients",
    "named_share": "Share of patients with a drug class named",
    "named_sign_agreement": "Sign of the difference right where a class is named",
    "answered": "Patients given an estimate",
    "named_patients": "Patients with a drug class named",
    "named_rightly": "Of these, named rightly",
    "policy_value": "Share reaching the outcome if the larger estimate were always followed, which "
    "the page does not advise",
    "policy_value_named": "The same if a class is followed only where it is named",
    "policy_value_oracle": "The same with the true probabilities, always (ceiling)",
    "policy_value_best_fixed": "Share reaching the outcome with the best single class for all",
}
"""Words for the metrics that evaluation reports; an unlisted metric is shown under its own name."""

TOLD_AS_COUNTS = frozenset({"named_share", "named_sign_agreement"})
"""Shares of very few patients; shown as counts instead wherever the counts are there."""
COUNTS = frozenset({"answered", "named_patients", "named_rightly"})
OF_THE_DIFFERENCE = {
    "calibration_slope": "True difference per predicted difference (1 is right, below 1 too wide)"
}
"""The same name measures something else where the difference is concerned."""

NO_PREFERENCE = "no_clear_preference_"
"""Begins the name of a metric that is measured in one stratum; the stratum's id ends it."""


def metric_text(spec: DecisionSpec, metric: str) -> str:
    """What a metric measures; strata are worded by the decision itself."""
    told = {f"{NO_PREFERENCE}{s.id}": s.label for s in spec.strata}
    if metric in told:
        return f"Share told no clear preference: {told[metric]}"
    return METRICS.get(metric, metric.replace("_", " "))


def model_rows(model: ModelIdentity | NoModel) -> tuple[tuple[str, str], ...]:
    if isinstance(model, NoModel):
        return (("Model", f"Not available. {model.detail} {model.remedy}"),)
    kind = "SIMULATED - not patients" if model.simulated else "patients"
    return (
        ("Model", model.id),
        ("Version", model.version),
        ("Checksum", model.checksum),
        ("Training cohort", f"{kind}. {model.description}"),
        ("Trained on", plural(model.trained_rows, "record")),
        ("Sites recalibrated for", ", ".join(model.sites) or "none"),
    )


def metric_rows(
    spec: DecisionSpec, metrics: Mapping[str, float]
) -> tuple[tuple[str, str, str], ...]:
    """(where, what, value) of every figure the artefact carries, and of no other."""
    labels = {t.id: t.label for t in spec.treatments} | {"contrast": "Difference"}
    counted = any(name.endswith(".named_patients") for name in metrics)
    rows = []
    for name, value in metrics.items():
        *path, metric = name.split(".")
        if counted and metric in TOLD_AS_COUNTS:
            continue
        where = next((labels[part] for part in path if part in labels), "Both")
        told = OF_THE_DIFFERENCE.get(metric) if path == ["contrast"] else None
        shown = count(round(value)) if metric in COUNTS else figure(value)
        rows.append((where, told or metric_text(spec, metric), shown))
    return tuple(rows)


def validated_on(model: ModelIdentity) -> str:
    """On whom the figures rest; what a simulation can know, a registry could not."""
    answered = model.metrics.get("contrast.answered")
    who = "patients" if answered is None else f"{count(round(answered))} patients"
    if not model.simulated:
        return f"On {who} of sites that took no part in training."
    return (
        f"One run on {who}, SIMULATED, of sites that took no part in training, each recalibrated "
        "first. What each would have reached under either drug is known there; both are scored. "
        "It says how well the software recovers the simulation, and nothing about patients."
    )


def threshold_rows(spec: DecisionSpec) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            t.meaning,
            quantity(t.value, t.unit),
            f"{t.citation} ({t.verification.value})",
            t.review_by.isoformat(),
        )
        for t in spec.thresholds.values()
    )


NAMING = (
    "A drug class is named only when the {level} range of the difference excludes no difference, "
    "the difference is at least {margin} of 100, no STOP caution applies and at least {fewest} "
    "comparable training patients had the rarer class. Otherwise the page stays silent."
)


def naming(spec: DecisionSpec) -> str:
    return NAMING.format(
        level=f"{number(100 * spec.thresholds['interval_level'].value)} %",
        margin=number(100 * spec.thresholds["naming_margin"].value),
        fewest=number(spec.thresholds["smallest_comparable"].value),
    )


FEWEST_NAMED = 20
"""Named patients below which the share named rightly is not judged."""
NAMING_HEAD = ("Evaluation", "Named", "Rightly", "Silent")
NO_FIGURES = "No validation figures are available."
UNMEASURED = "How often a class is named, and rightly, has not been measured."


def naming_rows(model: ModelIdentity) -> tuple[tuple[str, str, str, str], ...]:
    """How often the rule named a class and was right, as counts, for every setting evaluated."""
    return tuple(
        (
            record.setting,
            plural(record.named, "patient"),
            f"{count(record.right)} of {count(record.named)}"
            if record.named >= FEWEST_NAMED
            else f"{count(record.right)} of {count(record.named)}; too few to judge",
            f"{100 * record.silent_share:.2f} %",
        )
        for record in model.naming
    )


CHALLENGED = (
    "Tried against the model that answers here, on the same folds: {challenger}. It would take the "
    "place only where its log loss is lower by more than 2 standard errors, and neither its "
    "calibration nor its log loss in any group is worse by more than that. An open gate changes "
    "nothing here: another model answers only after a new release."
)
CHALLENGE_HEAD = (
    "Tried on",
    "Log loss here",
    "Log loss there",
    "Difference",
    "If followed",
    "Gate",
)
CHALLENGE_COHORT = "{purpose}: {cohort}, {patients}, {repeats}"
CHALLENGE_DIFFERENCE = "{difference} (standard error {error})"
CHALLENGE_POLICY = "there {challenger}, here {served}"
CHALLENGE_NOTE = (
    "Here: the model that answers; there: the other. Lower log loss is better. If followed: share "
    "reaching the outcome if the larger estimate were always followed, as the simulation knows it."
)
OPEN, SHUT = "open", "shut"


def challenge_rows(model: ModelIdentity) -> tuple[tuple[str, ...], ...]:
    """Every comparison with another model that was kept beside this one."""
    return tuple(
        (
            CHALLENGE_COHORT.format(
                purpose=c.purpose,
                cohort=c.cohort,
                patients=plural(c.patients, "patient"),
                repeats=plural(c.repeats, "repeat"),
            ),
            decimals(c.loss, 3),
            decimals(c.challenger_loss, 3),
            CHALLENGE_DIFFERENCE.format(
                difference=signed(c.difference), error=decimals(c.error, 3)
            ),
            CHALLENGE_POLICY.format(
                challenger=decimals(c.challenger_policy, 3), served=decimals(c.policy, 3)
            ),
            OPEN if c.open else SHUT,
        )
        for c in model.challenges
    )


def challenged(model: ModelIdentity) -> str:
    """Who was tried and by which rule; nothing where nobody was."""
    if not model.challenges:
        return ""
    return CHALLENGED.format(challenger=model.challenges[0].challenger)


GROUPS_TITLE = "Groups of patients"
COUNTED = "Observed and expected in {groups} of validation patients"
HISTORY_TITLE = "Change history"
HISTORY_HEAD = ("Version", "Day", "What changed")
NO_HISTORY = "No history is kept with this model."


def counted(n: int) -> str:
    """What opens the table of groups."""
    return COUNTED.format(groups=plural(n, "group"))


def history_rows(changes: Sequence[Change]) -> tuple[tuple[str, str, str], ...]:
    """The newest first."""
    return tuple((c.version, dated(c.at.isoformat()), c.what) for c in changes)
