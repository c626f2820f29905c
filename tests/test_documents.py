"""What code and tests cite is really there: documents, their headings, and display rules."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RULES = (ROOT / "docs" / "display_rules.md").read_text(encoding="utf-8")
KNOWN = re.findall(r"^\| \*\*D(\d+)\*\*", RULES, re.M)
PAGES = sorted((ROOT / "decision" / "ui").rglob("*.py"))
CITED = sorted(
    {
        row[column]
        for path in [*(ROOT / "decision").rglob("*.csv"), *(ROOT / "models").rglob("*.csv")]
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
        for column in ("citation", "source")
        if "docs/" in (row.get(column) or "")
    }
)


def headings(document: str) -> set[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    found = re.findall(r"^#+ (.+)$", text, re.M)
    return {heading.lower().replace(" ", "-") for heading in found}


def test_the_display_rules_are_numbered_without_a_gap():
    assert KNOWN == [str(n) for n in range(1, 16)]


def test_pages_cite_display_rules_that_exist_and_no_number_of_a_caution():
    cited = {n for p in PAGES for n in re.findall(r"\bD(\d+)\b", p.read_text(encoding="utf-8"))}
    assert cited
    assert cited <= set(KNOWN)
    assert [p.name for p in PAGES if re.search(r"\bR\d+\b", p.read_text(encoding="utf-8"))] == []


def test_every_display_rule_test_is_listed_and_every_listed_one_is_there():
    tests = (p.read_text(encoding="utf-8") for p in (ROOT / "tests").glob("test_ui_*.py"))
    written = {n for text in tests for n in re.findall(r"^def test_r(\d\d)_", text, re.M)}
    assert written == set(re.findall(r"`test_r(\d\d)_`", RULES))


@pytest.mark.parametrize("citation", CITED)
def test_a_document_that_data_cite_has_the_heading_they_name(citation):
    for document, heading in re.findall(r"(docs/[\w.]+)#([\w-]+)", citation):
        assert heading in headings(document)
    assert re.search(r"docs/[\w.]+#[\w-]+", citation)


def test_citations_of_our_own_documents_were_found():
    assert len(CITED) >= 5


def test_the_readme_quotes_the_figures_of_the_shipped_prognosis():
    folder = ROOT / "models" / "artifacts" / "t1d_progression"
    version = json.loads((folder / "active.json").read_text(encoding="utf-8"))["version"]
    described = json.loads((folder / version / "model.json").read_text(encoding="utf-8"))
    metrics = described["metrics"]

    def row(place: str, form: str) -> str:
        told = []
        for who in ("single_antibody", "stage_1", "stage_2", "overall"):
            found = f"{place}.{who}.5y."
            own = {k.removeprefix(found): v for k, v in metrics.items() if k.startswith(found)}
            told.append(form.format(**own))
        return f"| {' | '.join(told)} |"

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for place in ("development", "held_out"):
        for form in (
            "{auc:.3f} / {auc_oracle:.3f}",
            "{brier:.3f} / {brier_kaplan_meier:.3f}",
            "{oe:.2f}",
            "{slope:.2f}",
            "{coverage:.2f}",
        ):
            assert row(place, form) in readme
    cohort = described["cohort"]
    assert f"{cohort['people']:,} simulated people of whom {cohort['events']:,}" in readme
