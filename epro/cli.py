"""The command `epro`: everything an operator does from a shell."""

from importlib import import_module

import click

from epro.commands.common import Commands

# The module of epro.commands that holds a command. Only that one is imported: a command that adds
# a site has no use for the web application, and starts in a third of the time without it.
WHERE = {
    "run": "running",
    "web": "web",
    "worker": "worker",
    "db": "database",
    "study": "study",
    "questionnaire": "questionnaire",
    "staff": "people",
    "site": "people",
    "participant": "participant",
    "journal": "journal",
    "edc": "edc",
    "edc-pull": "edc",
    "odm": "odm",
    "events": "events",
    "safety": "safety",
    "archive": "archive",
    "retention": "retention",
    "decommission": "retention",
    "openapi": "description",
    "routes": "description",
    "demo": "demonstration",
    "rehearse": "rehearsing",
    "rehearsed": "rehearsing",
    "training": "training",
}


class CommandsByName(Commands):
    """Commands that are imported when they are given; the list of all of them imports all."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *WHERE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in WHERE and cmd_name not in self.commands:
            for command in import_module(f"epro.commands.{WHERE[cmd_name]}").COMMANDS:
                self.add_command(command)
        return super().get_command(ctx, cmd_name)


@click.group(cls=CommandsByName, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Electronic patient-reported outcomes for one clinical trial.

    \b
    The first steps:
      epro run --demo              start everything here, with demonstration data
      epro COMMAND --help          what a command does, with an example

    What it runs on is set by EPRO_* in the environment; without any, it works on SQLite in var/.
    """
