"""The frame of every page: patient strip, simulated banner, footer; and the stop page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from decision.assess import Decision, NoModel
from decision.clinical.assessment import ModelIdentity
from decision.clinical.record import PatientRecord
from decision.clinical.spec import DecisionSpec
from decision.ui.components.markup import items, paragraph, text
from decision.ui.session import Withdrawn
from decision.ui.texts import pages


def strip(
    record: PatientRecord, *, heading: bool = False, full: bool = True, live: bool = False
) -> str:
    """Who this is and how old the data are (D12); the page's one heading where it has no other.

    Not `full` where the chart around the page says it too: the same words, in one small line.
    """
    name, rest = pages.strip(record, live=live)
    tag = "h1" if heading else "p"
    parts = "".join(f"<span>{text(part)}</span>" for part in rest)
    return (
        f'<div class="tr-strip{"" if full else " tr-strip-line"}" role="group" '
        f'aria-label="Patient"><{tag} class="tr-name">'
        f"{text(name)}</{tag}>{parts}</div>"
    )


def whose(record: PatientRecord) -> str:
    """Who this is, again, in one line right above what is entered or decided about them (D12)."""
    name, *rest = pages.whose(record)
    return f'<p class="tr-whose"><strong>{text(name)}</strong> · {text(" · ".join(rest))}</p>'


def withdrawn(lost: Withdrawn | None) -> str:
    """That entries no longer count although nobody took them back; nothing where none were lost."""
    return paragraph(pages.withdrawn(lost.entries, lost.because), "tr-strong") if lost else ""


def banner(model: ModelIdentity | None) -> str:
    """The permanent warning while the model is simulated; nothing once it is not."""
    if model is None or not model.simulated:
        return ""
    lead, rest = pages.SIMULATED
    return f'<p class="tr-banner" role="note"><strong>{text(lead)}</strong> {text(rest)}</p>'


TO_TOP = (
    "for (const e of [document.querySelector('[data-testid=stMain]'), "
    "document.scrollingElement]) e?.scrollTo(0, 0)"
)
"""Streamlit keeps the scroll position of the page before; a patient is read from the top. The same
to the letter on every page, because the browser runs only scripts whose hash it was told.
"""


def to_top(showing: str) -> str:
    """Runs once for each showing (an audit id): the browser runs a changed element only."""
    return f'<span hidden data-showing="{text(showing)}"></span><script>{TO_TOP}</script>'


NO_ROLE = (
    "new MutationObserver((_, seen) => { for (const e of document.querySelectorAll("
    "'[data-testid=stFileUploaderDropzone][role]')) { e.removeAttribute('role') } })"
    ".observe(document.body, { childList: true, subtree: true })"
)
"""Streamlit calls the place for a file a presentation and names it all the same, so that it is
announced or not, as the browser likes. Without the role it is a named region.
"""


def uploading() -> str:
    """Stands before the places for files of a page."""
    return f"<script>{NO_ROLE}</script>"


def notices(said: Sequence[str]) -> str:
    """What this visit cannot do, such as data that the chart did not permit."""
    return (
        f'<section class="tr-notices" role="note">{items(said, "tr-lines")}</section>'
        if said
        else ""
    )


def signed_in(agent: str) -> str:
    """Who is looking, beside the way out."""
    return f'<p class="tr tr-signed-in">{text(pages.signed_in(agent))}</p>'


def simulated(decisions: Iterable[Decision]) -> str:
    """The banner where there is no assessment yet, once for all models."""
    models = (decision.model for decision in decisions)
    said = (banner(model) for model in models if not isinstance(model, NoModel))
    return next((words for words in said if words), "")


def waiting(said: str, decisions: Iterable[Decision]) -> tuple[str, str]:
    """(head, page) while a record is read: what is known already, and boxes where the rest will be,
    so that nothing moves when it comes.
    """
    bar = '<div class="tr tr-waiting"><i style="width:60%"></i></div>'
    rows = '<i style="width:90%"></i><i style="width:70%"></i>'
    cards = f'<div class="tr-cards">{f"""<div class="tr-card">{rows}</div>""" * 2}</div>'
    page = f'<div aria-hidden="true">{rows}{rows}{cards}{rows}</div>'
    return (
        f'{bar}<div class="tr">{simulated(decisions)}</div>',
        f'<div class="tr tr-waiting"><p role="status">{text(said)}</p>{page}</div>',
    )


def footer(spec: DecisionSpec, model: ModelIdentity | None) -> str:
    return paragraph(pages.footer(spec, model), "tr-footer")


def stop(
    title: str,
    detail: str,
    remedy: str = "",
    *,
    heading: bool = True,
    offers: Sequence[tuple[str, str]] = (),
) -> str:
    """Something is broken: what, and what can be done. Never a traceback, never a value.

    `offers` are (label, path on this server); they open in a tab of their own, because this page
    may stand in a frame of somebody else's.
    """
    tag = "h1" if heading else "h2"
    links = "".join(
        f'<li><a href="{text(path)}" target="_blank" rel="noopener">{text(label)}</a></li>'
        for label, path in offers
        if path.startswith("/") and not path.startswith("//")
    )
    return (
        f'<section class="tr tr-stop-page" role="alert"><{tag}>{text(title)}</{tag}>'
        f"{paragraph(detail)}{paragraph(remedy)}{f'<ul>{links}</ul>' if links else ''}</section>"
    )
