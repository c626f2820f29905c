"""One EHR that may open this app: who it is, how we prove ourselves to it, what it allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path


class ClientMethod(StrEnum):
    """How the app proves itself at the token endpoint. A closed list."""

    PUBLIC = "public"
    SECRET = "client_secret_basic"  # noqa: S105  the method's registered name
    KEY = "private_key_jwt"


class ScopeVersion(StrEnum):
    """How a server spells scopes: `.rs` (SMART 2) or `.read` (SMART 1)."""

    V1 = "v1"
    V2 = "v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The app as this EHR has registered it. `file` holds the secret or key; it is read when it is
    used, so that a new one needs no restart.
    """

    id: str
    method: ClientMethod = ClientMethod.PUBLIC
    file: Path | None = field(default=None, repr=False)
    key_id: str = ""
    """`kid` of the key, where the key file itself does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteBack:
    """What this EHR lets the app write. Off unless somebody there decided otherwise."""

    risk_assessment: bool = False
    document: bool = False
    audit_event: bool = False
    observation: bool = False
    """May file what a clinician measured and entered on the page, as results."""
    search: bool = False
    """May look whether a write of unknown fate arrived, before it is sent again. Without it the
    clinician is asked to look.
    """

    @property
    def kinds(self) -> tuple[str, ...]:
        """The resource types to be created."""
        named = (
            (self.risk_assessment, "RiskAssessment"),
            (self.document, "DocumentReference"),
            (self.audit_event, "AuditEvent"),
            (self.observation, "Observation"),
        )
        return tuple(kind for wanted, kind in named if wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionDocument:
    """The local document type under which this EHR files gene expression."""

    system: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HookIssuer:
    """Who may call the CDS Hooks service for this EHR, and where its keys are: one address or one
    local file. `tenant` is the token's claim of that name, "" where it has none.
    """

    issuer: str
    jku: str = ""
    keys_file: Path | None = None
    tenant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One EHR, as one table of the configuration file describes it."""

    id: str
    name: str
    issuer: str
    """The FHIR base address, without a trailing slash."""
    client: Client
    site: str
    """The site whose recalibration applies; the models know it by this name."""
    agent: str
    """How the trail names this EHR before its user: `<agent>: Practitioner/123`."""
    frame_ancestors: tuple[str, ...] = ()
    """Origins of the EHR's pages that may show ours."""
    endpoint_hosts: tuple[str, ...] = ()
    """Hosts besides the issuer's own that may authorize, give tokens and publish keys."""
    scope_version: ScopeVersion = ScopeVersion.V2
    also_read: tuple[str, ...] = ()
    """Optional resource types to be asked for, such as `MedicationAdministration`. The others are
    said, beside each answer, not to be read.
    """
    extra_scopes: tuple[str, ...] = ()
    standalone: bool = False
    refresh: bool = True
    lifetime: timedelta = timedelta(hours=8)
    idle: timedelta = timedelta(minutes=60)
    pages: Mapping[str, str] = field(default_factory=dict)
    """The page for a launch `intent`."""
    write_back: WriteBack = WriteBack()
    expression: ExpressionDocument | None = None
    hooks: tuple[HookIssuer, ...] = ()
    hook_origins: tuple[str, ...] = ()
    """Origins of browser clients that may call the CDS Hooks service (CORS)."""

    @property
    def framing(self) -> str:
        """The value of `frame-ancestors` for a page of this EHR's launches."""
        return " ".join(self.frame_ancestors) or "'none'"
