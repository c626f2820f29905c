"""The worked example, command by command, from an empty folder."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import shutil
from datetime import UTC, datetime
from pathlib import Path

from models.artifact import active
from models.registry import Who, entries, problems, rollback

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "site_model.md").read_text(encoding="utf-8")


def commands(folder: Path) -> list[tuple[str, list[str]]]:
    """What is run and with which words, for every line of the page in its order."""
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    found = []
    for line in block.splitlines():
        words = [w.replace("site/", f"{folder}/", 1) for w in shlex.split(line)]
        words = [str(ROOT / w) if w.startswith(("examples/", "models/")) else w for w in words]
        assert words[:2] in (["python", "-m"], ["cp", "-r"])
        found.append((words[2], words[3:]) if words[0] == "python" else ("cp", words[2:]))
    return found


def test_the_page_leads_from_an_export_to_a_promoted_model_and_a_scored_panel(tmp_path, capsys):
    said = {}
    for number, (module, words) in enumerate(commands(tmp_path)):
        if module == "cp":
            shutil.copytree(*words)
            continue
        code = importlib.import_module(module).main(words)
        said[module] = capsys.readouterr()
        assert code == 0, (number, module, said[module])
    home = tmp_path / "models" / "ra_biologic_response"
    assert active(home).name == "0.1.1-clinic"
    assert problems(home) == ()
    assert [(e.version, e.action) for e in entries(home)] == [
        ("0.1.1", "found serving"),
        ("0.1.1-clinic", "promoted"),
    ]
    extracted = json.loads(said["cohorts.extract"].out)
    assert extracted["rows"] > 500
    assert extracted["charts_refused"] == {}
    fitted = json.loads(said["models.recalibrate"].out)
    assert 0.9 <= fitted["oe_after"]["value"] <= 1.1
    scored = json.loads(said["cohorts.score"].out)
    assert scored["rows"] == 60
    assert scored["answered"] >= 15
    assert scored["model_version"] == "0.1.1-clinic"
    who = Who(by="head of the clinic", now=datetime(2027, 1, 4, tzinfo=UTC))
    assert rollback(home, "the page says that one can go back", who) == "0.1.1"


def test_every_module_that_the_page_names_is_run_by_it():
    named = set(re.findall(r"python -m ([\w.]+)", PAGE))
    assert named == {module for module, _ in commands(Path("site"))} - {"cp"}
