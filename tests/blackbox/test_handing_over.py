"""The clinical database pulls from the running system, by the commands that people type."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.blackbox.people import enrolled_phone
from tests.blackbox.system import System

pytestmark = pytest.mark.blackbox
CLIENT = "sponsor-edc"
WORDS = "夜里胸闷"


@pytest.fixture
def secret(system: System) -> str:
    """Let the clinical database in, or give it a new secret where it is in already."""
    scopes = ("--scope", "edc:read")
    added = system.try_command("edc", "client", "add", CLIENT, *scopes)
    said = added.stdout if added.returncode == 0 else system.command(
        "edc", "client", "rotate", CLIENT
    )  # fmt: skip
    found = re.search(r"Secret +(\S+)", said)
    assert found, said
    system.said.secrets.add(found[1])
    return found[1]


def _stands_in(stored: bytes, secret: str) -> bool:
    """Six digits of a PIN stand by chance in a checksum or behind the point of a second."""
    return (
        re.search(rb"(?<![0-9a-fA-F.])%b(?![0-9a-fA-F])" % re.escape(secret.encode()), stored)
        is not None
    )


@pytest.mark.req("E-01", "E-02", "E-05", "E-06", "P-01")
def test_what_she_reports_is_pulled_once_verified_and_without_her_words(
    system: System, secret: str, tmp_path: Path
) -> None:
    phone, copy = enrolled_phone(system), tmp_path / "edc.sqlite3"
    first = pull(system, secret, copy)

    sheet = phone.report(answered_at=system.now(), note=WORDS)
    assert phone.send(sheet, now=system.now()).status_code == 201
    second, third = pull(system, secret, copy), pull(system, secret, copy)

    assert "Verified" in first
    assert "\n1 new changes" in second
    assert "\n0 new changes" in third
    stored = copy.read_bytes()
    assert phone.code.encode() in stored
    assert str(sheet.response_id).encode() in stored
    assert WORDS.encode() not in stored
    assert not [one for one in system.said.secrets if _stands_in(stored, one)]


def pull(system: System, secret: str, into: Path) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "epro", "edc-pull", "--url", system.url, "--client-id", CLIENT,
         "--into", str(into), "--verify"],
        env=system.environment | {"EPRO_EDC_SECRET": secret}, cwd=system.folder,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
