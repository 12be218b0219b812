"""`btl schedule`: print what makes a crawl regular, for systemd and cron."""

import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import database, fail, print_json
from crawler.cli.common import PLACEHOLDER, crawl_options, read_outlets

if TYPE_CHECKING:
    from crawler.run import CrawlOptions

LONGEST_CRON_LINE = 900  # cron cuts a command after 998 characters, some after 1,000 with the time
MAIL_ADDRESS = re.compile(r"[^\s@/\"'\\]+@[^\s@/\"'\\]+")
HOUR, DAY = 60, 24 * 60

SERVICE = """\
[Unit]
Description=Visit the comment sections that are due

[Service]
Type=oneshot
ExecStart={command}
# A stopped crawl ends its visits and says how to go on: with status 130.
KillMode=mixed
KillSignal=SIGINT
SuccessExitStatus=130
TimeoutStopSec=120
Nice=10
"""
TIMER = """\
[Unit]
Description=Visit the comment sections that are due, every {minutes}

[Timer]
{times}
RandomizedDelaySec=60

[Install]
WantedBy=timers.target
"""
CRON = """\
# cron mails what is printed: what failed, and warnings.
{mailto}{line}
"""
PRINTED = """\
# ~/.config/systemd/user/btl-crawl.service
{service}
# ~/.config/systemd/user/btl-crawl.timer   (systemctl --user enable --now btl-crawl.timer;
# loginctl enable-linger lets it run while nobody is logged in)
{timer}
# or, with cron (crontab -e)
{cron}"""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A systemd service and its timer, and lines for a crontab."""

    service: str
    timer: str
    cron: str


@click.command()
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="[OUTLETS.TOML]"
)
@click.option("--every", default=15, show_default=True, type=click.IntRange(1, DAY), help="Minutes between runs.")
@database
@crawl_options
@click.option(
    "--mailto", help="Address to which cron mails failures.  [default: --contact, if that is an e-mail address]"
)
@as_json_option
def schedule(
    file: Path | None,
    every: int,
    path: Path,
    options: "CrawlOptions",
    mailto: str | None,
    as_json: bool,
) -> None:
    """Print a systemd service and timer, and cron lines, for regular crawls.

    With OUTLETS.TOML, each run reads that file again, so that outlets can be added and removed. The options are those
    of `btl crawl`. Make the first crawl yourself (btl crawl outlets.toml): a scheduled crawl does not create an
    archive.

    \b
    Example:  btl schedule outlets.toml --contact desk@example.org
              btl schedule outlets.toml --every 30 --db /data/archive.db
    """
    if file:
        read_outlets(file)
    if not options.contact and not options.allow_hosts:
        click.echo("note: --contact says how sites reach you; until it does, public hosts are not visited", err=True)
        options = replace(options, contact=PLACEHOLDER)
    contact = options.contact or ""
    is_address = contact != PLACEHOLDER and MAIL_ADDRESS.fullmatch(contact)
    try:
        printed = make_schedule(_words(file, path, options), every, mailto or (contact if is_address else ""))
    except ValueError as error:
        fail(str(error))
    if as_json:
        print_json({"service": printed.service, "timer": printed.timer, "cron": printed.cron})
    else:
        click.echo(PRINTED.format(service=printed.service, timer=printed.timer, cron=printed.cron), nl=False)


def _words(file: Path | None, path: Path, options: "CrawlOptions") -> list[str]:
    """Return the command of each run, without the options that have their usual values."""
    words = [*_program(), "crawl", "--due", *([str(file.resolve())] if file else []), "--db", str(path.resolve())]
    words += ["--contact", options.contact] if options.contact else []
    words += [word for host in options.allow_hosts for word in ("--allow-host", host)]
    usual = type(options)()
    words += ["--warc", options.warc] if options.warc else []
    for name in ("delay", "concurrency", "timeout", "limit"):
        value = getattr(options, name)
        words += [f"--{name}", f"{value:.15g}"] if value is not None and value != getattr(usual, name) else []
    return words


def _program() -> list[str]:
    """Return how this program is called by an absolute path: a service and cron have a short PATH of their own."""
    program = Path(sys.argv[0]).absolute()
    if program.name == "__main__.py" or not program.is_file():
        return [sys.executable, "-m", "archive.cli"]
    return [str(program)]


def make_schedule(words: Sequence[str], every: int, mailto: str) -> Schedule:
    """Return units and crontab lines that run a command every so many minutes. Raise ValueError where cron cannot."""
    times, minutes = _systemd_times(every), "minute" if every == 1 else f"{every} minutes"
    command = " ".join(quote_for_systemd(word, is_program=i == 0) for i, word in enumerate(words))
    step, fields = _cron_times(every)
    line = f"{fields} {quote_for_cron([*words, '--quiet'])}"
    if len(line) > LONGEST_CRON_LINE:
        line = "# The command is too long for cron: write it into a script, and name that here."
    elif step != every:
        line = f"# cron has no step of {minutes}: this is every {step}\n{line}"
    return Schedule(
        SERVICE.format(command=command),
        TIMER.format(minutes=minutes, times=times),
        CRON.format(mailto=f"MAILTO={quote_mailto(mailto)}\n" if mailto else "", line=line),
    )


def quote_for_systemd(word: str, *, is_program: bool = False) -> str:
    """Return a word of ExecStart=: % begins a specifier there and, but for the program itself, $ a variable."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    escaped = re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\x{ord(match[0]):02x}", escaped)
    if not is_program:
        escaped = escaped.replace("$", "$$")
    return escaped if re.fullmatch(r"[\w@%$+=:,./-]+", escaped) else f'"{escaped}"'


def quote_for_cron(words: Sequence[str]) -> str:
    """Return a command for a crontab: for the shell, and % as cron wants it. Raise ValueError for a line break."""
    if any(re.search(r"[\r\n\0]", word) for word in words):
        raise ValueError("a path with a line break in it can stand in no crontab: rename it")
    return shlex.join(words).replace("%", "\\%")


def quote_mailto(address: str) -> str:
    """Return the value of MAILTO. Raise ValueError where it would be something else to cron."""
    if re.search(r"[\s\"'\\]", address):
        raise ValueError(f"--mailto: {address!r} is no e-mail address")
    return f'"{address}"'


def _systemd_times(every: int) -> str:
    """Return times of the clock where they divide an hour or a day; else so long after the run before."""
    if every == DAY:
        return "OnCalendar=daily\nPersistent=true"
    if every < HOUR and HOUR % every == 0:
        return f"OnCalendar=*:0/{every}\nPersistent=true"
    if every % HOUR == 0 and DAY % every == 0:
        return f"OnCalendar=0/{every // HOUR}:00\nPersistent=true"
    return f"OnBootSec=1min\nOnUnitActiveSec={every}min"


def _cron_times(every: int) -> tuple[int, str]:
    """Return the longest step up to `every` that divides an hour or a day, and the fields of a crontab for it."""
    if every < HOUR:
        step = max(n for n in range(1, every + 1) if HOUR % n == 0)
        return step, "* * * * *" if step == 1 else f"*/{step} * * * *"
    hours = max(n for n in range(1, every // HOUR + 1) if 24 % n == 0)
    field = {1: "*", 24: "0"}.get(hours, f"*/{hours}")
    return hours * HOUR, f"0 {field} * * *"
