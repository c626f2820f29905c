"""The two SIMULATED platforms that are shipped, so that the demonstration and the tests have some.

    python -m models.simulate.platforms --folder models/expression/data/platforms

`simulated-rna-seq` (TPM) is the reference: its 200 samples stand for the cohort the simulated model
was trained on. `simulated-array` (intensities) is registered from 40 bloods measured on both. The
same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.expression.kinds import Kind
from models.expression.panels import Panels, load_panels
from models.expression.platforms import FOLDER, Platform, save_platform
from models.expression.register import Identity, register, standard_scores
from models.expression.scorer import Scorer
from models.simulate.expression import Machine, World, as_samples, measure

SEED, GENES, REFERENCE, BRIDGING = 20_261_122, 4_000, 200, 40
SPECIMEN = "whole-blood"


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoPlatforms:
    """A world, the machines that measure it, and what their registration came to, by id."""

    world: World
    machines: dict[str, Machine]
    platforms: dict[str, Platform]


def two_platforms(
    panels: Panels,
    *,
    seed: int = SEED,
    genes: int = GENES,
    reference: int = REFERENCE,
    bridging: int = BRIDGING,
) -> TwoPlatforms:
    """A reference platform, and another registered from `bridging` bloods measured on both."""
    rng = np.random.default_rng(seed)
    world = World.draw(panels.panels, genes, rng)
    machines = {
        "simulated-rna-seq": world.machine(Kind.TPM, rng),
        "simulated-array": world.machine(Kind.INTENSITY, rng, slope=0.85, offset=0.7, noise=0.15),
    }
    first, second = machines

    def draw(n: int) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
        latent = {p.id: rng.standard_normal(n) for p in panels.panels}
        blood = world.blood(latent, rng)
        return {name: measure(blood, machine, rng) for name, machine in machines.items()}

    own = as_samples(world.genes, draw(reference)[first], machines[first].kind)
    platforms = {first: register(_identity(first, "Simulated RNA-seq"), own, panels)}
    both = draw(bridging)
    pairs = {n: as_samples(world.genes, both[n], machines[n].kind) for n in machines}
    known = standard_scores(Scorer(panels, platforms), first, pairs[first])
    platforms[second] = register(
        _identity(second, "Simulated microarray"),
        pairs[second],
        panels,
        (first, known),
        cohort=platforms[first].cohort,
    )
    return TwoPlatforms(world=world, machines=machines, platforms=platforms)


def _identity(name: str, label: str) -> Identity:
    return Identity(
        id=name, label=label, version="1", specimen=SPECIMEN, date="2026-11-22", simulated=True
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; writes both folders."""
    parser = argparse.ArgumentParser(prog="python -m models.simulate.platforms")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    folder = parser.parse_args(arguments).folder
    for platform in two_platforms(load_panels()).platforms.values():
        sys.stdout.write(f"{save_platform(platform, folder).name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
