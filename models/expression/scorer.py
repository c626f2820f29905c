"""From one file's bytes to panel scores on the reference cohort's scale, or the reason for none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.cohort import Floats, Ints
from models.expression.errors import PlatformError, TooFewGenesError
from models.expression.kinds import Scale, scale_of
from models.expression.panels import QUORUM, GenePanel, Panels
from models.expression.platforms import Platform
from models.expression.quality import (
    CLOSER,
    LEAST_COVERAGE,
    Check,
    checks,
    profile_correlation,
)
from models.expression.sample import Sample, read_sample
from models.expression.scores import panel_score, ranks

FEWEST_SAMPLES, ADVISED_SAMPLES = 10, 30
MOST_EXTREME = 6.0
"""Standard deviations; a score beyond is an error of the test sooner than a patient's."""
REGISTER = "python -m models.expression.register"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What is said of a file, word for word; empty where nothing is."""

    content_type: str
    platform: str = ""
    specimen: str = ""
    scale: str = ""
    sample: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelScore:
    """raw : from the sample alone · standard : standard deviations of the reference cohort
    measured, of : genes of the panel
    """

    panel: GenePanel
    raw: float
    standard: float
    measured: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelScores:
    """What one sample came to. `missing`: panel id -> why it has no score, with the remedy."""

    platform: Platform
    scores: Mapping[str, PanelScore]
    missing: Mapping[str, str]
    quality: tuple[Check, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Universe:
    """A platform's genes by place, and the panels' places among them."""

    place: Mapping[str, int]
    up: Mapping[str, Ints]
    down: Mapping[str, Ints]

    @classmethod
    def of(cls, genes: tuple[str, ...], panels: tuple[GenePanel, ...]) -> Universe:
        """The universe of some genes."""
        place = {gene: i for i, gene in enumerate(genes)}

        def places(members: tuple[str, ...]) -> Ints:
            return np.array([place[g] for g in members if g in place], dtype=np.int64)

        return cls(
            place=place,
            up={p.id: places(p.up) for p in panels},
            down={p.id: places(p.down) for p in panels},
        )

    def aligned(self, sample: Sample) -> tuple[Floats, Ints]:
        """(m,) values of the sample's genes that belong here, and their places, ascending."""
        found = np.array([self.place.get(gene, -1) for gene in sample.genes], dtype=np.int64)
        kept = np.flatnonzero(found >= 0)
        kept = kept[np.argsort(found[kept])]
        return sample.values[kept], found[kept]

    def raw(self, values: Floats, places: Ints, panel: GenePanel) -> tuple[float, int]:
        """A panel's raw score, and how many of its genes it is made of."""
        return self.ranked(ranks(values), places, panel)

    def ranked(self, of: Floats, places: Ints, panel: GenePanel) -> tuple[float, int]:
        """`raw` for values that are ranked already."""
        where = np.full(len(self.place), -1)
        where[places] = np.arange(len(places))
        up, down = (s[s >= 0] for s in (where[self.up[panel.id]], where[self.down[panel.id]]))
        measured = len(up) + len(down)
        if measured < QUORUM * panel.size or (panel.up and not len(up)):
            raise TooFewGenesError(
                f"{panel.label}: {measured} of {panel.size} genes were measured, fewer than "
                f"{QUORUM:.0%}.",
                "Send all genes that were measured.",
            )
        return panel_score(of, up, down), measured


class Scorer:
    """Panels and platforms, ready. Holds no patient: each answer depends on its arguments only."""

    def __init__(self, panels: Panels, platforms: Mapping[str, Platform]) -> None:
        self.panels, self.platforms = panels, platforms
        self._universe = {
            name: Universe.of(p.genes, panels.panels) for name, p in platforms.items()
        }

    @property
    def answers(self) -> Mapping[str, str]:
        """Concept of a decision -> id of the panel that stands for it, present or missing."""
        missing = {c: panel.id for panel in self.panels.missing for c in panel.answers}
        return {**missing, **{c: panel.id for panel in self.panels.panels for c in panel.answers}}

    def score(
        self, content: bytes, declared: Declared, probes: Mapping[str, str] | None = None
    ) -> PanelScores:
        """All panels of one file's sample. `probes` stands in where the platform has no mapping.

        Raises
        ------
        ExpressionError
            Nothing of the file can be used.
        """
        platform, scale = self._platform(declared)
        sample = read_sample(
            content,
            declared.content_type,
            scale,
            self.panels.names,
            sample=declared.sample,
            probes=platform.probes or probes,
        )
        return self.scored(sample, platform.id)

    def scored(self, sample: Sample, platform_id: str) -> PanelScores:
        """All panels of one sample that is read already.

        Raises
        ------
        ExpressionError
        """
        platform, universe = self.platforms[platform_id], self._universe[platform_id]
        values, places = universe.aligned(sample)
        coverage = len(places) / len(platform.genes)
        if coverage < LEAST_COVERAGE:
            raise TooFewGenesError(
                f"The sample has {coverage:.0%} of the genes its platform was registered with; "
                f"{LEAST_COVERAGE:.0%} are needed.",
                "Send all genes that were measured, under the identifiers used at registration.",
            )
        limits = platform.limits
        if sample.scale.log:  # a sum of logarithms says nothing of depth
            limits = replace(limits, total=0.0)
        of = ranks(values)
        quality = checks(values, of, platform.profile[places], coverage, limits)
        if failed := [c for c in quality if not c.passed]:
            found = "; ".join(f"{c.label} {c.value:.3g} (limit {c.limit:.3g})" for c in failed)
            raise PlatformError(
                f"The sample is not like those its platform was registered with: {found}.",
                "Ask the laboratory whether the test should be repeated.",
            )
        self._refuse_another(sample, platform, profile_correlation(of, platform.profile[places]))
        scores, missing = self._each(universe, platform, of, places)
        if not scores:
            raise TooFewGenesError(
                "No panel has enough of its genes in the file.",
                "Send all genes that were measured.",
            )
        return PanelScores(
            platform=platform,
            scores=scores,
            missing=missing,
            quality=quality,
            notes=sample.notes,
        )

    def _refuse_another(self, sample: Sample, platform: Platform, own: float) -> None:
        """A sample is refused that looks more like another registered platform's: every score of it
        would be set against the wrong cohort, and still look like one.
        """
        for other in self.platforms.values():
            if other.id == platform.id or other.specimen != platform.specimen:
                continue
            values, places = self._universe[other.id].aligned(sample)
            if len(places) < LEAST_COVERAGE * len(other.genes):
                continue
            if profile_correlation(ranks(values), other.profile[places]) > own + CLOSER:
                raise PlatformError(
                    f"The sample looks more like those of another platform ({other.label}) than "
                    "like those of the one declared.",
                    "Check which platform it was measured on.",
                )

    def _each(
        self, universe: Universe, platform: Platform, of: Floats, places: Ints
    ) -> tuple[dict[str, PanelScore], dict[str, str]]:
        scores: dict[str, PanelScore] = {}
        missing = {m.id: f"{m.label}: {m.reason} {m.needed}" for m in self.panels.missing}
        for panel in self.panels.panels:
            known = platform.recentring.get(panel.id)
            if known is None or known.sha256 != panel.sha256:
                why = "changed since this platform was registered" if known else "too few genes"
                missing[panel.id] = f"{panel.label}: {why}. Register the platform again."
                continue
            try:
                raw, measured = universe.ranked(of, places, panel)
            except TooFewGenesError as error:
                missing[panel.id] = f"{error.message} {error.remedy}"
                continue
            standard = (raw - known.location) / known.scale
            if abs(standard) > MOST_EXTREME:
                missing[panel.id] = (
                    f"{panel.label}: more than {MOST_EXTREME:g} standard deviations from the "
                    "reference. Ask the laboratory to check the test."
                )
                continue
            scores[panel.id] = PanelScore(
                panel=panel, raw=raw, standard=standard, measured=measured, of=panel.size
            )
        return scores, missing

    def _platform(self, declared: Declared) -> tuple[Platform, Scale]:
        """The registered platform of a file, and its scale, where both fit."""
        platform = self.platforms.get(declared.platform.strip().lower())
        if platform is None:
            problem = "is not registered" if declared.platform.strip() else "is not declared"
            raise PlatformError(
                f"The platform {problem}, so its scores cannot be compared with anybody's.",
                "Declare a registered one, or register it: measure at least "
                f"{FEWEST_SAMPLES} samples (better {ADVISED_SAMPLES}) on it and on a registered "
                f"platform, and run `{REGISTER}`.",
            )
        if declared.specimen.strip().lower() != platform.specimen:
            raise PlatformError(
                f"The platform is registered for {platform.specimen}, and the file declares "
                f"{'another specimen' if declared.specimen.strip() else 'no specimen'}.",
                "Declare the specimen, or register the platform for it.",
            )
        scale = scale_of(declared.scale)
        if scale.kind is not platform.kind:
            raise PlatformError(
                f"The platform is registered for {platform.kind.value}, and the file declares "
                f"{scale.kind.value}: genes rank differently in them.",
                f"Send {platform.kind.value}, or register the platform for {scale.kind.value}.",
            )
        return platform, scale
