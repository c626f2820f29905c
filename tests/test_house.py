"""Rules of the house that hold for every file at once."""

from __future__ import annotations

import re
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [
    *sorted(ROOT.glob("*.py")),
    *(
        path
        for folder in ("cohorts", "decision", "fhir", "models", "examples/demo_ehr")
        for path in sorted((ROOT / folder).rglob("*.py"))
    ),
]


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def found(pattern: str, paths: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(pattern, line)
    ]


def test_files_stay_small_enough_to_read():
    assert [p.name for p in SOURCES if lines_of(p) > 350] == []
    assert statistics.median(lines_of(p) for p in SOURCES) < 150


def test_nothing_is_pickled():
    assert found(r"\bpickle\b|joblib\.(load|dump)|torch\.load", SOURCES) == []


def test_only_the_outermost_guard_of_a_page_or_route_catches_everything():
    caught = found(r"except (Exception|BaseException)|except:", SOURCES)
    guards = ("decision/ui/guard.py", "decision/ui/exporting.py", "fhir/hooks/routes.py")
    assert all(place.startswith(guards) for place in caught)
    assert len(caught) <= len(guards)


def test_no_cache_holds_a_patient_for_everybody():
    assert found(r"st\.cache_data(?!\(.*scope=\"session\")", SOURCES) == []
    assert found(r"(functools|@)\.?(lru_)?cache", [p for p in SOURCES if "ui" in p.parts]) == []


def test_clock_and_environment_are_read_in_the_composition_root_only():
    readers = found(r"datetime\.now|os\.environ|time\.time\(", SOURCES)
    assert [p for p in readers if not p.startswith(("app.py", "models/", "cohorts/score.py"))] == []


def test_pages_and_domain_name_no_decision():
    ids = [p.name for p in (ROOT / "decision" / "catalog").iterdir() if (p / "spec.py").is_file()]
    assert ids
    elsewhere = [p for p in SOURCES if "catalog" not in p.parts]
    assert found("|".join(ids), elsewhere) == []


DISEASES = r"arthrit|rheuma|diabet|islet|insulin|glucose|cdai|das28|antibod|teplizumab|tnf|il-?6"


def test_what_serves_every_decision_names_no_disease_drug_or_test_of_one():
    """The next decision is a folder; a word of the last one on a page would be wrong for it."""
    shared = [*(ROOT / "decision").glob("*.py"), *(ROOT / "decision" / "ui").rglob("*.py")]
    shared += [ROOT / name for name in ("served.py", "wiring.py", "doors.py", "settings.py")]
    assert found(rf"(?i)\b({DISEASES})", shared) == []


def test_every_pinned_package_is_pinned_exactly():
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith(("#", "-")):
                assert re.fullmatch(r"[A-Za-z0-9._-]+==[\w.]+", line), f"{name}: {line}"


def test_what_serving_needs_is_pinned_by_the_full_list():
    pinned = (ROOT / "requirements.txt").read_text()
    for line in (ROOT / "requirements-serve.txt").read_text().splitlines():
        if line and not line.startswith(("#", "-")):
            assert f"{line}==" in pinned


@pytest.mark.parametrize("word", ["TODO", "FIXME", "NotImplementedError"])
def test_nothing_is_left_open(word):
    assert found(rf"\b{word}\b", SOURCES) == []


def test_nothing_imports_the_composition_root():
    assert found(r"^\s*(import app\b|from app\b)", [p for p in SOURCES if p.name != "app.py"]) == []


def test_the_glossary_is_in_alphabetical_order():
    text = (ROOT / "docs" / "GLOSSARY.md").read_text(encoding="utf-8")
    words = [word.casefold() for word in re.findall(r"^\| \*\*(.+?)\*\*", text, re.MULTILINE)]
    assert len(words) > 40
    assert words == sorted(words)
