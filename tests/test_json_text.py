"""Bytes to JSON: the quick way and the careful way say the same, and nothing is said twice."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fhir import json_text
from fhir.json_text import JsonError, parse_json

TWICE = [
    b'{"a": 1, "a": 2}',
    b'{"a": 1, "a": 1}',
    b'{"a":{"b":1,"b":[]}}',
    b'[{}, {"a": null , "a"  :{}}]',
    b'{"\\u0061": 1, "a": 2}',
    b'{"": 1, "": 2}',
    # a value that would make up for the quotes of a lost name, if those were counted blindly
    b'{"a": "\\u0022\\u0022", "a": 1}',
    b'{"a": 1, "a": "\\u0022\\u0022\\u0022\\u0022"}',
    b'{"x": "\\"\\":", "a": 1, "a": 2}',
]
ODD = [
    b"100000000000000000000000",
    b"1e999",
    b"-0.0",
    b'"\\ud800"',
    b'"\\ud83d\\ude00"',
    b'"\\u0022"',
    b'"\\\\u0022"',
    b'"a\x7f"',
    b"\xef\xbb\xbf{}",
    b'{"name" : "a : b", "\\"" :"\\":"}',
    b"[" * 400 + b"]" * 400,
    b'{"resourceType": "Patient", "name": [{"text": "Z\xc3\xbcbeyde \\u00d6z"}]}',
]
WRONG = [
    b"",
    b"{",
    b"[1,]",
    b"01",
    b"NaN",
    b"-Infinity",
    b'"\x01"',
    b'"\xff"',
    b'{"a": 1} {}',
    b"[" * 100_000,
    b'"\xed\xa0\x80"',
]


def careful(raw: bytes) -> object:
    return json_text._carefully(raw)


@pytest.mark.parametrize("raw", TWICE)
def test_a_property_that_stands_twice_is_refused(raw):
    with pytest.raises(JsonError, match="stands twice"):
        parse_json(raw)


@pytest.mark.parametrize("raw", ODD)
def test_rare_but_right_json_reads_as_by_the_careful_way(raw):
    assert repr(parse_json(raw)) == repr(careful(raw))


@pytest.mark.parametrize("raw", WRONG)
def test_what_is_no_json_is_refused_in_the_same_words(raw):
    with pytest.raises(JsonError) as expected:
        careful(raw)
    with pytest.raises(JsonError) as found:
        parse_json(raw)
    assert (found.value.detail, found.value.remedy) == (
        expected.value.detail,
        expected.value.remedy,
    )


def test_ordinary_json_takes_the_quick_way(monkeypatch):
    def refuse(raw: bytes) -> object:
        raise AssertionError("the careful way was taken")

    monkeypatch.setattr(json_text, "_carefully", refuse)
    written = {"text": 'a "b": \\ / ü \n', "code": [{"a": 1, "b": 1.5}, None, True]}
    for style in ({}, {"indent": 2}, {"separators": (" ,", " :")}, {"ensure_ascii": False}):
        assert parse_json(json.dumps(written, **style).encode()) == written


_TEXTS = st.text(st.sampled_from(list('":\\/{}[], \nabé\u2028\x01\x7f')), max_size=6)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def _written(draw: st.DrawFn) -> tuple[bytes, bool]:
    """JSON as many ways as it can be written, and whether an object has a property twice."""
    twice = False

    def string(value: str) -> str:
        plain = json.dumps(value, ensure_ascii=draw(st.booleans()))
        if draw(st.integers(0, 5)) == 0:
            return re.sub(r"\\(.)", lambda m: "\\u0022" if m[1] == '"' else m[0], plain)
        return plain

    def blank() -> str:
        return draw(st.sampled_from(["", "", " ", "\n\t"]))

    def write(value: Any) -> str:
        nonlocal twice
        if isinstance(value, str):
            return string(value)
        if isinstance(value, list):
            return f"[{','.join(write(v) for v in value)}{blank()}]"
        if not isinstance(value, dict):
            return json.dumps(value)
        pairs = list(value.items())
        if pairs and draw(st.integers(0, 4)) == 0:
            pairs.insert(draw(st.integers(0, len(pairs))), (pairs[0][0], draw(_VALUES)))
            twice = True
        inside = ",".join(f"{blank()}{string(k)}{blank()}:{write(v)}" for k, v in pairs)
        return f"{{{inside}}}"

    return write(draw(_VALUES)).encode(), twice


@given(_written())
@example((b'{"a":"\\u0022\\u0022","a":1}', True))
def test_a_property_is_refused_exactly_when_it_stands_twice(case):
    # the quick way counts quotes: no spelling of a string or a blank may make up for a lost name
    raw, twice = case
    if twice:
        with pytest.raises(JsonError, match="stands twice"):
            parse_json(raw)
    else:
        assert repr(parse_json(raw)) == repr(careful(raw)) == repr(json.loads(raw))


@given(st.binary(max_size=12) | st.text(st.sampled_from(list('{}[]":,1eE-+.ntf\\u0')), max_size=9))
def test_any_bytes_are_read_or_refused_alike_both_ways(given_):
    # the quick parser is another program: what it takes for JSON must be what the careful one does
    raw = given_ if isinstance(given_, bytes) else given_.encode()

    def outcome(parse: Any) -> str:
        try:
            return repr(parse(raw))
        except JsonError as error:
            return f"refused: {error.detail}"

    assert outcome(parse_json) == outcome(careful)
