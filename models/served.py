"""A trained model as it is served, and the tensors it is stored as: both directions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from decision.clinical.assessment import ModelIdentity, NamingRecord
from decision.clinical.spec import DecisionSpec, ModelColumn, Player
from models.artifact import (
    DESCRIPTION,
    RETRAIN,
    Array,
    Artefact,
    SchemaError,
    SpecMismatchError,
    read,
)
from models.background import Reference
from models.cohort import Floats, Ints
from models.design import Design
from models.domain import Domain
from models.gaussian import Gaussian
from models.panel import Floor, Panel
from models.spreads import read_spreads
from models.verdicts import challenges

BANDS = 50
"""Equal bands of [0, 1] in which validation patients are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedStratum:
    """label · ranges : feature -> closed range · courses : training courses per treatment"""

    label: str
    ranges: Mapping[str, tuple[float, float]]
    courses: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Everything the predictor needs.

    background, weights : (B, p) reference patients' z and (B,) their shares
    sites : name -> (shift of the log-odds, its variance)
    usual : feature -> central 95 % of the training values · courses : with outcome, per treatment
    band_n, band_events : (2, 50) validation patients per treatment and band, and outcomes
    """

    identity: ModelIdentity
    treatments: tuple[str, str]
    panel: Panel
    domain: Domain
    background: Floats
    weights: Floats
    sites: Mapping[str, tuple[float, float]]
    usual: Mapping[str, tuple[float, float]]
    strata: tuple[CountedStratum, ...]
    courses: tuple[int, int]
    band_n: Ints
    band_events: Ints


def tensors_of(
    panel: Panel, domain: Domain, reference: Reference, band_n: Ints, band_events: Ints
) -> dict[str, Array]:
    """The numbers of a trained model by the names `load_served` reads."""
    return {
        "gaussian.mean": panel.gaussian.mean,
        "gaussian.sd": panel.gaussian.sd,
        "gaussian.covariance": panel.gaussian.covariance,
        "gaussian.counts": panel.gaussian.counts,
        "intercept_effect": np.array([panel.intercept, panel.effect]),
        "main": panel.main,
        "interaction": panel.interaction,
        "absent": panel.absent,
        "spread_main": panel.spread_main,
        "spread_interaction": panel.spread_interaction,
        "covariance": panel.covariance,
        "known_rows": panel.known_rows,
        "domain.columns": domain.columns,
        "domain.mean": domain.mean,
        "domain.sd": domain.sd,
        "domain.covariance": domain.covariance,
        "domain.rows": domain.rows.astype(np.float32),
        "background.z": reference.z,
        "background.weights": reference.weights,
        "validation.n": band_n,
        "validation.events": band_events,
    }


def background_hash(reference: Reference) -> str:
    """SHA-256 of the reference patients: the game that every explanation plays."""
    return hashlib.sha256(reference.z.tobytes() + reference.weights.tobytes()).hexdigest()


def column_words(column: ModelColumn) -> dict[str, Any]:
    """A column as the description says it."""
    return {
        "id": column.id,
        "player": column.player,
        "inputs": list(column.inputs),
        "transform": column.transform.value,
        "argument": column.argument,
        "modifier": column.modifier,
    }


def player_words(player: Player) -> dict[str, Any]:
    """What of a player the numbers depend on; its label may change without training again."""
    return {
        "id": player.id,
        "modality": player.modality.value,
        "features": list(player.features),
    }


def load_served(spec: DecisionSpec, folder: Path) -> Served:
    """Read one version and hold it against the decision it is to serve.

    Raises
    ------
    models.artifact.ArtefactError
        If a file is damaged or incomplete, or the decision has changed since training.
    """
    artefact = read(folder)
    _same(artefact, spec)
    design = Design(columns=spec.columns, players=spec.players, quorum=spec.quorum)
    panel = _panel(artefact, design)
    first, second = artefact.field("treatments")
    return Served(
        identity=_identity(artefact, spec),
        treatments=(first, second),
        panel=panel,
        domain=Domain(
            columns=_whole(artefact, "domain.columns"),
            mean=_real(artefact, "domain.mean"),
            sd=_real(artefact, "domain.sd"),
            covariance=_real(artefact, "domain.covariance"),
            rows=_real(artefact, "domain.rows"),
        ),
        background=_real(artefact, "background.z"),
        weights=_real(artefact, "background.weights"),
        sites={
            name: (float(site["shift"]), float(site["variance"]))
            for name, site in artefact.field("sites").items()
        },
        usual={f: (float(a), float(b)) for f, (a, b) in artefact.field("usual").items()},
        strata=tuple(
            CountedStratum(
                label=s["label"],
                # An open upper end is null: JSON knows no infinity.
                ranges={
                    f: (float(low), float("inf") if high is None else float(high))
                    for f, (low, high) in s["ranges"].items()
                },
                courses=(int(s["courses"][0]), int(s["courses"][1])),
            )
            for s in artefact.field("strata")
        ),
        courses=(int(artefact.field("courses")[0]), int(artefact.field("courses")[1])),
        band_n=_whole(artefact, "validation.n"),
        band_events=_whole(artefact, "validation.events"),
    )


def _panel(artefact: Artefact, design: Design) -> Panel:
    p, m = len(design.columns), len(design.modalities)
    main = _real(artefact, "main")
    covariance = _real(artefact, "covariance")
    if main.shape != (p,) or covariance.shape != (2 + m + 2 * p,) * 2:
        raise SchemaError(
            f"{artefact.folder}: tensors are for {main.shape[0]} columns, the description has {p}",
            RETRAIN,
        )
    intercept, effect = _real(artefact, "intercept_effect")
    return Panel(
        design=design,
        gaussian=Gaussian(
            mean=_real(artefact, "gaussian.mean"),
            sd=_real(artefact, "gaussian.sd"),
            covariance=_real(artefact, "gaussian.covariance"),
            counts=_whole(artefact, "gaussian.counts"),
        ),
        intercept=float(intercept),
        effect=float(effect),
        main=main,
        interaction=_real(artefact, "interaction"),
        absent=_real(artefact, "absent"),
        spread_main=_real(artefact, "spread_main"),
        spread_interaction=_real(artefact, "spread_interaction"),
        covariance=covariance,
        known_rows=_whole(artefact, "known_rows"),
        floors=tuple(
            Floor(columns=tuple(f["columns"]), variance=(f["variance"][0], f["variance"][1]))
            for f in artefact.field("floors")
        ),
    )


def _identity(artefact: Artefact, spec: DecisionSpec) -> ModelIdentity:
    cohort = artefact.field("cohort")
    return ModelIdentity(
        id=f"{spec.id} additive panel logit",
        version=artefact.field("version"),
        checksum=artefact.field("checksum"),
        simulated=bool(cohort["simulated"]),
        description=cohort["description"],
        trained_rows=int(sum(artefact.field("courses"))),
        sites=tuple(artefact.field("sites")),
        metrics={k: float(v) for k, v in artefact.field("metrics").items() if v is not None},
        naming=tuple(_naming(found) for found in artefact.field("evaluations")),
        challenges=challenges(artefact),
        spreads=read_spreads(artefact),
    )


def _naming(evaluation: Mapping[str, Any]) -> NamingRecord:
    """How often a class was named over all seeds of one setting of the simulation."""
    return NamingRecord(
        setting=f"{evaluation['cohort']}, k = {evaluation['k']:g}, "
        f"{len(evaluation['seeds'])} seeds",
        named=int(evaluation["named_patients"]),
        right=int(evaluation["named_rightly"]),
        silent_share=1.0 - float(evaluation["contrast"]["named_share"]["mean"]),
    )


def _same(artefact: Artefact, spec: DecisionSpec) -> None:
    """The decision now, against the decision at training: whatever the numbers depend on."""
    now = {
        "decision": spec.id,
        "treatments": [t.id for t in spec.treatments],
        "columns": [column_words(c) for c in spec.columns],
        "players": [player_words(p) for p in spec.players],
        "quorum": {m.value: q for m, q in spec.quorum.items()},
        "units": {f.id: f.unit for f in spec.features},
    }
    for name, value in now.items():
        then = artefact.field(name)
        if then != value:
            raise SpecMismatchError(
                f"{artefact.folder / DESCRIPTION}: {name} differ from the decision's: "
                f"{_first_difference(then, value)}",
                "Train the model again for the changed decision, or restore the decision.",
            )


def _first_difference(then: Any, now: Any) -> str:
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return next(f"{a!r} became {b!r}" for a, b in zip(then, now, strict=True) if a != b)
    if isinstance(then, dict) and isinstance(now, dict):
        key = next(k for k in {**then, **now} if then.get(k) != now.get(k))
        return f"{key!r} was {then.get(key)!r}, is {now.get(key)!r}"
    return f"{then!r} became {now!r}"


def _real(artefact: Artefact, name: str) -> Floats:
    return np.asarray(artefact.tensor(name), dtype=np.float64)


def _whole(artefact: Artefact, name: str) -> Ints:
    return np.asarray(artefact.tensor(name), dtype=np.int64)
