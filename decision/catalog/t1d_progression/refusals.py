"""What this decision refuses, each with its own type.

RefusalError
├── RequiredMissingError    age or antibodies are missing: never imputed
├── IncompleteInputError    a part of an equation is missing: no partial sums
├── UnitRefusedError        a unit is missing, unknown, or belongs to another number
├── WrongScoreError         a genetic score of another, or of no stated, scale
├── MisappliedCutoffError   a cut-off of another score, for another outcome
├── AncestryRefusedError    a centile outside the population it was counted in
├── RejectedCodeError       a code that looks right and means something else
├── StageTwoHazardError     a constant hazard where the published one falls
├── NoExactMatchError       no published row is about this person
├── NoCoefficientError      the antibodies have no coefficient in the published model
├── OutsidePopulationError  outside every equation's population
├── NotPublishedError       named in the literature, coefficients not available
└── NotLicensedError        left out of this build
"""

from __future__ import annotations

from decision.clinical.refusal import RefusalError


class RequiredMissingError(RefusalError):
    """Age or antibody status is missing."""


class IncompleteInputError(RefusalError):
    """A part of an equation is missing."""


class UnitRefusedError(RefusalError):
    """A unit is missing, unknown, or does not go with its number."""


class WrongScoreError(RefusalError):
    """A genetic score of another scale, or of none that is stated."""


class MisappliedCutoffError(RefusalError):
    """A cut-off that belongs to another score and another outcome."""


class AncestryRefusedError(RefusalError):
    """A centile outside the population it was counted in."""


class RejectedCodeError(RefusalError):
    """A code that looks right and means something else."""


class StageTwoHazardError(RefusalError):
    """A constant hazard asked for in stage 2."""


class NoExactMatchError(RefusalError):
    """No published row is about this person."""


class NoCoefficientError(RefusalError):
    """The published model has no coefficient for these antibodies."""


class OutsidePopulationError(RefusalError):
    """Outside every equation's population."""


class NotPublishedError(RefusalError):
    """A score whose coefficients are not available."""


class NotLicensedError(RefusalError):
    """Left out of this build for its licence."""
