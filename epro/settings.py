"""What a deployment sets, read once from the environment; production refuses weak settings."""

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from epro.providers import (
    GatewaySettings,
    MailSettings,
    SmsSettings,
    read_gateway,
    read_mail,
    read_sms,
)

MIN_KEY_BYTES = 32
USUAL_PORT = 5432
# A call of a provider takes 20 seconds at most; see notifications.pace for what follows from it.
LEASE_S, SETTLE_S = 90, 60


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class BadSettings(Exception):
    """One or more settings cannot be used; the message names each of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a process needs to know about where it runs.

    Training rooms get databases of their own beside `training_url`; without it there are none.
    Without `mail` or `sms`, what would leave that way is kept in the development inbox. `lease_s`
    and `settle_s` are for the sending of messages, in seconds of the wall's clock. Without a
    `metrics_token` there are no metrics. Without
    `is_phone_offline` phones give up what they keep of the app; `is_phone_bundled` serves it as one
    script.
    """

    environment: Environment
    database_url: str
    token_key: str
    field_keys: tuple[str, ...]
    lookup_key: bytes
    training_url: str | None = None
    is_rehearsal: bool = False
    trusted_proxies: int = 0
    public_url: str = "http://127.0.0.1:8000"
    mail: MailSettings | None = None
    sms: SmsSettings | None = None
    gateway: GatewaySettings | None = None
    lease_s: int = LEASE_S
    settle_s: int = SETTLE_S
    is_phone_offline: bool = True
    is_phone_bundled: bool = False
    metrics_token: str | None = None

    @property
    def is_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def has_inbox(self) -> bool:
        """Whether messages of some channel stay on this machine, to be read on a page."""
        return not self.is_production and (self.mail is None or self.sms is None)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read `EPRO_*`; raise BadSettings naming every setting that is missing or too weak.

        Outside production, missing keys are made once and kept in `var/keys/` (mode 0600), so that
        a second start can still read what the first one sealed.
        """
        env = os.environ if environ is None else environ
        faults: list[str] = []
        environment = _environment(env, faults)
        is_production = environment is Environment.PRODUCTION
        keys = _Keys(env, is_production=is_production, faults=faults)
        settings = cls(
            environment=environment,
            database_url=env.get(
                "EPRO_DATABASE_URL", f"sqlite:///{env.get('EPRO_VAR', 'var')}/epro.sqlite3"
            ),
            training_url=_training_url(env, is_production=is_production),
            token_key=keys.text("EPRO_TOKEN_KEY", lambda: secrets.token_urlsafe(48)),
            field_keys=tuple(
                keys.text("EPRO_FIELD_KEYS", lambda: Fernet.generate_key().decode()).split(",")
            ),
            lookup_key=keys.text("EPRO_LOOKUP_KEY", lambda: secrets.token_urlsafe(48)).encode(),
            is_rehearsal=env.get("EPRO_REHEARSAL", "") == "1",
            trusted_proxies=_number(env, "EPRO_TRUSTED_PROXIES", faults),
            public_url=env.get("EPRO_PUBLIC_URL", f"http://127.0.0.1:{env.get('PORT', '8000')}"),
            mail=read_mail(env, faults, is_production=is_production),
            sms=read_sms(env, faults, is_production=is_production),
            gateway=read_gateway(env, faults, is_production=is_production),
            lease_s=_seconds(env, "EPRO_LEASE_S", faults, LEASE_S, is_production=is_production),
            settle_s=_seconds(env, "EPRO_SETTLE_S", faults, SETTLE_S, is_production=is_production),
            is_phone_offline=env.get("EPRO_PHONE_OFFLINE", "1") != "0",
            is_phone_bundled=is_production or env.get("EPRO_PHONE_BUNDLE", "") == "1",
            metrics_token=env.get("EPRO_METRICS_TOKEN", "").strip() or None,
        )
        faults.extend(_weaknesses(settings))
        if faults:
            raise BadSettings(
                "These settings cannot be used:\n" + "\n".join(f"- {f}" for f in faults)
            )
        return settings


class _Keys:
    """Keys come from the environment; in development a missing one is made and kept."""

    def __init__(self, env: Mapping[str, str], *, is_production: bool, faults: list[str]) -> None:
        self._env = env
        self._is_production = is_production
        self._faults = faults
        self._folder = Path(env.get("EPRO_VAR", "var")) / "keys"

    def text(self, name: str, make: Callable[[], str]) -> str:
        if value := self._env.get(name, "").strip():
            return value
        if self._is_production:
            self._faults.append(f"{name} is not set.")
            return ""
        kept = self._folder / name.lower()
        if not kept.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            _write_private(kept, make())
        return kept.read_text(encoding="utf-8").strip()


def _write_private(path: Path, text: str) -> None:
    """Create the file for its owner only; when another process was first, its key stands."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.touch(mode=0o600)
    temporary.write_text(text + "\n", encoding="utf-8")
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def _environment(env: Mapping[str, str], faults: list[str]) -> Environment:
    name = env.get("EPRO_ENV", Environment.DEVELOPMENT)
    try:
        return Environment(name)
    except ValueError:
        faults.append(f"EPRO_ENV is {name!r}; it must be development or production.")
        return Environment.PRODUCTION


def _training_url(env: Mapping[str, str], *, is_production: bool) -> str | None:
    """Return where training rooms are kept; in production only where the operator says."""
    usual = None if is_production else f"sqlite:///{env.get('EPRO_VAR', 'var')}/training.sqlite3"
    return env.get("EPRO_TRAINING_DATABASE_URL") or usual


def _number(env: Mapping[str, str], name: str, faults: list[str], *, default: int = 0) -> int:
    text = env.get(name, str(default))
    if not text.isdecimal():
        faults.append(f"{name} is {text!r}; it must be a whole number.")
        return default
    return int(text)


def _seconds(
    env: Mapping[str, str], name: str, faults: list[str], usual: int, *, is_production: bool
) -> int:
    seconds = _number(env, name, faults, default=usual)
    if is_production and seconds < usual:
        faults.append(f"{name} is less than {usual} seconds; messages might go out twice.")
    return seconds


def _weaknesses(settings: Settings) -> list[str]:
    faults: list[str] = []
    secret = {
        "EPRO_TOKEN_KEY": settings.token_key.encode(),
        "EPRO_LOOKUP_KEY": settings.lookup_key,
        "EPRO_METRICS_TOKEN": (settings.metrics_token or "").encode(),
    }
    faults += [
        f"{name} is shorter than {MIN_KEY_BYTES} bytes."
        for name, value in secret.items()
        if value and len(value) < MIN_KEY_BYTES
    ]
    for number, key in enumerate(settings.field_keys, start=1):
        if key and not _is_fernet_key(key):
            faults.append(f"EPRO_FIELD_KEYS: key {number} is not 32 bytes in URL-safe base64.")
    faults += _weaknesses_of_training(settings)
    if not settings.is_production:
        return faults
    if settings.is_rehearsal:
        faults.append("EPRO_REHEARSAL=1 moves the clock; production refuses it.")
    if settings.database_url.startswith("sqlite"):
        faults.append("EPRO_DATABASE_URL is SQLite; production needs PostgreSQL.")
    if not settings.public_url.startswith("https://"):
        faults.append("EPRO_PUBLIC_URL must begin with https:// in production.")
    if len({settings.token_key, settings.lookup_key.decode(), *settings.field_keys}) < 2 + len(
        settings.field_keys
    ):
        faults.append("The token, look-up and field keys must all differ.")
    return faults


def _weaknesses_of_training(settings: Settings) -> list[str]:
    if settings.training_url is None:
        return []
    name = "EPRO_TRAINING_DATABASE_URL"
    if _is_one_database(settings.training_url, settings.database_url):
        return [f"{name} is the trial's own database; training rooms need another."]
    if settings.is_production and settings.training_url.startswith("sqlite"):
        return [f"{name} is SQLite; production needs PostgreSQL."]
    return []


def _is_one_database(one: str, other: str) -> bool:
    """Tell whether two URLs lead to the same database, whoever signs in and by which driver."""
    a, b = urlsplit(one), urlsplit(other)
    places = [
        (url.scheme.partition("+")[0], url.hostname, url.port or USUAL_PORT, url.path)
        for url in (a, b)
    ]
    return places[0] == places[1]


def _is_fernet_key(key: str) -> bool:
    try:
        return len(base64.urlsafe_b64decode(key.encode())) == MIN_KEY_BYTES
    except ValueError:
        return False
