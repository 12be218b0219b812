"""Erased texts leave the copies that an archive keeps of what was imported, and everything else in them stays proven."""

import json

import pytest
import zstandard

from archive.cli.import_ import import_paths, summarise
from archive.importers.base import Options
from archive.importers.kept_copies import keep_content
from archive.importers.run import ImportProgress, import_files
from archive.store.archive import Archive
from archive.store.paths import kept_folder
from archive.takedown.erase import erase_planned, plan_erasure
from archive.takedown.kept_files import ROWS_STAY
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


PAGE = "<html>\n" + HIT  # no importer recognises it
TABLE = f'id,thread,words,user\n1,1,The ferry was late again.,reader 1\n2,1,"{SECRET}",reader 2\n'


def test_what_was_imported_as_a_stated_format_is_read_so_again(archive, path, query, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(PAGE)
    assert not import_files(archive, [str(file)], keep=True, workers=0, options=Options(format="text")).errors
    file.unlink()
    result = verify_archive(archive)
    assert (result.differences, result.counts["present"]) == ([], 1)
    number = query("select id from comments where body = ?", SECRET)[0][0]
    (kept,) = kept_folder(path).iterdir()
    note = json.loads(query("select settings from runs")[0][0])
    assert note["format"] == "text"
    # An older archive did not note the format: the copy cannot be searched, and is named.
    with archive.transaction() as connection:
        connection.exec_driver_sql("update runs set settings = json_remove(settings, '$.format')")
    plan = plan_erasure(archive, "comment", number, "law")
    assert [problem.location for problem in plan.unsearched] == [str(kept)]
    with archive.transaction() as connection:
        connection.exec_driver_sql("update runs set settings = json_set(settings, '$.format', 'text')")
    erase_planned(archive, plan_erasure(archive, "comment", number, "law"), None)
    (kept,) = kept_folder(path).iterdir()
    assert SECRET.encode() not in zstandard.ZstdDecompressor().stream_reader(kept.read_bytes()).read()
    assert verify_archive(archive).differences == []


def test_a_kept_table_that_brings_an_erased_text_back_is_named(archive, path, query, tmp_path):
    file = tmp_path / "comments.csv"
    file.write_text(TABLE)
    options = Options(format="table", roles={"body": "words"})
    import_files(archive, [str(file)], keep=True, workers=0, options=options)
    number = query("select id from comments where body = ?", SECRET)[0][0]
    plan = plan_erasure(archive, "comment", number, "law")
    (kept,) = kept_folder(path).iterdir()
    assert [(problem.location, problem.reason) for problem in plan.unsearched] == [(str(kept), ROWS_STAY)]
    erase_planned(archive, plan, None)
    kept.unlink()
    file.write_text(TABLE + "3,1,The quay was swept at noon.,reader 3\n")
    progress, left = import_paths(archive, [str(file)], 0, options, keep=True, quiet=True)
    (kept,) = kept_folder(path).iterdir()
    assert (progress.errors, [problem.location for problem in left]) == ([], [str(kept)])
    assert left[0].reason == ROWS_STAY
    with pytest.raises(SystemExit) as stopped:
        summarise(progress, left, path, as_json=True)
    assert stopped.value.code == 1


def test_an_import_that_is_stopped_leaves_no_copy_that_nothing_names(archive, path, tmp_path):
    files = [tmp_path / name for name in ("a.txt", "b.txt")]
    for file, text in zip(files, (HARBOUR, OTHER), strict=True):
        file.write_text(text)
    import_files(archive, [str(files[0])], workers=0)

    def stop(_):
        raise KeyboardInterrupt

    progress = ImportProgress()
    with pytest.raises(KeyboardInterrupt):
        import_files(archive, [str(file) for file in files], keep=True, workers=0, report=stop, progress=progress)
    assert list(kept_folder(path).iterdir()) == progress.kept == []
