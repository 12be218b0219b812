"""`btl`: the command line. A command's module is loaded when it is called, so that `btl --help` is quick."""

import os
from importlib import import_module
from typing import Any

import click

from archive.cli.commands import COMMANDS, TASKS
from archive.cli.interrupts import endings
from archive.workers.garbage import collect_less_often


class LazyGroup(click.Group):
    """Load a command of COMMANDS when it is called; list them by task."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for task, listed in TASKS.items():
            with formatter.section(task):
                formatter.write_dl([(f"{name:8}", summary) for name, (_, summary) in listed.items()])

    def invoke(self, ctx: click.Context) -> Any:
        with endings(ctx):
            return super().invoke(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="belowtheline")
@click.option(
    "--durable",
    is_flag=True,
    help="Wait for the disk at each transaction, so that a power failure loses nothing that was saved.",
)
def main(durable: bool) -> None:
    """Below the Line: an archive of what readers write under the news.

    \b
    btl demo                 look at an archive of an invented town
    btl crawl URL            collect an article, or an outlet, with its comments
    btl import FOLDER        bring exports, tables or texts into archive.db
    btl serve                search and read it at http://127.0.0.1:8001

    `btl COMMAND --help` explains a command.
    """
    collect_less_often()
    if durable:
        os.environ["BTL_DURABLE"] = "1"  # for the command and the processes that it starts
