"""What the rules of the place say is due, by topic, and what speaks against the treatments."""

from __future__ import annotations

from collections.abc import Sequence

from decision.clinical.situation import Prompt
from decision.ui.components.markup import details, items, paragraph, text
from decision.ui.texts import situation as words


def prompts(found: Sequence[Prompt]) -> str:
    """Each with its place, day, source and status; an unknown place says that none holds."""
    topics = "".join(
        f"<div><h3>{text(topic)}</h3>{''.join(_prompt(p) for p in told)}</div>"
        for topic, told in words.by_topic(found)
    )
    return (
        f'<section class="tr-reasons" aria-label="{text(words.DUE)}"><h2>{text(words.DUE)}</h2>'
        + paragraph(words.DUE_NOTE if found else words.NOTHING_DUE, "tr-small")
        + (f'<div class="tr-due">{topics}</div>' if topics else "")
        + "</section>"
    )


def _prompt(found: Prompt) -> str:
    """The first details at once, because they hold the conditions; a long list folds."""
    told = words.lines(found.details)
    first, more = words.folded(told)
    return (
        paragraph(words.sentence(found.text), "tr-strong")
        + items(first)
        + (details(words.more(len(more)), items(more)) if more else "")
        + paragraph(words.rule(found), "tr-small")
    )
