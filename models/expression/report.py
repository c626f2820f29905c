"""What one sample came to, as values that a page can draw without knowing a gene."""

from __future__ import annotations

from decision.clinical.expression import AbsentPanel, PanelPlace, SampleCheck, SampleReport
from models.expression.panels import Panels
from models.expression.scorer import PanelScore, PanelScores

SHARED = ("coverage", "zeros")


def report(found: PanelScores, panels: Panels) -> SampleReport:
    """A sample's scores with their places, its platform, and the panels it has no score of."""
    platform = found.platform
    labels = {p.id: (p.label, p.answers) for p in panels.panels}
    labels |= {p.id: (p.label, p.answers) for p in panels.missing}
    return SampleReport(
        platform=platform.id,
        platform_label=platform.label,
        version=platform.version,
        registered=platform.date,
        samples=platform.samples,
        reference=platform.reference,
        simulated=platform.simulated,
        kind=platform.kind.value,
        specimen=platform.specimen,
        panels=tuple(_place(found, score) for score in found.scores.values()),
        absent=tuple(
            AbsentPanel(id=i, label=labels[i][0], reason=why, concepts=labels[i][1])
            for i, why in found.missing.items()
        ),
        quality=tuple(
            SampleCheck(
                label=c.label,
                value=c.value,
                limit=c.limit,
                at_least=c.at_least,
                share=c.id in SHARED,
            )
            for c in found.quality
        ),
        notes=found.notes,
    )


def _place(found: PanelScores, score: PanelScore) -> PanelPlace:
    panel = score.panel
    return PanelPlace(
        id=panel.id,
        label=panel.label,
        value=score.standard,
        spread=found.platform.cohort.get(panel.id),
        measured=score.measured,
        genes=score.of,
        concepts=panel.answers,
        source=panel.source,
        citation=panel.citation,
        licence=panel.licence,
        verification=panel.verification.value,
        note=panel.note,
    )
