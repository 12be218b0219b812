"""`btl erase` from end to end: no byte of the archive's folder holds the text after, and everything else is as it was."""

import gzip
import html
import json
import shutil
import sqlite3
import urllib.request
import zipfile
from contextlib import suppress
from urllib.parse import quote

import pytest

from archive.store.archive import Archive
from archive.store.lock import crawl_lock
from archive.takedown.text_search import decodings
from archive.text.fold import fold_letters
from crawler.evidence.redact_erased import redact_erased
from tests.documents import HARBOUR
from tests.news_server import Answer, serving

TEXT = 'The cashier of the kiosk is called Ottilie & she "sleeps" until noon, says her neighbour from the pier.'
EARLIER = "Somebody of the harbour office told me that the cashier is called Ottilie, of all names on this coast."
OTHER = "The ferry was ten minutes late again, as it is on every Monday."
SHORT = "Nonsense!"
NAME = "Balthasar of the Breakwater"
TREE = [(1, 0, NAME, html.escape(TEXT, quote=False)), (2, 1, "Finn", SHORT), (3, 0, "Ruth", OTHER)]
ROWS = "select native_id, body from comments order by native_id"


@pytest.fixture
def site():
    with serving() as site:
        site.post(comments=list(TREE))
        yield site


def _erase(desk, *arguments, status=0):
    done = desk.btl("erase", *arguments, "--reason", "court-order", "--yes", "--json", status=status)
    assert not _says(done.stdout + done.stderr), "the command prints what it is to destroy"
    return json.loads(done.stdout)


def _says(said, texts=(TEXT, EARLIER, NAME)):
    read = [fold_letters(each) for each in decodings(said)]
    return any(fold_letters(text) in each for text in texts for each in read)


def _number(desk, native_id):
    return desk.query("select id from comments where native_id = ?", native_id)[0][0]


def _everything(folder, but=()):
    """Every byte of a folder with what they decompress to: files, gzip members, bodies, members of zips."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in but:
            raw = path.read_bytes()
            yield path.name, raw
            if raw.startswith(b"\x1f\x8b"):
                yield path.name, gzip.decompress(raw)


def _holders(folder, texts, but=()):
    """The files that hold one of these texts in any form."""
    found = set()
    for name, raw in _everything(folder, but):
        for text in texts:
            spelled = {text, html.escape(text), html.escape(text, quote=False), json.dumps(text)[1:-1], quote(text)}
            spelled |= {html.escape(each) for each in set(spelled)} | {json.dumps(each)[1:-1] for each in set(spelled)}
            forms = [each.encode(coding) for each in spelled for coding in ("utf-8", "utf-16-le", "utf-16-be")]
            if any(form.lower() in raw.lower() for form in forms):
                found.add(name)
        for coding in ("utf-8", "utf-16-le"):
            with suppress(UnicodeError):
                if _says(raw.decode(coding, "ignore"), texts):
                    found.add(name)
    return found


def test_a_comment_leaves_every_byte_of_the_folder(desk, site):
    feed = f"<rss version='2.0'><channel><title>Replies</title><item><title>On the ferry</title><link>{site.urls()[0]}</link>"
    feed += f"<description>{html.escape('<p>' + html.escape(TEXT) + '</p>')}</description></item></channel></rss>"
    site.hook("/replies/", Answer(feed.encode(), media_type="application/rss+xml"))
    site.posts[1].comments[0] = (1, 0, NAME, EARLIER)
    desk.visit(site)
    site.posts[1].comments[0] = TREE[0]
    desk.make_due()
    desk.visit(site)
    desk.crawl(site.url + "/replies/", hosts=[site.address])
    texts = [TEXT, EARLIER]
    assert len(_holders(desk.folder, texts)) == len(desk.warcs()) + 1
    rows = dict(desk.query(ROWS))
    done = _erase(desk, "comment", _number(desk, "1"))
    assert done["texts"] == 2
    assert done["left"] == []
    assert _holders(desk.folder, texts) == set()
    assert dict(desk.query(ROWS)) == {**rows, "1": ""}
    assert desk.query("pragma integrity_check") == [("ok",)]
    desk.check_warcs()
    said = desk.btl("verify").stdout
    assert "1 comment withheld" in said
    assert "not checked: redacted" in said
    assert "0 differences" in said
    assert desk.query("select count(*) from captures where redacted_at is not null")[0][0] > 0
    again = _erase(desk, "comment", _number(desk, "1"))
    assert again["records"] == 0
    assert "0 differences" in desk.btl("verify").stdout


def test_what_others_wrote_on_other_pages_stays_proven(desk, site):
    site.post("quiet-day-on-the-pier", comments=[(11, 0, "Ada", "All is quiet on the pier, and nobody complains.")])
    desk.visit(site)
    before = desk.btl("verify").stdout
    assert before.startswith("4 captures and 4 texts")
    _erase(desk, "comment", _number(desk, "1"))
    after = json.loads(desk.btl("verify", "--json").stdout)
    assert after["differences"] == []
    expected = {"captures": 2, "texts": 1, "redacted": 2, "unchecked": 3, "withheld": 1, "present": 2}
    assert after["counts"] == expected | {"moved": 0, "changed": 0, "gone": 0}


def test_the_replay_of_what_is_left_passes_over_it(desk, site):
    site.post("quiet-day-on-the-pier", comments=[(11, 0, "Ada", "All is quiet on the pier, and nobody complains.")])
    site.rest = False
    desk.visit(site)
    desk.make_due()
    site.asked.clear()
    desk.visit(site)  # the same bytes: a revisit record that refers to what is redacted
    _erase(desk, "comment", _number(desk, "1"))
    assert _holders(desk.folder, [TEXT]) == set()
    done = desk.btl("replay", "archive-warc", "--db", "other.db")
    assert "error" not in done.stdout + done.stderr
    other = sqlite3.connect(desk.folder / "other.db")
    assert other.execute("select native_id from comments").fetchall() == [("11",)]
    other.close()
    assert "0 differences" in desk.btl("verify", "--db", "other.db").stdout
    assert "0 differences" in desk.btl("verify").stdout


def test_a_short_text_leaves_every_page_of_its_thread_and_no_other(desk, site):
    site.post("quiet-day-on-the-pier", comments=[(11, 0, "Ada", SHORT + " All is quiet.")])
    desk.visit(site)
    site.posts[1].comments.append((4, 0, "Ruth", "And again on Tuesday, I must say."))
    desk.make_due()
    desk.visit(site)
    _erase(desk, "comment", _number(desk, "2"))
    held = [raw for name, raw in _everything(desk.folder) if name.endswith(".gz") and SHORT.encode() in raw]
    assert sum(raw.count(SHORT.encode()) for raw in held) == 2  # page and API of the other thread
    said = json.loads(desk.btl("verify", "--json").stdout)
    assert said["differences"] == []
    assert said["counts"]["captures"] == 4


def test_a_commenter_a_thread_and_an_article(desk, site):
    text = "Every day at noon the lighthouse keeper walks to the kiosk and buys a paper that he then does not read at all. "
    site.posts[1].text = text * 8
    site.post("quiet-day-on-the-pier", comments=[(11, 0, NAME, "All is quiet on the pier, and nobody complains.")])
    site.post("third-day-on-the-pier", comments=[(21, 0, "Ada", "A third day on the pier, and still no kiosk.")])
    desk.visit(site)
    (number,) = desk.query("select id from commenters where name = ?", NAME)[0]
    _erase(desk, "commenter", number)
    assert _holders(desk.folder, [TEXT, "All is quiet on the pier, and nobody complains.", NAME]) == set()
    (number,) = desk.query("select thread_id from comments where native_id = '21'")[0]
    _erase(desk, "thread", number)
    assert _holders(desk.folder, ["A third day on the pier, and still no kiosk."]) == set()
    (number,) = desk.query("select id from articles where url like '%ferry-timetable%'")[0]
    _erase(desk, "article", number)
    assert _holders(desk.folder, [text.strip(), OTHER]) == set()
    assert "0 differences" in desk.btl("verify").stdout


def test_documents_of_ones_own_are_named_and_not_changed(desk, site):
    desk.visit(site)
    with zipfile.ZipFile(desk.folder / "given.wacz", "w", zipfile.ZIP_STORED) as wacz:
        wacz.write(desk.warcs()[0], "archive/data.warc.gz")
        wacz.writestr("pages/pages.jsonl", json.dumps({"text": TEXT}))
    shutil.rmtree(desk.folder / "archive-warc")
    desk.path.unlink()
    desk.btl("replay", "given.wacz")
    own, texts = desk.folder / "own.jsonl", (HARBOUR.replace("Move inland then, both of you.", TEXT), HARBOUR)
    own.write_text("".join(json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate(texts)))
    desk.btl("import", own.name)
    (page,) = _pages(site)
    (desk.folder / "saved.html").write_bytes(page)
    desk.btl("replay", "saved.html", "--url", "https://gull.example/ferry/")
    kept = {name: (desk.folder / name).read_bytes() for name in ("own.jsonl", "saved.html", "given.wacz")}
    ids = [row[0] for row in desk.query("select id from comments where body = ? order by id", TEXT)]
    assert len(ids) > 1
    done = _erase(desk, "comment", ids[0], status=1)
    places = ("own.jsonl:0", "saved.html:0", "given.wacz!archive/data.warc.gz:", "given.wacz!pages/pages.jsonl")
    for place in (*places, f"comment {ids[-1]}:"):
        assert any(line.startswith(f"still holds it: {place}") for line in done["left"]), place
    assert not any("own.jsonl:" in line and "own.jsonl:0" not in line for line in done["left"])
    for number in ids[1:]:
        done = _erase(desk, "comment", number, status=1)
    assert not any("comment" in line for line in done["left"])
    assert {name: (desk.folder / name).read_bytes() for name in kept} == kept
    assert _holders(desk.folder, [TEXT], but=kept) == set()


def _pages(site):
    for url in site.urls():
        with urllib.request.urlopen(url) as answer:
            yield answer.read()


def test_other_peoples_warc_files_are_redacted_too(desk, site):
    desk.visit(site)
    given = desk.folder / "given.warc"
    given.write_bytes(gzip.decompress(desk.warcs()[0].read_bytes()))
    shutil.rmtree(desk.folder / "archive-warc")
    desk.path.unlink()
    desk.btl("replay", "given.warc")
    _erase(desk, "comment", _number(desk, "1"))
    assert [path.name for path in desk.folder.glob("given*")] == ["given.redacted-1.warc"]
    assert desk.query("select distinct warc_file from captures") == [("given.redacted-1.warc",)]
    assert _holders(desk.folder, [TEXT]) == set()
    assert "0 differences" in desk.btl("verify").stdout


def test_nothing_happens_unasked_or_while_it_is_crawled(desk, site):
    desk.visit(site)
    before = [raw for _, raw in _everything(desk.folder / "archive-warc")]
    number = _number(desk, "1")
    done = desk.btl("erase", "comment", number, "--reason", "court-order", status=1)
    assert "cannot be undone" in done.stderr
    assert "1 text of 1 comment, and 2 of" in done.stderr
    assert not _says(done.stdout + done.stderr)
    with crawl_lock(desk.path, "a test"):
        assert "is being crawled" in desk.btl("erase", "comment", number, "--reason", "law", "--yes", status=1).stderr
    desk.btl("erase", "comment", number, "--reason", "because", "--yes", status=2)
    desk.btl("erase", "comment", number, "--yes", status=2)
    assert "no comment 99" in desk.btl("erase", "comment", 99, "--reason", "law", "--yes", status=1).stderr
    assert [raw for _, raw in _everything(desk.folder / "archive-warc")] == before
    assert (TEXT,) in desk.query("select body from comments")


def test_bytes_that_come_back_differ(desk, site):
    desk.visit(site)
    old, kept = desk.warcs()[0], desk.warcs()[0].read_bytes()
    captures = desk.query("select warc_file, warc_offset, warc_length, id from captures")
    _erase(desk, "comment", _number(desk, "1"))
    assert desk.warcs() == [old.with_name(old.name.replace(".warc", ".redacted-1.warc"))]
    old.write_bytes(kept)
    for capture in captures:
        desk.change("update captures set warc_file = ?, warc_offset = ?, warc_length = ? where id = ?", *capture)
    assert "said to be redacted" in desk.btl("verify", status=1).stdout


def test_an_unchanged_page_does_not_bring_it_back(desk, site):
    site.validators = True
    desk.visit(site)
    _erase(desk, "comment", _number(desk, "1"))
    desk.make_due()
    assert desk.visit(site)["counts"].get("errors", 0) == 0
    assert _holders(desk.folder, [TEXT]) == set()
    assert "0 differences" in desk.btl("verify").stdout


def test_withheld_comments_are_counted_and_not_compared(desk, site):
    site.rest = False
    desk.visit(site)
    desk.btl("withhold", "comment", _number(desk, "1"), "--reason", "privacy")
    said = desk.btl("verify").stdout
    assert "1 comment withheld" in said
    assert "0 differences" in said
    assert not _says(said)
    desk.btl("restore", "comment", _number(desk, "1"))
    said = desk.btl("verify").stdout
    assert said.startswith("1 capture and 3 texts")
    assert "0 differences" in said


def test_a_changed_page_does_not_bring_it_back(desk, site):
    desk.visit(site)
    number = _number(desk, "1")
    _erase(desk, "comment", number)
    _erase(desk, "comment", _number(desk, "2"))
    site.posts[1].comments += [(4, 0, "Ruth", "And on Tuesday once more, to nobody's surprise at all.")]
    desk.make_due()
    desk.visit(site)
    with Archive(desk.path) as archive:
        redact_erased(archive, desk.query("select max(id) from runs where kind = 'crawl'")[0][0])
    assert _holders(desk.folder, [TEXT]) == set()
    assert not any(SHORT.encode() in raw for _, raw in _everything(desk.folder))
    assert desk.query("select body from comments where id = ?", number) == [("",)]
    assert desk.query("select count(*) from comments") == [(4,)]
    assert "0 differences" in desk.btl("verify").stdout
    desk.check_warcs()
