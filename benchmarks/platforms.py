"""What a change of platform does to panel scores, and to the answer. Everything is SIMULATED.

    python -m benchmarks.platforms --json

`change`: gene-specific offsets (spread .7), slope 1.15 and another sequencing depth between two
platforms; the same blood on both; nothing is refitted. A planted panel of 40 genes decides, by its
shift over the repeats as in the modelling reference; one platform alone may shift further, because
its offsets do not average out within a panel (`mean_size_of_shift`, `largest_shift`), which is what
registering is for: `registered` is the same run after recentring on the first 30 samples, judged on
the others. The vendored panels are listed beside. `training_z` is the contrast: the mean over the
panel of log2(counts per million + 1), each gene centred and scaled by the first platform's cohort.

`answer`: the same blood on two registered platforms (30 bridging samples), through the shipped
predictor. The interferon score comes from its panel. The other transcriptomic feature has no public
panel: a stand-in of 40 background genes takes its place, so that both features move. `z` again is
the contrast, and `unregistered` uses the second platform's scores with the first's location and
scale.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.explain_shipped import vector
from decision import catalog
from decision.clinical.inputs import Verification
from models.cohort import Floats
from models.decisions import ARTIFACTS, modelled, simulator
from models.expression.kinds import Kind
from models.expression.panels import GenePanel, Panels, load_panels
from models.expression.register import Identity, register, standard_scores
from models.expression.scorer import Scorer, Universe
from models.expression.scores import ranks
from models.predictor import load_predictor
from models.simulate.expression import Machine, World, as_samples, measure

DECISION = "ra_biologic_response"
INTERFERON, STAND_IN = "interferon_score", "tnfi_nonresponse_score"
PLANTED, BRIDGING = 40, 30
LEAST_SPEARMAN, MOST_SHIFT, MOST_DIFFERENCE = 0.98, 0.15, 0.02


def planted(name: str, first: int) -> GenePanel:
    """A panel of background genes, which no vendored list has."""
    return GenePanel(
        id=name,
        label=name,
        up=tuple(f"PLANTED{i:03d}" for i in range(first, first + PLANTED)),
        down=(),
        sha256=name,
        source="simulated",
        version="1",
        citation="",
        licence="",
        verification=Verification.DESIGN,
    )


def spearman(a: Floats, b: Floats) -> float:
    """Rank correlation."""
    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def logs(counts: Floats) -> Floats:
    """log2 of counts per million, plus 1: what a laboratory would standardise."""
    return np.asarray(np.log2(counts * 1e6 / counts.sum(axis=1, keepdims=True) + 1.0))


def rank_scores(world: World, panel: GenePanel, values: Floats) -> Floats:
    """(n,) raw panel scores of samples, each from itself alone."""
    universe, every = Universe.of(world.genes, (panel,)), np.arange(len(world.genes))
    return np.array([universe.raw(row, every, panel)[0] for row in values])


def z_scores(world: World, panel: GenePanel, training: Floats) -> Callable[[Floats], Floats]:
    """Panel scores by the training cohort's mean and spread of each gene."""
    place = {g: i for i, g in enumerate(world.genes)}
    members = [place[g] for g in panel.up]
    x = logs(training)[:, members]
    mean, sd = x.mean(axis=0), np.maximum(x.std(axis=0), 0.1)
    return lambda values: np.asarray(((logs(values)[:, members] - mean) / sd).mean(axis=1))


def compared(on_a: Floats, on_b: Floats, latent: Floats) -> dict[str, float]:
    """Spearman with the truth on each platform, shift and spread in SD of the first."""
    return {
        "spearman_a": spearman(on_a, latent),
        "spearman_b": spearman(on_b, latent),
        "shift": float((on_b.mean() - on_a.mean()) / on_a.std(ddof=1)),
        "spread": float(on_b.std(ddof=1) / on_a.std(ddof=1)),
    }


def machines(world: World, rng: np.random.Generator) -> tuple[Machine, Machine]:
    """The reference, and a platform with other offsets, slope and depth."""
    return (
        world.machine(Kind.COUNT, rng),
        world.machine(Kind.COUNT, rng, slope=1.15, offset=0.7, depth=0.5),
    )


def change(panels: Panels, repeats: int, n: int, genes: int) -> dict[str, Any]:
    """The first part: each repeat draws a world and two platforms anew."""
    own = planted("planted-40", 1)
    every = (own, *panels.panels)
    found: dict[str, list[dict[str, float]]] = {p.id: [] for p in every}
    z_found: list[dict[str, float]] = []
    moved: list[dict[str, float]] = []
    for seed in range(1, repeats + 1):
        rng = np.random.default_rng(seed)
        world = World.draw(every, genes, rng)
        a, b = machines(world, rng)
        latent = {p.id: rng.standard_normal(n) for p in every}
        blood = world.blood(latent, rng)
        on_a, on_b = measure(blood, a, rng), measure(blood, b, rng)
        for panel in every:
            x, y = (rank_scores(world, panel, v) for v in (on_a, on_b))
            found[panel.id].append(compared(x, y, latent[panel.id]))
            if panel is own:
                moved.append(compared(x[BRIDGING:], recentred(x, y), latent[own.id][BRIDGING:]))
        z = z_scores(world, own, on_a)
        z_found.append(compared(z(on_a), z(on_b), latent[own.id]))
    return {
        "repeats": repeats,
        "samples": n,
        "genes": genes,
        "rank_mean": summary(found[own.id]),
        "registered": summary(moved),
        "training_z": summary(z_found),
        "vendored": {p.id: {"genes": p.size, **summary(found[p.id])} for p in panels.panels},
    }


def recentred(x: Floats, y: Floats) -> Floats:
    """The second platform's scores on the first's scale, by the first 30 pairs; the others."""
    a, b = x[:BRIDGING], y[:BRIDGING]
    scale = b.std(ddof=1) / a.std(ddof=1)
    return np.asarray((y[BRIDGING:] - b.mean()) / scale + a.mean())


def summary(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Means over the repeats, the mean size of the shift and the worst of each."""
    shift = np.array([r["shift"] for r in rows])
    least = [r["spearman_b"] for r in rows]
    return {
        **{k: round(float(np.mean([r[k] for r in rows])), 4) for k in rows[0]},
        "mean_size_of_shift": round(float(np.abs(shift).mean()), 4),
        "largest_shift": round(float(np.abs(shift).max()), 4),
        "least_spearman_b": round(min(least), 4),
    }


def answer(panels: Panels, patients: int, genes: int, bridging: int, seed: int) -> dict[str, Any]:
    """The second part: |difference| of both probabilities between the two platforms."""
    rng = np.random.default_rng(seed)
    stand_in = planted(STAND_IN, 501)
    interferon = next(p for p in panels.panels if INTERFERON in p.answers)
    two = Panels(panels=(interferon, stand_in), missing=(), names=panels.names)
    world = World.draw(two.panels, genes, rng)
    pair = machines(world, rng)
    features = _patients(patients, seed)

    def on(latent: Mapping[str, Floats]) -> list[Floats]:
        blood = world.blood(latent, rng)
        return [measure(blood, machine, rng) for machine in pair]

    def draw(n: int) -> list[Floats]:
        return on({p.id: rng.standard_normal(n) for p in two.panels})

    training = draw(200)[0]
    names = ("a", "b")
    identities = [
        Identity(id=f"bench-{n}", label=n, version="1", specimen="blood", date="", simulated=True)
        for n in names
    ]
    kind = Kind.COUNT
    first = register(identities[0], as_samples(world.genes, training, kind), two)
    both = [as_samples(world.genes, v, kind) for v in draw(bridging)]
    known = standard_scores(Scorer(two, {first.id: first}), first.id, both[0])
    second = register(identities[1], both[1], two, (first.id, known))
    scorer = Scorer(two, {first.id: first, second.id: second})
    values = on({interferon.id: features[INTERFERON], stand_in.id: features[STAND_IN]})
    own = [
        list(standard_scores(scorer, i, as_samples(world.genes, v, kind)).values())
        for i, v in zip((first.id, second.id), values, strict=True)
    ]
    ours = {INTERFERON: interferon.id, STAND_IN: stand_in.id}
    registered = [{f: np.array([s[p] for s in o]) for f, p in ours.items()} for o in own]
    naive: list[dict[str, Floats]] = []
    by_z: list[dict[str, Floats]] = []
    for v in values:
        naive.append({})
        by_z.append({})
        for feature, panel in zip(ours, two.panels, strict=True):
            known_a = first.recentring[panel.id]
            raw = rank_scores(world, panel, v)
            naive[-1][feature] = (raw - known_a.location) / known_a.scale
            z = z_scores(world, panel, training)
            at = z(training)
            by_z[-1][feature] = (z(v) - at.mean()) / at.std(ddof=1)
    ask = _asker()
    return {
        "patients": patients,
        "bridging": bridging,
        "genes": genes,
        "registered": _differences(ask, features, registered),
        "unregistered": _differences(ask, features, naive),
        "training_z": _differences(ask, features, by_z),
    }


def _patients(n: int, seed: int) -> dict[str, Floats]:
    world = simulator(DECISION)
    cohort = world.simulate(8 * n, k=0.5, seed=seed, sites=world.held_out_sites)
    needed = modelled(catalog.load(DECISION)).required
    rows = np.flatnonzero(np.all([~np.isnan(cohort.features[f]) for f in needed], axis=0))[:n]
    features = {name: column[rows] for name, column in cohort.features.items()}
    rng = np.random.default_rng(seed)
    for name in (INTERFERON, STAND_IN):  # almost nobody has them in routine care; here all do
        features[name] = rng.standard_normal(n)
    return features


Asker = Callable[[Mapping[str, float]], list[float]]


def _asker() -> Asker:
    spec = catalog.load(DECISION)
    serving = load_predictor(spec, ARTIFACTS / DECISION)

    def ask(values: Mapping[str, float]) -> list[float]:
        own = {f.id: float(values.get(f.id, np.nan)) for f in spec.features}
        said = serving.answer(vector(spec, own), site=serving.identity.sites[0], level=0.9)
        return [p.probability for p in said.predictions]

    return ask


def _differences(
    ask: Asker, features: Mapping[str, Floats], scores: Sequence[Mapping[str, Floats]]
) -> dict[str, float]:
    rows = range(len(next(iter(features.values()))))
    answers = [
        [ask({**{k: v[i] for k, v in features.items()}, **{k: v[i] for k, v in s.items()}})
         for i in rows]
        for s in scores
    ]  # fmt: skip
    size = np.abs(np.array(answers[0]) - np.array(answers[1])).max(axis=1)
    return {
        "median": round(float(np.median(size)), 5),
        "p95": round(float(np.percentile(size, 95)), 5),
        "largest": round(float(size.max()), 5),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.platforms")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--genes", type=int, default=5_000)
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--bridging", type=int, default=BRIDGING)
    chosen = parser.parse_args(arguments)
    panels = load_panels()
    first = change(panels, chosen.repeats, chosen.samples, chosen.genes)
    second = answer(panels, chosen.patients, chosen.genes, chosen.bridging, seed=1)
    score, z = first["rank_mean"], first["training_z"]
    passed = {
        "spearman": score["spearman_b"] >= LEAST_SPEARMAN,
        "shift": abs(score["shift"]) <= MOST_SHIFT,
        "better_than_z": score["mean_size_of_shift"] < z["mean_size_of_shift"],
        "shift_registered": first["registered"]["mean_size_of_shift"] <= MOST_SHIFT,
        "same_answer": second["registered"]["median"] <= MOST_DIFFERENCE,
    }
    report = {"simulated": True, "change": first, "answer": second, "passed": passed}
    if chosen.json:
        print(json.dumps(report, indent=1))
    else:
        print(f"no refit: rank mean {score}\n          training z {z}")
        print(f"two platforms, |difference| of probabilities: {second}\n{passed}")
    return 0 if all(passed.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
