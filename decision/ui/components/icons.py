"""Natural-frequency icons (D6): 100 marks, disc or ring, same scale and order in both arms."""

from __future__ import annotations

from decision.ui.components.markup import text
from decision.ui.texts.numbers import per_100

MARKS = 100


def icons(probability: float, alternative: str) -> str:
    """A grid whose one alternative text states the finding."""
    filled = per_100(probability)
    marks = '<i class="tr-disc"></i>' * filled + '<i class="tr-ring"></i>' * (MARKS - filled)
    return f'<div class="tr-icons" role="img" aria-label="{text(alternative)}">{marks}</div>'
