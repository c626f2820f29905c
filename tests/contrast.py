"""Contrast as WCAG 2.2 counts it, and the text of charts, which axe leaves out."""

from __future__ import annotations

import re

from playwright.sync_api import Page

CHART_TEXTS = """() => {
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (!/, 0\\)$/.test(c) && c !== 'transparent') return c;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = [];
  for (const e of document.querySelectorAll('.stVegaLiteChart svg text'))
    if (e.textContent.trim() && getComputedStyle(e).stroke === 'none')  // else a halo behind words
      found.push([e.textContent, getComputedStyle(e).fill, behind(e.closest('svg').parentElement)]);
  for (const e of document.querySelectorAll('.tr-chart b, .tr-chart .tr-times span'))
    found.push([e.textContent, getComputedStyle(e).color, behind(e)]);
  return found;
}"""


def rgb(colour: str) -> tuple[float, float, float]:
    """Parts from 0 to 1 of `#rrggbb`, `#rgb` or `rgb(...)`."""
    if colour.startswith("#"):
        digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
        red, green, blue = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    else:
        red, green, blue = (float(n) / 255 for n in re.findall(r"[\d.]+", colour)[:3])
    return red, green, blue


def luminance(colour: str) -> float:
    """Relative luminance."""
    parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def chart_texts(page: Page) -> list[tuple[str, str, str]]:
    """(words, colour, background) of every text inside a chart of the page."""
    return [(words, colour, behind) for words, colour, behind in page.evaluate(CHART_TEXTS)]
