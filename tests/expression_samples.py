"""Simulated blood and its files, for the tests of `models.expression`; made once per run."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from models.expression.panels import Panels, load_panels
from models.expression.platforms import load_platforms
from models.expression.scorer import Declared, Scorer
from models.expression.tables import CSV, TSV
from models.simulate.expression import measure
from models.simulate.platforms import TwoPlatforms, two_platforms

PARQUET = "application/vnd.apache.parquet"
RNA, ARRAY = "simulated-rna-seq", "simulated-array"


@cache
def panels() -> Panels:
    return load_panels()


@cache
def two() -> TwoPlatforms:
    """The shipped platforms, drawn again with the world they come from."""
    return two_platforms(panels())


@cache
def scorer() -> Scorer:
    return Scorer(panels(), load_platforms())


@cache
def blood(n: int = 6, seed: int = 5) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """(latent scores, values per platform) of the same n bloods on both platforms."""
    rng = np.random.default_rng(seed)
    latent = {p.id: rng.standard_normal(n) for p in panels().panels}
    drawn = two().world.blood(latent, rng)
    return latent, {k: measure(drawn, m, rng) for k, m in two().machines.items()}


def genes() -> tuple[str, ...]:
    return two().world.genes


def sample(platform: str = RNA, row: int = 0) -> np.ndarray:
    return blood()[1][platform][row]


def lines(
    names: Sequence[str], values: Sequence[float], delimiter: str = "\t", header: str = "gene_id,S1"
) -> bytes:
    """A text table of one sample."""
    rows = [f"{g}{delimiter}{v!r}" for g, v in zip(names, np.asarray(values).tolist(), strict=True)]
    return "\n".join([header.replace(",", delimiter), *rows, ""]).encode()


def table(platform: str = RNA, row: int = 0, delimiter: str = "\t") -> bytes:
    """One simulated sample as text."""
    return lines(genes(), sample(platform, row), delimiter)


def parquet(columns: dict[str, Sequence[object]]) -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table(columns), held)
    return held.getvalue()


def declared(
    platform: str = RNA,
    content_type: str = TSV,
    scale: str = "",
    specimen: str = "whole-blood",
    name: str = "",
) -> Declared:
    usual = {RNA: "tpm", ARRAY: "intensity"}.get(platform, "tpm")
    return Declared(
        content_type=content_type,
        platform=platform,
        specimen=specimen,
        scale=scale or usual,
        sample=name,
    )


__all__ = ["ARRAY", "CSV", "PARQUET", "RNA", "TSV", "blood", "declared", "genes", "lines", "panels",
           "parquet", "sample", "scorer", "table", "two"]  # fmt: skip
