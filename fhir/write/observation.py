"""What a clinician measured at a visit as a FHIR R4 Observation: one for each value."""

from __future__ import annotations

from datetime import datetime

from decision.clinical.codes import Code
from decision.clinical.quantities import Quantity
from decision.clinical.writing import MeasuredValue
from fhir.errors import NotWritableError
from fhir.fields import Json
from fhir.write.figures import instant, spoken
from fhir.write.launched import Launched, decision_key, identifier

KIND = "Observation"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_UCUM = "http://unitsofmeasure.org"
ENTERED = "Entered by the clinician in treatment-response."
"""A result of this origin was typed or counted on a page, and came from no device or laboratory."""


def value_key(value: MeasuredValue, entered_id: str, launched: Launched) -> str:
    """The same whenever one value of one entry of the trail is filed, from whatever process."""
    return entered_key(value.observation.codes[0].code, entered_id, launched)


def entered_key(code: str, entered_id: str, launched: Launched) -> str:
    """The same, of the value that the trail's entry has under that code."""
    return decision_key(f"{KIND} {code}", entered_id, launched)


def observation(value: MeasuredValue, entered_id: str, at: datetime, launched: Launched) -> Json:
    """The Observation of one value, measured `at` that time. NotWritableError for anything but a
    number in its unit.
    """
    found = value.observation.value
    if not isinstance(found, Quantity) or found.comparator or not found.unit:
        raise NotWritableError("only a number with its unit is filed as a result")
    whole = float(found.value).is_integer()
    resource: Json = {
        "resourceType": KIND,
        "identifier": [identifier(value_key(value, entered_id, launched))],
        "status": "final",
        "category": [{"coding": [{"system": _CATEGORY, "code": value.category.value}]}],
        "code": {
            "coding": [_coding(code) for code in (*value.codes, *value.observation.codes)],
            "text": value.observation.text,
        },
        "subject": {"reference": launched.subject},
        "effectiveDateTime": instant(at),
        "performer": [{"reference": launched.fhir_user}],
        "valueQuantity": {
            "value": int(found.value) if whole else found.value,
            "unit": found.unit,
            "system": _UCUM,
            "code": found.unit,
        },
        "note": [{"text": spoken(ENTERED, *value.how)}],
    }
    if launched.encounter:
        resource["encounter"] = {"reference": f"Encounter/{launched.encounter}"}
    return resource


def _coding(code: Code) -> Json:
    coding: Json = {"system": code.system, "code": code.code}
    return {**coding, "display": code.display} if code.display else coding
