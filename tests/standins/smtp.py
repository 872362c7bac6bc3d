"""A real SMTP server on loopback (aiosmtpd), with refusals, with TLS, and gone when told so."""

import socket
import ssl
from asyncio import Transport
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

USERNAME = "mailer"
PASSWORD = "made-up-mail-password"


@dataclass(frozen=True, slots=True)
class Received:
    """One mail as the server took it."""

    recipients: tuple[str, ...]
    sender: str
    message: EmailMessage
    was_encrypted: bool

    @property
    def text(self) -> str:
        return cast("str", self.message.get_content())


@dataclass
class SmtpStandIn:
    """What arrived, and how the next dialogues end.

    `replies_to_recipient` and `replies_to_content` are said instead of yes, one each; the reply
    "drop" takes the mail and closes the connection without a word.
    """

    port: int = 0
    mails: list[Received] = field(default_factory=list)
    replies_to_recipient: list[str] = field(default_factory=list)
    replies_to_content: list[str] = field(default_factory=list)

    def to(self, address: str) -> list[Received]:
        return [mail for mail in self.mails if address in mail.recipients]

    async def handle_RCPT(  # noqa: N802  aiosmtpd looks for this name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if self.replies_to_recipient:
            return self.replies_to_recipient.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  as above
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        transport = cast("Transport", server.transport)
        reply = self.replies_to_content.pop(0) if self.replies_to_content else "250 OK"
        if reply in {"250 OK", "drop"}:
            content = cast("bytes", envelope.content)
            self.mails.append(
                Received(
                    recipients=tuple(envelope.rcpt_tos),
                    sender=envelope.mail_from or "",
                    message=message_from_bytes(content, policy=default),
                    was_encrypted=transport.get_extra_info("sslcontext") is not None,
                )
            )
        if reply == "drop":
            transport.abort()
        return reply


@contextmanager
def running_smtp(
    *, tls: ssl.SSLContext | None = None, is_implicit: bool = False, port: int = 0
) -> Iterator[SmtpStandIn]:
    """Serve mail until the block ends; with `tls` by STARTTLS, or from the first byte.

    With STARTTLS a log-in is demanded. `port` lets one come back where another was.
    """
    standin = SmtpStandIn()
    options: dict[str, Any] = {"enable_SMTPUTF8": False, "ident": "stand-in"}
    if tls is not None and is_implicit:
        options |= {"ssl_context": tls}
    elif tls is not None:
        options |= {
            "tls_context": tls, "require_starttls": True, "auth_required": True,
            "authenticator": _authenticate, "auth_exclude_mechanism": ["LOGIN"],
        }  # fmt: skip
    controller = Controller(standin, hostname="127.0.0.1", port=port or _free_port(), **options)
    controller.start()
    standin.port = controller.port
    try:
        yield standin
    finally:
        controller.stop(no_assert=True)


def make_tls(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for 127.0.0.1; return the server's context and one that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, SHA256())
    )
    kept = folder / "mail.pem"
    kept.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(kept)
    client = ssl.create_default_context(cafile=str(kept))
    return server, client


def _authenticate(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
) -> AuthResult:
    is_known = isinstance(data, LoginPassword) and data == LoginPassword(
        USERNAME.encode(), PASSWORD.encode()
    )
    return AuthResult(success=is_known, handled=False)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return cast("int", server.getsockname()[1])
