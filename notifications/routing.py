"""Which provider takes a number: chosen by country prefix, the longest that fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from notifications.channels import Absent, Accepted, CannotTell, Channel, Found, Outgoing, Refused
from notifications.refusals import NO_CHANNEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Numbers (E.164) that begin with `prefix` go by this channel; an empty one takes the rest.

    `is_overseas`: its provider is abroad, so that a number leaves the country with the message.
    """

    prefix: str
    channel: Channel
    is_overseas: bool


class RoutedChannel:
    """One channel made of several; each message takes the same way when it is asked about."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = sorted(routes, key=lambda route: len(route.prefix), reverse=True)

    def route_to(self, address: str) -> Route | None:
        """Return the way that messages to a number take; None when there is none."""
        return next((one for one in self._routes if address.startswith(one.prefix)), None)

    def is_overseas(self, address: str) -> bool:
        """Tell whether messages to a number go through a provider abroad."""
        route = self.route_to(address)
        return route is not None and route.is_overseas

    def send(self, outgoing: Outgoing) -> Accepted:
        """Hand it to the provider for that country; raise Refused when there is none."""
        return self._channel_for(outgoing).send(outgoing)

    def find(self, outgoing: Outgoing, *, since: datetime) -> Found | Absent | CannotTell:
        """Ask the provider that it was handed to."""
        return self._channel_for(outgoing).find(outgoing, since=since)

    def _channel_for(self, outgoing: Outgoing) -> Channel:
        route = self.route_to(outgoing.address)
        if route is None:
            raise Refused(NO_CHANNEL)
        return route.channel
