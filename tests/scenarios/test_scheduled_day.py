"""A day of a scheduled crawl: two outlets, one of which is down for hours, changes and comes back. Time is simulated:
between two runs everything that the frontier dates becomes so much older."""

import json

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType

from tests.news_server import Answer, serving

AGE = """update frontier set next_at = {next_at}, added_at = {added_at}, published_at = {published_at},
  visited_at = {visited_at}, failing_since = {failing_since}"""


def grow_older(desk, minutes):
    """Let so many minutes pass."""
    columns = ("next_at", "added_at", "published_at", "visited_at", "failing_since")
    older = {name: f"strftime('%Y-%m-%dT%H:%M:%SZ', {name}, '-{minutes} minutes')" for name in columns}
    desk.change(AGE.format(**older))


def run_day(desk, steady, failing, runs, minutes):
    """Make so many scheduled runs, one after so many minutes, and check what they leave; return the summaries."""
    names = ("Courier", "Bugle")
    outlets = [
        f'[[outlets]]\nname = "{name}"\nhome = "{site.url}/"\n'
        for name, site in zip(names, (steady, failing), strict=True)
    ]
    (desk.folder / "outlets.toml").write_text("\n".join(outlets))
    hosts = [steady.address, failing.address]
    for site in (steady, failing):
        for number in range(2):
            site.post(f"the-harbour-office-news-{number}", comments=[(number + 1, 0, "Anna", f"At {number + 7}.")])
    summaries = []
    for number in range(runs):
        match number / runs:
            case share if 0.2 <= share < 0.6:
                if not failing.hooks:
                    failing.hook("/", Answer(b"down", 503))
            case _:
                failing.hooks.clear()
        if number == runs // 2:
            steady.posts[1].comments.append((100, 1, "Tom", "Not on Sundays."))
            failing.posts[2].comments[0] = (2, 0, "Anna", "At half past eight.")
            failing.post("the-harbour-office-news-of-noon", comments=[(200, 0, "Lea", "Is the kiosk open?")])
        due = ["--due"] if number else []  # the first run makes the archive
        allowed = [part for host in hosts for part in ("--allow-host", host)]
        done = desk.btl("crawl", *due, "outlets.toml", *allowed, "--json", status=None)
        summaries.append(json.loads(done.stdout) | {"status": done.returncode})
        grow_older(desk, minutes)
    check_day(desk, summaries)
    return summaries


def check_day(desk, summaries):
    ids = [summary["run"] for summary in summaries if summary["run"] is not None]
    # Where nothing but the outlet that is down was due, nothing could be read.
    failed = {
        summary["run"] for summary in summaries if summary["counts"]["errors"] and not summary["counts"]["visits"]
    }
    outcomes = [(n, "crawl", "failed" if n in failed else "done") for n in ids]
    assert desk.query("select id, kind, outcome from runs order by id") == outcomes
    assert {summary["run"] for summary in summaries if summary["status"]} == failed
    assert all(summary["counts"]["visits"] + summary["counts"]["errors"] > 0 for summary in summaries if summary["run"])
    warcs = desk.warcs()
    assert len(warcs) <= len(ids)
    for warc in warcs:
        with warc.open("rb") as file:
            kinds = WarcRecordType.response | WarcRecordType.revisit
            assert any(True for _ in ArchiveIterator(file, record_types=kinds)), f"{warc} is empty"
    bodies = {body for (body,) in desk.query("select body from comments where state = 'visible'")}
    assert bodies == {"At 7.", "At 8.", "Not on Sundays.", "At half past eight.", "Is the kiosk open?"}
    assert desk.query("select count(*) from comments where state <> 'visible'") == [(0,)]
    assert desk.query("select count(*) from events where kind = 'edited'") == [(1,)]
    assert desk.query("select failures, failing_since from frontier where failures > 0 or failing_since <> ''") == []
    assert "0 differences" in desk.btl("verify").stdout


@pytest.mark.slow
def test_a_day_of_scheduled_runs(desk):
    with serving() as steady, serving() as failing:
        summaries = run_day(desk, steady, failing, runs=6, minutes=240)
    failed = [summary for summary in summaries if summary["counts"]["errors"]]
    assert failed
    assert {row["reason"] for summary in failed for row in summary["counts"]["failures"]} == {
        "robots.txt could not be read, which means no"
    }
