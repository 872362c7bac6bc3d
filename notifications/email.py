"""E-mail by SMTP: plain text, over TLS, within 20 seconds; every end told apart from the others."""

import re
import smtplib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from ipaddress import ip_address

from notifications.channels import Accepted, CannotTell, Outgoing, Refused, Unclear
from notifications.refusals import Refusal

TIMEOUT_S = 20.0
# Base64 or quoted-printable, so that no server on the way has to understand eight bits.
POLICY = SMTP.clone(cte_type="7bit")


class SmtpSecurity(StrEnum):
    """`tls`: from the first byte (port 465); `starttls`: before log-in and mail (port 587)."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mail is handed over. Without TLS only to this very machine."""

    host: str
    port: int
    sender: str
    security: SmtpSecurity = SmtpSecurity.STARTTLS
    username: str | None = None
    password: str | None = None

    def __post_init__(self) -> None:
        if self.security is SmtpSecurity.NONE and not _is_this_machine(self.host):
            raise ValueError("Mail leaves this machine over TLS only.")


class SmtpChannel:
    """One connection per message: seldom used, and no idle one to be surprised by."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        wall_now: Callable[[], datetime],
        tls: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """`tls` checks the server's certificate; the default trusts what the system trusts."""
        self._server = server
        self._domain = server.sender.rpartition("@")[2]
        self._wall_now = wall_now
        self._tls = tls or ssl.create_default_context()
        self._timeout_s = timeout_s

    def send(self, outgoing: Outgoing) -> Accepted:
        """Hand one mail over; the id is its Message-ID, the same for each attempt.

        What the server says against the recipient or the content is final (5xx) or not (4xx). What
        goes wrong before that lies in the server or in our settings and is no fault of the message:
        it is tried again.
        """
        message_id = f"<{outgoing.message_id}@{self._domain}>"
        try:
            content = self._compose(outgoing, message_id).as_bytes(policy=POLICY)
        except (MessageError, ValueError, IndexError) as error:  # what its parser raises
            raise Refused("smtp_bad_address", meaning=Refusal.PERMANENT) from error
        steps = _Steps(self._server, self._domain, self._tls, self._timeout_s)
        try:
            steps.open()
            steps.address(self._server.sender, outgoing.address)
            steps.hand_over(content)
        finally:
            steps.close()
        return Accepted(message_id)

    def find(self, outgoing: Outgoing, *, since: datetime) -> CannotTell:
        """SMTP keeps no list that could be asked."""
        return CannotTell()

    def _compose(self, outgoing: Outgoing, message_id: str) -> EmailMessage:
        message = EmailMessage(policy=POLICY)
        message["From"] = Address(addr_spec=self._server.sender)
        recipient = Address(addr_spec=outgoing.address)
        if not recipient.domain:
            raise ValueError("An address without a domain.")
        message["To"] = recipient
        message["Subject"] = outgoing.subject or ""
        message["Date"] = format_datetime(self._wall_now())
        message["Message-ID"] = message_id
        # Nobody's out-of-office note shall answer, and no list shall pass it on.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(outgoing.body)
        message["Content-Language"] = outgoing.language
        return message


class _Steps:
    """The dialogue with the server, step by step, since its steps fail with different meaning."""

    def __init__(
        self, server: SmtpServer, domain: str, tls: ssl.SSLContext, timeout_s: float
    ) -> None:
        self._server = server
        self._domain = domain
        self._tls = tls
        self._ends_at = time.monotonic() + timeout_s
        self._smtp: smtplib.SMTP | None = None

    def open(self) -> None:
        """Connect, secure and log in."""
        server = self._server
        try:
            self._smtp = smtp = self._connect()
            smtp.ehlo_or_helo_if_needed()
            if server.security is SmtpSecurity.STARTTLS:
                # Never falls back to an open connection: not offered is an error here.
                self._within().starttls(context=self._tls)
                self._within().ehlo()
            if server.username is not None:
                self._within().login(server.username, server.password or "")
        except (OSError, smtplib.SMTPException) as error:
            raise Refused(_code("smtp_no_session", error), meaning=Refusal.TRANSIENT) from error

    def address(self, sender: str, recipient: str) -> None:
        """Name sender and recipient, and announce the content."""
        try:
            _expect(self._within().mail(sender), 250, final_from=None)
            _expect(self._within().rcpt(recipient), 250, 251, final_from=500)
            _expect(self._within().docmd("DATA"), 354, final_from=500)
        except (OSError, smtplib.SMTPException) as error:
            raise Refused(_code("smtp_lost", error), meaning=Refusal.TRANSIENT) from error

    def hand_over(self, content: bytes) -> None:
        """Send the content. From here on a silent server may have taken it."""
        try:
            smtp = self._within()
            smtp.send(re.sub(rb"(?m)^\.", b"..", content) + b".\r\n")
            reply = self._within().getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise Unclear(_code("smtp_no_answer", error)) from error
        _expect(reply, 250, final_from=500)

    def close(self) -> None:
        """Say goodbye; whatever happens now changes nothing."""
        if self._smtp is None:
            return
        try:
            self._within().quit()
        except (OSError, smtplib.SMTPException):
            self._smtp.close()

    def _connect(self) -> smtplib.SMTP:
        # Without a name of its own, smtplib would tell the server the name of this machine.
        name, left_s = self._domain, self._left_s()
        if self._server.security is SmtpSecurity.TLS:
            return smtplib.SMTP_SSL(
                self._server.host, self._server.port, name, timeout=left_s, context=self._tls
            )
        return smtplib.SMTP(self._server.host, self._server.port, name, timeout=left_s)

    def _within(self) -> smtplib.SMTP:
        """Return the connection, with as much patience as is left of the whole."""
        if self._smtp is None or self._smtp.sock is None:
            raise smtplib.SMTPServerDisconnected("There is no connection.")
        self._smtp.sock.settimeout(self._left_s())
        return self._smtp

    def _left_s(self) -> float:
        left_s = self._ends_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("The time for this mail is over.")
        return left_s


def _expect(reply: tuple[int, bytes], *wanted: int, final_from: int | None) -> None:
    code = reply[0]
    if code in wanted:
        return
    if code < 400:
        raise smtplib.SMTPServerDisconnected("The server does not speak SMTP.")
    is_final = final_from is not None and code >= final_from
    raise Refused(f"smtp_{code}", meaning=Refusal.PERMANENT if is_final else Refusal.TRANSIENT)


def _code(step: str, error: Exception) -> str:
    """Name the step and the server's number or the kind of error: never its text."""
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        return f"{step}_{error.smtp_code}"
    return f"{step}_{type(error).__name__}"


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
