"""`btl demo`: an archive of an invented town, made from the files in archive/sample by the commands of `btl`."""

import csv
import io
import json
import sys
import tomllib
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import database, fail, opened, port_option
from archive.cli.import_ import import_paths, summarise

if TYPE_CHECKING:
    from archive.importers.run import ImportProgress
    from archive.takedown.warc_records import Problem

SAMPLE = Path(__file__).parent.parent / "sample"
TEXTS, VISITS = SAMPLE / "texts", SAMPLE / "visits"
NOTICE = "Saltmere is an invented town, and so is everybody who writes here."
REVIEWER, PASSWORD = "demo", "saltmere-demo"
HEADLINE = """
Saltmere is an invented town. This is what its readers wrote under the news.
  {outlets:>4} outlets, {threads} threads, {comments} comments; four visits between January and May 2026
  {flagged:>4} comments flagged for their content, {unjudged} flags waiting for review
  {removed:>4} comments removed, gone or deleted, with the text as it was; {edited} edited, {restored} back again
  {withheld:>4} comments withheld by the archive

To judge flags, sign in as {reviewer} with the password {password}.
A public copy, with pseudonyms: btl serve {public} --public --port {port}
"""
COUNTS = {
    "outlets": "select count(*) from outlets",
    "threads": "select count(*) from threads",
    "comments": "select count(*) from comments",
    "flagged": "select count(distinct comment_id) from flags where code like 'content.%' and withdrawn_at is null",
    "unjudged": "select count(*) from flags where code like 'content.%' and withdrawn_at is null "
    "and comment_id is not null and id not in (select flag_id from reviews)",
    "removed": "select count(*) from comments where state in ('removed', 'author_deleted', 'missing')",
    "edited": "select count(distinct comment_id) from flags where code = 'crawl.edited'",
    "restored": "select count(distinct comment_id) from flags where code = 'crawl.restored'",
    "withheld": "select count(*) from flags where code = 'archive.withheld' and withdrawn_at is null",
}
VISIT_COUNTS = ("threads", "comments", "comments_new", "comments_edited", "comments_removed", "comments_restored")


@click.command()
@database
@click.option("--serve/--no-serve", "serving", default=True, help="Serve the site once it is built, or stop.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@port_option
@as_json_option
@click.pass_context
def demo(ctx: click.Context, path: Path, serving: bool, host: str, port: int, as_json: bool) -> None:
    """Build an archive of an invented town, and serve it.

    Its readers quarrel, threaten, advertise and apologise, over several outlets and months; comments are edited,
    removed and restored between visits, flagged, judged by two reviewers, and withheld. A public copy is made too.
    Everything is brought in by the commands that you would use: import, replay, review, withhold and publish.

    \b
    Example:  btl demo --db demo.db
    """
    progress, left = _import_texts(path, quiet=as_json)
    visits = [_call(ctx, "replay", paths=(visit,), url=None, outlets=None, path=path) for visit in _visits()]
    verdicts = _judge(path)
    _withhold(ctx, path)
    out = path.with_name(f"{path.stem}-public") / "archive.db"
    release = _call(ctx, "publish", out=out, path=path, policy_path=SAMPLE / "publish.toml", keep=1, whole=False)
    if as_json:
        brief = [{name: visit["counts"][name] for name in VISIT_COUNTS} for visit in visits]
        more = {"visits": brief, "verdicts": verdicts, "public": release["out"]}
        _print_with(more, progress, left, path)
    else:
        with opened(path) as archive:
            counts = {name: archive.read(sql)[0][0] for name, sql in COUNTS.items()}
        click.echo(HEADLINE.format(**counts, reviewer=REVIEWER, password=PASSWORD, public=out, port=port + 1))
    if serving:
        from archive.site.app import read_reviewers, run

        reviewers = read_reviewers(SAMPLE / "reviewers.toml")
        run(path, host=host, port=port, reviewers=reviewers, notice=NOTICE)


def _visits() -> list[Path]:
    return sorted(VISITS.glob("*.warc"))


def _import_texts(path: Path, *, quiet: bool) -> "tuple[ImportProgress, list[Problem]]":
    with opened(path) as archive:
        if archive.has_other_runs_than(str(SAMPLE)):
            raise click.UsageError(f"{path} holds other documents; name another file with --db")
        return import_paths(archive, [str(TEXTS)], 0, quiet=quiet)


def _call(ctx: click.Context, name: str, **options: Any) -> dict[str, Any]:
    """Run another command of `btl`; return its summary. What it warns of is shown if it fails."""
    group = ctx.find_root().command
    command = group.get_command(ctx, name) if isinstance(group, click.Group) else None
    if command is None:
        fail(f"btl {name} is not installed")
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as warnings:
        try:
            ctx.invoke(command, **options, as_json=True)
        except SystemExit:
            click.echo(warnings.getvalue(), file=sys.__stderr__)
            raise
    summary: dict[str, Any] = json.loads(out.getvalue())
    return summary


def _judge(path: Path) -> int:
    """Fill in the sheet of `btl review export` as the sample's reviewers judged; return how many verdicts are new."""
    from archive.cli.common import reading
    from archive.review.spreadsheet import export_csv, import_csv

    sheet = io.StringIO()
    with reading(path) as connection:
        export_csv(connection, sheet, everything=True)
    sheet.seek(1)  # behind the byte order mark
    rows = list(csv.DictReader(sheet))
    listed = tomllib.loads((SAMPLE / "verdicts.toml").read_text("utf-8"))["verdicts"]
    filled = io.StringIO()
    writer = csv.DictWriter(filled, rows[0])
    writer.writeheader()
    for verdict in listed:
        for row in rows:
            if row["code"] == verdict["code"] and verdict["text"] in row["text"]:
                for reviewer, word in verdict["reviewers"].items():
                    note = verdict.get("note", "")
                    writer.writerow(row | {"reviewer": reviewer, "verdict": word, "note": note})
    filled.seek(0)
    with opened(path) as archive:
        run = archive.begin_run("review", {"sample": "verdicts.toml"})
        with archive.transaction() as connection:
            imported = import_csv(connection, filled, at=run.started_at)
        archive.end_run(run, "done", {"saved": imported.saved, "repeated": imported.repeated})
    return imported.saved


def _withhold(ctx: click.Context, path: Path) -> None:
    from archive.takedown.withhold import list_suppressions

    with opened(path) as archive:
        if list_suppressions(archive):
            return
    options = {"subject": None, "number": None, "reason": None, "note": None, "same_text": False, "listing": False}
    _call(ctx, "withhold", **options, source=SAMPLE / "withheld.csv", path=path)


def _print_with(more: dict[str, Any], progress: "ImportProgress", left: "list[Problem]", path: Path) -> None:
    """Print the summary of the import with what came after it."""
    with redirect_stdout(io.StringIO()) as out:
        summarise(progress, left, path, as_json=True)
    click.echo(json.dumps(json.loads(out.getvalue()) | more, ensure_ascii=False, indent=2))
