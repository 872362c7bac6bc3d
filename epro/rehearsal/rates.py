"""How people behave: the file of rates, and what is wrong with one that somebody has changed."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from epro.rehearsal.sources import read_yaml

SHIPPED = Path(__file__).with_name("rates.yaml")


class RatesRefused(Exception):
    """A file of rates that nobody can be invented by; the message names the places."""


def read_rates(file: Path) -> Mapping[str, Any]:
    """Read a file of rates. Raises RatesRefused where a value of the shipped one is not there."""
    rates = read_yaml(file)
    if missing := list(_missing(rates, read_yaml(SHIPPED), "")):
        raise RatesRefused(f"{file}: {', '.join(missing)} missing; {SHIPPED.name} has them all.")
    known: Mapping[str, Any] = rates
    return known


def _missing(given: Any, shipped: Mapping[str, Any], place: str) -> Iterator[str]:
    for name, value in shipped.items():
        here = f"{place}{name}"
        if not isinstance(given, Mapping) or name not in given:
            yield here
        elif isinstance(value, Mapping) and place + name != "sites.zones":
            yield from _missing(given[name], value, f"{here}.")
