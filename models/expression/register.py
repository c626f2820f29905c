"""Registers a platform from samples measured on it, and on a platform that is registered already.

    python -m models.expression.register --id rna-seq-2026 --label "RNA-seq, our laboratory" \\
        --version 1 --scale tpm --specimen whole-blood --date 2026-11-22 --samples new.tsv \\
        --reference simulated-rna-seq --reference-scale tpm --reference-samples same.tsv \\
        --folder platforms

Both tables have one column per sample, and the same blood has the same name in both. With
`--as-reference` in place of `--reference` the platform becomes one itself: right only where its
samples are the cohort that the model was trained on.

Location and scale match means and standard deviations over the pairs. A regression would not do:
its slope shrinks with the noise of either platform, and a score would shrink with it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from decision.clinical.expression import Spread
from models.cohort import Floats
from models.expression.errors import ExpressionError, PlatformError, TooFewGenesError
from models.expression.kinds import Kind, scale_of
from models.expression.naming import read_probes
from models.expression.panels import GenePanel, Panels, load_panels
from models.expression.platforms import (
    FOLDER,
    Platform,
    Recentring,
    load_platforms,
    save_platform,
)
from models.expression.quality import (
    CORRELATION_ROOM,
    TOTAL_ROOM,
    ZERO_ROOM,
    QualityLimits,
    profile_correlation,
    zero_share,
)
from models.expression.sample import Sample, read_samples
from models.expression.scorer import ADVISED_SAMPLES, FEWEST_SAMPLES, Scorer, Universe
from models.expression.scores import ranks
from models.expression.tables import CSV, TSV
from models.spreads import spread

_TYPES = {".csv": CSV, ".tsv": TSV, ".txt": TSV, ".parquet": "application/vnd.apache.parquet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a platform is, apart from its numbers."""

    id: str
    label: str
    version: str
    specimen: str
    date: str
    simulated: bool = False


def register(
    identity: Identity,
    samples: Mapping[str, Sample],
    panels: Panels,
    reference: tuple[str, Mapping[str, Mapping[str, float]]] | None = None,
    probes: Mapping[str, str] | None = None,
    cohort: Mapping[str, Spread] | None = None,
) -> Platform:
    """A platform from its samples, by name.

    Parameters
    ----------
    reference : id of the other platform, and per sample the panels' scores there in standard
        deviations (`standard_scores`); None for a reference cohort's own platform
    cohort : how the scores lie in the reference cohort, as the other platform has it

    Raises
    ------
    PlatformError
        Fewer than 10 samples, or pairs; samples of several kinds.
    """
    _enough(len(samples), "samples")
    kinds = {sample.scale.kind for sample in samples.values()}
    if len(kinds) != 1:
        raise PlatformError("The samples are of several kinds.", "Register each kind by itself.")
    genes = tuple(sorted(set.intersection(*(set(s.genes) for s in samples.values()))))
    universe = Universe.of(genes, panels.panels)
    every = np.arange(len(genes))
    values = {name: universe.aligned(sample)[0] for name, sample in samples.items()}
    ranked = {name: ranks(v) for name, v in values.items()}
    recentring: dict[str, Recentring] = {}
    own: dict[str, Spread] = {}
    for panel in panels.panels:
        try:
            raw = {name: universe.ranked(r, every, panel) for name, r in ranked.items()}
        except TooFewGenesError:
            continue  # this platform does not measure the panel, and says so for each sample
        score = {name: x for name, (x, _) in raw.items()}
        measured = next(iter(raw.values()))[1]
        other = None if reference is None else reference[1]
        found = recentring[panel.id] = _recentred(panel, score, other, measured)
        own[panel.id] = spread((np.array(list(score.values())) - found.location) / found.scale)
    profile = np.mean(list(ranked.values()), axis=0) / len(genes)
    return Platform(
        id=identity.id,
        label=identity.label,
        version=identity.version,
        kind=kinds.pop(),
        specimen=identity.specimen,
        reference="" if reference is None else reference[0],
        samples=len(samples),
        date=identity.date,
        simulated=identity.simulated,
        genes=genes,
        profile=profile,
        recentring=recentring,
        limits=_limits(list(samples.values()), list(values.values()), ranked, profile),
        probes=probes,
        cohort=own if reference is None else cohort or {},
    )


def standard_scores(
    scorer: Scorer, platform_id: str, samples: Mapping[str, Sample]
) -> Mapping[str, Mapping[str, float]]:
    """Sample -> panel -> score in standard deviations, on a platform that is registered."""
    return {
        name: {k: s.standard for k, s in scorer.scored(sample, platform_id).scores.items()}
        for name, sample in samples.items()
    }


def _recentred(
    panel: GenePanel,
    raw: Mapping[str, float],
    reference: Mapping[str, Mapping[str, float]] | None,
    measured: int,
) -> Recentring:
    if reference is None:
        own, other = np.array(list(raw.values())), None
    else:
        pairs = [
            (x, reference[name][panel.id])
            for name, x in raw.items()
            if panel.id in reference.get(name, {})
        ]
        _enough(len(pairs), f"pairs of samples for {panel.id}")
        own, other = np.array(pairs).T
    spread = float(own.std(ddof=1)) / (1.0 if other is None else float(other.std(ddof=1)))
    location = float(own.mean()) - (0.0 if other is None else spread * float(other.mean()))
    left: Floats = (own - location) / spread - (0.0 if other is None else other)
    return Recentring(
        location=location,
        scale=spread,
        genes=measured,
        sha256=panel.sha256,
        error=float(left.std(ddof=1)) / len(own) ** 0.5,
    )


def _enough(found: int, of_what: str) -> None:
    if found < FEWEST_SAMPLES:
        raise PlatformError(
            f"{found} {of_what}, fewer than {FEWEST_SAMPLES}.",
            f"Measure at least {FEWEST_SAMPLES}, better {ADVISED_SAMPLES}.",
        )


def _limits(
    samples: Sequence[Sample], values: Sequence[Floats], of: Mapping[str, Floats], profile: Floats
) -> QualityLimits:
    deep = all(s.scale.kind in (Kind.COUNT, Kind.NCOUNTER) and not s.scale.log for s in samples)
    return QualityLimits(
        zeros=min(1.0, max(map(zero_share, values)) + ZERO_ROOM),
        total=TOTAL_ROOM * min(float(v.sum()) for v in values) if deep else 0.0,
        correlation=min(profile_correlation(r, profile) for r in of.values()) - CORRELATION_ROOM,
    )


def _read(
    path: Path, scale: str, panels: Panels, probes: Mapping[str, str] | None
) -> Mapping[str, Sample]:
    name = path.name.removesuffix(".gz")
    kind = _TYPES.get(Path(name).suffix, "")
    return read_samples(path.read_bytes(), kind, scale_of(scale), panels.names, probes)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; writes the platform's folder and a line for each panel."""
    parser = argparse.ArgumentParser(prog="python -m models.expression.register")
    for name in ("id", "label", "version", "scale", "specimen", "date"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--reference", default="")
    parser.add_argument("--as-reference", action="store_true")
    parser.add_argument("--reference-scale", default="")
    parser.add_argument("--reference-samples", type=Path)
    parser.add_argument("--probes", type=Path)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    chosen = parser.parse_args(arguments)
    if bool(chosen.reference) == chosen.as_reference:
        parser.error("give either --reference or --as-reference")
    if chosen.reference and chosen.reference_samples is None:
        parser.error("--reference needs --reference-samples")
    panels = load_panels()
    content = chosen.probes.read_bytes() if chosen.probes else b""
    probes = read_probes(content) if content else None
    try:
        reference, cohort = None, None
        if chosen.reference:
            scorer = Scorer(panels, load_platforms(chosen.folder))
            if chosen.reference not in scorer.platforms:
                parser.error(f"--reference is not one of {', '.join(scorer.platforms) or 'none'}")
            known = scorer.platforms[chosen.reference]
            cohort = known.cohort
            scale = chosen.reference_scale or known.kind.value
            same = _read(chosen.reference_samples, scale, panels, known.probes)
            reference = (chosen.reference, standard_scores(scorer, chosen.reference, same))
        identity = Identity(
            id=chosen.id,
            label=chosen.label,
            version=chosen.version,
            specimen=chosen.specimen,
            date=chosen.date,
        )
        samples = _read(chosen.samples, chosen.scale, panels, probes)
        platform = register(identity, samples, panels, reference, probes, cohort)
    except ExpressionError as error:
        sys.stderr.write(f"{error.message} {error.remedy}\n")
        return 1
    save_platform(platform, chosen.folder, content)
    summary = {
        "platform": platform.id,
        "samples": platform.samples,
        "genes": len(platform.genes),
        "advised": ADVISED_SAMPLES,
        "errors": {k: round(r.error, 3) for k, r in sorted(platform.recentring.items())},
    }
    sys.stdout.write(json.dumps(summary, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
