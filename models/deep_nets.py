"""Many small networks at once, in torch: encoders per modality, fused by adding log-odds.

    eta_a = b + a·b1 + sum over present modalities of (f_1 + a·f_2)(z) + sum over absent of delta

Every parameter has a leading axis of members, so that the networks of an ensemble and of all folds
of a cross-fit are trained in the same few calls. Training only: `models.deep_served` is what runs
elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from models.cohort import Floats, Ints
from models.design import Bools

MOST_NUMBERS = 20_000_000
"""In the widest intermediate result; what does not fit is done in turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Genes:
    """Which genes make up which set: pair j says that gene `gene[j]` belongs to set `member_of[j]`.

    gene, member_of : (pairs,) · genes, sets : how many there are
    """

    gene: Ints
    member_of: Ints
    genes: int
    sets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """n patients as tensors.

    blocks : per modality its inputs, (n, inputs) · present : (n, M) 0 or 1
    a : (n,) −½ or +½ · y : (n,) 0 or 1
    """

    blocks: tuple[Tensor, ...]
    present: Tensor
    a: Tensor
    y: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How networks are built and trained; see `models.deep.DeepLogit`."""

    width: int
    dropout: float
    modality_dropout: float
    decay: float
    effect_penalty: float
    rate: float
    batch: int
    epochs: int
    patience: int


class Noise:
    """Random numbers of one training run, from its own seed and from nothing else."""

    def __init__(self, seed: int) -> None:
        self.source = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self.source)

    def kept(self, shape: Sequence[int], dropped: float) -> Tensor:
        """1 / (1 − dropped) with probability 1 − dropped, else 0: what dropout multiplies with."""
        chance = torch.rand(*shape, generator=self.source)
        return (chance >= dropped).float() / (1.0 - dropped)


class Tabular(nn.Module):
    """Linear, ReLU, Linear to (level, effect), one network per member."""

    def __init__(self, members: int, inputs: int, width: int, noise: Noise) -> None:
        super().__init__()
        self.w1 = nn.Parameter(noise.normal(members, inputs, width) * (2.0 / inputs) ** 0.5)
        self.b1 = nn.Parameter(0.1 * noise.normal(members, width))
        self.w2 = nn.Parameter(noise.normal(members, width, 2) * 0.3 / width**0.5)

    def forward(self, x: Tensor, noise: Noise | None, dropped: float) -> Tensor:
        """(K, B, inputs) or (B, inputs) to (K, B, 2)."""
        hidden = torch.relu(x @ self.w1 + self.b1[:, None])
        if noise is not None:
            hidden = hidden * noise.kept(hidden.shape, dropped)
        return hidden @ self.w2


class GeneSets(nn.Module):
    """Genes to the sets they belong to, and only to these; then as `Tabular` on the sets."""

    gene: Tensor
    member_of: Tensor

    def __init__(self, members: int, genes: Genes, width: int, noise: Noise) -> None:
        super().__init__()
        self.sets = genes.sets
        self.register_buffer("gene", torch.from_numpy(genes.gene))
        self.register_buffer("member_of", torch.from_numpy(genes.member_of))
        sizes = np.bincount(genes.member_of, minlength=genes.sets)
        # A set starts as the mean of its genes: the score that the additive model is given.
        start = torch.from_numpy(1.0 / sizes[genes.member_of]).float()
        self.values = nn.Parameter(start * (1.0 + 0.1 * noise.normal(members, len(start))))
        self.head = Tabular(members, genes.sets, width, noise)

    def scores(self, x: Tensor) -> Tensor:
        """(K, B, sets) of (K, B, genes) or (B, genes)."""
        parts = x[..., self.gene] * self.values[:, None]
        out = parts.new_zeros(*parts.shape[:-1], self.sets)
        return out.index_add(-1, self.member_of, parts)

    def forward(self, x: Tensor, noise: Noise | None, dropped: float) -> Tensor:
        """(K, B, genes) or (B, genes) to (K, B, 2)."""
        return torch.as_tensor(self.head(self.scores(x), noise, dropped))


class Fusion(nn.Module):
    """The additive fusion of all modalities, for `members` networks at once."""

    def __init__(
        self, members: int, inputs: Sequence[int | Genes], recipe: Recipe, noise: Noise
    ) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(
            GeneSets(members, i, recipe.width, noise)
            if isinstance(i, Genes)
            else Tabular(members, i, recipe.width, noise)
            for i in inputs
        )
        self.absent = nn.Parameter(torch.zeros(members, len(inputs)))
        self.intercept = nn.Parameter(torch.zeros(members))
        self.effect = nn.Parameter(torch.zeros(members))
        self.recipe = recipe
        self.widest = max(recipe.width, *(len(i.gene) for i in inputs if isinstance(i, Genes)), 1)

    def forward(
        self, blocks: Sequence[Tensor], present: Tensor, noise: Noise | None = None
    ) -> tuple[Tensor, Tensor]:
        """(K, B) level and difference; with `noise`, units and modalities are dropped."""
        level, gap = self.intercept[:, None], self.effect[:, None]
        for m, (encoder, x) in enumerate(zip(self.encoders, blocks, strict=True)):
            here = present[..., m]
            # The first modality is the clinical one, without which nobody gets an answer.
            if noise is not None and m:
                here = here * (noise.kept(here.shape, self.recipe.modality_dropout) > 0)
            out = encoder(x, noise, self.recipe.dropout)
            level = level + here * out[..., 0] + (1.0 - here) * self.absent[:, m, None]
            gap = gap + here * out[..., 1]
        return level, gap

    def margins(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """(K, n) level and difference of all rows, without noise, some rows at a time."""
        step = max(1, MOST_NUMBERS // (len(self.intercept) * self.widest))
        parts = []
        for first in range(0, len(rows.y), step):
            at = slice(first, first + step)
            parts.append(self([b[at] for b in rows.blocks], rows.present[at]))
        return torch.cat([p[0] for p in parts], dim=1), torch.cat([p[1] for p in parts], dim=1)


def train(
    inputs: Sequence[int | Genes],
    rows: Rows,
    fitted_on: Sequence[Ints],
    stopped_on: Sequence[Ints],
    recipe: Recipe,
    seed: int,
    start: Sequence[Tensor] | None = None,
) -> Fusion:
    """One network per entry of `fitted_on`, each as it was when its `stopped_on` rows fared best.

    Parameters
    ----------
    fitted_on, stopped_on : row numbers per member, disjoint
    start : pretrained (values, w1, b1) of the gene encoder
    """
    noise = Noise(seed)
    members = len(fitted_on)
    net = Fusion(members, inputs, recipe, noise)
    with torch.no_grad():
        _begin(net, rows, fitted_on, start)
    optimiser = torch.optim.AdamW(_decayed(net, recipe), lr=recipe.rate)
    judged = torch.zeros(members, len(rows.y))
    for k, held in enumerate(stopped_on):
        judged[k, torch.from_numpy(held)] = 1.0 / len(held)
    best = torch.full((members,), float("inf"))
    kept = [p.detach().clone() for p in net.parameters()]
    since = torch.zeros(members)
    for _ in range(recipe.epochs):
        for index in _batches(fitted_on, recipe.batch, noise):
            level, gap = net([b[index] for b in rows.blocks], rows.present[index], noise)
            loss = _loss(level + rows.a[index] * gap, rows.y[index]).mean(dim=1).sum()
            # Few had the rarer drug, so what bends the difference has to show itself.
            spread = (gap - net.effect[:, None]).square().mean(dim=1).sum()
            loss = loss + recipe.effect_penalty * spread
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
        with torch.no_grad():
            level, gap = net.margins(rows)
            now = (_loss(level + rows.a * gap, rows.y) * judged).sum(dim=1)
            better = now < best - 1e-5
            best = torch.where(better, now, best)
            since = torch.where(better, 0.0, since + 1.0)
            for old, new in zip(kept, net.parameters(), strict=True):
                old[better] = new.detach()[better]
        if bool((since >= recipe.patience).all()):
            break
    with torch.no_grad():
        for old, new in zip(kept, net.parameters(), strict=True):
            new.copy_(old)
    return net


def _loss(margin: Tensor, y: Tensor) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(
        margin, y.expand_as(margin), reduction="none"
    )


def _begin(
    net: Fusion, rows: Rows, fitted_on: Sequence[Ints], start: Sequence[Tensor] | None
) -> None:
    """The intercept begins at the outcome's log-odds, and genes where pretraining left them."""
    for k, own in enumerate(fitted_on):
        share = float(rows.y[torch.from_numpy(own)].mean())
        net.intercept[k] = float(np.log(share / (1.0 - share)))
    for encoder in net.encoders:
        if start is not None and isinstance(encoder, GeneSets):
            values, w1, b1 = start
            encoder.values.copy_(values.expand_as(encoder.values))
            encoder.head.w1.copy_(w1.expand_as(encoder.head.w1))
            encoder.head.b1.copy_(b1.expand_as(encoder.head.b1))


def _decayed(net: Fusion, recipe: Recipe) -> list[dict[str, object]]:
    """Weights shrink towards 0; offsets, flags and the mean difference do not."""
    weights = [p for name, p in net.named_parameters() if name.endswith(("w1", "w2", "values"))]
    others = [p for name, p in net.named_parameters() if not name.endswith(("w1", "w2", "values"))]
    return [
        {"params": weights, "weight_decay": recipe.decay},
        {"params": others, "weight_decay": 0.0},
    ]


def _batches(fitted_on: Sequence[Ints], size: int, noise: Noise) -> Iterator[Tensor]:
    """(K, size) row numbers, every member its own rows in its own order."""
    steps = max(1, max(len(own) for own in fitted_on) // size)
    width = min(size, min(len(own) for own in fitted_on))
    orders = []
    for own in fitted_on:
        shuffled = torch.from_numpy(own)[torch.randperm(len(own), generator=noise.source)]
        orders.append(shuffled.repeat(-(-steps * width // len(own)))[: steps * width])
    yield from torch.split(torch.stack(orders), width, dim=1)


def as_tensor(x: Floats | Bools) -> Tensor:
    """The numbers in single precision, as the networks have them."""
    return torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))
