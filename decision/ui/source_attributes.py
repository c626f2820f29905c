"""The route that gives a decision's source attributes as data; it knows of no patient."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from decision.assess import Decision, NoModel
from decision.ui.texts.source_attributes import GROUPS, REGULATION, attributes

PATH = "/source-attributes"


def attributes_route(decisions: Sequence[Decision]) -> Route:
    """One address for each decision served; any other names those."""
    known = {decision.id: _told(decision) for decision in decisions}

    async def tell(request: Request) -> JSONResponse:
        found = known.get(request.path_params["decision"])
        if found is None:
            missing = {"error": "no such decision is served here", "decisions": list(known)}
            return JSONResponse(missing, status_code=404)
        return JSONResponse(found)

    return Route(PATH + "/{decision}", tell, methods=["GET"])


def _told(decision: Decision) -> dict[str, object]:
    model = decision.model
    return {
        "regulation": REGULATION,
        "decision": {
            "id": decision.id,
            "title": decision.spec.title,
            "rules": decision.spec.version,
        },
        "model": None
        if isinstance(model, NoModel)
        else {"id": model.id, "version": model.version, "sha256": model.checksum},
        "attributes": [
            {
                "paragraph": f"{REGULATION}{found.paragraph}",
                "group": GROUPS[int(found.paragraph[1]) - 1][0],
                "id": found.id,
                "name": found.name,
                "available": bool(found.said.text),
                "value": found.said.text or None,
                "reason": found.said.unavailable or None,
            }
            for found in attributes(decision)
        ],
        "changes": [
            {"version": c.version, "at": c.at.isoformat(), "what": c.what}
            for c in decision.account.changes
        ],
    }
