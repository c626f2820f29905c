"""CodeableConcept to `Code`s: one URI per system, check digits verified, displays only shown."""

from __future__ import annotations

from decision.clinical.codes import ATC, LOCAL, LOINC, RXNORM, SNOMED, Code, CodeError
from decision.clinical.record import IssueKind
from fhir.doubts import Doubts
from fhir.fields import Json, child, children, clean, text

_SAME_SYSTEM = {
    "urn:oid:2.16.840.1.113883.6.1": LOINC,
    "urn:oid:2.16.840.1.113883.6.96": SNOMED,
    "urn:oid:2.16.840.1.113883.6.88": RXNORM,
    "urn:oid:2.16.840.1.113883.6.73": ATC,
    "https://loinc.org": LOINC,
    "http://loinc.org/": LOINC,
}
"""Other names under which the same code systems travel."""


def codes_of(concept: Json, reference: str, doubts: Doubts) -> tuple[Code, ...]:
    """The codings that have a system; one that fails its own check digit is noted, not used."""
    codes = []
    for coding in children(concept, "coding"):
        system, code, display = coding.get("system"), coding.get("code"), coding.get("display")
        if not (isinstance(system, str) and isinstance(code, str)):
            continue
        key = (system, code, display if isinstance(display, str) else "")
        if (known := doubts.codes.get(key)) is not None:
            codes.append(known)
            continue
        system, code = clean(system), clean(code)
        if not system or not code:
            continue
        try:
            read = Code(system=_SAME_SYSTEM.get(system, system), code=code, display=clean(display))
            doubts.codes[key] = read
            codes.append(read)
        except CodeError as error:  # quotes nothing but the LOINC number
            doubts.add(
                IssueKind.INVALID_CODE,
                reference,
                str(error),
                "correct the code at its source",
            )
    return tuple(codes)


def words_of(concept: Json) -> str:
    """The concept in words: its text, else the first display."""
    return text(concept, "text") or next(
        (text(c, "display") for c in children(concept, "coding") if text(c, "display")), ""
    )


def answer_of(concept: Json, reference: str, doubts: Doubts) -> Code | None:
    """The one code an answer stands for; ours where it is among them."""
    codes = codes_of(concept, reference, doubts)
    return next((c for c in codes if c.system == LOCAL), codes[0] if codes else None)


def status_code(parent: Json, key: str) -> str | None:
    """The plain code of a status concept; None where the key is absent, "" where unreadable."""
    if key not in parent:
        return None
    return next((text(c, "code") for c in children(child(parent, key), "coding")), "")
