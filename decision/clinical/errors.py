"""Errors that cross a floor. "We cannot say" is a value; these say "we are broken", and what to do.

DecisionSupportError
├── RecordSourceError    a patient's record cannot be had (fhir.errors derives its tree from it)
├── AuditError           the trail cannot be written or read: nothing may be shown
│   └── StoreError           fhir.store.errors
├── SettingError         an environment variable cannot be used (settings)
├── ExpressionError      a gene-expression file is not used (models.expression.errors)
├── RegistryError        a gene panel or platform is damaged (models.expression.errors)
├── TenantsError         the file of EHRs cannot be used (fhir.smart.tenant_file)
├── ExportError          a registry export cannot be read (cohorts.errors)
└── ModelError           a model cannot be loaded or used (models.artifact derives from it;
                         models.registry and models.policy from that)

A decision's folder that cannot be used is a `SpecError` (decision.catalog): a fault of what was
installed, told to whoever starts the app and never shown on a screen, so a plain `ValueError`.
"""

from __future__ import annotations


class DecisionSupportError(Exception):
    """What went wrong and what can be done, in words fit for a screen: nobody's name or number."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class RecordSourceError(DecisionSupportError):
    """A patient's record cannot be had."""


class AuditError(DecisionSupportError):
    """The audit trail cannot be written or read."""


class ModelError(DecisionSupportError):
    """A model cannot be loaded or used."""
