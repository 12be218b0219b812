"""`btl demo`: the sample, imported and served."""

from pathlib import Path

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import database, opened, port_option
from archive.cli.import_ import import_paths, summarise


@click.command()
@database
@click.option("--serve/--no-serve", "serving", default=True, help="Serve the site after importing, or stop.")
@port_option
@as_json_option
def demo(path: Path, serving: bool, port: int, as_json: bool) -> None:
    """Import the sample, threads from an invented town, and serve it.

    \b
    Example:  btl demo --db demo.db
    """
    sample = Path(__file__).parent.parent / "sample"
    with opened(path) as archive:
        if archive.has_other_runs_than(str(sample)):
            raise click.UsageError(f"{path} holds other documents; name another file with --db")
        progress, left = import_paths(archive, [str(sample)], 0, quiet=as_json)
    summarise(progress, left, path, as_json)
    if serving:
        from archive.site.app import run

        run(path, port=port)
