"""A panel scored overnight: what the page would have said, each chart once, whatever breaks."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime
from types import ModuleType

import pytest
from pyarrow import parquet

from cohorts import score as command
from cohorts.errors import ExportError
from cohorts.score import Options, score
from cohorts.scoring import RowIsTheEntry
from decision import catalog
from decision.assess import Context, assess
from decision.clinical.assessment import ComparisonCard
from examples.simulated_registry import charts
from fhir.bundles import FolderSource
from models.artifact import active
from models.decisions import ARTIFACTS, DEMO_SITE
from models.predictor import load_predictor
from tests.exports import demo_bundles, resources_of, write_export
from tests.killing import always_killed, once_killed

RA = "ra_biologic_response"
SPEC = catalog.load(RA)
TAKEN = "2026-11-19T12:00:00+00:00"
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
SMALL = 40_000
ALONE = Options(workers=1, part_bytes=SMALL)


@pytest.fixture(autouse=True)
def no_page_as_main(monkeypatch):
    """A page that was tested before is still `__main__`, and every new worker would draw it."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


@pytest.fixture(scope="module")
def panel(tmp_path_factory):
    """The demonstration patients, true at one time, and some simulated ones."""
    resources = [r for bundle in demo_bundles().values() for r in resources_of(bundle)]
    resources += [r for chart in charts(6, seed=4) for r in chart]
    return write_export(tmp_path_factory.mktemp("panel") / "export", resources, taken=TAKEN)


def scored(panel, output, **more):
    options = more.pop("options", ALONE)
    return score(RA, panel, output, site=DEMO_SITE, now=NOW, options=options, **more)


@pytest.fixture(scope="module")
def alone(panel, tmp_path_factory):
    """A run by one process: its folder and what it says."""
    output = tmp_path_factory.mktemp("alone") / "scored"
    return output, scored(panel, output)


def rows_in(output):
    return {
        row["patient"]: row
        for path in sorted(output.glob("part-*.parquet"))
        for row in parquet.read_table(path).to_pylist()
    }


def test_a_row_says_what_the_page_would_have_said_to_the_last_bit(alone, tmp_path):
    output, summary = alone
    rows = rows_in(output)
    predictor = load_predictor(SPEC, ARTIFACTS / RA)
    answered = 0
    for patient, bundle in demo_bundles().items():
        (tmp_path / "one.json").write_text(json.dumps(bundle | {"timestamp": TAKEN}))
        record = FolderSource(tmp_path).load(patient)
        context = Context(agent="somebody", site=DEMO_SITE, now=NOW)
        page, row = assess(record, SPEC, predictor, RowIsTheEntry(), context), rows[patient]
        assert row["input_hash"] == page.input_hash
        assert row["missing"] == sorted(page.features.missing)
        assert row["answered"] == isinstance(page, ComparisonCard)
        if not isinstance(page, ComparisonCard):
            assert row["abstention"] == [c.reason.value for c in page.causes]
            assert row["tnfi"] is None
            continue
        answered += 1
        for p in page.answer.predictions:
            assert row[p.treatment] == p.probability
            assert row[f"{p.treatment}_low"] == p.interval.low
            assert row[f"{p.treatment}_high"] == p.interval.high
        assert row["difference"] == page.answer.contrast.difference
        assert row["named"] == page.preference.treatment
        assert row["silence"] == [s.value for s in page.preference.silence]
        top = max(page.answer.explanation.contributions, key=lambda c: abs(c.differential))
        assert row["contributions"][0]["player"] == top.player
        assert row["contributions"][0]["differential"] == top.differential
    assert answered >= 4
    assert summary["answered"] == sum(r["answered"] for r in rows.values())


def test_every_chart_has_one_row_in_several_parts(alone):
    output, summary = alone
    files = sorted(output.glob("part-*.parquet"))
    assert len(files) == summary["parts"] > 3
    every = [r["patient"] for f in files for r in parquet.read_table(f).to_pylist()]
    assert len(every) == len(set(every)) == summary["rows"] == 20
    assert json.loads((output / "scored.json").read_text()) == summary


def test_a_run_goes_on_where_it_was_broken_off(panel, alone, tmp_path):
    _, whole = alone
    output = tmp_path / "scored"
    scored(panel, output)
    kept = output / "part-00000.parquet"
    before = kept.stat().st_mtime_ns
    (output / "part-00002.parquet").unlink()
    (output / "scored.json").unlink()
    said = []
    again = scored(panel, output, say=said.append)
    assert again["files"] == whole["files"]
    assert kept.stat().st_mtime_ns == before
    assert f"{whole['parts'] - 1} parts done before" in said[0]


def test_a_killed_worker_changes_nothing_in_the_output(panel, alone, tmp_path, monkeypatch):
    _, whole = alone
    monkeypatch.setattr(command, "score_part", once_killed)
    output = tmp_path / "scored"
    found = scored(panel, output, options=Options(workers=2, part_bytes=SMALL))
    assert (output / "killed").exists()
    assert found == whole
    assert list(output.glob("*.part")) == []


def test_workers_that_are_always_killed_end_the_run_with_a_remedy(panel, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "score_part", always_killed)
    monkeypatch.setattr(command, "TRIES", 2)
    with pytest.raises(ExportError, match="killed 2 times"):
        scored(panel, tmp_path / "scored", options=Options(workers=2, part_bytes=SMALL))
    assert not (tmp_path / "scored" / "scored.json").exists()


def test_the_order_of_files_and_lines_changes_no_row(panel, alone, tmp_path):
    _, whole = alone
    lines = [line for p in sorted(panel.glob("*.ndjson")) for line in p.read_text().splitlines()]
    other = tmp_path / "export"
    other.mkdir()
    (other / "everything.ndjson").write_text("\n".join(reversed(lines)) + "\n")
    (other / "manifest.json").write_bytes((panel / "manifest.json").read_bytes())
    assert scored(other, tmp_path / "scored") == whole


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (lambda given: given.update(taken="2026-11-20"), "'taken'"),
        (lambda given: given.update(site="elsewhere"), "'site'"),
        (lambda given: given.update(options=Options(workers=1, part_bytes=90_000)), "'parts'"),
    ],
)
def test_a_folder_of_another_run_is_never_mixed(panel, tmp_path, change, differs):
    output = tmp_path / "scored"
    scored(panel, output)
    given = {"site": DEMO_SITE, "now": NOW, "options": ALONE}
    change(given)
    with pytest.raises(ExportError, match=differs):
        score(RA, panel, output, **given)


def test_a_model_recalibrated_again_under_its_old_name_is_another_run(panel, tmp_path):
    shutil.copytree(ARTIFACTS / RA, tmp_path / "models" / RA)
    scored(panel, tmp_path / "scored", artifacts=tmp_path / "models")
    path = active(tmp_path / "models" / RA) / "model.json"
    whole = json.loads(path.read_text("utf-8"))
    whole["sites"][DEMO_SITE]["shift"] += 0.5
    path.write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(ExportError, match="'model_description'"):
        scored(panel, tmp_path / "scored", artifacts=tmp_path / "models")


def test_parts_that_nothing_describes_are_never_taken_for_ones_own(panel, tmp_path):
    (tmp_path / "part-00000.parquet").write_bytes(b"")
    with pytest.raises(ExportError, match="nothing describes"):
        scored(panel, tmp_path)


def test_a_chart_that_the_bedside_refuses_has_its_row_with_the_reason(tmp_path):
    every = [r for chart in charts(2, seed=4) for r in chart]
    patient = next(r for r in every if r["resourceType"] == "Patient")
    patient["link"] = [{"type": "replaced-by", "other": {"reference": "Patient/other"}}]
    panel = write_export(tmp_path / "export", every, taken=TAKEN)
    scored(panel, tmp_path / "scored")
    rows = rows_in(tmp_path / "scored")
    assert rows[patient["id"]]["abstention"] == ["the chart cannot be read"]
    assert rows[patient["id"]]["abstention_details"][0]
    assert len(rows) == 2


def test_a_site_without_recalibration_gets_no_probability(panel, tmp_path):
    found = score(RA, panel, tmp_path / "scored", site="elsewhere", now=NOW, options=ALONE)
    assert found["answered"] == 0
    reasons = {r for row in rows_in(tmp_path / "scored").values() for r in row["abstention"]}
    assert "not recalibrated for this site" in reasons


def test_a_cluster_with_a_worker_killed_in_mid_run_writes_the_same_rows(
    panel, alone, tmp_path, monkeypatch
):
    distributed = pytest.importorskip("distributed")
    _, whole = alone
    monkeypatch.setattr(command, "score_part", once_killed)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        options = Options(scheduler=cluster.scheduler_address, part_bytes=SMALL)
        found = scored(panel, tmp_path / "scored", options=options)
    assert (tmp_path / "scored" / "killed").exists()
    assert found == whole


def test_the_command_says_what_it_did_and_refuses_what_it_cannot_do(panel, tmp_path, capsys):
    words = ["--ndjson", str(panel), "--site", DEMO_SITE, "--workers", "1", "--json"]
    assert command.main([RA, *words, "--output", str(tmp_path / "a")]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 20
    assert command.main(["t1d_progression", *words, "--output", str(tmp_path / "b")]) == 2
    assert "only comparisons" in capsys.readouterr().err
    assert command.main(["no_such", *words, "--output", str(tmp_path / "c")]) == 2
    assert "no_such" in capsys.readouterr().err
