"""The route by which a record leaves: for the visit whose page offers it, after its audit entry."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from typing import Protocol
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from decision.assess import record_choice
from decision.clinical.assessment import Assessment, AuditAction
from decision.clinical.errors import AuditError, DecisionSupportError
from decision.clinical.record import PatientRecord
from decision.clinical.writing import ChosenTreatment
from decision.ui import standing
from decision.ui.record.exported import Json, Taken, as_json, exported
from decision.ui.record.traced import Made
from decision.ui.services import Services
from decision.ui.session import Chart
from decision.ui.texts import decided
from decision.ui.texts import exporting as words
from decision.ui.visiting import HANDLE
from decision.visit import Visit

PATH = "/record"
_LOG = logging.getLogger(__name__)
_TYPES = {"pdf": "application/pdf", "json": "application/json"}
_PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><title>{title}</title>'
    '<meta name="viewport" content="width=device-width"/><style>body{{font:1rem/1.5 sans-serif;'
    "max-width:40rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}}</style></head>"
    '<body><main><h1>{title}</h1><p>{detail}</p><p>{remedy}</p><p><a href="{back}">{go}</a></p>'
    "</main></body></html>"
)


class Pages(Protocol):
    """Makes the page to file."""

    def pdf(self, record: Json) -> bytes: ...


class RefusedError(Exception):
    """Why no record leaves, in the words of a stop, with the status that says so to machines."""

    def __init__(self, status: int, said: tuple[str, str, str]) -> None:
        super().__init__(said[0])
        self.status, self.said = status, said


def address(name: str, showing: str, form: str, handle: str) -> str:
    """Where one form of what is offered can be fetched."""
    query = f"?{urlencode({HANDLE: handle})}" if handle else ""
    return f"{PATH}/{name}/{showing}.{form}{query}"


def record_route(services: Services, pages: Pages) -> Route:
    """The route. Not async: making a page takes long enough to hold up others."""

    def fetch(request: Request) -> Response:
        asked = request.path_params
        try:
            return _fetched(
                services, pages, request, asked["name"], asked["showing"], asked["form"]
            )
        except RefusedError as refused:
            return _refusal(request, refused)
        except Exception as error:
            # The type only: a message or a traceback could hold a name or a result.
            _LOG.error("no record: %s", type(error).__name__)
            return _refusal(request, RefusedError(500, words.BROKEN))

    route = Route(PATH + "/{name}/{showing}.{form}", fetch, methods=["GET"])
    route.methods = {"GET"}  # asked for its head alone, nothing leaves and nothing is written
    return route


def _fetched(
    services: Services, pages: Pages, request: Request, name: str, showing: str, form: str
) -> Response:
    if form not in _TYPES or request.headers.get("sec-fetch-site") == "cross-site":
        raise RefusedError(404, words.NO_RECORD)
    visit = _visit(services, request.query_params.get(HANDLE, ""), request.cookies)
    offer = services.exports.find(name, visit.key)
    chart = offer.chart() if offer else None
    if chart is None or visit.patient_id not in (None, chart.record.patient_id):
        raise RefusedError(404, words.NO_RECORD)
    content = _taken(services, pages, visit, chart, showing, form)
    file = f"decision-record-{services.clock():%Y-%m-%d}-{showing[:8]}.{form}"
    return Response(
        content,
        media_type=_TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )


def _visit(services: Services, handle: str, cookies: Mapping[str, str]) -> Visit:
    try:
        found = services.doors.visit(handle, cookies)
    except DecisionSupportError:
        raise RefusedError(404, words.NO_RECORD) from None
    if not isinstance(found, Visit):
        raise RefusedError(404, words.NO_RECORD)
    return found


def _taken(
    services: Services, pages: Pages, visit: Visit, chart: Chart, showing: str, form: str
) -> bytes:
    """The file, from the very answer that is on the screen; in the trail before it leaves, with a
    digest by which a file that turns up can be told to be that one.
    """
    context = services.context(visit)
    with chart.lock:
        shown = next((a for a in chart.assessments.values() if a.audit_id == showing), None)
        if shown is None or chart.assessments.get(chart.decision) is not shown:
            raise RefusedError(409, words.CHANGED)
        record, made = chart.with_entries(), _made(chart, shown, visit)
    taken = Taken(agent=context.agent, at=context.now, site=context.site)
    earlier = _earlier(services, chart, shown)
    told = exported(shown, record, made, taken, earlier)
    content = as_json(told) if form == "json" else _page(pages, told)
    entry = {"form": form, "sha256": sha256(content).hexdigest()}
    if made:
        entry["decided"] = made.choice.audit_id
    _write(services, shown, chart.record, entry, visit)
    return content


def _earlier(services: Services, chart: Chart, shown: Assessment) -> str:
    """The decision that stands from an earlier showing, as the page says it: none was recorded only
    where the trail has none.
    """
    who = chart.record
    try:
        kept = services.audit.entries(who.patient_id, who.identity)
    except AuditError as error:
        title, detail = words.NO_AUDIT
        raise RefusedError(503, (title, f"{detail} {error.message}", error.remedy)) from None
    found = standing.latest(kept, shown.spec.id)
    if found is None or found[0].audit_id in {
        d.audit_id for d in chart.decided_about(shown.audit_id)
    }:
        return ""
    return decided.earlier(shown.spec, found[1], who.as_of.tzinfo)


def _page(pages: Pages, told: Json) -> bytes:
    try:
        return pages.pdf(told)
    except DecisionSupportError as error:
        _LOG.error("no page: %s", error.message)
        title, detail = words.NO_PAGE
        raise RefusedError(500, (title, detail, error.remedy)) from None


def _write(
    services: Services,
    shown: Assessment,
    record: PatientRecord,
    entry: Mapping[str, object],
    visit: Visit,
) -> None:
    try:
        record_choice(
            shown, record, AuditAction.EXPORTED, entry, services.audit, services.context(visit)
        )
    except AuditError as error:
        title, detail = words.NO_AUDIT
        raise RefusedError(503, (title, f"{detail} {error.message}", error.remedy)) from None


def _made(chart: Chart, shown: Assessment, visit: Visit) -> Made | None:
    """The decision that stands about what is shown; it was made in this visit."""
    decided = chart.decided_about(shown.audit_id)
    if not decided:
        return None
    last = decided[-1]
    coded = dict(each.partition("=")[::2] for each in last.coded)
    choice = ChosenTreatment(
        action=last.action, chosen=last.chosen, reason=last.reason, audit_id=last.audit_id
    )
    return Made(choice=choice, agent=visit.agent, at=last.at, remark=coded.get("note", ""))


def _refusal(request: Request, refused: RefusedError) -> HTMLResponse:
    title, detail, remedy = refused.said
    handle = request.query_params.get(HANDLE, "")
    back = f"/?{urlencode({HANDLE: handle})}" if handle else "/"
    told = {"title": title, "detail": detail, "remedy": remedy, "go": words.BACK, "back": back}
    page = _PAGE.format(**{name: escape(value) for name, value in told.items()})
    return HTMLResponse(page, status_code=refused.status)
