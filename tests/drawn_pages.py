"""Every demo patient's pages as the served app draws them, as trees, with the assessment behind."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from streamlit.testing.v1 import AppTest

from decision.clinical.answers import Prediction
from decision.clinical.assessment import Abstention, Assessment, ComparisonCard, PrognosisCard
from decision.clinical.record import PatientRecord
from decision.clinical.spec import Treatment
from decision.ui.services import Services
from decision.ui.session import Chart
from decision.ui.texts.estimate import ordered
from tests.screens import go, open_patient, start

PATHS = ("patient", "compare", "data", "trends", "about")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
POP_UPS = ("dialog", "toast", "balloons", "snow", "exception")


def words(tree: ET.Element) -> str:
    """What is read there, with single blanks."""
    return re.sub(r"\s+", " ", " ".join(tree.itertext())).strip()


@dataclass(frozen=True)
class Drawn:
    """One page: its pieces of HTML in order, which kinds of other elements stand on it, and which
    pages are one click away.
    """

    pieces: tuple[ET.Element, ...]
    kinds: frozenset[str]
    links: frozenset[str]

    def of(self, *classes: str) -> list[ET.Element]:
        """The elements that have one of these classes, in order."""
        return [e for e in self if set(classes) & set(e.get("class", "").split())]

    def __iter__(self) -> Iterator[ET.Element]:
        for piece in self.pieces:
            yield from piece.iter()

    @cached_property
    def words(self) -> str:
        return " ".join(words(piece) for piece in self.pieces)

    def place(self, element: ET.Element) -> int:
        """Where it stands in the order of reading."""
        return next(i for i, e in enumerate(self) if e is element)


@dataclass(frozen=True)
class Case:
    """One patient with everything drawn of them."""

    patient: str
    record: PatientRecord
    assessment: Assessment
    pages: dict[str, Drawn]

    @property
    def page(self) -> Drawn:
        return self.pages["patient"]


def drawn(at: AppTest) -> Drawn:
    bodies = [e.proto.body for e in at.get("html")]
    told = [b for b in bodies if not b.startswith("<style>") and "<script>" not in b]
    return Drawn(
        tuple(ET.fromstring(f"<div>{body}</div>") for body in told),  # noqa: S314  our own page
        frozenset(kind for kind in POP_UPS if at.get(kind)),
        frozenset(e.proto.page for e in at.get("page_link") if not e.proto.disabled),
    )


def chart_of(at: AppTest, patient: str) -> Chart:
    charts: dict[tuple[str, str], Chart] = at.session_state["charts"]
    (found,) = [chart for (_, whose), chart in charts.items() if whose == patient]
    return found


def every_case(services: Services) -> tuple[Case, ...]:
    """All pages of everybody on the worklist, in one session."""
    at = start(services)
    listed = [b.key.split("-", 1)[1].rpartition("-")[0] for b in at.button if b.key]
    cases = []
    for patient in listed:
        pages = {"patient": drawn(open_patient(at, patient))}
        pages |= {path: drawn(go(at, path)) for path in PATHS[1:]}
        chart = chart_of(at, patient)
        (assessment,) = chart.assessments.values()
        cases.append(Case(patient, chart.record, assessment, pages))
    return tuple(cases)


def cards(cases: tuple[Case, ...]) -> list[tuple[Case, ComparisonCard | PrognosisCard]]:
    return [(c, c.assessment) for c in cases if not isinstance(c.assessment, Abstention)]


def comparisons(cases: tuple[Case, ...]) -> list[tuple[Case, ComparisonCard]]:
    return [(c, c.assessment) for c in cases if isinstance(c.assessment, ComparisonCard)]


def prognoses(cases: tuple[Case, ...]) -> list[tuple[Case, PrognosisCard]]:
    return [(c, c.assessment) for c in cases if isinstance(c.assessment, PrognosisCard)]


def abstentions(cases: tuple[Case, ...]) -> list[tuple[Case, Abstention]]:
    return [(c, c.assessment) for c in cases if isinstance(c.assessment, Abstention)]


def some(cases: tuple[Case, ...]) -> list[tuple[Case, ComparisonCard | PrognosisCard]]:
    """A few of each decision: what is done on a page takes longer than to read it."""
    return [*comparisons(cases)[::4], *prognoses(cases)[::4]]


def arms(case: Case, card: ComparisonCard) -> list[tuple[Treatment, Prediction, ET.Element]]:
    """(treatment, prediction, its card on the page), in the order of the page."""
    found = case.page.of("tr-card")
    order = ordered(card.spec)
    assert len(found) == len(order)
    return [(t, card.answer.prediction(t.id), e) for t, e in zip(order, found, strict=True)]
