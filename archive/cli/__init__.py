"""`btl`: the command line. A command's module is loaded when it is called, so that `btl --help` is quick."""

import os
from importlib import import_module
from typing import Any

import click

from archive.cli.endings import endings

# Where each command stands. The crawler's commands are named as text: the archive never imports the crawler.
COMMANDS = {
    "backup": "archive.cli.publish:backup",
    "crawl": "crawler.cli.crawl:crawl",
    "demo": "archive.cli.demo:demo",
    "erase": "archive.cli.takedown:erase",
    "export": "archive.cli.export:export",
    "flag": "archive.cli.flag:flag",
    "import": "archive.cli.import_:import_",
    "names": "crawler.cli.names:names",
    "outlets": "crawler.cli.outlets:outlets",
    "probe": "crawler.cli.probe:probe",
    "publish": "archive.cli.publish:publish",
    "record": "crawler.cli.record:record",
    "replay": "crawler.cli.replay:replay",
    "restore": "archive.cli.takedown:restore",
    "review": "archive.cli.review:review",
    "schedule": "crawler.cli.schedule:schedule",
    "serve": "archive.cli.serve:serve",
    "stats": "archive.cli.stats:stats",
    "verify": "crawler.cli.verify:verify",
    "withhold": "archive.cli.takedown:withhold",
}


class LazyGroup(click.Group):
    """Load a command of COMMANDS when it is called or its help is listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(COMMANDS)

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
    help="Wait until each transaction is on the disk itself, where a power failure loses nothing.",
)
def main(durable: bool) -> None:
    """Below the Line: an archive of what readers write under the news.

    \b
    btl demo                 look at a sample, invented archive
    btl import FOLDER        bring text documents into archive.db
    btl crawl URL            collect an article, or an outlet, with its comments
    btl serve                search and read it at http://127.0.0.1:8001
    """
    if durable:
        os.environ["BTL_DURABLE"] = "1"  # for the command and the processes that it starts
