"""The command `epro`: everything an operator does from a shell."""

import click

from epro.commands import (
    database,
    demonstration,
    description,
    edc,
    events,
    journal,
    odm,
    participant,
    people,
    questionnaire,
    rehearsing,
    running,
    safety,
    study,
    training,
)
from epro.commands.common import Commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Electronic patient-reported outcomes for one clinical trial.

    \b
    The first steps:
      epro run --demo              start everything here, with demonstration data
      epro COMMAND --help          what a command does, with an example

    What it runs on is set by EPRO_* in the environment; without any, it works on SQLite in var/.
    """


PARTS = (
    running, database, study, questionnaire, people, participant, journal, edc, odm, events,
    safety, description, demonstration, rehearsing, training,
)  # fmt: skip
for part in PARTS:
    for command in part.COMMANDS:
        main.add_command(command)
