"""What stands on the page to file, from top to bottom: all that was on the screen, closely set."""

from __future__ import annotations

from decision.clinical.assessment import (
    Abstention,
    AbstentionCause,
    Assessment,
    ComparisonCard,
    PrognosisCard,
)
from decision.clinical.record import Origin, PatientRecord
from decision.clinical.spec import Presence
from decision.ui.record import comparison, prognosis
from decision.ui.record.blocks import Part, Section, grid, led, listed, part, said, section
from decision.ui.record.parts import all_cautions, data, doubtful, doubts, known, rna, warnings
from decision.ui.record.traced import Made, decision, versions
from decision.ui.texts import cautions, evidence, gaps, inputs, pages
from decision.ui.texts.summary import summary

UNDECIDED = "No decision had been recorded when this was made."
EARLIER = "{earlier} That was about an earlier showing of this patient's data."


def content(
    shown: Assessment, record: PatientRecord, made: Made | None, earlier: str = ""
) -> tuple[Section, ...]:
    """Every section, in the order of the page. `earlier` is the decision that stands from an
    earlier showing, in words.
    """
    before = EARLIER.format(earlier=earlier) if earlier else ""
    decided = (
        decision(shown, made, against=False, before=before)
        if made
        else section("decision", "Decision", *said(before or UNDECIDED))
    )
    return (
        *_person(shown, record),
        *decided,
        *_answer(shown),
        *rna(shown, record),
        *(known(shown, record) if _wanting(shown, record) else ()),
        *_inputs(shown, record),
        *_cautions(shown),
        *versions(shown, made.choice.audit_id if made else "", short=True),
    )


def _wanting(shown: Assessment, record: PatientRecord) -> bool:
    """Whether anything was entered, missing or unread; the inputs say it where nothing was."""
    missing = inputs.missing_plain(shown.spec, shown.features)
    return bool(missing or record.gaps) or any(
        o.source.origin is Origin.CLINICIAN for o in record.observations
    )


def _person(shown: Assessment, record: PatientRecord) -> tuple[Section, ...]:
    name, rest = pages.strip(record)
    return section(
        "patient",
        "Patient",
        *said(" · ".join(rest), name),
        *said(summary(shown, record)),
        *said(inputs.deceased(record)),
    )


def _answer(shown: Assessment) -> tuple[Section, ...]:
    """A comparison begins with what speaks against a drug, a prognosis with where somebody is."""
    if isinstance(shown, ComparisonCard):
        return warnings(shown) + comparison.numbers(shown, closely=True) + comparison.why(shown)
    if isinstance(shown, PrognosisCard):
        return (
            prognosis.place(shown.situation)
            + prognosis.risks(shown)
            + warnings(shown)
            + prognosis.why(shown, folded=False)
            + prognosis.sureness(shown, folded=False)
            + prognosis.published(shown.situation, shown, folded=False)
            + prognosis.due(shown.situation, folded=False)
        )
    if shown.situation is None:
        return warnings(shown) + _none(shown)
    return (
        prognosis.place(shown.situation)
        + _none(shown)
        + warnings(shown)
        + prognosis.published(shown.situation, None, folded=False)
        + prognosis.due(shown.situation, folded=False)
    )


def _none(shown: Abstention) -> tuple[Section, ...]:
    """Why there is no estimate, reasons of one kind together."""
    groups: dict[str, list[AbstentionCause]] = {}
    for cause in shown.causes:
        groups.setdefault(pages.cause(cause)[0], []).append(cause)
    told: list[Part] = []
    for reason, causes in groups.items():
        rows = [row for c in causes for row in pages.outside(shown.spec, c)]
        told += part(
            reason,
            *listed(" ".join(pages.cause(c)[1:]).strip() for c in causes),
            *(grid(pages.OUTSIDE_HEAD, rows) if rows else ()),
        )
    return section("abstention", pages.NO_ESTIMATE, *told)


def _inputs(shown: Assessment, record: PatientRecord) -> tuple[Section, ...]:
    rows = (evidence.in_short(row) for row in evidence.rows(shown))
    unread = (f"{f.said} {' '.join(f.consequences)} {f.detail}" for f in gaps.unread(shown, record))
    return section(
        "inputs",
        "Inputs",
        *doubtful(shown, record),
        *grid(evidence.SHORT_HEAD, rows),
        *part("Doubts about the record", *listed(doubts(record))),
        *part(f"{gaps.TITLE}, search by search", *listed(unread)),
    )


def _cautions(shown: Assessment) -> tuple[Section, ...]:
    """Every caution by its state: one line for each state, then the sources of those present."""
    if not shown.cautions:
        return ()
    states: dict[str, list[str]] = {}
    for found in shown.cautions:
        if found.presence is not Presence.PRESENT:  # those stand above, with what they mean
            states.setdefault(cautions.state(found), []).append(found.rule.title)
    sources = "; ".join(
        f"{f.rule.title}: {cautions.source(f)}. {cautions.unverified(f)}".strip()
        for f in cautions.present(shown.cautions)
    )
    return section(
        "all-cautions",
        "All cautions",
        *said(f"{cautions.counts(shown.cautions)}."),
        *led((f"{_capital(s)}:", f"{'; '.join(titles)}.") for s, titles in states.items()),
        *said(sources),
    )


def folded(shown: Assessment, record: PatientRecord) -> tuple[Section, ...]:
    """What the page on the screen keeps folded away or has on another page; for the data."""
    inner: tuple[Section, ...] = ()
    if isinstance(shown, PrognosisCard):
        inner = prognosis.sureness(shown) + prognosis.why(shown)
    if not isinstance(shown, ComparisonCard) and shown.situation is not None:
        card = shown if isinstance(shown, PrognosisCard) else None
        inner += prognosis.published(shown.situation, card) + prognosis.due(shown.situation)
    return (*all_cautions(shown), *inner, *data(shown, record))


def _capital(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"
