"""Twilio's account, client and signature, for all that goes by it; what came of a call, told apart.

The only module beside `voice`, which writes Twilio's markup, that knows the SDK.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from requests.exceptions import ConnectionError as ConnectionFailed
from requests.exceptions import ConnectTimeout, RequestException, SSLError
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from urllib3.exceptions import MaxRetryError, NewConnectionError

from notifications.channels import Refused, Unclear
from notifications.refusals import Refusal

TIMEOUT_S = 20.0
API_URL = "https://api.twilio.com"

# The SDK logs each request with the recipient's number.
_silence = logging.Logger("twilio.silent")  # noqa: LOG001  apart from all others on purpose
_silence.disabled = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioAccount:
    """`sender` is a number (E.164); texts also take an alphanumeric one or a service (MG…)."""

    account_sid: str
    auth_token: str
    sender: str
    base_url: str = API_URL


def client_of(account: TwilioAccount, *, timeout_s: float) -> Any:
    """Return the SDK's client for an account; safe for several threads."""
    return Client(
        account.account_sid,
        account.auth_token,
        http_client=_HttpClient(account.base_url, timeout_s),
    )


@contextmanager
def told_apart() -> Iterator[None]:
    """Raise what the SDK raises as Refused, or as Unclear where Twilio may have taken it."""
    try:
        yield
    except (TwilioRestException, TwilioServiceException) as error:
        raise _refusal(error.status, error.code) from error
    except (RequestException, TwilioException, ValueError) as error:
        raise _lost(error) from error


def signature_is_valid(
    auth_token: str, *, url: str, form: Mapping[str, str], signature: str
) -> bool:
    """Judge `X-Twilio-Signature` by Twilio's own validator.

    `url` is the public one, as Twilio called it, with its query; `form` is the whole form, also
    fields we do not know, as a plain mapping or as Flask's `request.form`.
    """
    return bool(RequestValidator(auth_token).validate(url, form, signature))


class _HttpClient(TwilioHttpClient):  # type: ignore[misc]
    """The SDK's client, pointed at a base URL; it keeps what the SDK throws away of a 429."""

    def __init__(self, base_url: str, timeout_s: float) -> None:
        super().__init__(timeout=timeout_s, max_retries=0, logger=_silence)
        self._base_url = base_url.rstrip("/")

    def request(self, method: str, url: str, **options: Any) -> Any:
        try:
            response = super().request(
                method, self._base_url + url.removeprefix(API_URL), **options
            )
        finally:
            # A kept connection that the other side closes just now looks like a lost answer.
            self.session.close()
        if response.status_code == 429:
            raise Refused(
                "20429", retry_after_s=_seconds((response.headers or {}).get("Retry-After"))
            )
        return response


def _refusal(status: int, code: int | None) -> Refused | Unclear:
    if status >= 500:
        return Unclear(f"http_{status}")
    if status == 401:
        # Our account, not this message: it has to be tried again once that is mended.
        return Refused(str(code or status), meaning=Refusal.TRANSIENT)
    return Refused(str(code or status))


def _lost(error: Exception) -> Refused | Unclear:
    """Tell a request that never left from one whose answer is missing."""
    if isinstance(error, ConnectTimeout | SSLError) or _was_not_connected(error):
        return Refused(f"unreachable_{type(error).__name__}", meaning=Refusal.TRANSIENT)
    return Unclear(f"no_answer_{type(error).__name__}")


def _was_not_connected(error: Exception) -> bool:
    cause = error.args[0] if isinstance(error, ConnectionFailed) and error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _seconds(text: str | None) -> float | None:
    """Read Retry-After in seconds; its other form, a date, is ignored."""
    return float(text) if text is not None and text.isdecimal() else None
