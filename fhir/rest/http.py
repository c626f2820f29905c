"""The one HTTP client of the process: pooled, direct, silent, and led nowhere by a redirect."""

from __future__ import annotations

import logging
import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2
import stamina.instrumentation

KEPT_SECONDS = 3.0
"""How long an idle connection is used again. Servers close theirs after 5 seconds and more; a form
with a code in it that meets the closing is lost, and may not be sent a second time.
"""
_TALKATIVE = ("httpx2", "httpcore2", "httpcore", "hpack")


def open_http(
    *,
    connections: int = 40,
    connect_seconds: float = 5.0,
    answer_seconds: float = 15.0,
    verify: ssl.SSLContext | bool = True,
) -> httpx2.AsyncClient:
    """A client for every outbound request, to be used on the `BackgroundLoop` and closed there.

    It follows no redirect (that could carry a token to another server), keeps no cookie between
    requests and reads no proxy, certificate or `.netrc` setting from the environment.
    """
    be_silent()
    return httpx2.AsyncClient(
        verify=verify,
        trust_env=False,
        follow_redirects=False,
        timeout=httpx2.Timeout(answer_seconds, connect=connect_seconds, pool=answer_seconds),
        limits=httpx2.Limits(
            max_connections=connections,
            max_keepalive_connections=20,
            keepalive_expiry=KEPT_SECONDS,
        ),
        headers={"User-Agent": "treatment-response"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
    )


def be_silent() -> None:
    """Keep addresses out of the log: the libraries write every one, with its parameters, at INFO,
    and headers at DEBUG; the retry library writes what it repeats.
    """
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    stamina.instrumentation.set_on_retry_hooks(())
