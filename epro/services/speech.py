"""What a call says when somebody picks up, and that it was heard."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from notifications.means import Texts
from notifications.messages import ChannelName, OutboxMessage
from notifications.texts import Text, render
from notifications.voice import aloud
from questionnaires.escalating import HEARD, text_key
from questionnaires.tiers import Channel


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words, and the language they are said in."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Call:
    """Which text a call says, under which edition, with what in it."""

    template: str
    template_version: str
    language: str
    params: dict[str, str]


def call_of(session: Session, message_id: UUID) -> Call | None:
    """Return what is known of a call; None when there is no such call."""
    message = session.get(OutboxMessage, message_id)
    if message is None or message.channel is not ChannelName.VOICE:
        return None
    return Call(message.template, message.template_version, message.language, dict(message.params))


def announced(call: Call, texts: Texts) -> Spoken:
    """Return what a call announces. Raises LookupError where the study has no such text."""
    return _said(texts(call.template, call.template_version, call.language), call)


def after_key(call: Call, texts: Texts) -> Spoken | None:
    """Return what is said once somebody has pressed the key; None where there are no words."""
    try:
        text = texts(text_key(HEARD, Channel.VOICE), call.template_version, call.language)
    except LookupError:
        return None
    return _said(text, call)


def _said(text: Text, call: Call) -> Spoken:
    return Spoken(render(text, aloud(call.params)).body, call.language)
