"""`python -m decision.ui.charts.author` writes every chart as `<name>.vl.json` beside this file.

A chart built by Altair on every run would take longer than everything else on a page, so each is
built here, once, and only rows are passed in while serving (`frozen`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import altair as alt

from decision.ui.charts import comparing, trending
from decision.ui.charts.authoring import written

CHARTS: Mapping[str, Callable[[], alt.TopLevelMixin]] = {**comparing.CHARTS, **trending.CHARTS}
"""Every chart by its name. A page with charts of its own adds its module's."""


def text_of(spec: Mapping[str, Any]) -> str:
    """As it stands in the file."""
    return json.dumps(spec, indent=1, ensure_ascii=False) + "\n"


def authored() -> dict[str, str]:
    """The text of every file by the chart's name."""
    return {name: text_of(written(author())) for name, author in CHARTS.items()}


def main(folder: Path = Path(__file__).parent) -> None:
    """Write all of them."""
    for name, text in authored().items():
        (folder / f"{name}.vl.json").write_text(text, encoding="utf-8")
        sys.stdout.write(f"{name}.vl.json\n")


if __name__ == "__main__":
    main()
