"""Self-supervised start of the gene encoder: masked genes are told from the others, without any
outcome.

P. Vincent et al., "Extracting and composing robust features with denoising autoencoders", ICML
(2008) 1096.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.deep_nets import Genes, GeneSets, Noise

MASKED = 0.3
"""Share of a sample's genes that are hidden and have to be told."""


def pretrained(
    genes: Genes, rows: Tensor, width: int, epochs: int, batch: int, seed: int
) -> tuple[Tensor, Tensor, Tensor]:
    """(values, w1, b1) of a gene encoder that has learned to fill in masked genes.

    Parameters
    ----------
    rows : (n, genes) standardised expression, labelled or not
    """
    noise = Noise(seed)
    encoder = GeneSets(1, genes, width, noise)
    used = torch.unique(encoder.gene)
    decoder = nn.Parameter(noise.normal(width, len(used)) / width**0.5)
    optimiser = torch.optim.AdamW([*encoder.parameters(), decoder], lr=0.005, weight_decay=0.01)
    for _ in range(epochs):
        order = torch.randperm(len(rows), generator=noise.source)
        for index in torch.split(order, batch):
            x = rows[index]
            shown = (noise.kept(x.shape, MASKED) > 0).float()
            hidden = torch.relu(
                encoder.scores(x * shown)[0] @ encoder.head.w1[0] + encoder.head.b1[0]
            )
            asked = 1.0 - shown[:, used]
            missed = ((hidden @ decoder - x[:, used]) * asked).square().sum()
            loss = missed / asked.sum().clamp(min=1.0)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
    return encoder.values.detach(), encoder.head.w1.detach(), encoder.head.b1.detach()
