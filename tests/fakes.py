"""Doubles for whole pages: a small decision with the shape of the real one, records with names,
a model that follows what is entered, a source that can fail; `builders` has the values.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from decision.assess import Decision, NoModel, Predictor, RecordSource
from decision.clinical.assessment import (
    Card,
    Comparison,
    Contribution,
    Explanation,
    MissingCost,
    ModelIdentity,
)
from decision.clinical.codes import LOCAL, Code, Codelist, CodelistEntry, CodeStatus
from decision.clinical.errors import RecordSourceError
from decision.clinical.features import (
    FeatureVector,
    Found,
)
from decision.clinical.progress import Watch, unwatched
from decision.clinical.quantities import Moment, Precision, Quantity
from decision.clinical.record import (
    Identity,
    ListingProblem,
    Observation,
    PatientListing,
    PatientRecord,
)
from decision.clinical.spec import (
    CautionFinding,
    CautionRule,
    DecisionSpec,
    Entry,
    EntryKind,
    FeatureSpec,
    Limits,
    Modality,
    ModelColumn,
    Player,
    Presence,
    Severity,
    Transform,
    Treatment,
    Verification,
)
from decision.ui.services import Services
from decision.ui.session import Chart
from decision.visit import (
    ChosenTreatment,
    Closed,
    Delivery,
    Document,
    Doors,
    Measured,
    Receipt,
    Visit,
)
from tests.builders import (
    AS_OF,
    FakePredictor,
    ListAuditLog,
    make_answer,
    make_observation,
    make_spec,
    make_threshold,
    newest,
)

OFFERS = ("Document: your decision (CHOSEN).", "Risk assessment: both estimates.")
SENT = Receipt(
    delivery=Delivery.SENT,
    detail="The chart's server kept both.",
    resources=("RiskAssessment/12", "DocumentReference/13"),
)
WAITING = Receipt(
    delivery=Delivery.WAITING, detail="The server did not answer.", remedy="Try again later."
)
UNSURE = Receipt(delivery=Delivery.UNSURE, detail="The answer was lost.", remedy="Look first.")
REFUSED = Receipt(
    delivery=Delivery.REFUSED, detail="Writing is not permitted.", remedy="Ask the administrator."
)
BORN = Moment(
    earliest=datetime(1972, 3, 1, tzinfo=UTC),
    latest=datetime(1972, 3, 2, tzinfo=UTC),
    precision=Precision.DAY,
    text="1972-03-01",
)
CHOICES = {"taking": "Taking", "not-taking": "Not taking"}


def make_feature(
    name: str,
    label: str,
    unit: str,
    high: float,
    *,
    modality: Modality = Modality.CLINICAL,
    required: bool = False,
    kind: EntryKind = EntryKind.NUMBER,
) -> FeatureSpec:
    chosen = kind is EntryKind.CHOICE
    limits = Limits(low=0, high=high, citation="test")
    return FeatureSpec(
        id=name,
        label=label,
        short=label,
        modality=modality,
        unit=unit,
        concepts=(name,),
        lookback=timedelta(days=90),
        supported=limits,
        required=required,
        derive=newest,
        entry=Entry(
            kind=kind,
            question=label,
            concept=name,
            step=0.5,
            choices=CHOICES if chosen else None,
            unit="" if chosen else unit,
            limits=None if chosen else limits,
        ),
        flag_labels=("on methotrexate", "no methotrexate") if chosen else None,
    )


FEATURES = (
    make_feature(
        "tender", "Tender joints", "{count}", 28, required=True, kind=EntryKind.WHOLE_NUMBER
    ),
    make_feature("mtx", "Methotrexate", "1", 1, kind=EntryKind.CHOICE),
    make_feature("crp", "CRP", "mg/L", 500, modality=Modality.SEROLOGICAL),
)


def codelist(name: str) -> Codelist:
    code = Code(system=LOCAL, code=f"{name}-local")
    entry = CodelistEntry(code=code, status=CodeStatus.VERIFIED)
    return Codelist(id=name, version="1", entries=(entry,), citation="test")


def make_rule(
    name: str,
    title: str,
    a: Severity,
    b: Severity,
    verification: Verification = Verification.VERIFIED,
    outstanding: str = "",
) -> CautionRule:
    return CautionRule(
        id=name,
        title=title,
        trigger=f"trigger of {title}",
        severity={"a": a, "b": b},
        message={"a": f"{title}: say of A", "b": f"{title}: say of B"},
        source="label",
        source_date="2026",
        verification=verification,
        outstanding=outstanding,
    )


STOP_RULE = make_rule("S", "Low neutrophils", Severity.NONE, Severity.STOP)
OPEN_RULE = make_rule(
    "T", "Tuberculosis", Severity.CAUTION, Severity.CAUTION, Verification.PARTLY, "the limit"
)
ABSENT_RULE = make_rule("U", "Heart failure", Severity.AVOID, Severity.NONE)


def finding(rule: CautionRule, presence: Presence) -> CautionFinding:
    detail = {
        Presence.PRESENT: "1.4 ×10⁹/L on 30 Oct 2026",
        Presence.ABSENT: "recorded as absent",
        Presence.NOT_FOUND: "no result in the record",
    }[presence]
    return CautionFinding(rule=rule, presence=presence, severity=rule.severity, detail=detail)


def page_spec(*, stop: bool = False, **changes: object) -> DecisionSpec:
    """Joint counts needed, methotrexate and CRP asked; drugs `b` (IL-6) and `a` (TNF)."""
    findings = (
        finding(STOP_RULE, Presence.PRESENT if stop else Presence.NOT_FOUND),
        finding(OPEN_RULE, Presence.NOT_FOUND),
        finding(ABSENT_RULE, Presence.ABSENT),
    )
    base = make_spec(cautions=findings)
    spec = dataclasses.replace(
        base,
        title="Next drug in tests",
        treatments=(
            Treatment(id="a", label="TNF inhibitor", label_with_article="a TNF inhibitor"),
            Treatment(id="b", label="IL-6 inhibitor", label_with_article="an IL-6 inhibitor"),
        ),
        outcome=dataclasses.replace(base.outcome, label="low disease activity (CDAI ≤ 10)"),
        features=FEATURES,
        players=tuple(
            Player(id=f.id, label=f.label, modality=f.modality, features=(f.id,)) for f in FEATURES
        ),
        columns=(
            ModelColumn(
                id="crp",
                player="crp",
                inputs=("crp",),
                transform=Transform.IDENTITY,
                modifier=True,
            ),
        ),
        codelists={f.id: codelist(f.id) for f in FEATURES},
        thresholds={
            **base.thresholds,
            "widest_usual_range": make_threshold("widest_usual_range", 0.5),
            "smallest_reason": make_threshold("smallest_reason", 0.02),
            "smallest_calibration_band": make_threshold("smallest_calibration_band", 20),
        },
        cautions=tuple(f.rule for f in findings),
    )
    return dataclasses.replace(spec, **changes)  # type: ignore[arg-type]


def observe(name: str, value: float, unit: str = "{count}") -> Observation:
    return dataclasses.replace(
        make_observation(value),
        codes=(Code(system=LOCAL, code=f"{name}-local"),),
        value=Quantity(value=value, unit=unit),
    )


def page_record(
    patient_id: str = "p1", *observations: Observation, **changes: object
) -> PatientRecord:
    record = PatientRecord(
        patient_id=patient_id,
        identity=Identity(
            name=f"Name of {patient_id}", birth_date=BORN, sex="female", record_number="MRN-7"
        ),
        as_of=AS_OF,
        observations=observations,
    )
    return dataclasses.replace(record, **changes)  # type: ignore[arg-type]


COMPLETE = (observe("tender", 12), observe("crp", 42, "mg/L"))


def contribution(player: str, effects: Mapping[str, float]) -> Contribution:
    a, b = effects["a"], effects["b"]
    return Contribution(player=player, effects=effects, prognostic=(a + b) / 2, differential=b - a)


class TenderPredictor(FakePredictor):
    """Its answer follows the tender joint count, so that a page can be seen to update."""

    def answer(self, features: FeatureVector, *, site: str, level: float) -> Comparison:
        self.asked.append(features)
        tender = features.value("tender") or 0.0
        a, b = 0.60 - tender / 100, 0.64 - tender / 100
        known = [i for i, f in features.findings if isinstance(f, Found)]
        effects = [("tender", {"a": a - 0.5, "b": b - 0.5})]
        effects += [(i, {"a": 0.0, "b": 0.0}) for i in ("mtx", "crp")]
        costs = tuple(
            MissingCost(player=i, wider=w)
            for i, w in (("mtx", 0.07), ("crp", 0.02))
            if i not in known
        )
        return dataclasses.replace(
            make_answer(a, b),
            explanation=Explanation(
                base={"a": 0.5, "b": 0.5},
                contributions=tuple(contribution(player, e) for player, e in effects),
                modalities=(
                    contribution(Modality.CLINICAL, effects[0][1]),
                    contribution(Modality.SEROLOGICAL, {"a": 0.0, "b": 0.0}),
                    contribution(Modality.TRANSCRIPTOMIC, {"a": 0.0, "b": 0.0}),
                ),
                certificate=1e-10,
            ),
            missing_costs=costs,
        )


class NamingPredictor(TenderPredictor):
    """Sure of its difference: the second drug's estimate is 30 of 100 higher."""

    def answer(self, features: FeatureVector, *, site: str, level: float) -> Comparison:
        answer = make_answer(0.30, 0.60, half_difference=0.1)
        first = super().answer(features, site=site, level=level)
        return dataclasses.replace(answer, explanation=first.explanation)

    @property
    def identity(self) -> ModelIdentity:
        return dataclasses.replace(super().identity, metrics={"arms.a.auroc": 0.68})


class FakeSource:
    """Records by id; `wrong` makes every load give somebody else's record."""

    def __init__(
        self,
        *records: PatientRecord,
        problems: tuple[ListingProblem, ...] = (),
        wrong: bool = False,
    ) -> None:
        self.records = {r.patient_id: r for r in records}
        self.problems = problems
        self.wrong = wrong
        self.broken: RecordSourceError | None = None
        self.loads = 0

    def patients(self) -> tuple[PatientListing | ListingProblem, ...]:
        listed = tuple(
            PatientListing(
                patient_id=r.patient_id, identity=r.identity, as_of=r.as_of, note="shows a case"
            )
            for r in self.records.values()
        )
        return listed + self.problems

    def load(self, patient_id: str, watch: Watch = unwatched) -> PatientRecord:
        self.loads += 1
        if self.broken is not None:
            raise self.broken
        if self.wrong:
            return next(r for i, r in self.records.items() if i != patient_id)
        return self.records[patient_id]


def folder_visit(source: RecordSource, **changes: object) -> Visit:
    """A visit with a worklist over this source, as the stand-alone demo has it."""
    visit = Visit(
        key="folder", source=source, agent="Practitioner/test", site="here", patient_id=None
    )
    return dataclasses.replace(visit, **changes)  # type: ignore[arg-type]


def launched(record: PatientRecord, handle: str = "lid-1", **changes: object) -> Visit:
    """A visit for one patient, as a launch from the chart gives it."""
    return folder_visit(
        changes.pop("source", None) or FakeSource(record),
        **{"key": f"launch-{handle}", "handle": handle, "patient_id": record.patient_id} | changes,
    )


class FolderDoors:
    """The one door of the demo: always open, always the same visit."""

    def __init__(self, source: RecordSource) -> None:
        self.source = source

    def visit(self, handle: str, cookies: Mapping[str, str]) -> Visit | Closed:
        return folder_visit(self.source)

    def still_open(self, handle: str, cookies: Mapping[str, str]) -> bool:
        return True

    def end(self, handle: str, cookies: Mapping[str, str]) -> None:
        """Nothing to end."""


def chart_of(record: PatientRecord) -> Chart:
    """The chart of a record for which the one decision of `page_spec` arises."""
    return Chart(record=record, decision="test_decision", candidates=("test_decision",))


class FakeRecorder:
    """A chart that takes what it is given, or ends each try as `outcomes` says."""

    def __init__(
        self, *outcomes: Receipt, offers: tuple[str, ...] = OFFERS, results: bool = False
    ) -> None:
        self.outcomes = list(outcomes)
        self.results = results
        self.filed: list[tuple[PatientRecord, Measured]] = []
        self.offered = offers
        self.written: list[tuple[PatientRecord, Card, ChosenTreatment, Document]] = []
        self.receipts: dict[str, Receipt] = {}
        self.retried: list[str] = []

    def offers(self, chosen: str = "", card: Card | None = None) -> tuple[str, ...]:
        return tuple(words.replace("CHOSEN", chosen) for words in self.offered)

    def write(
        self,
        record: PatientRecord,
        card: Card,
        decided: ChosenTreatment,
        document: Document,
    ) -> Receipt:
        self.written.append((record, card, decided, document))
        return self._next(decided.audit_id)

    def takes_results(self) -> bool:
        return self.results

    def file(self, record: PatientRecord, measured: Measured) -> Receipt:
        self.filed.append((record, measured))
        return self._next(measured.audit_id)

    def standing(self, decided_id: str) -> Receipt | None:
        return self.receipts.get(decided_id)

    def outstanding(self) -> tuple[str, ...]:
        return tuple(i for i, r in self.receipts.items() if r.delivery is not Delivery.SENT)

    def retry(self, decided_id: str) -> Receipt:
        self.retried.append(decided_id)
        return self._next(decided_id)

    def _next(self, decided_id: str) -> Receipt:
        self.receipts[decided_id] = self.outcomes.pop(0) if self.outcomes else SENT
        return self.receipts[decided_id]


def visit_of(services: Services, handle: str = "") -> Visit:
    """The visit behind a handle, as a page gets it."""
    visit = services.doors.visit(handle, {})
    assert isinstance(visit, Visit)
    return visit


CLOSED = Closed(
    title="Open this page from the patient's chart.",
    detail="This window belongs to no session.",
    remedy="Close it and open it again from the chart.",
    offers=(("Sign in at Demo Hospital", "/standalone?iss=demo"), ("Elsewhere", "//x.example/")),
)


class LaunchDoors:
    """Visits by handle; any other handle is closed. No cookie is looked at here."""

    def __init__(self, *visits: Visit) -> None:
        self.visits = {v.handle: v for v in visits}

    def visit(self, handle: str, cookies: Mapping[str, str]) -> Visit | Closed:
        return self.visits.get(handle, CLOSED)

    def still_open(self, handle: str, cookies: Mapping[str, str]) -> bool:
        return handle in self.visits

    def end(self, handle: str, cookies: Mapping[str, str]) -> None:
        self.visits.pop(handle, None)


def page_services(
    *records: PatientRecord,
    spec: DecisionSpec | None = None,
    predictor: Predictor | NoModel | None = None,
    audit: ListAuditLog | None = None,
    source: FakeSource | None = None,
    doors: Doors | None = None,
    beside: tuple[Decision, ...] = (),
) -> Services:
    """One decision with these parts, then those `beside` it."""
    served = Decision(spec=spec or page_spec(), predictor=predictor or TenderPredictor())
    return Services(
        decisions=(served, *beside),
        audit=audit or ListAuditLog(),
        doors=doors or FolderDoors(source or FakeSource(*records)),
        clock=lambda: AS_OF + timedelta(minutes=5),
    )
