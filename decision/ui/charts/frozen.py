"""Draws the frozen charts: a specification from its file, rows from the page, nothing built.

A specification leaves two things open, each as an empty list: the order of a channel, which is
that of the rows, and the domain of a scale, which the page gives.
"""

from __future__ import annotations

import copy
import json
import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import pyarrow as pa
import streamlit as st

Row = Mapping[str, str | float | bool | None]
Domain = tuple[float, float] | tuple[str, str]

_FOLDER = Path(__file__).parent
_SPECS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        path.name.removesuffix(".vl.json"): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(_FOLDER.glob("*.vl.json"))
    }
)
"""What stands in the files and nothing else: rows go into copies."""


def names() -> tuple[str, ...]:
    """Every chart there is."""
    return tuple(_SPECS)


def spec(name: str) -> dict[str, Any]:
    """A fresh copy of one chart's specification; KeyError where there is none of that name."""
    return dict(copy.deepcopy(_SPECS[name]))


def filled(name: str, rows: Sequence[Row], domains: Mapping[str, Domain]) -> dict[str, Any]:
    """The specification for these rows: every order said, every scale bounded.

    An order that is left to the chart would be that of the rows it saw first: after a change a bar
    would stand in the place of another.
    """
    found = spec(name)
    for channel, encoding in _channels(found):
        if encoding.get("sort") == []:
            encoding["sort"] = list(dict.fromkeys(row[encoding["field"]] for row in rows))
        scale = encoding.get("scale", {})
        if scale.get("domain") == []:
            given = domains.get(channel)
            if given is None:
                del scale["domain"]
            else:
                scale["domain"] = list(given)
    return found


def _channels(found: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every channel of the chart and of its layers, with its name."""
    yield from found.get("encoding", {}).items()
    for part in ("layer", "vconcat", "hconcat"):
        for inner in found.get(part, []):
            yield from _channels(inner)


def _marks(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every mark of the chart and of its layers."""
    if isinstance(found.get("mark"), dict):
        yield found["mark"]
    for part in ("layer", "vconcat", "hconcat"):
        for inner in found.get(part, []):
            yield from _marks(inner)


def draw(
    name: str,
    rows: Sequence[Row],
    *,
    alt: str,
    key: str,
    domains: Mapping[str, Domain] | None = None,
    height: int | None = None,
) -> None:
    """One chart as wide as its place. `alt` says what it shows, in numbers; `key` names the place
    in the page (`.st-key-<key>`); `domains` bounds, by channel, the scales that are left open;
    `height`, in pixels, is for a chart whose rows say how tall it is.
    """
    found = filled(name, rows, domains or {})
    for mark in _marks(found):
        mark["aria"] = False  # the one alternative text says it all, once
    tall: int | Literal["content"] = "content" if height is None else height
    with st.container(key=key):
        st.vega_lite_chart(table(rows), found, alt=alt, width="stretch", height=tall)


def table(rows: Sequence[Row]) -> pa.Table:
    """The rows as Arrow, made of its buffers: whatever else makes one, of lists or of rows, loads
    pandas first, which is a fifth of the memory of this process. A number that is not there is NaN,
    which `isValid` of Vega takes for absent as it does null.
    """
    columns = {name: [row[name] for row in rows] for name in (rows[0] if rows else {})}
    return pa.Table.from_arrays([_column(values) for values in columns.values()], list(columns))


def _column(values: Sequence[str | float | None]) -> pa.Array:
    if not any(isinstance(value, str) for value in values):
        numbers = [math.nan if v is None or isinstance(v, str) else float(v) for v in values]
        data = pa.py_buffer(array("d", numbers).tobytes())
        return pa.Array.from_buffers(pa.float64(), len(values), [None, data])
    words = [("" if v is None else str(v)).encode() for v in values]
    ends = array("i", accumulate((len(word) for word in words), initial=0))
    there = sum(1 << i for i, v in enumerate(values) if v is not None)
    buffers = (there.to_bytes((len(values) + 7) // 8, "little"), ends.tobytes(), b"".join(words))
    return pa.Array.from_buffers(pa.utf8(), len(values), [pa.py_buffer(b) for b in buffers])
