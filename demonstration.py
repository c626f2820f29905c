"""Demo mode: a small EHR of simulated patients in the same process, and this app registered there.

It is imported in demo mode alone. The patients are those of `examples/demo_patients`, whatever
folder the stand-alone page lists: an export that somebody looks at is never served to anybody.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.routing import BaseRoute, Mount

from decision.clinical.clock import Clock
from examples.demo_ehr import Authentication, demo_ehr
from examples.demo_ehr import Client as Registration
from fhir.smart.tenant import Client, Tenant, WriteBack
from settings import ROOT

PATH = "/demo"
_CLIENT = "treatment-response-demo"
_LOOPBACK = ("127.0.0.1", "localhost")


def demo_tenant(public_url: str) -> Tenant:
    """The demonstration EHR as the app knows it: a public client that may write."""
    return Tenant(
        id="demo",
        name="the demonstration EHR (simulated patients)",
        issuer=f"{public_url}{PATH}/fhir",
        client=Client(id=_CLIENT),
        site="simulated-demo",
        agent="demo EHR",
        frame_ancestors=_both_names(public_url),
        also_read=("MedicationStatement", "MedicationAdministration"),
        standalone=True,
        write_back=WriteBack(
            risk_assessment=True, document=True, audit_event=True, observation=True, search=True
        ),
    )


def demo_mount(public_url: str, clock: Clock) -> BaseRoute:
    """The demonstration EHR, with its portal at `/demo/portal`."""
    registration = Registration(
        id=_CLIENT,
        name="Treatment response",
        authentication=Authentication.PUBLIC,
        redirect_uris=(f"{public_url}/callback",),
        launch_url=f"{public_url}/launch",
        scopes=_SCOPES,
    )
    patients = ROOT / "examples" / "demo_patients"
    base = f"{public_url}{PATH}"
    server = demo_ehr(
        base,
        patients,
        [registration],
        clock,
        portal_client=_CLIENT,
        fresh=True,
        algorithm="ES384",  # an RSA key takes a tenth of a second of every start
    )
    return Mount(PATH, app=server)


_SCOPES = (
    "launch",
    "launch/patient",
    "openid",
    "fhirUser",
    "online_access",
    "offline_access",
    "patient/*.crs",
)


def _both_names(public_url: str) -> tuple[str, ...]:
    """The portal's origin. On one machine it takes the other name of loopback, so that its frames
    are of another site, as in a real chart.
    """
    parts = urlsplit(public_url)
    names = _LOOPBACK if parts.hostname in _LOOPBACK else (parts.hostname,)
    port = f":{parts.port}" if parts.port else ""
    return tuple(f"{parts.scheme}://{name}{port}" for name in names)
