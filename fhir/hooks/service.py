"""One service: a decision that may speak up, and how it is told to the EHRs that look for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from decision.clinical.notice import Notice
from decision.clinical.record import PatientRecord
from decision.clinical.spec import DecisionSpec
from fhir.fields import Json
from fhir.hooks.calls import Hook, HookCall
from fhir.hooks.prefetch import templates
from fhir.rest.searches import Search, asked_of
from fhir.smart.tenant import Tenant

Respond = Callable[[HookCall, PatientRecord], Notice | None]
"""What is to be said, if anything. Runs in a worker thread; writes the trail's entry first."""

_COMPARING = {
    Hook.PATIENT_VIEW: "When a chart is opened, it speaks only where a preference can be stated or "
    "a required input is missing.",
    Hook.ORDER_SELECT: "When {classes} is selected, it speaks only where a caution applies to it, "
    "an earlier drug of its class failed, or the estimates favour the other.",
}
_FORETELLING = {
    Hook.PATIENT_VIEW: "When a chart is opened, it speaks only where what it finds asks for "
    "something to be done, or a required input is missing; never of a risk alone.",
    Hook.ORDER_SELECT: "When {classes} is selected, it speaks only where a caution applies to it "
    "or an earlier drug of its class failed.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HookService:
    """A decision with its searches and its answer. Its id is the decision's own."""

    spec: DecisionSpec
    searches: tuple[Search, ...]
    respond: Respond

    @property
    def id(self) -> str:
        return self.spec.id

    def searches_of(self, tenant: Tenant) -> tuple[Search, ...]:
        """What this EHR can be asked for: kinds that many servers lack, only where it has them."""
        return asked_of(self.searches, tenant.also_read)[0]

    def unasked_of(self, tenant: Tenant) -> tuple[Search, ...]:
        """What it is by choice not asked for, and the record must say so."""
        return asked_of(self.searches, tenant.also_read)[1]


def descriptions(service: HookService, tenant: Tenant) -> list[Json]:
    """What discovery says of a service to one EHR, once for each hook at which it may speak: of
    orders only where it knows a treatment.

    One id for both hooks: clients drop the cards of an earlier call of the same id, so that the
    chart never shows what was said when it was opened beside what was said of the order.
    """
    spec = service.spec
    classes = " or ".join(t.label_with_article for t in spec.treatments)
    when = _FORETELLING if spec.prognosis else _COMPARING
    searches = service.searches_of(tenant)
    kinds = {"Patient"} | {search.kind for search in searches}
    needs = (
        f"Needs the prefetch data, or fhirAuthorization to read {', '.join(sorted(kinds))}."
        f" Not for: {'; '.join(spec.not_for)}."
    )
    return [
        {
            "hook": hook.value,
            "id": service.id,
            "title": spec.title,
            "description": f"{spec.intended_use} {when[hook].format(classes=classes)}",
            "usageRequirements": needs,
            "prefetch": templates(searches),
        }
        for hook in Hook
        if spec.treatments or hook is not Hook.ORDER_SELECT
    ]
