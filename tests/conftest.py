"""The real parts together: the composition root, and ports wired by it with trails of their own."""

from __future__ import annotations

import dataclasses
import importlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings
from starlette.applications import Starlette

from decision.ui.services import Services
from fhir.rest.loop import BackgroundLoop
from tests import canary
from tests.demo_servers import Watched, bound, serving
from tests.fhir_server import FhirServer, load_demo_patients, served
from tests.postgres import Cluster, cluster
from tests.smart_app import Browser, SmartApp, smart_app
from tests.smart_refusals import nothing_was_logged
from tests.trails import Place
from wiring import Wired

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")  # a deadline is a timed test: it fails where the machine is busy


def pytest_configure(config: pytest.Config) -> None:
    """Everything written from now on is searched at the end (`tests/canary.py`)."""
    config.addinivalue_line("markers", "last: runs after all other tests that were selected")
    canary.watch()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What speaks for all other tests runs last."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


@pytest.fixture(scope="module")
def loop() -> Iterator[BackgroundLoop]:
    """The loop that talks to servers, one for the tests of a file."""
    running = BackgroundLoop()
    yield running
    running.close()


@pytest.fixture(scope="session")
def app(tmp_path_factory) -> ModuleType:
    """The composition root. Importing it wires it once; that trail is not the repository's."""
    with pytest.MonkeyPatch.context() as patch:
        trail = tmp_path_factory.mktemp("root") / "audit.sqlite"
        patch.setenv("TREATMENT_RESPONSE_AUDIT", str(trail))
        return importlib.import_module("app")


@pytest.fixture(scope="session")
def real_services(app) -> Callable[..., Services]:
    """Wires as served, with a fresh trail in a folder; keywords are changed settings."""

    def wired(folder: Path, **changes: object) -> Services:
        settings = app.Settings.read({"TREATMENT_RESPONSE_AUDIT": str(folder / "audit.sqlite")})
        return Wired(dataclasses.replace(settings, **changes), app.OUTSIDE).services

    return wired


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server of this run's own."""
    with cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def place(request, tmp_path) -> Iterator[Place]:
    """Where an audit trail may be kept; a test that takes it runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "audit.sqlite"
        found = Place(str(path), path.with_name("audit.sqlite.key"))
    else:
        server = request.getfixturevalue("postgres")
        found = Place(server.database(), tmp_path / "trail.key", server)
    yield found
    found.close()


@pytest.fixture(scope="session")
def fhir_server(tmp_path_factory) -> Iterator[FhirServer]:
    """A real FHIR R4 server with the demo patients. Whoever writes uses ids of their own."""
    with served(tmp_path_factory.mktemp("fhir_server")) as server:
        server.refused.update(load_demo_patients(server))
        yield server


@pytest.fixture(scope="session")
def smart_running(tmp_path_factory) -> Iterator[SmartApp]:
    """Our doors before a strict EHR, on loopback."""
    with smart_app(tmp_path_factory.mktemp("smart")) as running:
        yield running


@pytest.fixture
def smart(smart_running, caplog) -> Iterator[SmartApp]:
    """The same, fresh; afterwards the log is searched for what must not be in it."""
    smart_running.fresh()
    caplog.set_level(logging.DEBUG)
    yield smart_running
    nothing_was_logged(caplog)


@pytest.fixture
def browser() -> Iterator[Browser]:
    made = Browser()
    yield made
    made.http.close()


@pytest.fixture(scope="session")
def trap() -> Iterator[tuple[str, list[str]]]:
    """A server that must never be asked: its address, and what it was asked."""
    watched = Watched(Starlette())
    with serving(watched, bound()) as address:
        yield address, watched.seen
