"""The running server at the level of requests: who is answered, and with which headers."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from benchmarks.running_app import served


def answer(address: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one request, errors included."""
    request = urllib.request.Request(f"{address}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as found:
            return found.status, dict(found.headers), found.read()
    except urllib.error.HTTPError as refused:
        return refused.code, dict(refused.headers), b""


HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def handshake(address: str, host: str, origin: str) -> str:
    """The status line with which the server answers the opening of a socket."""
    lines = ["GET /_stcore/stream HTTP/1.1", f"Host: {host}", f"Origin: {origin}"]
    lines += [f"{name}: {value}" for name, value in HANDSHAKE.items()]
    place = address.removeprefix("http://").split(":")
    with socket.create_connection((place[0], int(place[1])), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return connection.recv(1000).split(b"\r\n")[0].decode()


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("server") / "audit.sqlite") as app:
        yield app.address


def test_only_its_own_names_and_pages_are_served(address):
    own = address.removeprefix("http://")
    assert "101" in handshake(address, own, address)
    for host, origin in (
        ("rebound.example", "http://rebound.example"),
        (own, "http://127.0.0.1:1"),
        (own, "http://localhost:1"),
    ):
        assert "403" in handshake(address, host, origin)
        assert answer(address, "/", Host=host, Origin=origin)[0] == 403
    status, headers, _ = answer(address, "/")
    assert status == 200
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert answer(address, "/_stcore/metrics")[0] == 404
    assert json.loads(answer(address, "/_stcore/host-config")[2])["allowedOrigins"] == []


def test_a_proxys_name_is_given_once_and_its_pages_come_by_https(tmp_path):
    public = {"HOSTS": "127.0.0.1,proxy.example", "PUBLIC_URL": "https://proxy.example"}
    with served(tmp_path / "audit.sqlite", DEMO="yes", **public) as app:
        assert "101" in handshake(app.address, "proxy.example", "https://proxy.example")
        assert "403" in handshake(app.address, "proxy.example", "http://proxy.example")
        assert "403" in handshake(app.address, "localhost", "http://localhost")
        assert "strict-transport-security" in answer(app.address, "/")[1]


def test_nobody_leaves_a_file_here(address):
    """Streamlit would keep it in memory for any session, whether or not a page asked for one."""
    form = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n1\r\n--x--\r\n'
    put = urllib.request.Request(
        f"{address}/_stcore/upload_file/session/file",
        data=form,
        headers={"Content-Type": "multipart/form-data; boundary=x"},
        method="PUT",
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(put, timeout=10)
    refused.value.close()
    assert refused.value.code == 404
