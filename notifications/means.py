"""What a message needs before it can leave: a way, an address and a text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifications.channels import Channel, Outgoing, Refused
from notifications.messages import ChannelName, OutboxMessage
from notifications.refusals import NO_ADDRESS, NO_CHANNEL, NO_TEXT
from notifications.texts import BadText, Text, needed, render

# (recipient_ref, channel) -> address, or None when there is none; Refused when it may not be used.
Directory = Callable[[str, ChannelName], str | None]
# (template, edition it was written under, language) -> text; LookupError when there is none.
Texts = Callable[[str, str, str], Text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Given once per process; all of it is called with no transaction open.

    `callback_url` says where the provider reports on a message, if anywhere.
    """

    channels: Mapping[ChannelName, Channel]
    directory: Directory
    texts: Texts
    callback_url: Callable[[UUID], str | None] = lambda _message_id: None

    def prepare(self, message: OutboxMessage, *, now: datetime) -> tuple[Channel, Outgoing]:
        """Make a message ready to leave; raise Refused when a part of it is missing.

        Parameters that the text does not use go no further than this.
        """
        channel = self.channels.get(message.channel)
        if channel is None:
            raise Refused(NO_CHANNEL)
        address = self.directory(message.recipient_ref, message.channel)
        if not address:
            raise Refused(NO_ADDRESS)
        try:
            template = self.texts(message.template, message.template_version, message.language)
            text = render(template, message.params)
        except (LookupError, BadText) as error:
            raise Refused(NO_TEXT) from error
        return channel, Outgoing(
            message_id=message.id,
            address=address,
            template=message.template,
            template_version=text.version,
            params={name: message.params[name] for name in sorted(needed(template))},
            language=message.language,
            subject=text.subject,
            body=text.body,
            callback_url=self.callback_url(message.id),
            valid_for_s=_seconds_left(message, now),
        )


def _seconds_left(message: OutboxMessage, now: datetime) -> int | None:
    if message.not_after is None:
        return None
    return max(int((message.not_after - now).total_seconds()), 1)
