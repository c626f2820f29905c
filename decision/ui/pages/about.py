"""What the decision is for, what it is not for, and everything known of the model behind it."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from decision.assess import NoModel
from decision.clinical.assessment import ModelIdentity
from decision.clinical.spec import DecisionSpec
from decision.ui.components import frame
from decision.ui.components.markup import details, items, paragraph, table
from decision.ui.opened import strip_of_current
from decision.ui.services import Services
from decision.ui.texts import about, estimate
from decision.visit import Visit


def render(services: Services, visit: Visit, head: DeltaGenerator) -> None:
    spec = services.spec
    model = services.predictor
    identity = model if isinstance(model, NoModel) else model.identity
    st.html(
        '<div class="tr tr-doc">'
        + strip_of_current(services, visit, head)
        + frame.simulated(model)
        + "<h1>About this model</h1>"
        + _purpose(spec)
        + "<h2>Model</h2>"
        + table(("Item", "Value"), about.model_rows(identity), "tr-table")
        + _validation(spec, identity)
        + _limits(spec)
        + frame.footer(spec, None if isinstance(identity, NoModel) else identity)
        + "</div>"
    )


def _purpose(spec: DecisionSpec) -> str:
    drugs = " and ".join(t.label for t in estimate.ordered(spec))
    outcome = spec.outcome
    return (
        f"<h2>Intended use</h2>{paragraph(spec.title, 'tr-strong')}{paragraph(spec.intended_use)}"
        + paragraph(f"Compared: {drugs}.")
        + paragraph(f"Outcome: {outcome.label} by week {outcome.horizon_weeks}.")
        + paragraph(f"{outcome.definition.rstrip('.')}. Source: {outcome.citation}", "tr-small")
        + f"<h2>Not for</h2>{items(spec.not_for)}"
        + f"<h2>Not modelled</h2>{items(spec.not_modelled)}"
    )


def _validation(spec: DecisionSpec, model: ModelIdentity | NoModel) -> str:
    metrics = {} if isinstance(model, NoModel) else model.metrics
    named = () if isinstance(model, NoModel) else about.naming_rows(model)
    figures = about.metric_rows(spec, metrics)
    return (
        "<h2>When a drug class is named</h2>"
        + paragraph(about.naming(spec))
        + (table(about.NAMING_HEAD, named, "tr-table") if named else paragraph(about.UNMEASURED))
        + "<h2>Validation</h2>"
        + ("" if isinstance(model, NoModel) else paragraph(about.validated_on(model)))
        + (
            table(("For", "Measure", "Value"), figures, "tr-table")
            if figures
            else paragraph("No validation figures are available.")
        )
    )


def _limits(spec: DecisionSpec) -> str:
    head = ("Meaning", "Value", "Source", "Read again by")
    return (
        "<h2>Limits and sources</h2>"
        + details("Every threshold", table(head, about.threshold_rows(spec), "tr-table"))
        + details("References", items(spec.citations))
    )
