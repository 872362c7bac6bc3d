"""Sealed fields, keyed look-ups, hashed secrets, and codes that people type."""

import pytest
from cryptography.fernet import Fernet

from epro.crypto import (
    CODE_ALPHABET,
    CODE_LENGTH,
    Keyring,
    UnreadableSecret,
    new_activation_code,
    normalise_code,
)
from tests.factories import HASHER, LOOKUP_KEY, make_keyring

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def keyring() -> Keyring:
    return make_keyring()


@pytest.mark.req("X-03", "P-01")
@pytest.mark.parametrize("text", ["+8613800138000", "李娜 😀", "", "x" * 10_000])
def test_a_sealed_field_is_unreadable_and_opens_again(keyring: Keyring, text: str) -> None:
    sealed = keyring.seal(text)

    assert keyring.unseal(sealed) == text
    assert not text or text not in sealed


@pytest.mark.req("X-03")
def test_the_same_text_never_looks_the_same_when_sealed(keyring: Keyring) -> None:
    assert keyring.seal("1968") != keyring.seal("1968")


@pytest.mark.req("X-03")
def test_a_new_key_in_front_seals_while_the_old_one_still_opens() -> None:
    sealed = make_keyring(OLD).seal("1968")
    both = make_keyring(NEW, OLD)

    resealed = both.reseal(sealed)

    assert both.unseal(sealed) == both.unseal(resealed) == "1968"
    assert make_keyring(NEW).unseal(resealed) == "1968"
    assert make_keyring(NEW).unseal(both.seal("1970")) == "1970"


@pytest.mark.req("X-03")
def test_a_field_that_no_key_opens_is_unreadable() -> None:
    with pytest.raises(UnreadableSecret):
        make_keyring(NEW).unseal(make_keyring(OLD).seal("1968"))


@pytest.mark.req("X-03")
@pytest.mark.parametrize(
    "damage", [lambda s: s[:-4], lambda s: f"{s[:20]}AAAA{s[24:]}", lambda _: "x"]
)
def test_a_field_that_was_tampered_with_does_not_open(keyring: Keyring, damage: object) -> None:
    damaged = damage(keyring.seal("1968"))  # type: ignore[operator]

    with pytest.raises(UnreadableSecret):
        keyring.unseal(damaged)


@pytest.mark.req("X-03", "P-01")
def test_a_look_up_is_equal_for_equal_text_of_one_purpose_and_one_key(keyring: Keyring) -> None:
    other = Keyring(
        field_keys=[OLD], lookup_key=b"another look-up key of some length", hasher=HASHER
    )

    assert keyring.lookup("phone", "138") == make_keyring(NEW).lookup("phone", "138")
    assert keyring.lookup("phone", "138") != keyring.lookup("code", "138")
    assert keyring.lookup("phone", "138") != keyring.lookup("phone", "139")
    assert keyring.lookup("phone", "138") != other.lookup("phone", "138")
    assert len(keyring.lookup("phone", "138")) == 64
    assert "138" not in keyring.lookup("phone", "138")


def test_a_purpose_never_runs_into_the_text(keyring: Keyring) -> None:
    assert keyring.lookup("phone", "x1") != keyring.lookup("phonex", "1")
    assert LOOKUP_KEY


@pytest.mark.req("P-03")
def test_a_secret_is_known_by_its_hash_alone(keyring: Keyring) -> None:
    stored = keyring.hash_secret("274913")

    assert "274913" not in stored
    assert stored.startswith("$argon2id$")
    assert keyring.hash_secret("274913") != stored
    assert keyring.is_secret(stored, "274913")
    assert not keyring.is_secret(stored, "274914")
    assert not keyring.is_secret(stored, "")


@pytest.mark.req("P-04")
@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$v=19$broken"])
def test_without_a_usable_hash_no_secret_fits(keyring: Keyring, stored: str | None) -> None:
    assert not keyring.is_secret(stored, "274913")


@pytest.mark.req("P-02")
def test_an_activation_code_has_eight_characters_that_are_not_mistaken() -> None:
    codes = {new_activation_code() for _ in range(200)}

    assert len(codes) == 200
    assert {len(code) for code in codes} == {CODE_LENGTH} == {8}
    assert set("".join(codes)) <= set(CODE_ALPHABET)
    assert not set(CODE_ALPHABET) & set("01OIL")


@pytest.mark.req("P-02")
@pytest.mark.parametrize(
    "typed", ["ABCD2345", "abcd-2345", " abcd 2345\n", "ABCD–2345", "a b c d 2345"]
)
def test_a_code_is_recognised_however_it_was_typed(typed: str) -> None:
    assert normalise_code(typed) == "ABCD2345"
