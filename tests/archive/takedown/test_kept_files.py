"""Erased texts leave the copies that an archive keeps of what was imported, and everything else in them stays proven."""

import json

import pytest
import zstandard

from archive.importers.keep import keep_content
from archive.importers.pool import import_files
from archive.store.archive import Archive
from archive.store.paths import kept_folder
from archive.takedown.erase import erase_planned, plan_erasure
from crawler.evidence.verify import verify_archive
from tests.documents import HARBOUR

SECRET = "The cashier of the kiosk is called Ottilie, says her neighbour."
OTHER = HARBOUR.replace("ferry", "boat")
HIT = HARBOUR.replace("Move inland then, both of you.", SECRET)


def record(kind, body):
    raw = body.encode()
    return f"WARC/1.0\r\nWARC-Type: {kind}\r\nContent-Length: {len(raw)}\r\n\r\n".encode() + raw + b"\r\n\r\n"


FILES = {
    "text": (HIT.encode(), 0),
    "an object": (json.dumps({"text": HIT}, indent=1).encode(), 0),
    "lines": (b"".join(json.dumps({"text": text}).encode() + b"\r\n" for text in (HIT, OTHER)), 1),
    "wet": (record("warcinfo", "a: b") + record("conversion", HIT) + record("conversion", OTHER), 1),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_document_is_blanked_and_the_others_stay_proven(archive, path, query, tmp_path, kind):
    content, others = FILES[kind]
    file = tmp_path / "given"
    file.write_bytes(content)
    progress = import_files(archive, [str(file)], keep=True, workers=0)
    assert not progress.errors
    file.unlink()
    assert verify_archive(archive).differences == []
    number = query("select id from comments where body = ?", SECRET)[0][0]
    plan = plan_erasure(archive, "comment", number, "law")
    erase_planned(archive, plan, None)
    assert (plan.left, plan.unsearched, plan.redactions) == ([], [], 1)
    (kept,) = kept_folder(path).iterdir()
    raw = zstandard.ZstdDecompressor().stream_reader(kept.read_bytes()).read()
    assert SECRET.encode() not in raw
    assert len(raw) == len(content)
    result = verify_archive(archive)
    assert result.differences == []
    assert (result.counts["present"], result.counts["redacted"]) == (others, 1)
    assert plan_erasure(archive, "comment", number, "law").redactions == 0


def test_what_killed_imports_left_is_removed(tmp_path):
    folder = tmp_path / "archive-kept"
    folder.mkdir()
    (folder / "99999.part").write_bytes(b"half of a text")
    with (tmp_path / "given").open("wb+") as content:
        content.write(b"words")
        content.seek(0)
        kept = keep_content(folder, content, "../a b/c.txt")
    assert [file.name for file in folder.iterdir()] == [kept.name]
    assert kept.name.endswith("-a-b-c.txt.zst")
    assert kept.parent == folder


def test_content_that_cannot_be_read_leaves_nothing(tmp_path):
    class Broken:
        def read(self, size):
            raise EOFError

    with pytest.raises(EOFError):
        keep_content(tmp_path / "archive-kept", Broken(), "x")
    assert list((tmp_path / "archive-kept").iterdir()) == []
    with Archive(tmp_path / "archive.db") as archive:
        assert verify_archive(archive).differences == []
