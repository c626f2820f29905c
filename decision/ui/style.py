"""The one style sheet. Colours come from the text colour, so light and dark need no second set."""

from __future__ import annotations

from pathlib import Path

STYLE = f"<style>{(Path(__file__).parent / 'style.css').read_text(encoding='utf-8')}</style>"
