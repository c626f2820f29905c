"""What each EHR needs to register this app, by the EHR file and the decision; a command.

The app asks for exactly these scopes, letter for letter, so nobody need guess them from a list.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from decision import catalog
from decision.clinical.errors import DecisionSupportError
from decision.clinical.spec import DecisionSpec
from fhir.hooks.calls import Hook
from fhir.hooks.routes import PATH as HOOKS
from fhir.rest.searches import searches
from fhir.smart.addresses import is_origin
from fhir.smart.routes import CALLBACK, LAUNCH, PUBLIC_KEYS
from fhir.smart.scopes import scopes_to_ask
from fhir.smart.tenant import ClientMethod, Tenant
from fhir.smart.tenants import load_tenants


def registration(
    tenant: Tenant, decisions: Collection[DecisionSpec], public_url: str
) -> Iterator[tuple[str, str]]:
    """Name and value of everything that one EHR has to enter, in the order in which it is asked."""
    kinds = {search.kind for spec in decisions for search in searches(spec)}
    yield "client type", tenant.client.method.value
    yield "launch address", public_url + LAUNCH
    yield "redirect address", public_url + CALLBACK
    if tenant.client.method is ClientMethod.KEY:
        yield "our public keys", public_url + PUBLIC_KEYS
    yield "scopes, from a chart", scopes_to_ask(tenant, kinds, standalone=False)
    if tenant.standalone:
        yield "scopes, signing in", scopes_to_ask(tenant, kinds, standalone=True)
    if tenant.hooks:
        yield "CDS Hooks discovery", public_url + HOOKS
        for spec in decisions:
            yield "CDS Hooks service", f"{public_url}{HOOKS}/{spec.id}"
            yield "CDS Hooks feedback", f"{public_url}{HOOKS}/{spec.id}/feedback"
        yield "hooks", ", ".join(Hook)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. 0: printed; 2: the file, the address or the decision cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m fhir.registration",
        description="Print what each EHR of the file needs to register this app.",
    )
    parser.add_argument("--ehrs", type=Path, required=True, help="the EHR file, such as ehr.toml")
    parser.add_argument("--public-url", required=True, help="such as https://app.example.org")
    parser.add_argument("--decision", default="", help="ids, with commas between (default: all)")
    given = parser.parse_args(arguments)
    address = given.public_url.removesuffix("/")
    try:
        if not is_origin(address):
            parser.error("--public-url: give scheme and host alone, https, in small letters")
        tenants = load_tenants(given.ehrs)
        named = given.decision.split(",") if given.decision else catalog.offered()
        found = [catalog.load(name.strip()) for name in named]
        for number, tenant in enumerate(tenants):
            lines = [f"{tenant.name} ({tenant.id}), {tenant.issuer}"]
            lines += [f"  {n:21}{v}" for n, v in registration(tenant, found, address)]
            sys.stdout.write("\n" * bool(number) + "\n".join(lines) + "\n")
    except DecisionSupportError as error:
        sys.stderr.write(f"{error.message} {error.remedy}\n")
        return 2
    except catalog.SpecError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
