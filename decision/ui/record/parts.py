"""Parts of a record that every kind of answer shares."""

from __future__ import annotations

from collections.abc import Sequence

from decision.clinical.assessment import Abstention, Assessment, ComparisonCard, PrognosisCard
from decision.clinical.record import Observation, Origin, PatientRecord, Value
from decision.clinical.spec import CautionFinding
from decision.ui.record.blocks import Block, Section, grid, led, listed, part, said, section
from decision.ui.texts import cautions, evidence, expression, gaps, inputs, pages
from decision.ui.texts.numbers import dated
from decision.ui.texts.reasons import Group


def grouped(groups: Sequence[Group]) -> tuple[Block, ...]:
    """Reasons, each group below its title."""
    return tuple(b for g in groups for b in (*said(f"{g.title}:"), *listed(g.lines)))


def warnings(shown: Assessment) -> tuple[Section, ...]:
    """What was found, what was not, and what nobody could look for."""
    found = shown.cautions
    if not found:
        return ()
    warned = [_warned(shown, f) for f in cautions.present(found)]
    return section(
        "cautions",
        "Cautions present",
        *(led(warned) or said(cautions.none_present())),
        *said(cautions.not_found(found)),
        *said(cautions.unchecked(found)),
    )


def all_cautions(shown: Assessment) -> tuple[Section, ...]:
    """Every caution with its state, and the sources of those that are present."""
    found = shown.cautions
    if not found:
        return ()
    return section(
        "all-cautions",
        "All cautions",
        *said(f"{cautions.counts(found)}."),
        *listed(f"{f.rule.title}: {cautions.state(f)}. {dated(f.detail)}" for f in found),
        *listed(
            f"{f.rule.title}: {cautions.source(f)}. {cautions.unverified(f)}".strip()
            for f in cautions.present(found)
        ),
    )


def _warned(shown: Assessment, finding: CautionFinding) -> tuple[str, str]:
    words = " ".join(
        f"{'; '.join(chips)}. {message}" for chips, message in cautions.says(shown.spec, finding)
    )
    return cautions.finding_text(finding), words


def known(shown: Assessment, record: PatientRecord) -> tuple[Section, ...]:
    """What was entered, what was missing, and what could not be read."""
    entered = [
        o
        for o in record.observations
        if o.source.origin is Origin.CLINICIAN and _read_here(shown, o)
    ]
    unread = (" ".join(filter(None, line)) for line in gaps.in_short(shown, record))
    return section(
        "rests-on",
        "What this rests on",
        *part(pages.ENTERED_TITLE, *listed(_entered(o.text, o.value) for o in entered)),
        *part("Missing", *said(_cost(shown)), *listed(_missing(shown))),
        *part(gaps.TITLE, *listed(unread)),
    )


def _read_here(shown: Assessment, entry: Observation) -> bool:
    """Whether this decision reads it: what was entered on the page of another does not carry it."""
    return any(codelist.matches(entry.codes) for codelist in shown.spec.codelists.values())


def rna(shown: Assessment, record: PatientRecord) -> tuple[Section, ...]:
    """Whether gene expression counts, what it does and is worth; nothing where nobody reads it."""
    if not expression.reads_it(shown):
        return ()
    first, *rest = expression.state(shown)
    sentences = [*rest, *expression.refusals(record, rest)]
    if isinstance(shown, ComparisonCard):
        sentences += [expression.contribution(shown), expression.worth(shown)]
    scores = [expression.alternative(row) for row in expression.rows(shown, record)]
    return section(
        "rna",
        expression.TITLE,
        *said(" ".join(filter(None, sentences)), first),
        *listed(scores),
        *listed(expression.sample(record)),
        *said(expression.RESEARCH if scores else ""),
    )


def data(shown: Assessment, record: PatientRecord) -> tuple[Section, ...]:
    """Every input, every doubt about it, and all that could not be read."""
    unread = (
        f"{found.said} {' '.join(found.consequences)} {found.detail} {found.remedy}"
        for found in gaps.unread(shown, record)
    )
    return section(
        "data",
        "Data",
        *doubtful(shown, record),
        *part(f"{gaps.TITLE}, search by search", *listed(unread)),
        *part("Doubts about the record", *listed(doubts(record))),
        *part("Inputs", *grid(evidence.HEAD, evidence.rows(shown))),
    )


def doubtful(shown: Assessment, record: PatientRecord) -> tuple[Block, ...]:
    """How much was found, and what of it is unusual, old or of an absent kind."""
    spec, features = shown.spec, shown.features
    card = None if isinstance(shown, Abstention) else shown
    return (
        *said(f"{inputs.summary(spec, features, record)}."),
        *(listed(inputs.unusual(card)) if card else ()),
        *listed(inputs.caveats(spec, features)),
        *(said(inputs.modalities(card.answer.absent_modalities)) if card else ()),
    )


def doubts(record: PatientRecord) -> tuple[str, ...]:
    """What of the record was not used, or used with a doubt."""
    return tuple(
        f"{i.kind.value.capitalize()} ({i.reference}): {dated(i.detail)} {i.remedy}"
        for i in record.issues
    )


def _cost(shown: Assessment) -> str:
    """Where each line of what is missing has its own cost there is nothing to be said first."""
    return inputs.missing(shown) if isinstance(shown, ComparisonCard) else ""


def _missing(shown: Assessment) -> tuple[str, ...]:
    if isinstance(shown, PrognosisCard):
        return inputs.narrowing(shown) or (inputs.NOTHING_MISSING,)
    return inputs.missing_plain(shown.spec, shown.features) or (inputs.NOTHING_MISSING,)


def _entered(label: str, value: Value) -> str:
    return f"{label}: {inputs.entered_value(value)}"
