"""E-mail, handed to a real SMTP server: over TLS, readable, and without a word too many."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from notifications.channels import CannotTell, Outgoing, Refused, Unclear
from notifications.email import SmtpChannel, SmtpSecurity, SmtpServer
from tests.clock import FrozenClock
from tests.notifications.post import MAILBOX, smtp_channel
from tests.standins.smtp import PASSWORD, USERNAME, SmtpStandIn, make_tls, running_smtp

BODY = "SZ01-014 RED R09 19:04\n请登录后确认收到：https://epro.example/console\n.\n..\n"


def outgoing(message_id: UUID | None = None, *, address: str = MAILBOX) -> Outgoing:
    return Outgoing(
        message_id=message_id or uuid4(), address=address, template="alert_email",
        template_version="1.0", params={}, language="zh", subject="SZ01-014 RED 红色", body=BODY,
    )  # fmt: skip


@pytest.mark.req("A-06", "X-07")
def test_a_mail_says_what_it_has_to_and_nothing_else(smtp: SmtpStandIn, wall: FrozenClock) -> None:
    message_id = uuid4()

    accepted = smtp_channel(smtp, wall).send(outgoing(message_id))

    [mail] = smtp.mails
    assert (mail.recipients, mail.sender) == ((MAILBOX,), "epro@trial.example")
    assert mail.text.replace("\r\n", "\n") == BODY
    headers = {name.lower(): value for name, value in mail.message.items()}
    assert headers.keys() - {"mime-version", "content-type", "content-transfer-encoding"} == {
        "from", "to", "subject", "date", "message-id", "auto-submitted", "content-language",
    }  # fmt: skip
    assert headers["subject"] == "SZ01-014 RED 红色"
    assert headers["message-id"] == accepted.provider_id == f"<{message_id}@trial.example>"
    assert headers["auto-submitted"] == "auto-generated"
    assert parsedate_to_datetime(headers["date"]) == wall()


def test_the_server_is_not_told_the_name_of_this_machine(
    smtp: SmtpStandIn, wall: FrozenClock
) -> None:
    smtp_channel(smtp, wall).send(outgoing())

    assert socket.gethostname() not in smtp.mails[0].message.as_string()


@pytest.mark.parametrize("address", ["no address", "a@b@c", "two@x.example\nBcc: y@x.example", ""])
def test_an_address_that_is_none_is_refused_before_anything_is_sent(
    smtp: SmtpStandIn, wall: FrozenClock, address: str
) -> None:
    with pytest.raises(Refused) as refusal:
        smtp_channel(smtp, wall).send(outgoing(address=address))

    assert (refusal.value.code, refusal.value.is_permanent) == ("smtp_bad_address", True)
    assert smtp.mails == []


@pytest.mark.parametrize(
    ("reply", "code", "is_permanent"),
    [("554 Not wanted", "smtp_554", True), ("452 Disk full", "smtp_452", False)],
)
def test_a_refused_content_is_told_by_its_number(
    smtp: SmtpStandIn, wall: FrozenClock, reply: str, code: str, *, is_permanent: bool
) -> None:
    smtp.replies_to_content.append(reply)

    with pytest.raises(Refused) as refusal:
        smtp_channel(smtp, wall).send(outgoing())

    assert (refusal.value.code, refusal.value.is_permanent) == (code, is_permanent)


def test_nobody_can_be_asked_about_a_mail(smtp: SmtpStandIn, wall: FrozenClock) -> None:
    assert smtp_channel(smtp, wall).find(outgoing(), since=wall()) == CannotTell()


@pytest.mark.parametrize("security", [SmtpSecurity.TLS, SmtpSecurity.STARTTLS])
@pytest.mark.req("X-03")
def test_mail_travels_encrypted(tmp_path: Path, wall: FrozenClock, security: SmtpSecurity) -> None:
    server_tls, client_tls = make_tls(tmp_path)
    is_implicit = security is SmtpSecurity.TLS
    with running_smtp(tls=server_tls, is_implicit=is_implicit) as smtp:
        server = secured(smtp, security)

        SmtpChannel(server, wall_now=wall, tls=client_tls).send(outgoing())

        assert [mail.was_encrypted for mail in smtp.mails] == [True]


@pytest.mark.req("X-03")
@pytest.mark.parametrize("security", [SmtpSecurity.TLS, SmtpSecurity.STARTTLS])
def test_a_server_that_cannot_prove_its_name_gets_nothing(
    tmp_path: Path, wall: FrozenClock, security: SmtpSecurity
) -> None:
    server_tls, _trusting = make_tls(tmp_path)
    is_implicit = security is SmtpSecurity.TLS
    with running_smtp(tls=server_tls, is_implicit=is_implicit) as smtp:
        channel = SmtpChannel(
            secured(smtp, security), wall_now=wall, tls=ssl.create_default_context()
        )

        with pytest.raises(Refused) as refusal:
            channel.send(outgoing())

    assert not refusal.value.is_permanent
    assert smtp.mails == []


@pytest.mark.req("X-03")
def test_a_server_without_encryption_gets_nothing(smtp: SmtpStandIn, wall: FrozenClock) -> None:
    channel = SmtpChannel(secured(smtp, SmtpSecurity.STARTTLS), wall_now=wall)

    with pytest.raises(Refused) as refusal:
        channel.send(outgoing())

    assert not refusal.value.is_permanent
    assert smtp.mails == []


@pytest.mark.req("X-03")
def test_open_mail_may_not_leave_this_machine() -> None:
    with pytest.raises(ValueError, match="TLS"):
        SmtpServer(host="mail.example", port=25, sender="a@b.example", security=SmtpSecurity.NONE)


@pytest.mark.req("A-14")
def test_a_wrong_password_is_no_fault_of_the_message(tmp_path: Path, wall: FrozenClock) -> None:
    server_tls, client_tls = make_tls(tmp_path)
    with running_smtp(tls=server_tls) as smtp:
        server = SmtpServer(
            host="127.0.0.1", port=smtp.port, sender="a@b.example", username=USERNAME,
            password="wrong",
        )  # fmt: skip

        with pytest.raises(Refused) as refusal:
            SmtpChannel(server, wall_now=wall, tls=client_tls).send(outgoing())

    assert (refusal.value.code, refusal.value.is_permanent) == ("smtp_no_session_535", False)


def test_a_server_that_says_nothing_has_not_been_given_anything(wall: FrozenClock) -> None:
    with silent_server(b"") as port, pytest.raises(Refused) as refusal:
        smtp_channel(port, wall, timeout_s=0.3).send(outgoing())

    assert not refusal.value.is_permanent


@pytest.mark.req("N-03")
def test_a_server_that_falls_silent_after_the_content_may_have_taken_it(wall: FrozenClock) -> None:
    script = b"220 hello\r\n250 hello\r\n250 sender\r\n250 recipient\r\n354 go on\r\n"
    with silent_server(script) as port, pytest.raises(Unclear):
        smtp_channel(port, wall, timeout_s=0.3).send(outgoing())


def secured(smtp: SmtpStandIn, security: SmtpSecurity) -> SmtpServer:
    """Describe a stand-in that is reached over TLS; the one by STARTTLS demands a log-in."""
    has_login = security is SmtpSecurity.STARTTLS
    return SmtpServer(
        host="127.0.0.1", port=smtp.port, sender="epro@trial.example", security=security,
        username=USERNAME if has_login else None, password=PASSWORD if has_login else None,
    )  # fmt: skip


@contextmanager
def silent_server(script: bytes) -> Iterator[int]:
    """Say the script, whatever is asked, and then nothing more until the block ends."""
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _address = server.accept()
            with client:
                client.sendall(script)
                is_over.wait(10)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        is_over.set()
        thread.join()
