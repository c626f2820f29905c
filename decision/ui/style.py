"""The one style sheet. Colours come from the text colour, so light and dark need no second set."""

from __future__ import annotations

from pathlib import Path

_SHEET = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")

STYLE = f"<style>{_SHEET.replace('<', chr(92) + '3c ')}</style>"
"""A sign that could begin an element, as in a picture of the sheet, is written as CSS escapes it:
the browser's cleaning would else drop the whole sheet.
"""
