"""Which decisions one process serves: those found on disk, under the choices of its place, each
with its model or the reason for none.
"""

from __future__ import annotations

import logging
import tomllib
from pathlib import Path

from decision import catalog
from decision.assess import Decision, NoModel, Predictor
from decision.catalog import SpecError
from decision.clinical.account import Account
from decision.clinical.errors import DecisionSupportError, ModelError
from decision.clinical.local import Local
from decision.clinical.spec import DecisionSpec
from models.account import read_account
from models.predictor import load_predictor
from models.prognosis import load_prognosis
from settings import PREFIX, SettingError, Settings

_LOG = logging.getLogger(__name__)
_NOT_LOADED = "The model of this decision could not be loaded, so it makes no estimate."
_ASK = "Tell whoever runs this service; its log names the file and the remedy."


def served(settings: Settings) -> tuple[Decision, ...]:
    """Every decision that the settings name, in that order; all that are installed where they name
    none. A decision whose model cannot be loaded is served without one.
    """
    installed = catalog.offered()
    if not installed:
        raise SpecError("no decision is installed: decision/catalog holds no folder with a spec.py")
    unknown = [name for name in settings.decisions if name not in installed]
    if unknown:
        raise SettingError(
            f"{PREFIX}DECISION names {unknown[0]!r}, which is not installed.",
            f"Use {_known(installed)}, with commas between, or take it away to serve all.",
        )
    specs = _configured(settings, installed)
    if not settings.jurisdiction and (ruled := [i for i, spec in specs.items() if spec.local]):
        _LOG.warning(
            "%sJURISDICTION is not set: no dated rules hold in %s", PREFIX, ", ".join(ruled)
        )
    return tuple(
        decision(specs[name], settings.artifacts / name) for name in settings.decisions or installed
    )


def decision(spec: DecisionSpec, folder: Path) -> Decision:
    """One decision with its model and its account, each of which may be wanting."""
    found = predictor(spec, folder)
    checksum = "" if isinstance(found, NoModel) else found.identity.checksum
    try:
        account = read_account(spec, folder, checksum)
    except ModelError as error:
        _LOG.error("decision %s has no account: %s %s", spec.id, error.message, error.remedy)
        account = Account()
    return Decision(spec=spec, predictor=found, account=account)


def predictor(spec: DecisionSpec, folder: Path) -> Predictor | NoModel:
    """The decision's model, or what stands in for one that cannot be loaded. Why not is for the
    log: a clinician can do nothing with a path on this machine, and nobody else should know it.
    """
    try:
        return load_prognosis(spec, folder) if spec.prognosis else load_predictor(spec, folder)
    except ModelError as error:
        _LOG.error("decision %s has no model: %s %s", spec.id, error.message, error.remedy)
        return NoModel(detail=_NOT_LOADED, remedy=_ASK)


def _configured(settings: Settings, installed: tuple[str, ...]) -> dict[str, DecisionSpec]:
    """Every decision under the rules of the place. What a decision cannot follow of them is an
    error of the settings; what it cannot do anywhere is its own.
    """
    local = local_of(settings, installed)
    specs = {}
    for name in installed:
        try:
            specs[name] = catalog.load(name, local)
        except (SpecError, DecisionSupportError) as error:
            catalog.load(name)  # raises again where the place has nothing to do with it
            told = error.message if isinstance(error, DecisionSupportError) else str(error)
            remedy = error.remedy if isinstance(error, DecisionSupportError) else ""
            raise SettingError(
                f"{_where(settings)}: [{name}] {told}",
                remedy or f"Correct it, or take {name} out of {_where(settings)}.",
            ) from error
    return specs


def local_of(settings: Settings, installed: tuple[str, ...]) -> Local:
    """What the place decided, from the settings and the file they name."""
    path = settings.local
    if path is None:
        return Local(jurisdiction=settings.jurisdiction)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(
            f"{PREFIX}LOCAL: {path.name} cannot be read ({type(error).__name__}).",
            "Name a TOML file that the app may read, or take the setting away.",
        ) from None
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingError(
            f"{path.name} is not TOML: {error}.", "Correct that line; see docs/deploy.md."
        ) from None
    for name, choices in given.items():
        if name not in installed or not isinstance(choices, dict):
            raise SettingError(
                f"{path.name}: {name!r} is no decision that is installed.",
                f"Begin a table of choices with its decision: {_known(installed)}.",
            )
    return Local(jurisdiction=settings.jurisdiction, settings=given)


def _where(settings: Settings) -> str:
    named = f"{PREFIX}JURISDICTION"
    return f"{settings.local.name} or {named}" if settings.local else named


def _known(installed: tuple[str, ...]) -> str:
    return ", ".join(installed)
