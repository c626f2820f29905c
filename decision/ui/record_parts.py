"""Parts of the record of a decision that both kinds of decision share."""

from __future__ import annotations

from collections.abc import Sequence

from decision.clinical.assessment import Card, ComparisonCard
from decision.clinical.record import Observation, Origin, PatientRecord, Value
from decision.clinical.spec import CautionFinding
from decision.ui.components.markup import items, paragraph, table, text
from decision.ui.texts import cautions, evidence, gaps, inputs, pages
from decision.ui.texts.numbers import dated
from decision.ui.texts.reasons import Group


def section(title: str, *parts: str) -> str:
    """A part of the page with its heading; nothing where it would be empty."""
    inner = "".join(parts)
    return f"<section><h2>{text(title)}</h2>{inner}</section>" if inner else ""


def part(title: str, inner: str) -> str:
    """The same one level below."""
    return f"<h3>{text(title)}</h3>{inner}" if inner else ""


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """A table with its names in the first column; what is empty is left out."""
    body = "".join(
        f'<tr><th scope="row">{text(name)}</th><td>{text(value)}</td></tr>'
        for name, value in rows
        if value
    )
    return f"<table><tbody>{body}</tbody></table>"


def grouped(groups: Sequence[Group]) -> str:
    """Reasons, each group below its title."""
    return "".join(paragraph(f"{g.title}:") + items(g.lines) for g in groups)


def warnings(card: Card) -> str:
    """What was found, what was not, and what nobody could look for."""
    found = card.cautions
    warned = "".join(_warned(card, f) for f in cautions.present(found))
    return section(
        "Cautions present",
        f"<ul>{warned}</ul>" if warned else paragraph(cautions.none_present()),
        paragraph(cautions.not_found(found)),
        paragraph(cautions.unchecked(found)),
    )


def all_cautions(card: Card) -> str:
    """Every caution with its state, and the sources of those that are present."""
    found = card.cautions
    return section(
        "All cautions",
        paragraph(f"{cautions.counts(found)}."),
        items(f"{f.rule.title}: {cautions.state(f)}. {dated(f.detail)}" for f in found),
        items(
            f"{f.rule.title}: {cautions.source(f)}. {cautions.unverified(f)}".strip()
            for f in cautions.present(found)
        ),
    )


def _warned(card: Card, finding: CautionFinding) -> str:
    said = " ".join(
        f"{'; '.join(chips)}. {message}" for chips, message in cautions.says(card.spec, finding)
    )
    title = cautions.finding_text(finding)
    return f"<li><strong>{text(title)}</strong> {text(said)}</li>"


def known(card: Card, record: PatientRecord) -> str:
    """What was entered, what was missing, and what could not be read."""
    entered = [
        o
        for o in record.observations
        if o.source.origin is Origin.CLINICIAN and _read_here(card, o)
    ]
    unread = (" ".join(filter(None, line)) for line in gaps.in_short(card, record))
    return section(
        "What this rests on",
        part(pages.ENTERED_TITLE, items(_entered(o.text, o.value) for o in entered)),
        part("Missing", paragraph(_cost(card)) + items(_missing(card))),
        part(gaps.TITLE, items(unread)),
    )


def _read_here(card: Card, entry: Observation) -> bool:
    """Whether this decision reads it: what was entered on the page of another does not carry it."""
    return any(codelist.matches(entry.codes) for codelist in card.spec.codelists.values())


def data(card: Card, record: PatientRecord) -> str:
    """Every input, every doubt about it, and all that could not be read."""
    spec, features = card.spec, card.features
    doubts = (
        f"{i.kind.value.capitalize()} ({i.reference}): {dated(i.detail)} {i.remedy}"
        for i in record.issues
    )
    unread = (
        f"{found.said} {' '.join(found.consequences)} {found.detail} {found.remedy}"
        for found in gaps.unread(card, record)
    )
    return section(
        "Data",
        paragraph(f"{inputs.summary(spec, features, record)}."),
        items(inputs.unusual(card)),
        items(inputs.caveats(spec, features)),
        paragraph(inputs.modalities(card.answer.absent_modalities)),
        part(f"{gaps.TITLE}, search by search", items(unread)),
        part("Doubts about the record", items(doubts)),
        part("Inputs", table(evidence.HEAD, evidence.rows(card))),
    )


def _cost(card: Card) -> str:
    """Where each line of what is missing has its own cost there is nothing to be said first."""
    return inputs.missing(card) if isinstance(card, ComparisonCard) else ""


def _missing(card: Card) -> tuple[str, ...]:
    if not isinstance(card, ComparisonCard):
        return inputs.narrowing(card) or (inputs.NOTHING_MISSING,)
    return inputs.missing_plain(card.spec, card.features) or (inputs.NOTHING_MISSING,)


def _entered(label: str, value: Value) -> str:
    return f"{label}: {inputs.entered_value(value)}"
