"""A progression model as it is served, read from its artefact with every field checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from decision.clinical.assessment import ModelIdentity
from models.artifact import (
    DESCRIPTION,
    RETRAIN,
    Artefact,
    SchemaError,
    SpecMismatchError,
    read,
)
from models.described import Fields, reals, wholes
from models.domain import Domain
from models.gaussian import Gaussian
from models.hazard_model import HazardDesign, HazardModel, SiteShift, StratumModel, Submodel
from models.hazard_tensors import KIND
from models.hazard_validation import BANDS, Validated


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedHazard:
    """Everything the predictor needs.

    sites : name -> stratum -> shift · usual : stratum -> column -> central 95 % of the training
    values · validated : what became of people never trained on
    """

    identity: ModelIdentity
    decision: str
    spec_version: str
    model: HazardModel
    sites: Mapping[str, Mapping[int, SiteShift]]
    usual: Mapping[int, Mapping[str, tuple[float, float]]]
    validated: Validated


def load_hazard(decision: str, folder: Path, design: HazardDesign | None = None) -> ServedHazard:
    """Read one version and hold it against the decision it is to serve.

    Parameters
    ----------
    design : what the decision reads now, if known; it must be what the model was trained for

    Raises
    ------
    models.artifact.ArtefactError
        If a file is damaged or incomplete, or the decision has changed since training.
    """
    artefact = read(folder)
    fields = Fields(artefact, artefact.description)
    _same(fields, "decision", fields.text("decision"), decision)
    _same(fields, "kind", fields.text("kind"), KIND)
    stored = _design(fields.below("design"))
    if design is not None:
        for name in ("columns", "groups", "strata", "horizons", "restaged", "noise"):
            _same(fields, f"design.{name}", getattr(stored, name), getattr(design, name))
    cohort = fields.below("cohort")
    model = HazardModel(
        design=stored,
        models=_models(artefact, fields, stored),
        simulated=cohort.flag("simulated"),
        description=cohort.text("description"),
    )
    sites = fields.below("sites")
    metrics = fields.below("metrics")
    return ServedHazard(
        identity=ModelIdentity(
            id=f"{decision} discrete-time hazard",
            version=fields.text("version"),
            checksum=fields.text("checksum"),
            simulated=model.simulated,
            description=model.description,
            trained_rows=cohort.whole("people"),
            sites=tuple(sites.tree),
            metrics={k: metrics.real(k) for k, v in metrics.tree.items() if v is not None},
        ),
        decision=decision,
        spec_version=fields.text("spec_version"),
        model=model,
        sites={name: _shifts(sites.below(name).below("shifts"), stored) for name in sites.tree},
        usual=_usual(fields.below("usual"), stored),
        validated=_validated(artefact, stored),
    )


def _same(fields: Fields, name: str, then: object, now: object) -> None:
    if then != now:
        raise SpecMismatchError(
            f"{fields.artefact.folder / DESCRIPTION}: {name} was {then!r}, is {now!r}",
            "Train the model again for the changed decision, or restore the decision.",
        )


def _design(fields: Fields) -> HazardDesign:
    groups, noise = fields.below("groups"), fields.below("noise")
    design = HazardDesign(
        columns=fields.texts("columns"),
        groups={g: groups.texts(g) for g in groups.tree},
        strata=fields.texts("strata"),
        horizons=fields.reals("horizons"),
        restaged=fields.text("restaged"),
        noise={c: noise.real(c) for c in noise.tree},
    )
    named = {c for columns in design.groups.values() for c in columns} | set(design.noise)
    rising = all(a < b for a, b in zip((0.0, *design.horizons), design.horizons, strict=False))
    if not (
        named <= set(design.columns)
        and design.restaged in ("", *design.groups)
        and design.horizons
        and rising
    ):
        raise SchemaError(
            f"{fields.artefact.folder / DESCRIPTION}: 'design' contradicts itself: groups and "
            "noise name columns, 'restaged' a group, and horizons ascend",
            RETRAIN,
        )
    return design


def _models(
    artefact: Artefact, fields: Fields, design: HazardDesign
) -> dict[tuple[int, bool], StratumModel]:
    models: dict[tuple[int, bool], StratumModel] = {}
    for fit in fields.each("fits"):
        stratum, served = fit.text("stratum"), fit.tree.get("decided")
        if stratum not in design.strata or served not in ([True], [False], [True, False]):
            raise SchemaError(
                f"{artefact.folder / DESCRIPTION}: {fit.place!r} names no stratum of the design, "
                "or not what it serves",
                RETRAIN,
            )
        fitted = _stratum(artefact, fit, design)
        _coherent(artefact, fit, fitted, design, served)
        models |= {(design.strata.index(stratum), decided): fitted for decided in served}
    if not models:
        raise SchemaError(f"{artefact.folder / DESCRIPTION}: 'fits' is empty", RETRAIN)
    return models


def _stratum(artefact: Artefact, fit: Fields, design: HazardDesign) -> StratumModel:
    name, submodels = fit.text("name"), fit.texts("submodels")
    p, H, S = len(design.columns), len(design.horizons), len(submodels)
    gradient = reals(artefact, f"{name}.gradient", H, -1)
    side = gradient.shape[1] + p
    times = reals(artefact, f"{name}.times", -1)
    reference = reals(artefact, f"{name}.reference", -1, p)
    known = wholes(artefact, f"{name}.submodel.known", S, p)
    effect = reals(artefact, f"{name}.submodel.effect", S, p)
    level = reals(artefact, f"{name}.submodel.level", S, H)
    slope = reals(artefact, f"{name}.submodel.slope", S, H)
    missing = reals(artefact, f"{name}.submodel.missing", S, H)
    auc = reals(artefact, f"{name}.submodel.auc", S, unknown=True)
    people = wholes(artefact, f"{name}.submodel.people", S)
    events = wholes(artefact, f"{name}.submodel.events", S)
    return StratumModel(
        gaussian=Gaussian(
            mean=reals(artefact, f"{name}.gaussian.mean", p),
            sd=reals(artefact, f"{name}.gaussian.sd", p),
            covariance=reals(artefact, f"{name}.gaussian.covariance", p, p),
            counts=wholes(artefact, f"{name}.gaussian.counts", p),
        ),
        gradient=gradient,
        covariance=reals(artefact, f"{name}.covariance", side, side),
        submodels={
            word: Submodel(
                name=word,
                known=known[i] > 0,
                effect=effect[i],
                level=level[i],
                slope=slope[i],
                missing=missing[i],
                auc=float(auc[i]),
                people=int(people[i]),
                events=int(events[i]),
            )
            for i, word in enumerate(submodels)
        },
        between_sites=fit.real("between_sites"),
        times=times,
        baseline=reals(artefact, f"{name}.baseline", len(times)),
        reference=reference,
        reference_weights=reals(artefact, f"{name}.reference_weights", len(reference)),
        domain=_domain(artefact, name) if fit.flag("domain") else None,
        ridge=fit.real("ridge"),
        people=fit.whole("people"),
        events=fit.whole("events"),
    )


def _coherent(
    artefact: Artefact,
    fit: Fields,
    fitted: StratumModel,
    design: HazardDesign,
    served: Sequence[bool],
) -> None:
    """Numbers that are each possible and together make no model."""
    named = {name: known for d in served for name, known in design.patterns(d).items()}
    domain = fitted.domain
    for right, wrong in (
        (set(named) == set(fitted.submodels), "submodels are not the patterns of the design"),
        (
            all(
                name in named and np.array_equal(part.known, named[name])
                for name, part in fitted.submodels.items()
            ),
            "a submodel reads other columns than its name says",
        ),
        ((fitted.gaussian.sd > 0.0).all(), "'gaussian.sd' has values of 0 or less"),
        (
            (np.diff(fitted.times) > 0.0).all() and fitted.times[-1] >= design.horizons[-1],
            "'times' do not ascend to the last horizon",
        ),
        ((np.diff(fitted.baseline) >= 0.0).all(), "'baseline' falls"),
        (
            abs(float(fitted.reference_weights.sum()) - 1.0) < 1e-9,
            "'reference_weights' do not add up to 1",
        ),
        (
            domain is None
            or bool((domain.columns < len(design.columns)).all() and (domain.sd > 0.0).all()),
            "'domain' looks at no column of the design",
        ),
    ):
        if not right:
            raise SchemaError(f"{artefact.folder}: {fit.text('name')}: {wrong}", RETRAIN)


def _domain(artefact: Artefact, name: str) -> Domain:
    columns = wholes(artefact, f"{name}.domain.columns", -1)
    q = len(columns)
    return Domain(
        columns=columns,
        mean=reals(artefact, f"{name}.domain.mean", q),
        sd=reals(artefact, f"{name}.domain.sd", q),
        covariance=reals(artefact, f"{name}.domain.covariance", q, q),
        rows=reals(artefact, f"{name}.domain.rows", -1, q, unknown=True),
    )


def _shifts(fields: Fields, design: HazardDesign) -> dict[int, SiteShift]:
    return {
        s: SiteShift(
            shift=own.real("shift"),
            variance=own.real("variance"),
            events=own.whole("events"),
            applied=own.flag("applied"),
        )
        for s, own in ((s, fields.below(n)) for s, n in _named(fields, design).items())
    }


def _usual(fields: Fields, design: HazardDesign) -> dict[int, dict[str, tuple[float, float]]]:
    found: dict[int, dict[str, tuple[float, float]]] = {}
    for s, name in _named(fields, design).items():
        own = fields.below(name)
        limits = {column: own.reals(column) for column in own.tree}
        if not all(c in design.columns and len(pair) == 2 for c, pair in limits.items()):
            raise SchemaError(
                f"{fields.artefact.folder / DESCRIPTION}: {own.place!r} is not pairs of limits by "
                "column",
                RETRAIN,
            )
        found[s] = {column: (pair[0], pair[1]) for column, pair in limits.items()}
    return found


def _named(fields: Fields, design: HazardDesign) -> dict[int, str]:
    """Number -> name of the strata that the entries name."""
    if unknown := sorted(set(fields.tree) - set(design.strata)):
        raise SchemaError(
            f"{fields.artefact.folder / DESCRIPTION}: {fields.place!r} names {unknown}, no strata "
            "of the design",
            RETRAIN,
        )
    return {s: name for s, name in enumerate(design.strata) if name in fields.tree}


def _validated(artefact: Artefact, design: HazardDesign) -> Validated:
    shape = (len(design.strata), len(design.horizons), BANDS)
    return Validated(
        people=wholes(artefact, "validation.people", *shape),
        known=wholes(artefact, "validation.known", *shape),
        case=reals(artefact, "validation.case", *shape),
        weight=reals(artefact, "validation.weight", *shape),
        square=reals(artefact, "validation.square", *shape),
    )
