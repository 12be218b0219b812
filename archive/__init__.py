"""The archive of what readers write under the news: its model, the ways in and the ways out."""

import signal


def main() -> None:
    """Run `btl`. Ctrl-C while it loads ends it at once, without a traceback: nothing was begun."""
    handled = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not in a shell's background
    if handled:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from archive.cli import main as btl

    if handled:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    btl()
