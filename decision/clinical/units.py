"""How units are written where somebody reads them."""

from __future__ import annotations

_WRITTEN = {
    "{count}": "",
    "{score}": "",
    "1": "",
    "a": "years",
    "d": "days",
    "wk": "weeks",
    "kg/m2": "kg/m²",
    "10*9/L": "×10⁹/L",
    "[iU]/mL": "IU/mL",
    "[IU]/mL": "IU/mL",
    "u[IU]/mL": "µIU/mL",
}
"""UCUM units whose written form is not their code; unlisted units are shown as they are."""


def unit(ucum: str) -> str:
    return _WRITTEN.get(ucum, ucum)
