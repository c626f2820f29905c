"""The configuration file: TOML, checked by a JSON Schema, then for what no schema can say.

An error names file, EHR, field, value and remedy; never the value of a field that could hold a
secret, nor that of a field nobody knows.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema

from decision.clinical.errors import DecisionSupportError
from fhir.smart import addresses
from fhir.smart.client_files import FileError, check_private, public_key, signing_key, stored_secret
from fhir.smart.keys import KeysError, local_keys
from fhir.smart.tenant import (
    Client,
    ClientMethod,
    ExpressionDocument,
    HookIssuer,
    ScopeVersion,
    Tenant,
    WriteBack,
)

SCHEMA = Path(__file__).with_name("tenants.schema.json")
_DISCOVERY = "/.well-known/"
_UNSEEN = frozenset({"secret_file", "key_file", "keys_file", "key_id"})
_FILE_OF = {
    ClientMethod.PUBLIC: None,
    ClientMethod.SECRET: "secret_file",
    ClientMethod.KEY: "key_file",
}


class TenantsError(DecisionSupportError):
    """The configuration file cannot be used."""

    def __init__(self, file: Path, where: str, detail: str, remedy: str) -> None:
        place = f"{file.name}, {where}" if where else file.name
        super().__init__(f"{place}: {detail}.", remedy)


def read_tenants(path: Path) -> tuple[Tenant, ...]:
    """Every EHR of the file. Secrets and keys are looked at once here, so that a wrong one stops
    the start and not the first clinician.
    """
    document = _parsed(path)
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for error in _worst_first(jsonschema.Draft202012Validator(schema).iter_errors(document)):
        raise _explained(path, document, error)
    tables: list[dict[str, Any]] = document["ehr"]
    found = tuple(_tenant(path, table) for table in tables)
    _refuse_twice(path, found)
    _refuse_one_id_for_two_keys(path, found)
    return found


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TenantsError(
            path, "", f"cannot be read ({error.strerror})", "Name a file that this app may read."
        ) from None
    except UnicodeDecodeError:
        raise TenantsError(path, "", "is not UTF-8", "Save it as UTF-8 text.") from None
    except tomllib.TOMLDecodeError as error:
        # The message may quote what stands there; the place is enough to find it.
        place = str(error).rpartition("(")[2].rstrip(")") or "at an unknown place"
        raise TenantsError(path, place, "is not TOML", "Correct the line.") from None


def _worst_first(errors: Iterator[Any]) -> list[Any]:
    return sorted(errors, key=lambda e: (list(map(str, e.absolute_path)), e.validator))


def _explained(path: Path, document: Mapping[str, Any], error: Any) -> TenantsError:
    """A schema's complaint in words. Its own message may quote a whole table: never used."""
    steps: list[str | int] = list(error.absolute_path)
    where = _place(document, steps)
    remedy = _remedy_above(error)
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        known = sorted(error.schema.get("properties", {}))
        unknown = sorted(set(error.instance) - set(known))
        detail = f"nobody knows the key {', '.join(map(repr, unknown))}"
        hint = f"Known here: {', '.join(known)}. A secret goes into a file of its own."
        return TenantsError(path, where, detail, hint)
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        detail = f"{', '.join(map(repr, missing))} is missing"
        given = error.schema.get("properties", {}).get(missing[0], {})
        return TenantsError(path, where, detail, str(given.get("description", "Add it.")))
    hidden = any(step in _UNSEEN for step in steps) or isinstance(error.instance, dict | list)
    value = "the value" if hidden else repr(error.instance)
    return TenantsError(path, where, f"{value} cannot stand here", remedy or "Correct it.")


def _remedy_above(error: Any) -> str:
    """The description of the nearest part of the schema that has one. A path never names the
    references on its way, so they are followed wherever a step leads into them.
    """
    root: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    schema: Any = root
    told = ""
    for step in error.absolute_schema_path:
        if isinstance(schema, dict) and step not in schema and "$ref" in schema:
            schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
            told = schema.get("description", told)
        schema = schema[step]
        if isinstance(schema, dict):
            told = schema.get("description", told)
    return told if isinstance(told, str) else ""


def _place(document: Mapping[str, Any], steps: Sequence[str | int]) -> str:
    """Which EHR, by its id where it has one, and which field."""
    if len(steps) < 2:
        return ".".join(map(str, steps))
    table = document["ehr"][steps[1]]
    name = table.get("id") if isinstance(table, dict) else None
    ehr = f"ehr {name!r}" if isinstance(name, str) else f"ehr number {int(steps[1]) + 1}"
    field = ".".join(map(str, steps[2:]))
    return f"{ehr}, {field}" if field else ehr


def _tenant(path: Path, table: Mapping[str, Any]) -> Tenant:
    def wrong(field: str, detail: str, remedy: str) -> TenantsError:
        return TenantsError(path, f"ehr {table['id']!r}, {field}", detail, remedy)

    issuer = str(table["issuer"]).removesuffix("/")
    if _DISCOVERY in issuer:
        raise wrong(
            "issuer",
            f"{table['issuer']!r} is the address of the EHR's SMART configuration",
            f"Leave out everything from {_DISCOVERY} on: the FHIR base address alone.",
        )
    if not addresses.is_base(issuer):
        raise wrong(
            "issuer",
            f"{table['issuer']!r} is no safe address of a server",
            "Give an https address without user name, query and fragment; http is for this "
            "machine only (localhost, 127.0.0.1).",
        )
    for field in ("frame_ancestors", "hook_origins"):
        for origin in table.get(field, ()):
            if not addresses.is_origin(origin):
                raise wrong(
                    field,
                    f"{origin!r} is no safe origin",
                    "Give scheme and host alone, https, in small letters, without a wildcard.",
                )
    lifetime = timedelta(minutes=table.get("lifetime_minutes", 480))
    idle = timedelta(minutes=table.get("idle_minutes", 60))
    return Tenant(
        id=table["id"],
        name=table["name"],
        issuer=issuer,
        client=_client(path, table),
        site=table["site"],
        agent=table.get("agent", table["id"]),
        frame_ancestors=tuple(table.get("frame_ancestors", ())),
        endpoint_hosts=tuple(table.get("endpoint_hosts", ())),
        scope_version=ScopeVersion(table.get("scope_version", "v2")),
        also_read=tuple(table["also_read"]),
        extra_scopes=tuple(table.get("extra_scopes", ())),
        standalone=table.get("standalone", False),
        refresh=table.get("refresh", True),
        lifetime=lifetime,
        idle=min(idle, lifetime),
        pages=dict(table.get("pages", {})),
        write_back=WriteBack(**table.get("write_back", {})),
        expression=ExpressionDocument(**table["expression"]) if "expression" in table else None,
        hooks=tuple(_hook(path, table["id"], hook) for hook in table.get("hooks", ())),
        hook_origins=tuple(table.get("hook_origins", ())),
    )


def _client(path: Path, table: Mapping[str, Any]) -> Client:
    """The app's registration, with exactly the file that its method needs, and that file usable."""
    given = table["client"]
    method = ClientMethod(given["method"])
    needed = _FILE_OF[method]
    where = f"ehr {table['id']!r}, client"
    for field in ("secret_file", "key_file"):
        if field in given and field != needed:
            raise TenantsError(
                path, where, f"{field} has no use with {method.value!r}", f"Remove {field}."
            )
    if "key_id" in given and method is not ClientMethod.KEY:
        raise TenantsError(path, where, f"key_id has no use with {method.value!r}", "Remove it.")
    if needed is not None and needed not in given:
        raise TenantsError(
            path, where, f"{needed!r} is missing", f"{method.value!r} needs it: name the file."
        )
    file = path.parent / given[needed] if needed is not None else None
    client = Client(id=given["id"], method=method, file=file, key_id=given.get("key_id", ""))
    try:
        if file is not None:
            check_private(file)
            stored_secret(client) if method is ClientMethod.SECRET else signing_key(client)
    except FileError as error:
        raise TenantsError(path, f"{where}.{needed}", error.detail, error.remedy) from None
    return client


def _hook(path: Path, tenant_id: str, table: Mapping[str, Any]) -> HookIssuer:
    where = f"ehr {tenant_id!r}, hooks"
    if ("jku" in table) == ("keys_file" in table):
        raise TenantsError(
            path,
            where,
            "the keys of a hooks issuer stand at one place",
            "Give either jku (an https address) or keys_file (a file).",
        )
    jku = table.get("jku", "")
    if jku and addresses.parts_of(jku) is None:
        raise TenantsError(
            path, f"{where}.jku", f"{jku!r} is no safe address", "Give an https address."
        )
    file = path.parent / table["keys_file"] if "keys_file" in table else None
    try:
        if file is not None:
            local_keys(file)
    except KeysError as error:
        raise TenantsError(
            path,
            f"{where}.keys_file",
            str(error),
            'Name a file with the issuer\'s public keys, {"keys": [...]}: EC P-384, or RSA of 2048 '
            "bits or more.",
        ) from None
    return HookIssuer(
        issuer=table["issuer"], jku=jku, keys_file=file, tenant=table.get("tenant", "")
    )


def _refuse_twice(path: Path, found: Sequence[Tenant]) -> None:
    """Two EHRs with one id, issuer, or hooks issuer: nobody could say which is meant."""
    hooks = [(t, f"{h.issuer} (tenant {h.tenant!r})") for t in found for h in t.hooks]
    for field, named in (
        ("id", [(t, t.id) for t in found]),
        ("issuer", [(t, t.issuer) for t in found]),
        ("hooks", hooks),
    ):
        seen: dict[str, Tenant] = {}
        for tenant, value in named:
            if value in seen:
                raise TenantsError(
                    path,
                    f"ehr {tenant.id!r}, {field}",
                    f"{value!r} stands twice",
                    "Give each EHR its own, or remove one of the two tables.",
                )
            seen[value] = tenant


def _refuse_one_id_for_two_keys(path: Path, found: Sequence[Tenant]) -> None:
    """All public keys stand in one set, where an EHR looks for its own by `kid`."""
    seen: dict[object, dict[str, object]] = {}
    for tenant in found:
        if tenant.client.method is not ClientMethod.KEY:
            continue
        key = public_key(tenant.client)
        if seen.setdefault(key["kid"], key) != key:
            raise TenantsError(
                path,
                f"ehr {tenant.id!r}, client.key_id",
                "stands for another EHR's key too",
                "Give each key an id of its own; EHRs find it by that.",
            )
