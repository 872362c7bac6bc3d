"""The phone app's scripts run by Node, where no browser is needed to see what they do."""

import shutil
import subprocess
from pathlib import Path


def run(script: str, *arguments: Path) -> str:
    """Have Node run a script, or the file that is named instead."""
    node = shutil.which("node")
    assert node, "Node is missing; `make node` installs it."
    ran = subprocess.run(
        [node, *(arguments or ["-"])],
        input=script, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
