"""The doors on the network: `/launch`, `/standalone`, `/callback`, `/logout`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

import httpx2
from starlette.routing import Route

from fhir.rest.loop import BackgroundLoop
from fhir.smart.launches import Launches
from fhir.smart.pending import PendingLaunches
from fhir.smart.tenants import Tenants

PAGE = "/patient"
"""Where a finished launch goes, with `?embed=true&lid=<handle>`."""


def smart_routes(
    *,
    tenants: Tenants,
    launches: Launches,
    pending: PendingLaunches,
    loop: BackgroundLoop,
    http: httpx2.AsyncClient,
    clock: Callable[[], datetime],
    public_url: str,
    kinds: Collection[str],
) -> list[Route]:
    """Routes of the SMART App Launch. `kinds` are the resource types that the decision reads;
    `public_url` is this server as browsers see it, and its `/callback` is the one redirect address.
    """
    return []
