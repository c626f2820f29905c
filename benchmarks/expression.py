"""`python -m benchmarks.expression --json`: from a FHIR Binary of 20,000 genes to panel scores.

One line of JSON per way of writing the file: milliseconds of processor time, from the parsed
Binary resource (its content still base64) over reading, naming and ranking to all panel scores.
The network and the platform's registration, which is loaded once per process, are not in it.
Patients and genes are SIMULATED; the names of the panels' genes are real.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import process_time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fhir.expression import LONGEST, inline
from models.cohort import Floats
from models.expression.kinds import Kind
from models.expression.panels import Panels, load_panels
from models.expression.register import Identity, register
from models.expression.sample import Sample
from models.expression.scorer import Declared, Scorer
from models.expression.tables import CSV, TSV
from models.simulate.expression import World, as_samples, measure

BUDGET_MS = 150.0
PARQUET = "application/vnd.apache.parquet"
PLATFORM = Identity(
    id="bench", label="Benchmark", version="1", specimen="whole-blood", date="", simulated=True
)


def text(genes: Sequence[str], values: Floats, delimiter: str) -> bytes:
    """A table of two columns."""
    rows = (f"{g}{delimiter}{v:.4f}\n" for g, v in zip(genes, values, strict=True))
    return (f"gene_id{delimiter}S1\n" + "".join(rows)).encode()


def parquet(genes: Sequence[str], values: Floats) -> bytes:
    """The same table as Parquet."""
    held = io.BytesIO()
    pq.write_table(pa.table({"gene_id": list(genes), "S1": values}), held)
    return held.getvalue()


def ensembl(panels: Panels, genes: Sequence[str]) -> list[str]:
    """Genes under Ensembl ids with a version; background genes get ids no gene has."""
    ids = {s: n for n, s in panels.names.by_name.items() if n.startswith("ENSG")}
    return [f"{ids.get(g, f'ENSG99{i:09d}')}.{1 + i % 9}" for i, g in enumerate(genes)]


def files(panels: Panels, genes: Sequence[str], values: Floats) -> Mapping[str, tuple[str, bytes]]:
    """Name -> (declared type, bytes) of one sample, written in several ways."""
    tsv = text(genes, values, "\t")
    return {
        "TSV, symbols": (TSV, tsv),
        "TSV, Ensembl": (TSV, text(ensembl(panels, genes), values, "\t")),
        "TSV, gzip": (TSV, gzip.compress(tsv)),
        "CSV, symbols": (CSV, text(genes, values, ",")),
        "Parquet, symbols": (PARQUET, parquet(genes, values)),
    }


def milliseconds(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median and slowest of some rounds, after one that is not counted."""
    work()
    taken = []
    for _ in range(rounds):
        start = process_time()
        work()
        taken.append(1e3 * (process_time() - start))
    return float(np.median(taken)), max(taken)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.expression")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--genes", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=15)
    chosen = parser.parse_args(arguments)
    panels, rng = load_panels(), np.random.default_rng(1)
    world = World.draw(panels.panels, chosen.genes, rng)
    machine = world.machine(Kind.TPM, rng)
    blood = world.blood({p.id: rng.standard_normal(21) for p in panels.panels}, rng)
    *several, own = measure(blood, machine, rng)
    within = True
    for name, (declared, content) in files(panels, world.genes, own).items():
        genes = world.genes
        if "Ensembl" in name:
            place = panels.names.by_name
            bare = [g.split(".")[0] for g in ensembl(panels, world.genes)]
            genes = tuple(place.get(g, g) for g in bare)
        samples: dict[str, Sample] = as_samples(genes, np.array(several), Kind.TPM)
        platform = replace(register(PLATFORM, samples, panels), id="bench")
        scorer = Scorer(panels, {"bench": platform})
        said = Declared(
            content_type=declared, platform="bench", specimen="whole-blood", scale="tpm"
        )
        binary = {"resourceType": "Binary", "data": base64.b64encode(content).decode()}

        def work(
            held: dict[str, str] = binary, scorer: Scorer = scorer, said: Declared = said
        ) -> int:
            octets = inline(held, LONGEST)
            assert octets is not None
            return len(scorer.score(octets, said).scores)

        median, slowest = milliseconds(work, chosen.rounds)
        within &= median <= BUDGET_MS
        row = {
            "file": name,
            "genes": chosen.genes,
            "panels": work(),
            "bytes": len(content),
            "median_ms": round(median, 1),
            "slowest_ms": round(slowest, 1),
            "budget_ms": BUDGET_MS,
        }
        print(json.dumps(row) if chosen.json else row)
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
