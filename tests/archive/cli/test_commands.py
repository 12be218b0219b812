"""`btl --help`: commands by task, no line cut short, no command loaded for it; examples come from `btl` itself."""

import os
import subprocess
import sys
import tomllib
from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from archive.cli import main
from archive.cli.commands import COMMANDS, TASKS


def groups():
    """Yield the words of `btl` and of each command that has commands."""
    yield ()
    for name, place in COMMANDS.items():
        module, _, attribute = place.partition(":")
        if isinstance(getattr(import_module(module), attribute), click.Group):
            yield (name,)


@pytest.mark.parametrize("words", list(groups()))
def test_no_summary_of_a_command_is_cut_short(words):
    shown = CliRunner().invoke(main, [*words, "--help"], env={"COLUMNS": "80"}).output
    assert "..." not in shown.rpartition("Show this message and exit.")[2]


def test_every_command_is_listed_under_one_task():
    shown = CliRunner().invoke(main, ["--help"]).output
    places = [shown.index(f"\n{task}:\n") for task in TASKS]
    assert places == sorted(places)
    assert sum(len(listed) for listed in TASKS.values()) == len(COMMANDS)


def test_help_loads_no_command():
    script = "import sys; from archive.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    loaded = done.stdout.rpartition("\n  record")[2].split()
    assert {name for name in loaded if name.startswith(("archive.", "crawler"))} == {
        "archive.cli", "archive.cli.commands", "archive.cli.endings", "archive.workers", "archive.workers.garbage",
    }  # fmt: skip


@pytest.mark.parametrize(("command", "key"), [("outlets", "outlets"), ("publish", "site")])
def test_a_command_prints_an_example_of_the_file_that_it_reads(command, key):
    shown = CliRunner().invoke(main, [command, "--example"])
    assert shown.exit_code == 0
    assert key in tomllib.loads(shown.output)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_help_points_to_a_file_that_the_wheel_lacks(name):
    shown = CliRunner().invoke(main, [name, "--help"]).output
    assert "docs/" not in shown
