"""How a command ends before its end: by Ctrl-C, or on a full disk. It says what is whole, and what to run again."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

INTERRUPTED = 130
AGAIN = "run the same command again"
READ_ONLY = "nothing was changed"
_OWN = "archive.cli.interrupts"
WHOLE = {
    "backup": f"there is no copy yet; {AGAIN}",
    "copy": f"nothing was copied; {AGAIN}",
    "copies": f"the archive is whole; {AGAIN}",
    "crawl": f"what was visited before is saved; {AGAIN}, or `btl crawl --due`, and it goes on from there",
    "demo": f"what was imported before is saved; {AGAIN}, and it passes over that",
    "erase": f"some of it may be there still; {AGAIN}, and it goes on from there",
    "export": f"a file that was to be written is as it was before; {AGAIN}",
    "flag": f"the comments that were looked at before are done; {AGAIN}",
    "import": f"what was imported before is saved; {AGAIN}, and it passes over that",
    "index": f"the archive is whole, and the index as far as it came; {AGAIN}",
    "names": f"the names that came before are saved; {AGAIN}, and it goes on from there",
    "outlets": f"the archive is whole; {AGAIN}",
    "publish": f"no release was made, and the one before is served as it was; {AGAIN}",
    "record": f"there is no case yet; {AGAIN}",
    "replay": f"what was read before is saved; {AGAIN}, and it passes over that",
    "restore": f"the archive is whole; {AGAIN}",
    "review": f"the archive is whole, and holds all verdicts of a sheet or none; {AGAIN}",
    "watch": f"what was sent before is noted, and not sent again; {AGAIN}",
    "withhold": f"what was withheld before stays so; {AGAIN}",
}


def leave(text: str) -> None:
    """Say what is whole if the command ends from here on, where that is not what WHOLE says of its name."""
    click.get_current_context().meta[_OWN] = text


@contextmanager
def endings(ctx: click.Context) -> Iterator[None]:
    """End with status 130 after Ctrl-C, and with 1 and one line on a full disk, instead of a traceback."""
    try:
        yield
    except (KeyboardInterrupt, click.Abort) as error:
        if isinstance(error, click.Abort) and not isinstance(error.__context__, KeyboardInterrupt):
            raise
        _end(f"\ninterrupted: {_whole(ctx)}", INTERRUPTED)
    except Exception as error:
        from archive.store.disk import find_full

        reason = find_full(error)
        if reason is None:
            raise
        _end(f"error: there is no room ({reason}): {_whole(ctx)}", 1)


def _whole(ctx: click.Context) -> str:
    own: str | None = ctx.meta.get(_OWN)
    return own or WHOLE.get(ctx.invoked_subcommand or "", READ_ONLY)


def _end(message: str, status: int) -> None:
    with suppress(OSError):
        click.echo(message, err=True)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # Python would try again when it ends, and print a traceback
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(status)
