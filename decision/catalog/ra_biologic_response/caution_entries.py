"""What a clinician may answer where the record leaves a caution open, by caution."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from decision.clinical.spec import Entry, EntryKind

_YES_NO = {"no": "No", "yes": "Yes"}
_RESULT = {"negative": "Negative", "positive": "Positive"}


def _ask(question: str, concept: str, choices: Mapping[str, str]) -> tuple[Entry, ...]:
    return (Entry(kind=EntryKind.CHOICE, question=question, concept=concept, choices=choices),)


CAUTION_ENTRIES: Mapping[str, tuple[Entry, ...]] = MappingProxyType(
    {
        "R1": _ask("Heart failure of NYHA class III or IV?", "severe_heart_failure", _YES_NO),
        "R2": _ask(
            "Multiple sclerosis, optic neuritis or other demyelination, ever?",
            "demyelination_history",
            {
                "no": "Neither the patient nor a parent, brother, sister or child",
                "relative": "Multiple sclerosis in a parent, brother, sister or child only",
                "yes": "Yes, the patient",
            },
        ),
        "R3": _ask(
            "Diverticulitis or lower bowel perforation, ever?",
            "bowel_history",
            {"no": "No", "upper-gi-ulcer": "Upper gastrointestinal ulcer only", "yes": "Yes"},
        ),
        "R9": _ask(
            "Tuberculosis screen",
            "tb_screen",
            {
                "negative": "Negative",
                "positive": "Positive or latent, not yet treated",
                "active": "Active tuberculosis",
            },
        ),
        "R10": _ask("Hepatitis B surface antigen (HBsAg)", "hbsag", _RESULT),
        "R11": _ask("Hepatitis B core antibody (anti-HBc)", "anti_hbc", _RESULT),
        "R12": _ask("Serious infection now?", "active_infection_screen", _YES_NO),
        "R15": _ask(
            "Pregnant, planning a pregnancy or breast-feeding?",
            "pregnancy_status",
            {
                "none": "None of these",
                "pregnant": "Pregnant",
                "planning": "Planning a pregnancy",
                "breast-feeding": "Breast-feeding",
            },
        ),
    }
)
