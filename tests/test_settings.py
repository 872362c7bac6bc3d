"""What a deployment sets: read once, complete, and never weak in production."""

import stat
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from epro.settings import BadSettings, Environment, Settings

STRONG = {
    "EPRO_ENV": "production",
    "EPRO_DATABASE_URL": "postgresql+psycopg://epro@db/epro",
    "EPRO_TOKEN_KEY": "token " * 8,
    # Not by chance: it stands in the names of tests, which all test workers have to agree on.
    "EPRO_FIELD_KEYS": urlsafe_b64encode(b"k" * 32).decode(),
    "EPRO_LOOKUP_KEY": "lookup " * 8,
    "EPRO_PUBLIC_URL": "https://epro.example.org",
    "EPRO_MAIL_CHANNEL": "smtp",
    "EPRO_MAIL_FROM": "epro@trial.example.org",
    "EPRO_SMTP_URL": "smtp://mailer:hush@mail.example.org:587?tls=starttls",
    "EPRO_SMS_CHANNEL": "twilio",
    "EPRO_TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "EPRO_TWILIO_AUTH_TOKEN": "hush hush",
    "EPRO_TWILIO_FROM": "+15005550006",
}


@pytest.fixture
def development(tmp_path: Path) -> dict[str, str]:
    return {"EPRO_VAR": str(tmp_path / "var")}


def faults_of(environ: dict[str, str]) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        Settings.from_env(environ)
    return [line.removeprefix("- ") for line in str(caught.value).splitlines()[1:]]


@pytest.mark.req("X-03")
def test_strong_settings_are_taken_in_production() -> None:
    settings = Settings.from_env(STRONG)

    assert settings.is_production
    assert settings.database_url == STRONG["EPRO_DATABASE_URL"]
    assert settings.lookup_key == STRONG["EPRO_LOOKUP_KEY"].strip().encode()
    assert settings.mail
    assert (settings.mail.host, settings.mail.port) == ("mail.example.org", 587)
    assert settings.sms
    assert settings.sms.base_url is None
    assert (settings.lease_s, settings.settle_s) == (90, 60)
    assert not settings.has_inbox
    assert not settings.is_rehearsal


@pytest.mark.req("X-03", "X-05")
@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("EPRO_TOKEN_KEY", "", "EPRO_TOKEN_KEY is not set."),
        ("EPRO_TOKEN_KEY", "x" * 31, "EPRO_TOKEN_KEY is shorter than 32 bytes."),
        ("EPRO_LOOKUP_KEY", "", "EPRO_LOOKUP_KEY is not set."),
        ("EPRO_LOOKUP_KEY", "x" * 31, "EPRO_LOOKUP_KEY is shorter than 32 bytes."),
        ("EPRO_FIELD_KEYS", "", "EPRO_FIELD_KEYS is not set."),
        (
            "EPRO_FIELD_KEYS",
            "short",
            "EPRO_FIELD_KEYS: key 1 is not 32 bytes in URL-safe base64.",
        ),
        (
            "EPRO_FIELD_KEYS",
            f"{STRONG['EPRO_FIELD_KEYS']},short",
            "EPRO_FIELD_KEYS: key 2 is not 32 bytes in URL-safe base64.",
        ),
        ("EPRO_LOOKUP_KEY", STRONG["EPRO_TOKEN_KEY"], "must all differ"),
        ("EPRO_FIELD_KEYS", ",".join([STRONG["EPRO_FIELD_KEYS"]] * 2), "must all differ"),
        ("EPRO_DATABASE_URL", "sqlite:///var/x", "production needs PostgreSQL"),
        ("EPRO_PUBLIC_URL", "http://epro.example.org", "must begin with https://"),
        ("EPRO_REHEARSAL", "1", "production refuses it"),
        ("EPRO_MAIL_CHANNEL", "inbox", "EPRO_MAIL_CHANNEL is inbox"),
        ("EPRO_MAIL_CHANNEL", "", "EPRO_MAIL_CHANNEL is inbox"),
        ("EPRO_MAIL_CHANNEL", "pigeon", "must be inbox or smtp"),
        ("EPRO_MAIL_FROM", "", "EPRO_MAIL_FROM is not set."),
        ("EPRO_MAIL_FROM", "somebody", "EPRO_MAIL_FROM is not an e-mail address."),
        ("EPRO_SMTP_URL", "", "EPRO_SMTP_URL is not set."),
        ("EPRO_SMTP_URL", "smtp://mail.example.org?tls=none", "in plain text"),
        ("EPRO_SMTP_URL", "smtp://127.0.0.1?tls=none", "in plain text"),
        ("EPRO_SMTP_URL", "smtp://mail.example.org?tls=maybe", "must look like smtp://"),
        ("EPRO_SMTP_URL", "smtp://mail.example.org:port", "must look like smtp://"),
        ("EPRO_SMTP_URL", "mail.example.org", "must look like smtp://"),
        ("EPRO_SMS_CHANNEL", "inbox", "EPRO_SMS_CHANNEL is inbox"),
        ("EPRO_TWILIO_ACCOUNT_SID", "", "EPRO_TWILIO_ACCOUNT_SID is not set."),
        ("EPRO_TWILIO_AUTH_TOKEN", "", "EPRO_TWILIO_AUTH_TOKEN is not set."),
        ("EPRO_TWILIO_FROM", "", "EPRO_TWILIO_FROM is not set."),
        ("EPRO_TWILIO_BASE_URL", "http://127.0.0.1:9", "production refuses it"),
        ("EPRO_LEASE_S", "89", "EPRO_LEASE_S is less than 90 seconds"),
        ("EPRO_SETTLE_S", "1", "EPRO_SETTLE_S is less than 60 seconds"),
        ("EPRO_SETTLE_S", "soon", "must be a whole number"),
        ("EPRO_TRUSTED_PROXIES", "two", "must be a whole number"),
        ("EPRO_TRUSTED_PROXIES", "-1", "must be a whole number"),
    ],
)
def test_production_refuses_what_is_weak(name: str, value: str, fault: str) -> None:
    faults = faults_of(STRONG | {name: value})

    assert len(faults) == 1
    assert fault in faults[0]


@pytest.mark.req("X-03")
def test_all_faults_are_named_at_once() -> None:
    faults = faults_of({"EPRO_ENV": "production"})

    named = " ".join(faults)
    for name in (
        "TOKEN_KEY", "FIELD_KEYS", "LOOKUP_KEY", "DATABASE_URL", "PUBLIC_URL", "MAIL_CHANNEL",
        "SMS_CHANNEL",
    ):  # fmt: skip
        assert f"EPRO_{name}" in named


@pytest.mark.req("X-03")
def test_an_unknown_environment_is_held_to_production() -> None:
    faults = faults_of({"EPRO_ENV": "prod"})

    assert "EPRO_ENV is 'prod'" in faults[0]
    assert "EPRO_TOKEN_KEY is not set." in faults


@pytest.mark.req("X-07")
def test_no_key_is_in_a_fault() -> None:
    with pytest.raises(BadSettings) as caught:
        Settings.from_env(STRONG | {"EPRO_FIELD_KEYS": "hush", "EPRO_TOKEN_KEY": "secret"})

    assert "hush" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.req("X-07")
def test_passwords_of_providers_are_not_shown_with_the_settings() -> None:
    settings = Settings.from_env(STRONG)

    assert "hush" not in f"{settings.mail} {settings.sms}"


# --- at the desk ----------------------------------------------------------------------------------


def test_development_needs_nothing_set(development: dict[str, str]) -> None:
    settings = Settings.from_env(development)

    assert settings.environment is Environment.DEVELOPMENT
    assert settings.database_url.startswith("sqlite:///")
    assert len({settings.token_key, settings.lookup_key.decode(), *settings.field_keys}) == 3


@pytest.mark.req("X-03")
def test_keys_made_for_development_are_kept_for_their_owner_alone(
    development: dict[str, str],
) -> None:
    first = Settings.from_env(development)

    assert Settings.from_env(development) == first
    kept = list((Path(development["EPRO_VAR"]) / "keys").iterdir())
    assert len(kept) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in kept} == {0o600}


def test_a_key_that_is_set_is_not_made(development: dict[str, str]) -> None:
    settings = Settings.from_env(development | {"EPRO_TOKEN_KEY": "t" * 40})

    assert settings.token_key == "t" * 40
    assert not (Path(development["EPRO_VAR"]) / "keys" / "epro_token_key").exists()


def test_several_field_keys_keep_their_order(development: dict[str, str]) -> None:
    keys = [Fernet.generate_key().decode() for _ in range(3)]

    settings = Settings.from_env(development | {"EPRO_FIELD_KEYS": ",".join(keys)})

    assert settings.field_keys == tuple(keys)


@pytest.mark.parametrize(("value", "is_rehearsal"), [("1", True), ("0", False), ("", False)])
def test_a_rehearsal_is_switched_on_by_1_alone(
    development: dict[str, str], value: str, is_rehearsal: bool
) -> None:
    assert Settings.from_env(development | {"EPRO_REHEARSAL": value}).is_rehearsal is is_rehearsal


def test_the_public_address_follows_the_port(development: dict[str, str]) -> None:
    assert Settings.from_env(development | {"PORT": "8123"}).public_url == "http://127.0.0.1:8123"


def test_at_the_desk_messages_stay_in_the_inbox(development: dict[str, str]) -> None:
    settings = Settings.from_env(development)

    assert (settings.mail, settings.sms, settings.has_inbox) == (None, None, True)


@pytest.mark.parametrize(
    ("tls", "port"), [("starttls", 587), ("implicit", 465)], ids=["STARTTLS", "TLS at once"]
)
def test_the_port_of_the_mail_server_follows_from_how_it_is_secured(
    development: dict[str, str], tls: str, port: int
) -> None:
    url = f"smtp://a%40b:p%2Fw@mail.example.org?tls={tls}"
    mail = {"EPRO_MAIL_CHANNEL": "smtp", "EPRO_MAIL_FROM": "e@x.org", "EPRO_SMTP_URL": url}

    settings = Settings.from_env(development | mail)

    assert settings.mail
    assert (settings.mail.port, settings.mail.tls) == (port, tls)
    assert (settings.mail.username, settings.mail.password) == ("a@b", "p/w")


def test_a_rehearsal_may_hurry_and_use_a_stand_in(development: dict[str, str]) -> None:
    twilio = {name: value for name, value in STRONG.items() if "TWILIO" in name or "SMS" in name}
    standin = {"EPRO_TWILIO_BASE_URL": "http://127.0.0.1:9", "EPRO_LEASE_S": "2"}

    settings = Settings.from_env(development | twilio | standin)

    assert settings.sms
    assert settings.sms.base_url == "http://127.0.0.1:9"
    assert settings.lease_s == 2
    assert settings.has_inbox


def test_mail_leaves_this_machine_encrypted_also_at_the_desk(development: dict[str, str]) -> None:
    mail = {"EPRO_MAIL_CHANNEL": "smtp", "EPRO_MAIL_FROM": "e@x.org"}

    here = Settings.from_env(development | mail | {"EPRO_SMTP_URL": "smtp://127.0.0.1:25?tls=none"})
    faults = faults_of(development | mail | {"EPRO_SMTP_URL": "smtp://mail.example.org?tls=none"})

    assert here.mail
    assert "in plain text" in faults[0]
