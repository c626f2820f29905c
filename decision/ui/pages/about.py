"""What the decision is for, what it is not for, and everything known of the model behind it."""

from __future__ import annotations

from itertools import groupby, islice

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from decision.assess import Decision, NoModel
from decision.clinical.assessment import ModelIdentity
from decision.clinical.spec import DecisionSpec
from decision.ui import source_attributes
from decision.ui.components import frame
from decision.ui.components.markup import details, items, paragraph, table, text
from decision.ui.opened import decision_of_current, strip_of_current
from decision.ui.services import Services
from decision.ui.texts import about, checked_groups
from decision.ui.texts import figures as over_time
from decision.ui.texts import source_attributes as sources
from decision.ui.texts.figures import Figures
from decision.visit import Visit


def render(services: Services, visit: Visit, head: DeltaGenerator) -> None:
    """Of the open chart's decision; where no chart is open, of every decision there is."""
    stopped = strip_of_current(services, visit, head)
    shown = decision_of_current(services, visit)
    decisions = services.decisions if shown is None else (shown,)
    st.html(
        '<div class="tr tr-doc">'
        + stopped
        + f"<h1>{about.title(len(decisions))}</h1>"
        + "".join(about_of(decision) for decision in decisions)
        + "</div>"
    )


def about_of(decision: Decision) -> str:
    """Everything known of one decision, its rules and its model."""
    spec, model = decision.spec, decision.model
    return (
        f"<article><h2>{text(spec.title)}</h2>"
        + _purpose(spec)
        + "<h3>Model</h3>"
        + table(("Item", "Value"), about.model_rows(model), "tr-table")
        + _validation(spec, model)
        + _challenged(model)
        + _groups(decision)
        + _limits(spec)
        + _history(decision)
        + _attributes(decision)
        + frame.footer(spec, None if isinstance(model, NoModel) else model)
        + "</article>"
    )


def _purpose(spec: DecisionSpec) -> str:
    outcome = spec.outcome
    return (
        f"<h3>Intended use</h3>{paragraph(spec.intended_use)}"
        + paragraph(about.compared(spec))
        + paragraph(about.outcome(spec))
        + paragraph(f"{outcome.definition.rstrip('.')}. Source: {outcome.citation}", "tr-small")
        + f"<h3>Not for</h3>{items(spec.not_for)}"
        + f"<h3>Not modelled</h3>{items(spec.not_modelled)}"
    )


def _validation(spec: DecisionSpec, model: ModelIdentity | NoModel) -> str:
    if spec.prognosis is not None:
        return "<h3>Validation</h3>" + _over_time(spec, model)
    metrics = {} if isinstance(model, NoModel) else model.metrics
    figures = about.metric_rows(spec, metrics)
    return (
        _naming(spec, model)
        + "<h3>Validation</h3>"
        + ("" if isinstance(model, NoModel) else paragraph(about.validated_on(model)))
        + (
            table(("For", "Measure", "Value"), figures, "tr-table")
            if figures
            else paragraph(about.NO_FIGURES)
        )
    )


def _over_time(spec: DecisionSpec, model: ModelIdentity | NoModel) -> str:
    """The longest time first, everything else on request."""
    found = () if isinstance(model, NoModel) else over_time.figures(spec, model.metrics)
    first = over_time.shown_first(found)
    if isinstance(model, NoModel) or not first:
        return paragraph(about.NO_FIGURES)
    rest = tuple(f for f in found if f not in first)
    tables = "".join(
        f"<h4>{text(over_time.place(place))}</h4>{_figures(tuple(told))}"
        for place, told in groupby(rest, key=lambda f: f.place)
    )
    return (
        paragraph(over_time.validated_over_time(model))
        + f"<h4>{text(over_time.place(first[0].place))}</h4>{_figures(first)}"
        + paragraph(over_time.NOTE, "tr-small")
        + (details(over_time.OTHERS, tables) if tables else "")
    )


def _figures(found: tuple[Figures, ...]) -> str:
    return table(over_time.HEAD, (f.row for f in found), "tr-table")


def _naming(spec: DecisionSpec, model: ModelIdentity | NoModel) -> str:
    named = () if isinstance(model, NoModel) else about.naming_rows(model)
    return (
        "<h3>When a drug class is named</h3>"
        + paragraph(about.naming(spec))
        + (table(about.NAMING_HEAD, named, "tr-table") if named else paragraph(about.UNMEASURED))
    )


def _challenged(model: ModelIdentity | NoModel) -> str:
    """Who else was tried; nothing where nobody was."""
    if isinstance(model, NoModel) or not model.challenges:
        return ""
    return (
        "<h3>Tried against it</h3>"
        + paragraph(about.challenged(model))
        + table(about.CHALLENGE_HEAD, about.challenge_rows(model), "tr-table")
        + paragraph(about.CHALLENGE_NOTE, "tr-small")
    )


def _groups(decision: Decision) -> str:
    spec, groups = decision.spec, decision.account.groups
    rows = checked_groups.rows(spec, groups)
    if not rows or isinstance(decision.model, NoModel):
        return ""
    note = paragraph(checked_groups.note(decision.model), "tr-small")
    told = note + table(checked_groups.head(spec), rows, "tr-table")
    return (
        f"<h3>{about.GROUPS_TITLE}</h3>"
        + paragraph(checked_groups.summary(spec, groups))
        + items(checked_groups.misfits(spec, groups))
        + details(about.counted(len(rows)), told)
    )


def _history(decision: Decision) -> str:
    rows = about.history_rows(decision.account.changes)
    return f"<h3>{about.HISTORY_TITLE}</h3>" + (
        table(about.HISTORY_HEAD, rows, "tr-table tr-history")
        if rows
        else paragraph(about.NO_HISTORY)
    )


def _attributes(decision: Decision) -> str:
    """All of them at once, folded by the groups of the regulation."""
    found = iter(sources.attributes(decision))
    folds = []
    for n, (title, members) in enumerate(sources.GROUPS, start=1):
        rows = [(a.paragraph, a.name, a.on_page) for a in islice(found, len(members))]
        head = sources.group(n, title)
        folds.append(details(head, table(sources.HEAD, rows, "tr-table tr-attributes")))
    address = f"{source_attributes.PATH}/{decision.id}"
    words = text(sources.NOTE.format(regulation=sources.REGULATION))
    link = f'<a href="{text(address)}" target="_blank" rel="noopener">{text(address)}</a>'
    return f"<h3>{sources.TITLE}</h3><p>{words} {link}</p>{''.join(folds)}"


def _limits(spec: DecisionSpec) -> str:
    head = ("Meaning", "Value", "Source", "Read again by")
    return (
        "<h3>Limits and sources</h3>"
        + details("Every threshold", table(head, about.threshold_rows(spec), "tr-table"))
        + details("References", items(spec.citations))
    )
