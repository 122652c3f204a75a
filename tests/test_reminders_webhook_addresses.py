"""Where webhooks may go: to public addresses alone, and to the very ones that were checked."""

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from application.reminders.sender import OutboxSender
from application.reminders.webhooks import Unreachable, destination, is_allowed, is_public
from delivery_world import LOOPBACK, Receiver, delivery_world, receiver

PRIVATE = [
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.0.0.9", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
]  # fmt: skip


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Has names resolve to the answers in turn, the last for ever; returns the hosts that were looked up."""
    asked: list[str] = []
    left = list(answers)

    def getaddrinfo(host: str, port: int, **_: object) -> list[Any]:
        asked.append(host)
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused_however_it_is_written(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_public(ip_address(address))
    resolving(monkeypatch, ["93.184.215.14", address])
    with pytest.raises(Unreachable, match="not public"):
        destination("https://example.org/", ())


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001::1"])
def test_a_public_address_is_taken(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://localhost/", "https://2130706433/", "https://0x7f000001/", "https://127.1/",
        "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://0/", "http://127.0.0.1/", "https://127.0.0.1.:8443/",
    ],
)  # fmt: skip
def test_no_way_of_writing_it_leads_home(url: str) -> None:
    with pytest.raises(Unreachable, match=r"not public|cannot be found"):
        destination(url, ())


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://8.8.8.8/", "https"),
        ("http://8.8.8.8/", "not https"),
        ("https://", "host"),
        ("https:///path", "host"),
        ("//8.8.8.8/", "https"),
        ("https://user:secret@8.8.8.8/", "password"),
        ("https://user@8.8.8.8/", "password"),
        ("https://8.8.8.8/#part", "fragment"),
        ("https://8.8.8.8:25/", "port 25"),
        ("https://8.8.8.8:70000/", "web"),
        ("https://8.8.8.8/a b", "plain"),
        ("https://8.8.8.8/\r\nHost: x", "plain"),
        ("https://8.8.8.8\\@127.0.0.1/", "plain"),
        ("https://8.8.8.8/" + "a" * 2_000, "plain"),
        ("https://exämple.org/", "plain"),
        ("https://[fe80::1%25eth0]/", "host"),
        ("https://no-such-host.invalid/", "found"),
    ],
)
def test_what_else_an_address_may_not_be(url: str, why: str) -> None:
    with pytest.raises(Unreachable, match=why) as refused:
        destination(url, ())
    assert "secret" not in str(refused.value)


def test_an_operator_may_allow_a_network_and_http_only_there(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert is_allowed(ip_address("::ffff:10.1.2.3"), allowed)
    assert destination("http://10.1.2.3:81/x?y=z", allowed).path == "/x?y=z"
    with pytest.raises(Unreachable, match="not public"):
        destination("http://10.2.2.3/", allowed)
    resolving(monkeypatch, ["10.1.2.3", "8.8.8.8"])
    with pytest.raises(Unreachable, match="not https"):
        destination("http://inside.example/", allowed)


def test_a_name_that_moves_between_check_and_connection_is_not_followed(
    sqlite_url: str, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with delivery_world(sqlite_url) as world:
        world.subscribe(channel="webhook", url=there.url.replace("127.0.0.1", "localhost"))
        world.come_due()
        asked = resolving(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
        reached: list[str] = []

        def connecting(address: tuple[str, int], timeout: float) -> socket.socket:
            reached.append(address[0])
            return _to_number(address, timeout)

        monkeypatch.setattr(socket, "create_connection", connecting)
        world.send()
    assert asked == ["localhost"], "the name is asked for once, and what it says later is no matter"
    assert reached == ["127.0.0.1"]
    assert there.got[0].headers["host"].startswith("localhost:")


def test_a_name_that_has_become_private_is_refused_at_delivery(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with delivery_world(sqlite_url) as world:
        resolving(monkeypatch, ["93.184.215.14"], ["169.254.169.254"])
        connected: list[object] = []
        monkeypatch.setattr(socket, "create_connection", lambda *args, **_: connected.append(args))
        world.subscribe(channel="webhook", url="https://rebinding.example/hook")
        world.come_due()
        world.send()
        assert world.attempts() == [("failed", "its address leads to an address that is not public")]
        assert connected == []


def test_over_tls_the_certificate_must_be_the_names(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = _certificate(tmp_path, "hooks.example")
    ours = ssl.create_default_context(cafile=str(certificate))
    greeted: list[str | None] = []
    with _over_tls(certificate, greeted) as port, delivery_world(sqlite_url, LOOPBACK) as world:
        resolving(monkeypatch, ["127.0.0.1"])
        monkeypatch.setattr(socket, "create_connection", _to_number)
        for name in ("hooks.example", "other.example"):
            world.subscribe(channel="webhook", url=f"https://{name}:{port}/hook")
        world.come_due()
        sender = OutboxSender(world.timeline.service, world.settings, tls=ours)
        sender.send_due()
        sender.close()
        assert sorted(world.attempts()) == [
            ("delivered", "HTTP 204"),
            ("failed", "the certificate is not valid for the name"),
        ]
    assert sorted(filter(None, greeted)) == ["hooks.example", "other.example"]


def _to_number(address: tuple[str, int], timeout: float) -> socket.socket:
    """Connects without asking whoever stands in for the resolver."""
    made = socket.socket(socket.AF_INET)
    made.settimeout(timeout)
    made.connect(address)
    return made


def _certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.public_bytes(serialization.Encoding.PEM)
    path = folder / "certificate.pem"
    path.write_bytes(pem)
    return path


class _over_tls:  # noqa: N801 - used as a function is
    """A server that notes by which name it was greeted, and answers 204."""

    def __init__(self, certificate: Path, greeted: list[str | None]) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._context.sni_callback = lambda _sock, name, _context: greeted.append(name)
        self._listening = socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> int:
        threading.Thread(target=self._serve, daemon=True).start()
        port: int = self._listening.getsockname()[1]
        return port

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(plain, server_side=True) as sock:
                    got = sock.recv(65_536)
                    while got and not got.endswith(b"}}"):  # the body's end; answered sooner, it would be cut off
                        got += sock.recv(65_536)
                    sock.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            except OSError:
                plain.close()
