"""`btl schedule`: print what makes a crawl regular, for systemd and cron."""

import shlex
import sys
from pathlib import Path

import click

from archive.cli.common import database
from crawler.cli.common import contact_option

UNITS = """\
# ~/.config/systemd/user/btl-crawl.service
[Unit]
Description=Visit the comment sections that are due

[Service]
Type=oneshot
ExecStart={command}
Nice=10

# ~/.config/systemd/user/btl-crawl.timer   (systemctl --user enable --now btl-crawl.timer)
[Unit]
Description=Visit the comment sections that are due, every {every} minutes

[Timer]
OnCalendar={calendar}
Persistent=true
RandomizedDelaySec=60

[Install]
WantedBy=timers.target

# or, with cron (crontab -e)
{cron} {command}"""


@click.command()
@click.option("--every", default=15, show_default=True, type=click.IntRange(1, 1440), help="Minutes between runs.")
@database
@contact_option
def schedule(every: int, path: Path, contact: str | None) -> None:
    """Print a systemd service and timer, and a cron line, that make the visits which are due.

    \b
    Example:  btl schedule --contact desk@example.org
    """
    click.echo(format_units(Path(sys.argv[0]).resolve(), path.resolve(), contact or "SET-THIS@example.org", every))


def format_units(program: Path, archive: Path, contact: str, every: int) -> str:
    """Return a service with its timer, and a cron line. A run that finds another one at work ends at once."""
    command = shlex.join([str(program), "crawl", "--due", "--db", str(archive), "--contact", contact])
    hours = max(1, round(every / 60))
    if every < 60:
        calendar, cron = f"*:0/{every}", f"*/{every} * * * *"
    else:
        calendar, cron = f"0/{hours}:00", f"0 */{hours} * * *"
    # Both systemd and cron read % as the beginning of something else.
    return UNITS.format(command=command.replace("%", "%%"), every=every, calendar=calendar, cron=cron)
