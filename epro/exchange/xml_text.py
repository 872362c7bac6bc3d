"""Text as XML can hold it."""

import re

# What XML 1.0 has no way to write, not even escaped.
_IMPOSSIBLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """Return a text with the sign for an unreadable character where XML cannot hold one."""
    # Nearly every text is; looking is many times faster than searching.
    return text if text.isprintable() else _IMPOSSIBLE.sub("�", text)
