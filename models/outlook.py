"""What one more measurement is worth: the width of the range expected after it.

    E[width | known] = sum over nodes of weight · width(known and the missing values at the node)

The nodes follow the training distribution of the missing values given the known ones: a Gaussian of
the columns as in `gaussian`, a flag with the probability that it gives, values beyond the usual
range at its ends. Every width comes from the same lines as the one on the page. numpy only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from decision.clinical.answers import LocalCalibration
from decision.clinical.inputs import Modality, Transform
from decision.clinical.outlook import ExpectedRange, Unexpected
from models.cohort import Floats, Ints
from models.design import Bools
from models.gaussian import conditional
from models.interval import Ranges, ranges, variances
from models.served import Served
from models.wilson import wilson

NODES = 64
JOINT_NODES = 256
FEWEST = 100
"""Training patients with a value, from which its distribution is believed."""
TENTHS = 10
LEAST_CHANCE = 0.01
_INVERTED = (Transform.IDENTITY, Transform.LOG, Transform.SQRT)
_STANDARD = NormalDist()


@dataclass(frozen=True, slots=True)
class Plausible:
    """values : feature -> (N,) · weights : (N,), their sum is 1"""

    values: Mapping[str, Floats]
    weights: Floats


def tenths(n: Ints, events: Ints) -> tuple[LocalCalibration, ...]:
    """Validation patients of the whole scale in ten bands, from counts in finer ones.

    Examples
    --------
    >>> found = tenths(np.full(50, 4), np.full(50, 1))
    >>> len(found), found[3].n, found[3].events, round(found[3].high, 1)
    (10, 20, 5, 0.4)
    """
    found = []
    for i, (total, reached) in enumerate(
        zip(n.reshape(TENTHS, -1).sum(axis=1), events.reshape(TENTHS, -1).sum(axis=1), strict=True)
    ):
        low, high = wilson(int(reached), int(total))
        found.append(
            LocalCalibration(
                low=i / TENTHS,
                high=(i + 1) / TENTHS,
                n=int(total),
                events=int(reached),
                observed_low=low,
                observed_high=high,
            )
        )
    return tuple(found)


def normal_nodes(dimensions: int) -> Floats:
    """(N, d) points that spread over a standard Gaussian more evenly than drawn ones, always the
    same: midpoints of equal shares in one dimension, a lattice of irrational steps and its mirror
    image in more.

    References
    ----------
    H. Niederreiter, Random Number Generation and Quasi-Monte Carlo Methods, SIAM (1992), ch. 3.
    """
    if dimensions == 1:
        shares = (np.arange(NODES)[:, None] + 0.5) / NODES
    else:
        root = 2.0
        for _ in range(40):  # the one positive root of x^(d+1) = x + 1
            root = (1.0 + root) ** (1.0 / (dimensions + 1))
        steps = root ** -np.arange(1.0, dimensions + 1.0)
        half = (0.5 + np.arange(1, JOINT_NODES // 2 + 1)[:, None] * steps) % 1.0
        shares = np.concatenate([half, 1.0 - half])
    nodes = np.array([[_STANDARD.inv_cdf(share) for share in row] for row in shares.tolist()])
    # So few points are not quite uncorrelated; their mean is 0 and they are made so.
    spread = np.linalg.cholesky(np.atleast_2d(nodes.T @ nodes / len(nodes)))
    return np.asarray(np.linalg.solve(spread, nodes.T).T)


def plausible(
    served: Served, z: Floats, known: Bools, features: tuple[str, ...]
) -> Plausible | Unexpected:
    """Values of missing features to be expected in somebody of whom so much is known.

    Parameters
    ----------
    z : (p,) standardised columns, NaN unknown · known : (p,)
    """
    design, gaussian = served.panel.design, served.panel.gaussian
    columns = []
    for feature in features:
        own = (
            j
            for j, c in enumerate(design.columns)
            if c.inputs == (feature,) and c.transform in _INVERTED
        )
        j = next(own, None)
        if j is None:
            return Unexpected.NO_DISTRIBUTION
        if gaussian.counts[j] < FEWEST:
            return Unexpected.RARELY_MEASURED
        columns.append(j)
    wanted = np.zeros(len(z), dtype=bool)
    wanted[columns] = True
    weights, rest = conditional(gaussian.covariance, known, wanted)
    order = np.argsort(np.argsort(columns))  # `conditional` answers in the order of the columns
    centre = (weights @ z[known])[order]
    spread = rest[np.ix_(order, order)]
    sd = np.sqrt(np.diag(spread))
    mean = gaussian.mean[columns] + gaussian.sd[columns] * centre
    flags = [feature not in served.usual for feature in features]
    if flags == [True]:
        chance = float(np.clip(mean[0], LEAST_CHANCE, 1.0 - LEAST_CHANCE))
        return Plausible({features[0]: np.array([0.0, 1.0])}, np.array([1.0 - chance, chance]))
    nodes = normal_nodes(len(columns)) @ np.linalg.cholesky(spread + 1e-12 * np.eye(len(sd))).T
    values = {}
    for k, (feature, j) in enumerate(zip(features, columns, strict=True)):
        if flags[k]:
            chance = float(np.clip(mean[k], LEAST_CHANCE, 1.0 - LEAST_CHANCE))
            values[feature] = (nodes[:, k] / sd[k] > _STANDARD.inv_cdf(1.0 - chance)).astype(float)
        else:
            column = gaussian.mean[j] + gaussian.sd[j] * (centre[k] + nodes[:, k])
            shown = _back(design.columns[j].transform, column)
            values[feature] = np.clip(shown, *served.usual[feature])
    return Plausible(values, np.full(len(nodes), 1.0 / len(nodes)))


def _back(transform: Transform, column: Floats) -> Floats:
    """From a column's values to its feature's; below 0, the root of a count means none."""
    if transform is Transform.LOG:
        return np.asarray(np.exp(column))
    return np.square(np.maximum(column, 0.0)) if transform is Transform.SQRT else column


def answered(
    served: Served, site: str, table: Mapping[str, Floats], level: float
) -> tuple[Ranges, Floats, Bools]:
    """Ranges of every row of the table at a site, with its z and which modalities are present."""
    panel = served.panel
    raw, present = panel.design.gated(table)
    z = panel.gaussian.standardise(raw)
    filled = panel.complete(z, present)
    shift, v_site = served.sites[site]
    variance = variances(panel, z, filled, present, np.full(len(z), v_site))
    return ranges(panel.margins(filled, present) + shift, variance, level), z, present


def expected_ranges(
    served: Served, found: Mapping[str, float], site: str, level: float
) -> tuple[ExpectedRange, ...]:
    """For everything that is missing: the range expected of the difference once it is measured.

    Parameters
    ----------
    found : what is known, by feature, each value one that a column can be computed from
    site : a recalibrated one
    """
    design = served.panel.design
    row = {f: np.array([found.get(f, np.nan)]) for f in design.features}
    own, z, present = answered(served, site, row, level)
    now, known = float(own.difference_high[0] - own.difference_low[0]), ~np.isnan(z[0])

    def one(players: tuple[str, ...], modality: Modality | None) -> ExpectedRange:
        missing = tuple(
            f
            for f in design.features
            if f not in found and any(f in c.inputs and c.player in players for c in design.columns)
        )
        likely = plausible(served, z[0], known, missing)
        if isinstance(likely, Unexpected):
            return ExpectedRange(
                players=players, modality=modality, now=now, expected=None, why=likely
            )
        rows = len(likely.weights)
        table = {f: np.full(rows, found.get(f, np.nan)) for f in design.features}
        after, _, _ = answered(served, site, table | dict(likely.values), level)
        width = after.difference_high - after.difference_low
        apart = (after.difference_low > 0.0) | (after.difference_high < 0.0)
        return ExpectedRange(
            players=players,
            modality=modality,
            now=now,
            expected=float(likely.weights @ width),
            one_sided=float(likely.weights @ apart),
        )

    return sorted_ranges(one(*item) for item in _items(served, found, present[0]))


def sorted_ranges(found: Iterator[ExpectedRange]) -> tuple[ExpectedRange, ...]:
    """The narrowest first, what cannot be said last."""
    return tuple(sorted(found, key=lambda e: np.inf if e.expected is None else e.expected))


def _items(
    served: Served, found: Mapping[str, float], present: Bools
) -> Iterator[tuple[tuple[str, ...], Modality | None]]:
    """Each missing player that counts when it is measured alone, and each absent kind as a whole.

    A test of an absent kind below its quorum is not read, however it comes out.
    """
    design = served.panel.design
    for number, modality in enumerate(design.modalities):
        own = [p for p in design.players if p.modality is modality]
        lacking = [p for p in own if any(f not in found for f in p.features)]
        have = sum(f in found for p in own for f in p.features)
        for player in lacking:
            added = sum(f not in found for f in player.features)
            if present[number] or have + added >= design.quorum[modality]:
                yield (player.id,), None
        if not present[number] and len(lacking) > 1:
            yield tuple(p.id for p in lacking), modality
