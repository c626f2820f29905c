"""The EHRs that may open this app: an allow-list. Whoever is not on it is never asked anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fhir.smart.tenant import HookIssuer, Tenant


@dataclass(frozen=True, slots=True)
class Tenants:
    """Every configured EHR, each under one id and one issuer."""

    every: tuple[Tenant, ...] = ()

    def __iter__(self) -> Iterator[Tenant]:
        return iter(self.every)

    def of_issuer(self, issuer: str) -> Tenant | None:
        """The EHR of exactly this FHIR base; one trailing slash makes no difference."""
        wanted = issuer.removesuffix("/")
        return next((t for t in self.every if t.issuer == wanted), None)

    def of_id(self, tenant_id: str) -> Tenant | None:
        return next((t for t in self.every if t.id == tenant_id), None)

    def of_hook(self, issuer: str, tenant: str = "") -> tuple[Tenant, HookIssuer] | None:
        """Whose CDS Hooks calls are signed by this issuer with this `tenant` claim ("": none)."""
        for each in self.every:
            for hook in each.hooks:
                if hook.issuer == issuer and hook.tenant == tenant:
                    return each, hook
        return None

    @property
    def standalone(self) -> tuple[Tenant, ...]:
        """The EHRs that may be entered without opening a chart first."""
        return tuple(t for t in self.every if t.standalone)

    @property
    def framing(self) -> str:
        """`frame-ancestors` for a page that shows nothing of anybody, whoever opened it."""
        origins = dict.fromkeys(origin for t in self.every for origin in t.frame_ancestors)
        return " ".join(origins) or "'none'"


def load_tenants(path: Path) -> Tenants:
    """Read and check the configuration file; `TenantsError` says what is wrong and where."""
    from fhir.smart.tenant_file import read_tenants

    return Tenants(read_tenants(path))
