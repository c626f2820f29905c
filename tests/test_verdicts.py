"""The report of who else was tried: kept beside the model, bound to it, and read with care."""

from __future__ import annotations

import json
import math
import shutil

import pytest

from models import artifact
from models.admission import verdict
from models.compare import main, sources
from models.decisions import ARTIFACTS
from models.rivals import ADDITIVE, DEEP
from models.served import load_served
from models.verdicts import COMPARISONS, PAGE, add, as_markdown, challenges, verdict_line
from tests.trained import DECISION, about, artefact, spec


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(artefact(), tmp_path / "0.0.1")


def value(mean: float, sem: float | None = 0.001) -> dict:
    return {"mean": mean, "sem": sem, "repeats": 5}


def result(n: int = 1000, promoted: bool = False, variant: str = "") -> dict:
    metrics = ("log_loss", "minus_additive", "brier", "auroc", "calibration_slope")
    rest = ("calibration_intercept", "ici", "policy_value")
    row = {m: value(0.6) for m in (*metrics, *rest)}
    return {
        "command": f"compare --n {n} {variant}",
        "cohort": "SIMULATED",
        "purpose": "Of ours",
        "names": {"served": ADDITIVE, "challenger": DEEP},
        "variant": variant,
        "n": n,
        "k": 1.0,
        "seeds": [1, 2, 3, 4, 5],
        "table": {ADDITIVE: row, DEEP: {**row, "ici": {"mean": None, "sem": None, "repeats": 0}}},
        "verdict": {
            "promoted": promoted,
            "reasons": ["log loss differs"],
            "chance": 0.058,
            "log_loss": value(-0.01),
        },
    }


def shipped() -> list[dict]:
    path = artifact.active(ARTIFACTS / DECISION) / COMPARISONS
    return json.loads(path.read_text())["comparisons"]


def test_the_shipped_report_holds_the_gate_shut_and_open():
    found = {(c["variant"], c["n"]): c for c in shipped()}
    assert not found["", 1_000]["verdict"]["promoted"]
    assert found["nonlinear", 6_000]["verdict"]["promoted"]
    assert all(len(c["seeds"]) == 5 and c["k"] == 1.0 for c in found.values())


def test_the_shipped_report_is_of_the_code_as_it_is():
    for c in shipped():
        told = f"the code has changed: run `{c['command']} --report` again"
        assert c["sources"] == sources(about(), c["variant"]), told


def test_every_shipped_verdict_follows_from_its_differences():
    def numbers(values: list[float | None]) -> list[float]:
        return [math.nan if v is None else v for v in values]

    for c in shipped():
        own = c["differences"]
        groups = {name: numbers(values) for name, values in own["subgroups"].items()}
        slope = numbers(own["distance_of_slope_from_1"])
        found = verdict(numbers(own["log_loss"]), slope, groups)
        assert found.promoted == c["verdict"]["promoted"]
        assert list(found.reasons) == c["verdict"]["reasons"]
        assert found.log_loss.mean == pytest.approx(c["table"][DEEP]["minus_additive"]["mean"])


def test_the_page_beside_the_shipped_model_is_what_the_data_say():
    folder = artifact.active(ARTIFACTS / DECISION)
    assert (folder / PAGE).read_text() == as_markdown(shipped())


def test_the_served_model_tells_of_every_comparison(folder):
    assert load_served(spec(), folder).identity.challenges == ()
    add(folder, result())
    add(folder, result(6000, promoted=True, variant="nonlinear"))
    first, second = load_served(spec(), folder).identity.challenges
    assert (first.patients, first.repeats, first.open) == (1000, 5, False)
    assert (second.patients, second.open, second.challenger) == (6000, True, DEEP)
    assert first.difference == -0.01


def test_a_comparison_of_the_same_command_is_replaced(folder):
    add(folder, result())
    add(folder, result(promoted=True))
    assert [c.open for c in challenges(artifact.read(folder))] == [True]
    assert "PROMOTED" in (folder / PAGE).read_text()


def test_a_report_of_another_model_is_not_shown_and_not_added_to(folder):
    add(folder, result())
    path = folder / COMPARISONS
    path.write_text(path.read_text().replace(artifact.read(folder).description["checksum"], "x"))
    with pytest.raises(artifact.SchemaError, match="made beside another model") as caught:
        load_served(spec(), folder)
    assert "--report" in caught.value.remedy
    add(folder, result(2000))
    assert [c.patients for c in challenges(artifact.read(folder))] == [2000]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: "{", "not valid JSON"),
        (lambda text: "[]", "holds no object"),
        (lambda text: text.replace('"schema": 1', '"schema": 9'), "another model"),
        (lambda text: text.replace('"n": 1000', '"n": "many"'), "'comparisons.json"),
        (lambda text: text.replace('"promoted"', '"passed"'), "promoted"),
        (lambda text: text.replace('"sem": 0.001', '"sem": null'), "a finite number"),
    ],
)
def test_a_damaged_report_is_refused_like_a_damaged_model(folder, change, said):
    add(folder, result())
    path = folder / COMPARISONS
    path.write_text(change(path.read_text()))
    with pytest.raises(artifact.SchemaError, match=said):
        load_served(spec(), folder)


def test_a_verdict_says_how_often_luck_would_pass():
    luck = "Two equal models pass the first test in 5.8% of runs."
    assert verdict_line(result()) == f"challenger not promoted: log loss differs. {luck}"
    once = result()
    once["verdict"]["chance"] = None
    assert verdict_line(once).endswith("log loss differs.")


def test_there_is_no_report_beside_no_model(tmp_path, capsys):
    words = [DECISION, "--cohort", "simulated", "--n", "900", "--repeats", "1"]
    assert main([*words, "--report", str(tmp_path)]) == 2
    assert "no model is active" in capsys.readouterr().err
