"""What was erased and a later crawl captured again leaves the new WARC file too."""

import gzip

from archive.takedown.erase import erase_planned, plan_erasure
from crawler.evidence.redact_erased import redact_erased
from crawler.evidence.verify import verify_archive
from crawler.replay import replay_captures
from crawler.warc.writer import Exchange, WarcFile
from tests.news_server import NewsSite

TEXT = "The cashier of the kiosk is called Ottilie and sleeps until noon, says her neighbour from the pier."
SHORT = "Nonsense!"
OTHER = "The ferry was ten minutes late again, as it is on every Monday."


def _visit(archive, site, day):
    name = archive.path.parent / "archive-warc" / f"crawl-{day}.warc.gz"
    warc, post = WarcFile(name, {}), site.posts[1]
    headers = [(b"Content-Type", b"text/html; charset=utf-8")]
    body, at = site._article(post, "").body, f"2026-03-{day}T05:40:00Z"
    warc.write(Exchange(f"https://courier.example{post.path}", "GET", [], b"", 200, "OK", headers, body, at))
    warc.close()
    assert replay_captures(archive, [name], None, lambda _: None).errors == []


def test_a_later_crawl_is_rechecked(archive):
    site = NewsSite("courier.example")
    site.rest = False
    site.post(comments=[(1, 0, "Finn", TEXT), (2, 0, "Ruth", SHORT), (3, 0, "Ada", OTHER)])
    _visit(archive, site, 14)
    for native_id, reason in (("1", "law"), ("2", "privacy")):
        [(number,)] = archive.read("select id from comments where native_id = ?", (native_id,))
        erase_planned(archive, plan_erasure(archive, "comment", number, reason), None)
    folder = archive.path.parent / "archive-warc"
    assert redact_erased(archive, 99) == 0
    site.posts[1].comments.append((4, 0, "Ruth", "And on Tuesday once more, to nobody's surprise at all."))
    _visit(archive, site, 15)
    assert any(TEXT.encode() in gzip.decompress(path.read_bytes()) for path in folder.iterdir())
    [(run_id,)] = archive.read("select max(id) from runs")
    assert redact_erased(archive, run_id + 1) == 0
    assert redact_erased(archive, run_id) == 1
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["crawl-14.redacted-1.warc.gz", "crawl-15.redacted-1.warc.gz"]
    for name in names:
        plain = gzip.decompress((folder / name).read_bytes())
        assert TEXT.encode() not in plain
        assert SHORT.encode() not in plain
    assert archive.read("select count(*) from captures where redacted_at is null") == [(0,)]
    assert verify_archive(archive).differences == []
    assert redact_erased(archive, 99) == 0
    assert archive.read("select body from comments order by native_id") == [
        ("",), ("",), (OTHER,), ("And on Tuesday once more, to nobody's surprise at all.",)
    ]  # fmt: skip
