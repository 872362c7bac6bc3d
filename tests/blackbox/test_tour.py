"""The five minutes of the README: exactly its lines, against exactly what `make run` starts."""

import logging
import re
import subprocess
from pathlib import Path

import pytest

from epro.logs import ROOT
from tests.blackbox.system import System

pytestmark = pytest.mark.blackbox
logger = logging.getLogger(__name__)

TOUR = re.compile(r"<!-- tour: begin -->(.*)<!-- tour: end -->", re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.req("V-02")
def test_the_tour_of_the_readme_ends_with_a_submitted_diary_and_a_whole_journal(
    tmp_path: Path,
) -> None:
    readme = TOUR.search((ROOT / "README.md").read_text("utf-8"))
    assert readme
    script = "\n".join(BLOCK.findall(readme[1]))

    with System(tmp_path, f"sqlite:///{tmp_path}/var/epro.sqlite3") as system:
        # The demonstration has to move its clock by itself, and to find its database.
        del system.environment["EPRO_REHEARSAL"], system.environment["EPRO_DATABASE_URL"]
        system.start_together("--demo")
        walked = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=ROOT, env=system.environment | {"HERE": system.url}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip

    assert walked.returncode == 0, f"{walked.stdout}\n{walked.stderr}"
    told = walked.stdout.splitlines()[-40:]
    said = "\n".join(told)
    assert "submitted infusion evening diary (revision 1)" in said, said
    assert "completed infusion evening diary, " in said
    assert "submitted morning check (revision 1)" in said.lower(), said
    # The newest entry may still wait for its place, and the tour then says so in one line more.
    assert re.search(
        r"^The journal is whole: \d+ entries, head [0-9a-f]{64}\.$", "\n".join(told[-2:]), re.M
    )
    logger.info("%s", "\n".join(told[-12:]))
