"""Counts of a crawl, and the warnings that come from comparing them with those of earlier ones."""

from collections import Counter
from dataclasses import replace

from archive.store.save import SavedThread
from crawler.report import CrawlReport, find_warnings
from tests.trees import made, said


def test_counts_are_kept_in_all_and_by_platform_and_outlet():
    report = CrawlReport()
    report.count_response("courier.example", 100)
    thread = made(said("one"), said("two"))
    report.count_thread(thread, SavedThread(1, 1, "new", Counter(comments_new=2)))
    report.count_thread(thread, None)
    report.count_failure("https://courier.example/x", "HTTP 500")
    counts = report.counts()
    assert (counts["pages"], counts["bytes"], counts["threads"], counts["comments"]) == (1, 100, 2, 4)
    assert counts["comments_new"] == 2
    assert counts["platforms"][thread.platform]["with_body"] == 4
    assert counts["failures"] == [{"url": "https://courier.example/x", "reason": "HTTP 500"}]
    assert report.line(2.0) == "1 page from 1 host, 2 threads, 4 comments (2 new), 1 error, 0.5 pages/s"
    report.total["pages"] = 0
    assert report.line(2.0) == "2 threads, 4 comments (2 new), 1 error", "a replay fetches nothing"


def test_pages_that_should_have_comments_and_gave_none_are_named_with_the_reason():
    report = CrawlReport()
    report.count_thread(made(stated_count=110), None)
    report.count_thread(replace(made(), platform="viafoura"), None)
    report.count_thread(replace(made(), platform="hyvor"), None)
    report.count_thread(replace(made(), platform="livefyre"), None)
    report.count_thread(replace(made(), platform="none"), None)
    report.count_thread(made(stated_count=0), None)
    report.count_thread(made(said("one"), stated_count=110), None)
    assert [reason for _, reason in report.skipped] == [
        f"states 110 comments, and none could be read ({made().platform})",
        'has comments by viafoura, and hides where: comments = {platform = "viafoura", ...} in the outlets file says it',
        "has comments by hyvor, which btl does not read",
        "has comments by livefyre, which has been shut down",
    ]
    assert report.counts()["skipped"] == len(report.counts()["without_comments"]) == 4


def platform(threads, empty, **fields):
    return {"platforms": {"isso": {"threads": threads, "empty": empty, **fields}}}


def test_a_platform_that_stops_yielding_comments_is_warned_of():
    before = [platform(10, 1), platform(10, 0)]
    assert find_warnings(platform(10, 9), before) == [
        "isso: 90% of threads are without comments, 5% were in the runs before"
    ]
    assert find_warnings(platform(10, 2), before) == []
    assert find_warnings(platform(2, 2), before) == []  # too few to say anything


def test_a_field_that_is_lost_is_warned_of():
    before = [platform(10, 0, comments=100, with_author=98, with_body=100)]
    (warning,) = find_warnings(platform(10, 0, comments=50, with_author=0, with_body=50), before)
    assert warning == "isso: author stands on 0% of comments, on 98% in the runs before"
