"""The demo EHR as one application to serve or to mount."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from examples.demo_ehr.authorize import Authorization
from examples.demo_ehr.clients import Client
from examples.demo_ehr.describing import openid_configuration, smart_configuration
from examples.demo_ehr.fhir_api import FhirApi
from examples.demo_ehr.misbehaviour import changed
from examples.demo_ehr.portal import portal_route
from examples.demo_ehr.service import Ehr
from examples.demo_ehr.shelf import Clock
from examples.demo_ehr.token import TokenEndpoint

STYLE = Path(__file__).parent / "style.css"


def demo_ehr(
    base: str,
    patients: Path,
    clients: Iterable[Client],
    clock: Clock,
    *,
    portal_client: str = "",
    **options: Any,
) -> Starlette:
    """The server that answers below `base` (mount it at that path); its state is `state.ehr`.

    `portal_client` is the app that `<base>/portal` opens; without it there is no portal. Further
    options are those of `Ehr`.
    """
    ehr = Ehr(base, patients, clients, clock, **options)

    async def discovery(request: Request) -> Response:
        content = changed(smart_configuration(ehr), ehr.misbehaviour.discovery)
        return await ehr.fault("discovery") or JSONResponse(content)

    async def openid(request: Request) -> Response:
        return JSONResponse(openid_configuration(ehr))

    async def jwks(request: Request) -> Response:
        return await ehr.fault("jwks") or Response(
            json.dumps(ehr.signer.jwks), media_type="application/jwk-set+json"
        )

    async def style(request: Request) -> Response:
        return FileResponse(STYLE, media_type="text/css", headers={"Cache-Control": "no-cache"})

    app = Starlette(
        routes=[
            Route("/fhir/.well-known/smart-configuration", discovery),
            Route("/fhir/.well-known/openid-configuration", openid),
            Route("/jwks", jwks),
            Route("/style.css", style),
            *Authorization(ehr).routes(),
            *TokenEndpoint(ehr).routes(),
            *FhirApi(ehr).routes(),
            *([portal_route(ehr, portal_client)] if portal_client else []),
        ]
    )
    app.state.ehr = ehr
    return app
