"""What makes a PIN or a password too easy to guess; judged offline, before anything else."""

from collections.abc import Iterable
from itertools import pairwise

from epro.errors import WeakSecret

PIN_LENGTH = 6
MIN_PASSWORD_LENGTH = 12
MIN_DISTINCT_CHARACTERS = 5
# The long ones that turn up first in every list of leaked passwords.
COMMON_PASSWORDS = frozenset(
    [
        "passwordpassword",
        "password1234",
        "password12345",
        "password123456",
        "password123!",
        "passw0rd1234",
        "mypassword123",
        "adminadmin12",
        "administrator",
        "administrator1",
        "administrator123",
        "admin1234567",
        "welcome12345",
        "welcome123456",
        "letmein12345",
        "letmeinletmein",
        "changeme1234",
        "changemechangeme",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiopasdf",
        "qwerty123456",
        "qwertyqwerty",
        "qwerty12345678",
        "asdfghjkl123",
        "asdfghjkl1234",
        "zxcvbnm12345",
        "1qaz2wsx3edc",
        "1qaz2wsx3edc4rfv",
        "qazwsxedcrfv",
        "1q2w3e4r5t6y",
        "1q2w3e4r5t6y7u8i",
        "abcdefghijkl",
        "abcdefgh1234",
        "abcd12345678",
        "abc123456789",
        "iloveyou1234",
        "iloveyouiloveyou",
        "sunshine1234",
        "football1234",
        "baseball1234",
        "princess1234",
        "superman1234",
        "trustno1trustno1",
        "correcthorsebatterystaple",
        "hospital1234",
        "woaini1314520",
        "woaini521521",
        "zhongguo1234",
        "beijing12345",
        "shanghai1234",
        "shenzhen1234",
        "5201314woaini",
    ]
)


def refuse_weak_pin(pin: str, *, year_of_birth: int | None) -> None:
    """Raise WeakSecret unless the PIN is six digits, no repetition, no run, without the year.

    Without a year only the digits themselves are judged.
    """
    if not (len(pin) == PIN_LENGTH and pin.isascii() and pin.isdigit()):
        raise WeakSecret("A PIN has exactly six digits.")
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    is_year_within = year_of_birth is not None and str(year_of_birth) in pin
    if steps in ({0}, {1}, {9}) or is_year_within:
        raise WeakSecret


def refuse_weak_password(password: str, *, personal: Iterable[str]) -> None:
    """Raise WeakSecret for a short, common or monotonous password, or one that names its owner."""
    if len(password) < MIN_PASSWORD_LENGTH:
        raise WeakSecret(f"A password has at least {MIN_PASSWORD_LENGTH} characters.")
    folded = password.casefold()
    names_owner = any(word and word.casefold() in folded for word in personal)
    if names_owner or folded in COMMON_PASSWORDS or len(set(folded)) < MIN_DISTINCT_CHARACTERS:
        raise WeakSecret
