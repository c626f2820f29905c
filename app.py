"""Composition root: settings from the environment, adapters behind the ports, the served app.

`streamlit run app.py` finds `app` below. Routes and middleware of later entrances (SMART launch,
CDS Hooks) are added to that one line.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit import config

import decision.ui.navigation  # noqa: F401  its imports are paid at start-up, not by a visitor
from decision import catalog
from decision.assess import NoModel, Predictor
from decision.clinical.errors import ModelError
from decision.clinical.spec import DecisionSpec
from decision.ui.headers import NOBODY, Gate
from decision.ui.services import Services, install
from fhir.bundles import FolderSource
from fhir.store.audit import open_trail
from models.predictor import load_predictor
from wiring import StandAlone

ROOT = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a deployment may choose; the defaults run the embedded demo."""

    bundles: Path
    audit: Path
    artifacts: Path
    site: str
    agent: str
    decision: str
    hosts: tuple[str, ...]

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """From variables named TREATMENT_RESPONSE_*; a relative path is relative to this file."""

        def setting(name: str, default: str) -> str:
            return environment.get(f"TREATMENT_RESPONSE_{name}", default)

        return cls(
            bundles=ROOT / setting("BUNDLES", "examples/demo_patients"),
            audit=ROOT / setting("AUDIT", "var/audit.sqlite"),
            artifacts=ROOT / setting("ARTIFACTS", "models/artifacts"),
            site=setting("SITE", "simulated-demo"),
            agent=setting("AGENT", "demo clinician"),
            decision=setting("DECISION", ""),
            hosts=tuple(setting("HOSTS", "127.0.0.1,localhost").replace(" ", "").split(",")),
        )


def predictor(spec: DecisionSpec, folder: Path) -> Predictor | NoModel:
    """The decision's model, or what stands in for one that cannot be loaded."""
    try:
        return load_predictor(spec, folder)
    except ModelError as error:
        return NoModel(detail=error.message, remedy=error.remedy)


def chosen(name: str) -> DecisionSpec:
    """The decision that was named, or the only one; which of several is nobody's to guess."""
    found = catalog.discover()
    if name:
        return catalog.load(name)
    if len(found) != 1:
        installed = ", ".join(found) or "none"
        raise catalog.SpecError(
            f"decisions installed: {installed}; set TREATMENT_RESPONSE_DECISION to the one to serve"
        )
    return next(iter(found.values()))


def wire(settings: Settings) -> Services:
    """All ports. A broken catalogue or trail stops the start, loudly; a broken model does not."""
    spec = chosen(settings.decision)
    return Services(
        spec=spec,
        predictor=predictor(spec, settings.artifacts / spec.id),
        audit=open_trail(settings.audit),
        doors=StandAlone(
            source=FolderSource(settings.bundles), agent=settings.agent, site=settings.site
        ),
        clock=lambda: datetime.now(UTC),
    )


SETTINGS = Settings.read(os.environ)
install(wire(SETTINGS))
# Streamlit guards its socket by a list of its own: a proxy's name is given once, for both.
config.set_option("server.allowedHosts", list(SETTINGS.hosts))
app = st.App(
    ROOT / "decision/ui/script/main.py",
    middleware=[Middleware(Gate, hosts=SETTINGS.hosts, ancestors=lambda handle: NOBODY)],
)
