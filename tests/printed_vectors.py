"""Disease scores from outside this code (docs/evidence.md), for its clinicians' scores and their
twins in the simulation alike.
"""

from __future__ import annotations

# Six decimals are given; half a unit of the last is the tolerance.
PRINTED = 5e-7

DAS28 = [
    # tender, swollen, CRP or ESR, global, DAS28-CRP, DAS28-ESR
    (4, 5, 7, 50, 4.154698, 3.808236),
    (28, 28, 10, 100, 7.668105, 7.456672),
    (16, 9, 20, 60, 5.976028, 6.017013),
    (9, 4, 30, 70, 5.416235, 5.600838),
    (12, 10, 24, 65, 5.854130, 5.959972),
    (3, 2, 4, 20, 3.185326, 2.616334),
    (1, 1, 10, 10, 2.803242, 2.591810),
    (0, 0, 0, 0, 0.96, 0.0),
]
