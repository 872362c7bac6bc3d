"""Free text in the registers of data protection: needed, of a length, and naming nobody."""

from epro.errors import InvalidInput
from questionnaires.data_protection import holds_long_number

LONGEST = 4_000


def check(**texts: str) -> None:
    """Raise InvalidInput naming each field that is empty, too long, or holds a long number."""
    problems = [
        {"place": place, "message": message}
        for place, text in texts.items()
        if (message := _wrong(text)) is not None
    ]
    if problems:
        raise InvalidInput(details={"problems": problems})


def problem(place: str, message: str) -> InvalidInput:
    """Return the refusal of one field."""
    return InvalidInput(details={"problems": [{"place": place, "message": message}]})


def _wrong(text: str) -> str | None:
    if not text.strip():
        return "Something is needed here."
    if len(text) > LONGEST:
        return "At most 4,000 characters, please."
    if holds_long_number(text):
        return "Leave out telephone and identity numbers."
    return None
