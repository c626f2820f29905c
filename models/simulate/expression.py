"""SIMULATED blood expression and the platforms that measure it. Numbers, not biology.

On the logarithmic scale gene g of blood i is

    x_ig = base_g + own_g · e_ig + sum over the panels of g of loading_g · z_im

with a latent score z_im per panel, base N(4, 2.2), own noise of spread U(.3, .6) and loadings
U(.6, 1.2): a panel's genes rise together. A platform reads  a · x + b_g + s · noise  and then
either draws counts of a sequencing depth of its own per sample (`count`, `tpm`) or adds a floor
(`intensity`). Gene-specific offsets b_g, slope a and depth are what changes between platforms.
Background genes are called SIM00001 and so on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.cohort import Floats
from models.expression.kinds import Kind, Scale
from models.expression.panels import GenePanel
from models.expression.sample import Sample

DEPTH = 20_000_000.0
LENGTH_SPREAD = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Blood:
    """What is in the samples before anything is measured.

    genes : p names · expressed : (n, p) log2 · latent : panel id -> (n,)
    """

    genes: tuple[str, ...]
    expressed: Floats
    latent: Mapping[str, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """How a platform distorts.

    slope, noise : of the logarithm · offsets : (p,) · lengths : (p,) kilobases, for counts
    depth : spread of the logarithm of a sample's sequencing depth
    """

    kind: Kind
    slope: float
    noise: float
    depth: float
    offsets: Floats
    lengths: Floats


@dataclass(frozen=True, slots=True)
class World:
    """Genes with their levels, the same for every blood that is drawn from it.

    genes : p names · base, own : (p,) · loading : panel id -> (p,), 0 outside the panel
    """

    genes: tuple[str, ...]
    base: Floats
    own: Floats
    loading: Mapping[str, Floats]

    @classmethod
    def draw(cls, panels: Sequence[GenePanel], size: int, rng: np.random.Generator) -> World:
        """A world in which the panels' genes are among `size` genes."""
        members = sorted({g for p in panels for g in (*p.up, *p.down)})
        if size <= len(members):
            raise ValueError(f"size must exceed the panels' {len(members)} genes, got {size}")
        genes = (*members, *(f"SIM{i:05d}" for i in range(1, size - len(members) + 1)))
        place = {g: i for i, g in enumerate(genes)}
        loading = {}
        for panel in panels:
            own = np.zeros(size)
            own[[place[g] for g in panel.up]] = rng.uniform(0.6, 1.2, len(panel.up))
            own[[place[g] for g in panel.down]] = -rng.uniform(0.6, 1.2, len(panel.down))
            loading[panel.id] = own
        return cls(genes, rng.normal(4.0, 2.2, size), rng.uniform(0.3, 0.6, size), loading)

    def blood(self, latent: Mapping[str, Floats], rng: np.random.Generator) -> Blood:
        """Samples of given latent scores; a panel that is not given stands at 0."""
        n = len(next(iter(latent.values())))
        x = self.base + self.own * rng.standard_normal((n, len(self.genes)))
        for panel, z in latent.items():
            x += np.outer(z, self.loading[panel])
        return Blood(genes=self.genes, expressed=x, latent=latent)

    def machine(
        self,
        kind: Kind,
        rng: np.random.Generator,
        *,
        slope: float = 1.0,
        offset: float = 0.0,
        noise: float = 0.1,
        depth: float = 0.2,
    ) -> Machine:
        """A platform; `offset` is the spread of its gene-specific offsets."""
        p = len(self.genes)
        return Machine(
            kind=kind,
            slope=slope,
            noise=noise,
            depth=depth,
            offsets=offset * rng.standard_normal(p),
            lengths=np.exp(LENGTH_SPREAD * rng.standard_normal(p)),
        )


def measure(blood: Blood, machine: Machine, rng: np.random.Generator) -> Floats:
    """(n, p) what a platform reports of each blood, not on a logarithmic scale."""
    shape = blood.expressed.shape
    x = machine.slope * blood.expressed + machine.offsets
    abundance = np.exp2(x + machine.noise * rng.standard_normal(shape))
    if machine.kind is Kind.INTENSITY:
        background = 16.0 * np.exp(machine.depth * rng.standard_normal((shape[0], 1)))
        return np.asarray(abundance + background)
    share = abundance * machine.lengths
    share /= share.sum(axis=1, keepdims=True)
    depth = DEPTH * np.exp(machine.depth * rng.standard_normal((shape[0], 1)))
    counts = rng.poisson(share * depth).astype(np.float64)
    if machine.kind is Kind.TPM:
        counts /= machine.lengths
        counts *= 1e6 / counts.sum(axis=1, keepdims=True)
    return counts


def as_samples(genes: tuple[str, ...], values: Floats, kind: Kind) -> dict[str, Sample]:
    """The rows as samples named S1, S2 and so on."""
    return {f"S{i + 1}": Sample(genes, row, Scale(kind)) for i, row in enumerate(values)}
