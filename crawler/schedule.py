"""How a crawl becomes regular: what systemd and cron need to know."""

import shlex
from pathlib import Path

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


def units(program: Path, archive: Path, contact: str, every: int) -> str:
    """A service with its timer, and a cron line; a run that meets one that still works ends at once."""
    command = shlex.join([str(program), "crawl", "--due", "--db", str(archive), "--contact", contact])
    hours = max(1, round(every / 60))
    if every < 60:
        calendar, cron = f"*:0/{every}", f"*/{every} * * * *"
    else:
        calendar, cron = f"0/{hours}:00", f"0 */{hours} * * *"
    return UNITS.format(command=command.replace("%", "%%"), every=every, calendar=calendar, cron=cron)
