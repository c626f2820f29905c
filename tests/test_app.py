"""The composition root: settings, what a broken part does, and bad files as the page shows them."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from decision.assess import NoModel
from decision.clinical.errors import AuditError
from tests.fakes import visit_of
from tests.screens import open_patient, press, shown, start

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "examples" / "demo_patients"


def test_the_defaults_run_the_embedded_demo(app):
    settings = app.Settings.read({})
    assert settings.bundles == DEMO
    assert settings.audit == ROOT / "var" / "audit.sqlite"
    assert (settings.site, settings.agent) == ("simulated-demo", "demo clinician")


def test_every_setting_can_be_changed_from_the_environment(app, tmp_path):
    names = ("BUNDLES", "AUDIT", "ARTIFACTS", "SITE", "AGENT", "LOCAL")
    given = {name: str(tmp_path / name) for name in names} | {"JURISDICTION": "UK"}
    settings = app.Settings.read({f"TREATMENT_RESPONSE_{n}": v for n, v in given.items()})
    for name, value in given.items():
        assert str(getattr(settings, name.lower())) == value


def test_a_missing_artefact_leaves_a_page_that_says_so(real_services, tmp_path):
    services = real_services(tmp_path, artifacts=tmp_path / "nowhere")
    assert isinstance(services.decisions[0].predictor, NoModel)
    page = shown(press(start(services), "Nora Example-Naive"))
    assert "Model unavailable" in page
    assert "Cautions" in page
    assert "patients like this one" not in page


def test_a_tampered_artefact_is_never_used(real_services, tmp_path):
    shutil.copytree(ROOT / "models" / "artifacts", tmp_path / "artifacts")
    (tensors, *_) = (tmp_path / "artifacts").rglob("*.safetensors")
    data = bytearray(tensors.read_bytes())
    data[-1] ^= 1
    tensors.write_bytes(bytes(data))
    services = real_services(tmp_path, artifacts=tmp_path / "artifacts")
    assert isinstance(services.decisions[0].predictor, NoModel)
    assert services.decisions[0].predictor.remedy


def test_names_that_a_proxy_uses_are_a_list(app):
    assert app.Settings.read({}).hosts == ("127.0.0.1", "localhost")
    named = app.Settings.read(
        {"TREATMENT_RESPONSE_HOSTS": "a.example, b.example", "TREATMENT_RESPONSE_DEMO": "yes"}
    )
    assert named.hosts == ("a.example", "b.example")


def test_a_trail_that_cannot_be_opened_stops_the_start(real_services, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(AuditError):
        real_services(tmp_path, audit=tmp_path / "file" / "audit.sqlite")


def test_a_site_without_recalibration_gets_no_estimate(real_services, tmp_path):
    page = shown(press(start(real_services(tmp_path, site="elsewhere")), "Nora Example-Naive"))
    assert "Not recalibrated for this site" in page
    assert "patients like this one" not in page


def test_an_empty_folder_says_what_to_put_into_it(real_services, tmp_path):
    folder = tmp_path / "bundles"
    folder.mkdir()
    page = shown(start(real_services(tmp_path, bundles=folder)))
    assert "No patient could be listed." in page
    assert "Not listed: bundles" in page
    assert "FHIR R4 Bundles" in page


def test_bad_files_are_named_and_the_good_one_still_opens(real_services, tmp_path):
    folder = tmp_path / "bundles"
    folder.mkdir()
    good, other = sorted(DEMO.glob("*.json"))[:2]
    shutil.copy(good, folder)
    (folder / "truncated.json").write_text(other.read_text()[:2000])
    mixed = json.loads(other.read_text())
    stranger = next(e for e in mixed["entry"] if e["resource"]["resourceType"] == "Observation")
    stranger["resource"]["subject"] = {"reference": "Patient/somebody-else"}
    (folder / "mixed.json").write_text(json.dumps(mixed))
    services = real_services(tmp_path, bundles=folder)
    at = start(services)
    page = shown(at)
    assert "Not listed: truncated.json" in page
    assert "Not listed: mixed.json" in page
    assert f"Observation/{stranger['resource']['id']}" in page
    assert "Traceback" not in page
    (patient,) = [p for p in visit_of(services).source.patients() if hasattr(p, "patient_id")]
    assert "patients like this one reach" in shown(open_patient(at, patient.patient_id))


FORBIDDEN = ("torch", "shap", "sklearn", "scipy", "pandas")

SERVED = """
import sys
import app
from decision.assess import assess
from decision.ui.services import services
ports = services()
visit = ports.doors.visit("", {})
for listing in visit.source.patients():
    record = visit.source.load(listing.patient_id)
    for each in ports.decisions:
        assess(record, each.spec, each.predictor, ports.audit, ports.context(visit))
ours = [name for name in sys.argv[1:] if name in sys.modules]
sys.stdout.write(" ".join(ours))
"""


def test_serving_every_demo_patient_loads_no_training_library(tmp_path):
    environment = {"TREATMENT_RESPONSE_AUDIT": str(tmp_path / "audit.sqlite"), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", SERVED, *FORBIDDEN],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == ""


def test_the_root_only_wires(app):
    """What is decided or computed lives below: no loop here and no clinical word in a string."""
    tree = ast.parse(Path(app.__file__).read_text())
    loops = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, loops)] == []
    said = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    clinical = re.compile(r"cdai|das28|tnf|il-?6|arthritis", re.IGNORECASE)
    assert [words for words in said if isinstance(words, str) and clinical.search(words)] == []


def test_a_start_that_fails_tells_the_operator_the_remedy_and_shows_no_traceback(tmp_path):
    file = tmp_path / "ehr.toml"
    file.write_text("[[ehr]]\n")
    started = subprocess.run(
        [sys.executable, "-c", "import app"],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "TREATMENT_RESPONSE_EHRS": str(file),
            "TREATMENT_RESPONSE_AUDIT": str(tmp_path / "audit.sqlite"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert started.returncode == 1
    assert "cannot start: ehr.toml" in started.stderr
    assert "is missing" in started.stderr
    assert "Traceback" not in started.stderr
