"""A file of gene expression from the page to the chart's entries; pure but for the trail."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from decision.clinical.expression import Refused, Upload
from decision.clinical.quantities import Moment, Precision
from decision.clinical.record import AddedFile
from decision.ui import assessing
from decision.ui.added import Adding
from decision.ui.services import Laboratory, Services
from decision.ui.session import Chart
from decision.ui.texts import adding as words
from decision.visit import Visit

TYPES = {
    ".tsv": "text/tab-separated-values",
    ".txt": "text/tab-separated-values",
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
}
"""By the end of the file's name, before any `.gz`. The name itself is kept nowhere."""
_FIRST_ZONE, _LAST_ZONE = timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))


def content_type(name: str) -> str:
    """What a file is by the end of its name; "" where that says nothing that is read."""
    plain = name.lower().removesuffix(".gz")
    return next((kind for end, kind in TYPES.items() if plain.endswith(end)), "")


def on_day(day: date) -> Moment:
    """A day of no particular zone, so that none is invented."""
    after = day + timedelta(days=1)
    return Moment(
        earliest=datetime(day.year, day.month, day.day, tzinfo=_FIRST_ZONE),
        latest=datetime(after.year, after.month, after.day, tzinfo=_LAST_ZONE)
        - timedelta(microseconds=1),
        precision=Precision.DAY,
        text=day.isoformat(),
    )


def add(
    services: Services, laboratory: Laboratory, visit: Visit, chart: Chart, upload: Upload
) -> Refused | AddedFile:
    """Read a file and enter what it comes to, trail first. One that is refused changes nothing but
    the names that the next try may choose from.
    """
    read = laboratory.read(chart.record, upload)
    if isinstance(read, Refused):
        chart.adding = Adding(files=chart.adding.files, samples=read.samples)
        return read
    assessing.enter(services, visit, chart, read.results, file=told(read))
    chart.adding = Adding(files=(read,))
    return read


def told(added: AddedFile) -> dict[str, str]:
    """What the trail keeps of a file: enough to tell it from another, no name of anybody."""
    file = added.file
    return {
        "sha256": file.sha256,
        "platform": file.platform,
        "specimen": file.tissue,
        "scale": file.scale,
        "taken": file.effective.day_text if file.effective else words.UNDATED,
    }
