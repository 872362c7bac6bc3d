"""Secrets: fields sealed at rest, keyed look-ups, hashed PINs and passwords, codes people type."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

# No 0/O, 1/I/L: a code is read aloud and typed with sore hands.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 8


class UnreadableSecret(Exception):
    """A sealed field that none of the configured keys opens."""


class Keyring:
    """All keys of one deployment, held apart from the database.

    `field_keys` seal identity fields: the first seals, all of them open, so that a new key can be
    put in front and `reseal` moves old fields over. `lookup_key` makes equal values comparable
    without being readable.
    """

    def __init__(
        self,
        *,
        field_keys: Sequence[str],
        lookup_key: bytes,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in field_keys])
        self._lookup_key = lookup_key
        self._hasher = hasher or PasswordHasher()
        self._decoy = self._hasher.hash(secrets.token_urlsafe(16))

    def seal(self, text: str) -> str:
        """Encrypt one field with the newest key."""
        return self._fernet.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Decrypt one field; raise UnreadableSecret when no key fits."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise UnreadableSecret("No configured key opens this field.") from error

    def reseal(self, sealed: str) -> str:
        """Encrypt again with the newest key; raise UnreadableSecret when no key fits."""
        return self.seal(self.unseal(sealed))

    def lookup(self, purpose: str, text: str) -> str:
        """Return a keyed hash that is equal for equal text of the same purpose, 64 hex digits."""
        message = f"{purpose}\x1f{text}".encode()
        return hmac.new(self._lookup_key, message, hashlib.sha256).hexdigest()

    def hash_secret(self, secret: str) -> str:
        """Hash a PIN or password with argon2id."""
        return self._hasher.hash(secret)

    def is_secret(self, stored_hash: str | None, secret: str) -> bool:
        """Compare; an unknown account costs the same time as a wrong secret."""
        try:
            self._hasher.verify(stored_hash or self._decoy, secret)
        except (VerificationError, InvalidHashError):
            return False
        return stored_hash is not None


def new_activation_code() -> str:
    """Return eight characters from an alphabet without look-alikes (about 39 bits)."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def normalise_code(typed: str) -> str:
    """Undo what people do to a code when they type it: spaces, dashes, small letters."""
    return "".join(character for character in typed.upper() if character.isalnum())
