"""Sentences about where somebody stands and what is due; the facts are the decision's own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from decision.clinical.situation import Classification, Prompt
from decision.ui.texts.numbers import dated, unbroken

NOT_SETTLED = "Not settled"
MET = "Met"
MISSING = "Missing"
NOTED = "To know"
CONSIDERED = "Everything considered"
NOTHING_CONSIDERED = "Nothing was found that could be considered."
SPEAKING = "How to speak of it"
DUE = "What is due"
DUE_NOTE = "Prompts inform; they order nothing."
AT_ONCE = 4
"""Details of a prompt that are shown at once."""
NOTHING_DUE = (
    "No rule that has been entered for this place speaks of it, which does not mean that nothing "
    "is due."
)


def lines(words: Sequence[str]) -> tuple[str, ...]:
    """Lines of the decision, each begun with a capital, with its dates as a page has them."""
    return tuple(sentence(each) for each in words)


def sentence(words: str) -> str:
    """Dates written out, a capital first and one stop at the end."""
    said = unbroken(dated(words).replace(">=", "≥").replace("<=", "≤").strip())
    if not said:
        return ""
    return f"{said[0].upper()}{said[1:]}{'' if said[-1] in '.!?:' else '.'}"


def facts(found: Classification) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(what kind, its lines): what was met first; a kind without a line is left out."""
    kinds = ((MET, found.criteria), (MISSING, found.missing), (NOTED, found.notes))
    return tuple((kind, lines(told)) for kind, told in kinds if told)


def folded(told: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(shown at once, on request): all of a short list, else its beginning."""
    if len(told) <= AT_ONCE + 1:
        return told, ()
    return told[:AT_ONCE], told[AT_ONCE:]


def more(n: int) -> str:
    return f"{n} more"


def by_topic(prompts: Sequence[Prompt]) -> tuple[tuple[str, tuple[Prompt, ...]], ...]:
    """Prompts of one topic together, topics in the order in which they first come."""
    order = list(dict.fromkeys(p.topic for p in prompts))
    ranked = sorted(prompts, key=lambda p: order.index(p.topic))
    return tuple((topic, tuple(told)) for topic, told in groupby(ranked, key=lambda p: p.topic))


def rule(prompt: Prompt) -> str:
    """Whose rule it is, since when, and how well it was checked; what is no place's, says so in
    its source.
    """
    since = dated(prompt.effective_from.isoformat())
    place = prompt.jurisdiction
    parts = (
        *((f"Rule for {place}, used here since {since}.",) if place else ()),
        f"Source: {prompt.source.rstrip('.')}.",
        f"Status: {prompt.status.value}.",
    )
    return " ".join(parts)
