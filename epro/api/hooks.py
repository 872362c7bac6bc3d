"""What providers call: the later word on a message, a reply; believed only with their signature."""

from uuid import UUID

from flask import Blueprint, Response, request

from epro.api.context import keyring, now, parts, public, reading, transaction
from epro.errors import NotFound, SignatureInvalid
from epro.models import OptOutSource
from epro.services import opting_out, speech
from notifications import receipts
from notifications.guard import GuardedHooks
from notifications.sms import Wish, read_reply, read_status_report
from notifications.twilio_client import signature_is_valid
from notifications.voice import announcement, farewell, read_key

KEY = "/key"
INBOUND_PATH = "/hooks/twilio/inbound"

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks")


@blueprint.post("/twilio/status/<uuid:message_id>")
@public
def note_status(message_id: UUID) -> tuple[Response, int]:
    """Keep one report on a text message. Repeats, late ones and unknown messages are harmless.

    Raises SignatureInvalid unless Twilio signed exactly this.
    """
    _refuse_unsigned(parts().messaging.callback_url(message_id))
    report = read_status_report(request.form)
    if report is not None:
        # Twilio does not come again: its word is kept, whatever fails in what follows from it.
        hooks = GuardedHooks(parts().messaging.hooks)
        with transaction() as session:
            receipts.note(
                session, message_id, provider_id=report.provider_id, status=report.status,
                error_code=report.error_code, now=now(), hooks=hooks,
            )  # fmt: skip
        hooks.raise_what_failed()
    return Response(), 204


@blueprint.post("/twilio/voice/<uuid:message_id>")
@public
def announce(message_id: UUID) -> Response:
    """Say what a call is about to whoever has picked up: code, tier, time, and the key to press.

    Raises SignatureInvalid unless Twilio signed exactly this, NotFound for what is no call.
    """
    _refuse_unsigned(parts().messaging.speech_url(message_id))
    spoken = speech.announced(_call(message_id), parts().messaging.texts)
    key_url = f"{parts().messaging.speech_url(message_id)}{KEY}"
    return _markup(announcement(spoken.text, language=spoken.language, key_url=key_url))


@blueprint.post(f"/twilio/voice/<uuid:message_id>{KEY}")
@public
def note_key(message_id: UUID) -> Response:
    """Keep that a call was heard; it acknowledges nothing. Another key is like none.

    Raises SignatureInvalid unless Twilio signed exactly this, NotFound for what is no call.
    """
    _refuse_unsigned(f"{parts().messaging.speech_url(message_id)}{KEY}")
    call, press = _call(message_id), read_key(request.form)
    if press is None or not press.is_heard:
        return _markup(farewell(None, language=call.language))
    hooks = GuardedHooks(parts().messaging.hooks)
    with transaction() as session:
        receipts.note(
            session, message_id, provider_id=press.provider_id, status=receipts.HEARD, now=now(),
            hooks=hooks,
        )  # fmt: skip
    hooks.raise_what_failed()
    spoken = speech.after_key(call, parts().messaging.texts)
    return _markup(farewell(spoken.text if spoken else None, language=call.language))


@blueprint.post("/twilio/inbound")
@public
def note_reply() -> Response:
    """Keep what a reply asks for: STOP ends text messages to its number, START begins them again.

    The answer is empty TwiML: what is said back to STOP and START is the provider's to say. Raises
    SignatureInvalid unless Twilio signed exactly this.
    """
    _refuse_unsigned(f"{parts().settings.public_url.rstrip('/')}{INBOUND_PATH}")
    reply = read_reply(request.form)
    if reply is not None and reply.wish is not None:
        lookup = opting_out.lookup_of(reply.number, keyring=keyring())
        with transaction() as session:
            if reply.wish is Wish.STOP:
                opting_out.stop(session, lookup, source=OptOutSource.REPLY, now=now())
            else:
                opting_out.start(session, lookup, now=now())
    return Response("<Response/>", mimetype="text/xml")


def _call(message_id: UUID) -> speech.Call:
    with reading() as session:
        call = speech.call_of(session, message_id)
    if call is None:
        raise NotFound
    return call


def _markup(text: str) -> Response:
    return Response(text, mimetype="text/xml")


def _refuse_unsigned(url: str) -> None:
    """Compare with the address we gave away: what proxies made of it on the way does not count."""
    sms = parts().settings.sms
    if request.query_string:
        url = f"{url}?{request.query_string.decode('latin-1')}"
    signature = request.headers.get("X-Twilio-Signature", "")
    if sms is None or not signature_is_valid(
        sms.auth_token, url=url, form=request.form, signature=signature
    ):
        raise SignatureInvalid
