"""How the server describes itself: SMART configuration and CapabilityStatement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.demo_ehr.chart import READABLE, WRITABLE
from examples.demo_ehr.clients import Authentication
from examples.demo_ehr.misbehaviour import Json
from examples.demo_ehr.scopes import CONTEXT
from examples.demo_ehr.searching import TOKENS

if TYPE_CHECKING:
    from examples.demo_ehr.service import Ehr

_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


def smart_configuration(ehr: Ehr) -> Json:
    """`.well-known/smart-configuration` (SMART App Launch 2.2, conformance)."""
    return {
        "issuer": ehr.issuer,
        "jwks_uri": f"{ehr.base}/jwks",
        "authorization_endpoint": f"{ehr.base}/authorize",
        "token_endpoint": f"{ehr.base}/token",
        "revocation_endpoint": f"{ehr.base}/revoke",
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "response_types_supported": ["code"],
        "token_endpoint_auth_methods_supported": [method.value for method in Authentication],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": [*CONTEXT, *(f"patient/{kind}.rs" for kind in READABLE)]
        + [f"patient/{kind}.c" for kind in WRITABLE],
        "capabilities": [
            "launch-ehr",
            "launch-standalone",
            "authorize-post",
            "client-public",
            "client-confidential-symmetric",
            "client-confidential-asymmetric",
            "sso-openid-connect",
            "context-ehr-patient",
            "context-ehr-encounter",
            "context-standalone-patient",
            "context-banner",
            "permission-offline",
            "permission-online",
            "permission-patient",
            "permission-v1",
            "permission-v2",
        ],
    }


def openid_configuration(ehr: Ehr) -> Json:
    """`.well-known/openid-configuration` below the issuer."""
    return {
        "issuer": ehr.issuer,
        "jwks_uri": f"{ehr.base}/jwks",
        "authorization_endpoint": f"{ehr.base}/authorize",
        "token_endpoint": f"{ehr.base}/token",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ehr.signer.algorithm],
    }


def capability_statement(ehr: Ehr) -> Json:
    """`/metadata`: what is read, searched and written."""
    endpoints = [
        {"url": name, "valueUri": f"{ehr.base}/{name}"} for name in ("authorize", "token", "revoke")
    ]
    code = {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service"}
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": ehr.clock().date().isoformat(),
        "kind": "instance",
        "software": {"name": "Demonstration EHR with simulated people"},
        "implementation": {"description": "Simulated people only", "url": ehr.fhir},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "service": [{"coding": [{**code, "code": "SMART-on-FHIR"}]}],
                    "extension": [{"url": _OAUTH_URIS, "extension": endpoints}],
                },
                "resource": [_resource(kind) for kind in READABLE],
            }
        ],
    }


def _resource(kind: str) -> Json:
    codes = ["read"]
    codes += ["search-type"] if kind in TOKENS else []
    codes += ["create", "update"] if kind in WRITABLE else []
    described: Json = {"type": kind, "interaction": [{"code": code} for code in codes]}
    if kind in WRITABLE:
        described |= {"versioning": "versioned-update", "conditionalCreate": True}
    if kind in TOKENS:
        described["searchParam"] = [
            {"name": "patient", "type": "reference"},
            *({"name": name, "type": "token"} for name in TOKENS[kind]),
        ]
    if kind.startswith("Medication") and kind in TOKENS:
        described["searchInclude"] = [f"{kind}:medication"]
    return described
