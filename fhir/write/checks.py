"""What every resource must pass before it leaves: its shape by fhir.resources, its sense by us.

The library accepts any status code and a percentage of 161, so those are looked at here. A failed
check is a fault of ours and names an element, never what stands in it.
"""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from decision.clinical.assessment import Card
from fhir.errors import NotWritableError
from fhir.fields import Json, child, children
from fhir.ids import kind_of
from fhir.write.risk_assessment import estimates

_ZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_TIMES = frozenset(
    {
        "occurrenceDateTime",
        "effectiveDateTime",
        "date",
        "creation",
        "start",
        "end",
        "time",
        "recorded",
    }
)
_CODES = {
    ("RiskAssessment", "status"): frozenset({"final"}),
    ("DocumentReference", "status"): frozenset({"current"}),
    ("DocumentReference", "relatesTo.code"): frozenset({"replaces"}),
    ("Observation", "status"): frozenset({"final"}),
    ("AuditEvent", "action"): frozenset("CRUDE"),
    ("AuditEvent", "outcome"): frozenset({"0", "4", "8", "12"}),
}
"""The codes we may write, by kind and element; all lie in the required value sets of R4."""
_ABOUT = {"AuditEvent": "entity.what"}
"""Where a kind says whom it is about; `subject` in the others."""


def check(resource: Json, subject: str) -> None:
    """Whether a resource may go to the chart of that patient (`Patient/1`); `NotWritableError`."""
    kind = str(resource.get("resourceType", ""))
    for path, value in _walk(resource):
        _check_value(kind, path, value, subject)
    named = {v for p, v in _walk(resource) if p == f"{_ABOUT.get(kind, 'subject')}.reference"}
    if subject not in named:
        raise NotWritableError(f"{kind} does not say that it is about the patient of this launch")
    _check_shape(kind, resource)


def check_percentages(resource: Json, card: Card) -> None:
    """The numbers are those of the card, each under its own outcome, as percentages: 0.61 would
    pass for a percentage too.
    """
    written = [
        (coding.get("code"), prediction.get("probabilityDecimal"))
        for prediction in children(resource, "prediction")
        for coding in children(child(prediction, "outcome"), "coding")
    ]
    shown = estimates(card)
    if len(written) != len(shown) or not all(
        code == outcome and isinstance(w, int | float) and abs(w - 100 * p) <= 0.5 + 1e-9
        for (code, w), (outcome, p) in zip(written, shown, strict=True)
    ):
        raise NotWritableError("RiskAssessment.prediction.probabilityDecimal is not what was shown")


def _check_value(kind: str, path: str, value: object, subject: str) -> None:
    where, name = f"{kind}.{path}", path.rpartition(".")[2]
    if value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip()):
        raise NotWritableError(f"{where} is empty")
    if isinstance(value, float) and not math.isfinite(value):
        raise NotWritableError(f"{where} is no number")
    if name == "reference" and isinstance(value, str):
        if not kind_of(value):
            raise NotWritableError(f"{where} is not relative to the chart's server")
        if value.startswith("Patient/") and value != subject:
            raise NotWritableError(f"{where} is another patient")
    if name in _TIMES and isinstance(value, str) and not _zoned(value):
        raise NotWritableError(f"{where} is no time with its zone")
    if name == "probabilityDecimal" and not (isinstance(value, int | float) and 0 <= value <= 100):
        raise NotWritableError(f"{where} is no percentage")
    allowed = _CODES.get((kind, path))
    if allowed is not None and value not in allowed:
        raise NotWritableError(f"{where} is not one of the codes it may be")


def _zoned(value: str) -> bool:
    try:
        return bool(_ZONED.fullmatch(value)) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _walk(node: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every element with its path; items of a list share that of the list."""
    if isinstance(node, dict):
        for key, value in node.items():
            below = f"{path}.{key}" if path else str(key)
            yield below, value
            yield from _walk(value, below)
    elif isinstance(node, list):
        for item in node:
            if not isinstance(item, dict | list):
                yield path, item
            elif not item:
                yield path, None
            else:
                yield from _walk(item, path)


def _check_shape(kind: str, resource: Json) -> None:
    if kind not in {listed for listed, _ in _CODES}:
        raise NotWritableError(f"{kind or 'a resource'} is no kind that is ever written")
    # Loaded here only: a first import takes most of a second, which a start need not pay.
    from pydantic import ValidationError

    module = importlib.import_module(f"fhir.resources.R4B.{kind.lower()}")
    model: Any = getattr(module, kind)
    try:
        model.model_validate(resource)
    except ValidationError as error:
        # Its own text holds the values.
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
        raise NotWritableError(f"{kind}.{where} has not the shape of R4") from None
