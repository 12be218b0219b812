"""`btl --help`: commands by task, no line cut short, no command loaded for it; examples come from `btl` itself."""

import json
import os
import signal
import subprocess
import sys
import tomllib
from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from archive.cli import main
from archive.cli.commands import COMMANDS, TASKS
from archive.store.archive import Archive


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


def test_ctrl_c_while_btl_loads_ends_it_silently():
    script = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
class Interrupting:
    def find_spec(self, name, path, target=None):
        if name == "archive.cli.interrupts":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from archive import main
main()
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_help_loads_no_command():
    script = "import sys; from archive.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    loaded = done.stdout.rpartition("\n  record")[2].split()
    assert {name for name in loaded if name.startswith(("archive.", "crawler"))} == {
        "archive.cli", "archive.cli.commands", "archive.cli.interrupts", "archive.workers", "archive.workers.garbage",
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


def commands(command=main, words=()):
    """Yield the words of each command that does something by itself."""
    context = click.Context(command)
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield words
    for name in command.list_commands(context) if isinstance(command, click.Group) else ():
        yield from commands(command.get_command(context, name), (*words, name))


def find(words):
    command = main
    for word in words:
        command = command.get_command(click.Context(command), word)
    return command


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_has_a_summary_for_machines(words):
    assert "--json" in {name for option in find(words).params for name in option.opts}


def test_watches_are_added_and_removed_with_a_summary(tmp_path):
    Archive(tmp_path / "archive.db").close()

    def run(*words):
        done = CliRunner().invoke(main, ["watch", *words, "--db", str(tmp_path / "archive.db"), "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    added = run("add", "pier", "pier")
    assert (added["name"], added["search"], added["counts"]) == ("pier", "/search?q=pier", {"added": 1})
    assert [row["name"] for row in run("list")["watches"]] == ["pier"]
    assert run("remove", "pier")["counts"] == {"removed": 1}
    assert run("list")["watches"] == []


def test_the_address_of_a_site_is_one(tmp_path):
    Archive(tmp_path / "archive.db").close()
    words = ["--db", str(tmp_path / "archive.db"), "--site", "desk.example"]
    done = CliRunner().invoke(main, ["watch", "run", "--notify", "json://localhost", *words])
    assert (done.exit_code, "desk.example is no address that begins with http" in done.output) == (2, True)


ENDS = {  # what runs, and what a command says that is ended then
    ("import", "--undo", "1"): ("archive.store.undo.undo_import", "the import is undone whole or not at all"),
    ("import", "tide.txt", "--to", "parquet", "out"): (
        "archive.importers.parquet_dataset.convert_files",
        "out is not there until it is whole",
    ),
    ("import", "tide.csv", "--dry-run"): ("archive.cli.import_.preview_tables", "nothing was changed"),
    ("import", "tide.txt"): ("archive.importers.run.import_files", "what was imported before is saved"),
    ("flag", "--explain", "The tide is late."): ("archive.flags.explain.explain", "nothing was changed"),
    ("flag", "train"): ("archive.review.ranking_model.train", "the archive is whole"),
    ("flag",): ("archive.store.reflag.flag_all", "the comments that were looked at before are done"),
    ("verify", "--relink", "a=b"): ("crawler.evidence.verify.verify_archive", "the new places are recorded"),
    ("verify",): ("crawler.evidence.verify.verify_archive", "nothing was changed"),
}


@pytest.mark.parametrize("words", ENDS, ids=" ".join)
def test_a_command_that_is_interrupted_says_what_is_whole(words, tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    (tmp_path / "tide.txt").write_text("The tide is late")
    (tmp_path / "tide.csv").write_text("comment\nThe tide is late\n")
    Archive(tmp_path / "archive.db").close()
    running, text = ENDS[words]
    monkeypatch.setattr(running, interrupt)
    monkeypatch.setattr("archive.store.files.relink", lambda *_: 1)
    done = CliRunner().invoke(main, list(words))
    assert (done.exit_code, done.stdout) == (130, "")
    assert done.stderr.splitlines()[-1].startswith(f"interrupted: {text}")
