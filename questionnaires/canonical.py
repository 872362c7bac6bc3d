"""The one text of a package: what is hashed, stored and compared.

Keys are sorted and what equals its default is left out, so that a field added later leaves the
text and the hash of earlier packages as they were. So a default, once published, never changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

_hints = cache(get_type_hints)


def to_plain(value: object) -> Any:
    """Turn frozen dataclasses, tuples and enums into dicts, lists and strings."""
    if is_dataclass(value):
        given = {field.name: (getattr(value, field.name), field.default) for field in fields(value)}
        return {
            name: to_plain(one)
            for name, (one, default) in given.items()
            if default is MISSING or type(one) is not type(default) or one != default
        }
    if isinstance(value, tuple):
        return [to_plain(one) for one in value]
    return value.value if isinstance(value, StrEnum) else value


def to_text(value: object) -> str:
    """Return the canonical JSON: sorted keys, no spaces, characters as they are."""
    return json.dumps(
        to_plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def from_text(kind: type[T], text: str) -> T:
    """Return what `to_text` was given. Raises ValueError for a text that does not fit `kind`."""
    try:
        made: T = _made(kind, json.loads(text))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"This is not the canonical JSON of a {kind.__name__}.") from error
    return made


def sha256(text: str) -> str:
    """Return the SHA-256 of a canonical text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _made(kind: Any, plain: Any) -> Any:
    if get_origin(kind) in {Union, UnionType}:
        kind = _fitting(get_args(kind), plain)
    if get_origin(kind) is tuple:
        return tuple(_made(get_args(kind)[0], one) for one in plain)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _made(hints[name], one) for name, one in plain.items()})
    if issubclass(kind, StrEnum):
        return kind(plain)
    if type(plain) is not kind:
        raise TypeError(f"{plain!r} is no {kind.__name__}")
    return plain


def _fitting(kinds: Sequence[Any], plain: Any) -> Any:
    """Choose the member of a union: by key names among dataclasses, else by the JSON type."""
    if isinstance(plain, Mapping):
        groups = [kind for kind in kinds if is_dataclass(kind)]
        return next(
            (kind for kind in groups if plain.keys() <= {field.name for field in fields(kind)}),
            None,
        )
    if plain is None:
        return NoneType
    scalars = [kind for kind in kinds if kind is not NoneType]
    return next((kind for kind in scalars if type(plain) is kind), scalars[0])
