"""Fixtures of the delivery tests."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dangol.base.clock import SetClock
from dangol.base.models import Shop
from dangol.deliver import channels
from dangol.profile.models import Consent
from tests.deliver.contract.providers import DIALECTS, SETTINGS, Fake
from tests.deliver.post import Recorder, customer


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """E-mail goes to a recorder instead of a network."""
    recorder = Recorder()
    monkeypatch.setitem(channels.CHANNELS, "email", lambda settings: recorder)
    return recorder


@pytest.fixture
def texting(shop: Shop, clock: SetClock, settings: Any, monkeypatch: pytest.MonkeyPatch, db: None) -> Fake:
    """A shop in Korea with one customer; text and Kakao messages go to a provider that is only pretended."""
    settings.DANGOL = replace(settings.DANGOL, **SETTINGS)
    dialect = DIALECTS["solapi-sms"]
    fake = Fake([dialect.accepts])
    for channel in ("sms", "kakao"):
        monkeypatch.setitem(channels.CHANNELS, channel, lambda config: dialect.opens(config, fake))
    customer(1, clock.now(), phone="+821012345678", name="Minji")
    for position, channel in enumerate(("sms", "kakao"), start=10):
        Consent.objects.create(
            customer_id=1, channel=channel, purpose="marketing", state="granted", at=clock.now() - timedelta(days=9),
            position=position, source="site",
        )  # fmt: skip
    return fake


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's, over a certificate for 127.0.0.1 that is made now."""
    path: Path = tmp_path_factory.mktemp("tls") / "server.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    cert = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + cert.public_bytes(pem))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))
