"""Which of the values that were entered are measurements a chart can keep as results; pure."""

from __future__ import annotations

from decision.clinical.codes import Code
from decision.clinical.measures import MEASURES, Measure
from decision.clinical.quantities import Quantity
from decision.clinical.record import Observation
from decision.clinical.scores.joints import COUNTED
from decision.clinical.scores.questionnaires import ASKED
from decision.clinical.spec import DecisionSpec
from decision.clinical.writing import Measured, MeasuredValue
from decision.ui.entries import filed_under
from decision.ui.session import Saved
from decision.ui.texts import examination as texts


def measured(spec: DecisionSpec, saved: Saved) -> Measured | None:
    """What was measured at the visit, of what was entered in one go; None where nothing was. A
    laboratory's result, a diagnosis or a drug that somebody typed is no result of this visit.
    """
    found = tuple(
        value
        for entry in saved.entries
        for concept, measure in MEASURES.items()
        if (value := _value(spec, saved, entry, concept, measure)) is not None
    )
    return Measured(audit_id=saved.audit_id, at=saved.at, values=found) if found else None


def _value(
    spec: DecisionSpec, saved: Saved, entry: Observation, concept: str, measure: Measure
) -> MeasuredValue | None:
    listed = spec.codelists.get(concept)
    if listed is None or filed_under(spec, concept) not in entry.codes:
        return None
    if not isinstance(entry.value, Quantity):
        return None
    # A code that the decision would not read back as the same thing is not filed.
    codes: tuple[Code, ...] = (measure.code,) if measure.code and measure.code in listed else ()
    how: tuple[str, ...] = ()
    if (sign := COUNTED.get(concept)) is not None and saved.joints is not None:
        how = (texts.sites_of(saved.joints, sign),)
    if (sheet := saved.sheets.get(concept)) is not None:
        codes += (ASKED[concept].code,)
        how = (texts.scored(ASKED[concept], sheet.answers, sheet.helped),)
    return MeasuredValue(observation=entry, category=measure.category, codes=codes, how=how)
