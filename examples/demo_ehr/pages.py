"""The pages people see: consent, refusal, and the frame they share. No script anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from examples.demo_ehr.addresses import origin, other_name
from examples.demo_ehr.clients import Client
from examples.demo_ehr.errors import PageError
from examples.demo_ehr.misbehaviour import Json
from examples.demo_ehr.scopes import DataScope, parsed

if TYPE_CHECKING:
    from examples.demo_ehr.service import Consent, Ehr

_DOES = {"r": "read", "s": "read", "c": "add", "u": "change", "d": "delete"}
_WORDS = {
    "launch": "know which patient is open",
    "launch/patient": "know which patient you choose",
    "openid": "know who you are",
    "fhirUser": "know your entry in this chart system",
    "online_access": "stay connected while you are signed in",
    "offline_access": "stay connected after you have left",
}

_ABOUT = "case-about"
"""Code of the tag in `Patient.meta` whose display says which kind of case this is."""


# Under `no-referrer` a form's Origin is "null", which a server that minds its own pages refuses.
# Said in the page as well, since a middleware may have put a stricter word into the header.
_REFERRER = "same-origin"


def page(
    title: str, body: str, *, status: int = 200, policy: dict[str, str] | None = None
) -> HTMLResponse:
    """A whole page under a policy of its own; `body` is HTML that is already escaped."""
    rules = {
        "default-src": "'none'",
        "style-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    } | (policy or {})
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="referrer" content="{_REFERRER}"><title>{escape(title)}</title>'
        '<link rel="stylesheet" href="style.css"></head>'
        f'<body><header><strong>Demonstration EHR</strong><span class="mark">Simulated people. '
        f"Nobody here is or was a patient.</span></header><main>{body}</main></body></html>"
    )
    # Every page lies directly below the base, so the sheet's name alone finds it.
    return HTMLResponse(
        html,
        status,
        {
            "Content-Security-Policy": "; ".join(f"{k} {v}" for k, v in rules.items()),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": _REFERRER,
        },
    )


def refusal(refused: PageError) -> HTMLResponse:
    """What is told to the person and not to the app."""
    words = f"<h1>This cannot go on</h1><p>{escape(refused.words)}</p>"
    return page("This cannot go on", words, status=refused.status)


def consent(ehr: Ehr, client: Client, asked: Consent, ticket: str) -> HTMLResponse:
    """Asks for a yes or no and, where nobody is open yet, for the patient."""
    wishes = "".join(f"<li>{escape(wish)}</li>" for wish in _wishes(asked.grant.scope))
    people = _people(ehr.chart.patients()) if asked.choose_patient else ""
    body = (
        f"<h1>{escape(client.name)} asks for access</h1>"
        "<p>You are signed in as Dr Dana Demo. The app would be allowed to:</p>"
        f"<ul>{wishes}</ul>"
        '<form method="post" action="decide">'
        f'<input type="hidden" name="ticket" value="{escape(ticket)}">{people}'
        '<p class="buttons"><button name="decision" value="allow">Allow</button>'
        '<button name="decision" value="deny" class="quiet" formnovalidate>Deny</button></p></form>'
    )
    frames = {origin(ehr.base), other_name(origin(ehr.base))} - {""}
    return page(
        f"{client.name} asks for access",
        body,
        policy={
            # The answer is a redirect to the app, and browsers apply this rule to redirects too.
            "form-action": f"'self' {origin(asked.grant.redirect_uri)}",
            "frame-ancestors": " ".join(sorted(frames)),
        },
    )


def named(patient: Json) -> str:
    """A patient's name and birth date as a chart's heading has them."""
    name = patient.get("name", [{}])[0]
    full = " ".join([*name.get("given", []), name.get("family", "")]).strip() or patient["id"]
    return f"{full}, born {patient['birthDate']}" if patient.get("birthDate") else full


def grouped(patients: Iterable[Json]) -> dict[str, list[Json]]:
    """The patients by what they are about, as a tag of theirs says; under "" those without one."""
    groups: dict[str, list[Json]] = {}
    for patient in patients:
        tags = patient.get("meta", {}).get("tag", [])
        about = next((t["display"] for t in tags if t.get("code") == _ABOUT), "")
        groups.setdefault(about, []).append(patient)
    return groups


def _people(patients: tuple[Json, ...]) -> str:
    choices = "".join(
        (f"<h2>{escape(about)}</h2>" if about else "")
        + "".join(
            f'<label><input type="radio" name="patient" value="{escape(p["id"])}" required>'
            f"{escape(named(p))}</label>"
            for p in people
        )
        for about, people in grouped(patients).items()
    )
    return f"<fieldset><legend>For which patient?</legend>{choices}</fieldset>"


def _wishes(scope: str) -> list[str]:
    wishes = []
    for name in scope.split():
        data = parsed(name)
        wishes.append(_worded(data) if data else _WORDS.get(name, name))
    return wishes


def _worded(data: DataScope) -> str:
    does = ", ".join(dict.fromkeys(_DOES[letter] for letter in data.letters))
    return f"{does} {'everything' if data.kind == '*' else data.kind} of this patient"
