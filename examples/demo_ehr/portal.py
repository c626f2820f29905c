"""A page that plays the chart system: two patients side by side, each with the app in a frame."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examples.demo_ehr.addresses import origin, other_name
from examples.demo_ehr.misbehaviour import Json
from examples.demo_ehr.pages import grouped, named, page

if TYPE_CHECKING:
    from examples.demo_ehr.service import Ehr

SIDES = ("left", "right")


def portal_route(ehr: Ehr, client: str) -> Route:
    """`<base>/portal?left=…&right=…`: every visit opens two launches of its own."""

    async def portal(request: Request) -> Response:
        patients = ehr.chart.patients()
        shown = _chosen(patients, [request.query_params.get(side, "") for side in SIDES])
        app = origin(ehr.clients[client].launch_url)
        frames = "".join(_frame(p, ehr.launch(client, p["id"])) for p in shown)
        body = (
            "<h1>Two patients, two charts, one browser</h1>"
            f"<p>This page plays the chart system around “{escape(ehr.clients[client].name)}”. "
            "Each frame is a launch of its own and must keep to its own patient.</p>"
            f"{_same_site(ehr, app, request.url.hostname or '')}"
            f'{_picker(patients, shown)}<div class="charts">{frames}</div>'
        )
        # A frame goes through this server's authorize page and back: both origins, one by one.
        sources = {app, origin(ehr.base), other_name(origin(ehr.base))} - {""}
        return page("Demonstration portal", body, policy={"frame-src": " ".join(sorted(sources))})

    return Route("/portal", portal)


def _chosen(patients: Sequence[Json], wanted: Sequence[str]) -> list[Json]:
    """The patients asked for; an unknown one is replaced by the first not yet shown."""
    known = {p["id"]: p for p in patients}
    shown: list[Json] = []
    for name in wanted:
        rest = (p for p in patients if p["id"] not in {s["id"] for s in shown} | set(wanted))
        patient = known.get(name) or next(rest, patients[0])
        shown.append(patient)
    return shown


def _same_site(ehr: Ehr, app: str, host: str) -> str:
    """A browser treats frames of the same site more kindly than those a chart system holds."""
    if host != urlsplit(app).hostname:
        return ""
    there = ehr.base if urlsplit(ehr.base).hostname != host else other_name(ehr.base)
    link = (
        f' <a href="{escape(there)}/portal">Open it as {escape(there)}/portal</a> instead.'
        if there
        else ""
    )
    return (
        '<p class="note">You opened this page under the same name as the app, so the browser '
        f"takes both for one site. A real chart system is another site.{link}</p>"
    )


def _picker(patients: Sequence[Json], shown: Sequence[Json]) -> str:
    choices = "".join(
        f'<label>{side.title()} <select name="{side}">{_options(patients, chosen)}</select></label>'
        for side, chosen in zip(SIDES, shown, strict=True)
    )
    return f'<form class="picker" method="get">{choices}<button>Open both charts</button></form>'


def _options(patients: Sequence[Json], chosen: Json) -> str:
    groups = []
    for about, people in grouped(patients).items():
        options = "".join(
            f'<option value="{escape(p["id"])}"{" selected" if p is chosen else ""}>'
            f"{escape(named(p))}</option>"
            for p in people
        )
        groups.append(
            f'<optgroup label="{escape(about)}">{options}</optgroup>' if about else options
        )
    return "".join(groups)


def _frame(patient: Json, address: str) -> str:
    name = escape(named(patient))
    return (
        f'<section class="chart"><h2>{name} <span class="mark">simulated</span></h2>'
        f'<iframe src="{escape(address)}" title="Treatment response for {name}" '
        'referrerpolicy="no-referrer"></iframe></section>'
    )
