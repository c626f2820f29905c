"""The deep challenger as numbers: margins, probabilities and reasons. numpy only, never torch.

    eta_a = b + a·b1 + sum over present modalities of (f_1 + a·f_2)(z) + sum over absent of delta

per member of the ensemble; the probability is the mean over members. Calibration and shrinkage are
folded in, so each member stays additive in its log-odds, and Shapley values, being linear in the
game, are the mean of the members' own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.artifact import Array, Artefact, write
from models.background import Reference
from models.cohort import Floats, Ints
from models.design import Bools, Design
from models.gaussian import Gaussian, complete
from models.link import sigmoid
from models.panel import SIDES
from models.shapley import Background, ShapleyError, ShapleyValues, explain


@dataclass(frozen=True, slots=True, kw_only=True)
class Sets:
    """First layer of the gene encoder: `values[k, j]` is member k's weight of pair j.

    gene, member_of : (pairs,) · values : (K, pairs) · count : number of sets
    mean, sd : (genes,) of the training patients
    """

    gene: Ints
    member_of: Ints
    values: Floats
    count: int
    mean: Floats
    sd: Floats

    def standardise(self, expression: Floats) -> Floats:
        """(n, genes) standardised; a gene that was not measured is at its mean, 0."""
        return np.nan_to_num((expression - self.mean) / self.sd, nan=0.0)

    def scores(self, z: Floats) -> Floats:
        """(K, n, sets) of standardised genes (n, genes)."""
        parts = z[:, self.gene]
        out = np.zeros((len(self.values), len(z), self.count))
        order = np.argsort(self.member_of, kind="stable")
        starts = np.searchsorted(self.member_of[order], np.arange(self.count))
        for k, values in enumerate(self.values):
            out[k] = np.add.reduceat((parts * values)[:, order], starts, axis=1)
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """Linear, ReLU, Linear of one modality, K members.

    columns : numbers of its columns; unused where `sets` are the inputs
    w1 : (K, inputs, H) · b1 : (K, H) · w2 : (K, H, 2) to (level, effect), calibrated
    """

    columns: Ints
    w1: Floats
    b1: Floats
    w2: Floats
    sets: Sets | None = None

    def __call__(self, x: Floats) -> Floats:
        """(K, n, 2) of (n, inputs)."""
        inputs = x if self.sets is None else self.sets.scores(x)
        return np.asarray(np.maximum(inputs @ self.w1 + self.b1[:, None], 0.0) @ self.w2)


@dataclass(frozen=True, kw_only=True)
class DeepPanel:
    """A fitted challenger with K members and M modalities.

    gaussian : of the columns, blind between modalities, so that no modality speaks for another
    absent : (K, M) flags · intercept, effect : (K,)
    """

    design: Design
    gaussian: Gaussian
    encoders: tuple[Encoder, ...]
    absent: Floats
    intercept: Floats
    effect: Floats

    def inputs(self, X: Floats, present: Bools, expression: Floats | None = None) -> list[Floats]:
        """Per modality its inputs, (n, inputs), standardised and completed.

        Parameters
        ----------
        X : (n, p) columns from `Design.gated` · expression : (n, genes), rows of NaN where absent
        """
        filled = self.complete(self.gaussian.standardise(X), present)
        return self.blocks(filled, expression)

    def complete(self, z: Floats, present: Bools) -> Floats:
        """(n, p) z; what a present modality lacks is completed from its own known columns."""
        here = present[:, self.design.modality_of]
        return complete(self.gaussian, np.where(here, z, np.nan), here)

    def blocks(self, filled: Floats, expression: Floats | None = None) -> list[Floats]:
        """`inputs` of columns that are standardised and completed already."""
        blocks = []
        for encoder in self.encoders:
            if encoder.sets is None:
                blocks.append(filled[:, encoder.columns])
            elif expression is None:
                blocks.append(np.zeros((len(filled), len(encoder.sets.mean))))
            else:
                blocks.append(encoder.sets.standardise(expression))
        return blocks

    def contributions(self, blocks: Sequence[Floats], present: Bools) -> Floats:
        """(K, n, M, 2) level and effect of every present modality; 0 where it is absent."""
        out = np.stack([f(x) for f, x in zip(self.encoders, blocks, strict=True)], axis=2)
        return np.asarray(np.where(present[None, :, :, None], out, 0.0))

    def starts(self, present: Bools) -> Floats:
        """(K, n, 2) log-odds under both treatments of what no modality adds."""
        level = self.intercept[:, None] + self.absent @ (~present).T
        return np.asarray(level[..., None] + self.effect[:, None, None] * SIDES)

    def margins(
        self, X: Floats, present: Bools, expression: Floats | None = None
    ) -> tuple[Floats, Floats, Floats]:
        """(K, n) level mu, (K, n) difference tau, (K, n, M, 2) what each modality adds to them."""
        parts = self.contributions(self.inputs(X, present, expression), present)
        start = self.starts(present)
        level = start.mean(axis=2) + parts[..., 0].sum(axis=2)
        return level, start[..., 1] - start[..., 0] + parts[..., 1].sum(axis=2), parts

    def predict_proba(
        self, X: Floats, *, present: Bools, expression: Floats | None = None
    ) -> Floats:
        """(n, 2) probability under either treatment, the mean over members."""
        level, gap, _ = self.margins(X, present, expression)
        return np.asarray(sigmoid(level[..., None] + gap[..., None] * SIDES).mean(axis=0))

    def explain(
        self,
        z: Floats,
        present: Bools,
        reference: Reference,
        *,
        expression: Floats | None = None,
        genes: Floats | None = None,
    ) -> ShapleyValues:
        """Exact values per modality of one patient's two probabilities.

        Parameters
        ----------
        z : (1, p) with NaN where unknown · present : (1, M) · reference : complete patients
        expression : (1, genes) of the patient
        genes : (K, B, 2) what the reference patients' genes add, see `gene_reference`

        Notes
        -----
        The reference patients are seen as this patient is: without what this one lacks. An absent
        modality gets exactly 0. Enumeration of 2^M coalitions for all members and both treatments
        in one call.
        """
        rows = as_seen(self, reference, ~np.isnan(z[0]), present[0])
        both = np.repeat(present, len(rows), axis=0)
        blocks = self.blocks(self.complete(z, present), expression)
        own = self.contributions(blocks, present)[:, 0]
        others = self.contributions(self.blocks(rows), both)
        for m, encoder in enumerate(self.encoders):
            if encoder.sets is not None and present[0, m]:
                if expression is None or genes is None:
                    raise ShapleyError(
                        "Genes take part, but the patient's or the reference patients' are absent.",
                        "Give `expression` and `genes`, or mark the modality as absent.",
                    )
                others[:, :, m] = genes
        patient, background = _by_treatment(own[:, None])[:, 0], _by_treatment(others)
        games = explain(
            patient, self.starts(present)[:, 0].ravel(), Background(background, reference.weights)
        )
        return _mean_of_members(games, len(self.intercept))


def as_seen(panel: DeepPanel, reference: Reference, known: Bools, present: Bools) -> Floats:
    """(B, p) the reference patients with a patient's pattern of missing values, completed."""
    hidden = np.where(known, reference.z, np.nan)
    return panel.complete(hidden, np.repeat(present[None], len(hidden), axis=0))


def _by_treatment(parts: Floats) -> Floats:
    """(K, n, M, 2) level and effect to (2K, n, M) log-odds per member and treatment."""
    sides = parts[..., 0, None] + parts[..., 1, None] * SIDES
    return np.asarray(np.moveaxis(sides, 3, 1).reshape(-1, *parts.shape[1:3]))


def _mean_of_members(games: ShapleyValues, members: int) -> ShapleyValues:
    def mean(x: Floats) -> Floats:
        return np.asarray(x.reshape(members, 2, *x.shape[1:]).mean(axis=0))

    return replace(
        games,
        values=mean(games.values),
        base=mean(games.base),
        probability=mean(games.probability),
    )


def tensors_of(panel: DeepPanel, reference: Reference) -> dict[str, Array]:
    """Everything a server needs, by name, in double precision."""
    tensors: dict[str, Array] = {
        "gaussian.mean": panel.gaussian.mean,
        "gaussian.sd": panel.gaussian.sd,
        "gaussian.covariance": panel.gaussian.covariance,
        "gaussian.counts": panel.gaussian.counts,
        "absent": panel.absent,
        "intercept": panel.intercept,
        "effect": panel.effect,
        "reference.z": reference.z,
        "reference.weights": reference.weights,
    }
    for modality, encoder in zip(panel.design.modalities, panel.encoders, strict=True):
        named: dict[str, Array] = {"columns": encoder.columns}
        named |= {"w1": encoder.w1, "b1": encoder.b1, "w2": encoder.w2}
        if encoder.sets is not None:
            sets = encoder.sets
            named |= {"gene": sets.gene, "member_of": sets.member_of, "values": sets.values}
            named |= {"mean": sets.mean, "gene_sd": sets.sd}
        tensors |= {f"{modality.value}.{name}": x for name, x in named.items()}
    return tensors


def export(
    panel: DeepPanel, reference: Reference, folder: Path, about: Mapping[str, object]
) -> str:
    """Write safetensors and their description; returns the checksum."""
    return write(folder, tensors_of(panel, reference), {"kind": "deep", **about})


def imported(artefact: Artefact, design: Design) -> tuple[DeepPanel, Reference]:
    """The panel and the reference patients of an artefact whose checksum has been checked.

    Raises
    ------
    SchemaError
    """

    def number(name: str) -> Floats:
        return np.asarray(artefact.tensor(name), dtype=np.float64)

    def index(name: str) -> Ints:
        return np.asarray(artefact.tensor(name), dtype=np.int64)

    encoders = []
    for modality in design.modalities:
        at = modality.value
        sets = None
        if f"{at}.values" in artefact.tensors:
            sets = Sets(
                gene=index(f"{at}.gene"),
                member_of=index(f"{at}.member_of"),
                values=number(f"{at}.values"),
                count=number(f"{at}.w1").shape[1],
                mean=number(f"{at}.mean"),
                sd=number(f"{at}.gene_sd"),
            )
        encoders.append(
            Encoder(
                columns=index(f"{at}.columns"),
                w1=number(f"{at}.w1"),
                b1=number(f"{at}.b1"),
                w2=number(f"{at}.w2"),
                sets=sets,
            )
        )
    gaussian = Gaussian(
        mean=number("gaussian.mean"),
        sd=number("gaussian.sd"),
        covariance=number("gaussian.covariance"),
        counts=index("gaussian.counts"),
    )
    panel = DeepPanel(
        design=design,
        gaussian=gaussian,
        encoders=tuple(encoders),
        absent=number("absent"),
        intercept=number("intercept"),
        effect=number("effect"),
    )
    return panel, Reference(z=number("reference.z"), weights=number("reference.weights"))
