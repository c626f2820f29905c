"""Which of a decision's treatments an order is for, by its codes or, failing that, by its words."""

from __future__ import annotations

from collections.abc import Iterable

from decision.clinical.notice import Ordered
from decision.clinical.record import MedicationExposure
from decision.clinical.spec import DecisionSpec
from decision.evidence.drug_names import is_named


def ordered_treatments(
    orders: Iterable[MedicationExposure], spec: DecisionSpec
) -> tuple[Ordered, ...]:
    """Each treatment that is ordered, once, in the decision's order; a code goes before a name.

    Order entry mostly carries codes of products, which no list of ingredients holds: then the name
    decides, which is enough to speak up about a class and no more.
    """
    found: dict[str, bool] = {}
    drugs: dict[str, set[str]] = {}
    for order in orders:
        coded = [t.id for t in spec.treatments if _coded(order, spec, t.id)]
        named = [] if coded else [t.id for t in spec.treatments if _named(order, t.names)]
        found.update(dict.fromkeys(coded, False))
        for treatment in named:
            found.setdefault(treatment, True)
        for treatment in coded or named:
            drugs.setdefault(treatment, set()).add(_drug(order, spec, treatment))
    return tuple(
        Ordered(treatment=t.id, by_name=found[t.id], drug=_one(drugs[t.id]))
        for t in spec.treatments
        if t.id in found
    )


def _drug(order: MedicationExposure, spec: DecisionSpec, treatment: str) -> str:
    """What the drug is called: as its code list, else by the name that was recognised."""
    for drug in spec.history.drugs:
        if spec.codelists[drug].matches(order.codes):
            return drug.replace("_", " ")
    names = [name for name in spec.treatment(treatment).names if is_named(name, _words(order))]
    return names[0] if len(names) == 1 else ""


def _one(names: set[str]) -> str:
    return next(iter(names)) if len(names) == 1 else ""


def _coded(order: MedicationExposure, spec: DecisionSpec, treatment: str) -> bool:
    return treatment in spec.codelists and spec.codelists[treatment].matches(order.codes)


def _named(order: MedicationExposure, names: Iterable[str]) -> bool:
    return any(is_named(name, _words(order)) for name in names)


def _words(order: MedicationExposure) -> str:
    return " | ".join((order.text, *(code.display for code in order.codes)))
