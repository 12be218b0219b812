"""What `btl` prints: help, summaries for people and as JSON, errors."""

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

from tests.golden import canonical
from tests.golden.site import Kept, masked
from tests.golden.workshop import Workshop, newspaper

TOWN = {
    "tide.txt": "The tide is late\n\nThe tide was late on Monday.\n\n  • Orla\n\n    It was not.\n\n    • Barnaby\n\n"
    "      You clown, it was, and my e-mail is barnaby@example.org.\n",
    "kiosk.jsonl": '{"url": "https://town.example/kiosk", "title": "The kiosk", "date": "2026-03-01T06:00:00Z", "text": '
    '"The kiosk\\n\\nIt opens at nine.\\n\\n  • Finn\\n\\n    At ten.\\n\\n    • Anna\\n\\n      At nine, Finn."}\n'
    '{"broken": true}\n',
}
TEXTS = """Throw them off the pier

They are vermin and I will drown them.

Nobody said "you idiot", and he is no idiot.

Write to anna@example.org or call 07700 900123.

Du Idiot, geh nach Hause!

A mild day at the harbour."""
FLAGS = """select code, rule, coalesce('comment ' || comment_id, 'thread ' || thread_id, 'article ' || article_id),
  revision, status, severity, target, case when withdrawn_at is not null then 'withdrawn' end,
  (select group_concat("start" || '-' || "end" || ' ' || exact, ' | ') from
    (select * from flag_spans where flag_id = flags.id order by "start"))
from flags order by comment_id, thread_id, article_id, code, rule, revision, id"""
COMMENTS = """select comments.id, thread_id, parent_id, position, depth, comments.native_id, identity, name, posted_at,
  posted_at_text, posted_precision, state, body, codes
from comments left join commenters on commenters.id = commenter_id order by comments.id"""
LEDGER = """select comments.id, state, length(body), commenter_id, codes from comments
where thread_id in (1, 5, 22) order by comments.id"""
NEEDLESS = re.compile(r"^(?:searching |waiting: | *[\d.]+ s  ).*\n", re.MULTILINE)


def cli(shop: Workshop) -> Kept:
    """All commands, each on a copy that it may change."""
    yield from _help(shop)
    yield from _reading(shop)
    yield from _flagging(shop)
    yield from _withholding(shop)
    yield from _importing(shop)
    yield from _crawling(shop)
    yield from _publishing(shop)
    yield from _mistakes(shop)


def _said(shop: Workshop, *arguments: str) -> str:
    """A command, its status, and what it printed where; JSON as it is everywhere."""
    done = shop.btl(*arguments)
    parts = [f"$ btl {' '.join(arguments)}", f"status {done.returncode}"]
    for name, text in (("stdout", done.stdout), ("stderr", NEEDLESS.sub("", done.stderr))):
        if text.strip():
            parts += [f"-- {name}", text.rstrip("\n")]
    return shop.normal("\n".join(parts) + "\n")


def _rows(shop: Workshop, db: str, sql: str) -> str:
    with closing(sqlite3.connect(shop.folder / db)) as connection:
        return shop.normal("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in connection.execute(sql)))


def _help(shop: Workshop, above: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """The help of a command and of those below it."""
    text = shop.must(*above, "--help")
    yield f"help/{'_'.join(('btl', *above))}.txt", shop.normal(text)
    _, _, listed = text.partition("\n  -h, --help")
    for name in re.findall(r"(?m)^  ([a-z][a-z-]*)  ", listed):
        yield from _help(shop, (*above, name))


def _reading(shop: Workshop) -> Kept:
    db = ("--db", shop.copy("reading.db"))
    yield "stats.txt", _said(shop, "stats", *db)
    yield "stats_json.txt", _said(shop, "stats", *db, "--json")
    yield "withhold_list_json.txt", _said(shop, "withhold", "--list", *db, "--json")
    yield "review_agreement_json.txt", _said(shop, "review", "agreement", *db, "--json")
    yield "review_export.txt", _said(shop, "review", "export", *db)
    yield "review_export_sample.txt", _said(shop, "review", "export", *db, "--all", "--sample", "4", "--seed", "7")
    yield "verify_json.txt", _said(shop, "verify", *db, "--json")
    yield "export_json.txt", _said(shop, "export", *db, "-o", "reading.csv", "--flag", "content.*", "--json")
    yield "schedule.txt", _said(shop, "schedule", *db, "--contact", "desk@example.org").replace(shop.program, "BTL")
    yield "backup.txt", re.sub(r"[\d,]+ bytes", "N bytes", _said(shop, "backup", "copy.db", *db))


def _flagging(shop: Workshop) -> Kept:
    db = ("--db", shop.copy("flagging.db"))
    yield "flag_explain.txt", _said(shop, "flag", "--explain", TEXTS, "--parent", "You clown.", "--title", "The pier")
    yield "flag_json.txt", _said(shop, "flag", *db, "--workers", "0", "--json")
    yield "flag_flags.txt", _rows(shop, "flagging.db", FLAGS)
    sheet = shop.must("review", "export", *db, "--code", "content.insult").replace(",,,,", ",oskar,dismissed,,seen", 1)
    (shop.folder / "sheet.csv").write_text(sheet, "utf-8", newline="")
    yield "review_import.txt", _said(shop, "review", "import", "sheet.csv", *db)


def _withholding(shop: Workshop) -> Kept:
    name = shop.copy("withholding.db")
    db = ("--db", name)
    requests = (
        "subject,id,url,reason,note\ncomment,2,,privacy,asked\nthread,999,,law,\ncommenter,3,,safety,\ncomment,4,,x,\n"
    )
    (shop.folder / "requests.csv").write_text(requests)
    yield "withhold_json.txt", _said(shop, "withhold", "comment", "25", "--reason", "privacy", *db, "--json")
    yield "withhold_from_json.txt", _said(shop, "withhold", "--from", "requests.csv", *db, "--json")
    yield "withhold_thread.txt", _said(shop, "withhold", "thread", "2", "--reason", "copyright", "--note", "a", *db)
    yield "restore_json.txt", _said(shop, "restore", "comment", "25", *db, "--json")
    yield "restore_article.txt", _said(shop, "restore", "article", "19", *db)
    yield "erase_json.txt", _said(shop, "erase", "comment", "434", "--reason", "privacy", "--yes", *db, "--json")
    yield "restore_erased.txt", _said(shop, "restore", "comment", "434", *db)
    yield "withhold_after.txt", _rows(shop, name, LEDGER) + _said(shop, "withhold", "--list", *db)


def _importing(shop: Workshop) -> Kept:
    (shop.folder / "town").mkdir()
    for name, text in TOWN.items():
        (shop.folder / "town" / name).write_text(text)
    db = ("--db", "town.db")
    yield "import_json.txt", _said(shop, "import", "town", *db, "--workers", "0", "--json")
    (shop.folder / "town" / "tide.txt").write_text(TOWN["tide.txt"].replace("It was not.", "It was not, I say."))
    yield "import_changed.txt", _said(shop, "import", "town/tide.txt", *db, "--workers", "0")
    yield "import_comments.txt", _rows(shop, "town.db", COMMENTS)
    yield "demo_json.txt", _said(shop, "demo", "--no-serve", "--db", "demo.db", "--json")
    yield "demo_stats_json.txt", _said(shop, "stats", "--db", "demo.db", "--json")
    yield "demo_comments.txt", _rows(shop, "demo.db", COMMENTS)
    yield "demo_flags.txt", _rows(shop, "demo.db", FLAGS)


def _crawling(shop: Workshop) -> Kept:
    with newspaper() as host:
        url = f"http://{host}/2026/ferry/"
        hosts = ("--allow-host", host)
        yield "crawl_json.txt", _said(shop, "crawl", url, *hosts, "--db", "crawl.db", "--json")
    yield "crawl_comments.txt", _rows(shop, "crawl.db", COMMENTS)
    yield "crawl_verify_json.txt", _said(shop, "verify", "--db", "crawl.db", "--json")
    warcs = sorted(str(path.relative_to(shop.folder)) for path in (shop.folder / "crawl-warc").glob("*.warc.gz"))
    yield "replay_json.txt", _warc_names(_said(shop, "replay", *warcs, "--db", "replay.db", "--json"))
    yield "replay_comments.txt", _rows(shop, "replay.db", COMMENTS)
    number = ("comment", "1", "--reason", "court-order", "--yes")
    yield "crawl_erase.txt", _warc_names(_said(shop, "erase", *number, "--db", "crawl.db"))
    yield "crawl_erased_verify.txt", _said(shop, "verify", "--db", "crawl.db")


def _warc_names(text: str) -> str:
    return re.sub(r"[\w.-]+\.warc\.gz", "WARC", text)


def _publishing(shop: Workshop) -> Kept:
    db = ("--db", shop.copy("publishing.db"), "--policy", "open.toml")
    yield "publish_json.txt", _sizes(_said(shop, "publish", "out/archive.db", *db, "--json"))
    yield "publish_unchanged.txt", _said(shop, "publish", "out/archive.db", *db)
    shop.must("withhold", "comment", "2", "--reason", "privacy", *db[:2])
    yield "publish_again.txt", _sizes(_said(shop, "publish", "out/archive.db", *db))
    for number in ("0001", "0002"):
        yield f"verify_release_{number}.txt", _said(shop, "verify", f"out/archive.releases/{number}", "--json")
    shop.must("backup", "spoilt.db", *db[:2])
    (shop.folder / "out/archive.releases/0002/codebook.md").write_text("spoilt")
    yield "verify_spoilt.txt", masked(_said(shop, "verify", "out/archive.releases/0002"))
    yield (
        "export_public_json.txt",
        _said(shop, "export", "--db", "out/archive.db", "-o", "public.jsonl", "--where", "thread_id = 5", "--json"),
    )
    yield "export_public.txt", canonical.as_json((shop.folder / "public.jsonl").read_text("utf-8")) + "\n"


def _sizes(text: str) -> str:
    text = re.sub(r'("seconds": )[\d.]+', r"\1N", text)
    return re.sub(r'("(?:archive\.db|dumps/[^"]+|[\w.]+\.(?:md|json))": )\d+', r"\1BYTES", text)


def _mistakes(shop: Workshop) -> Kept:
    kept = shop.copy("mistakes.db")
    (shop.folder / "notes.txt").write_text("no archive")
    (shop.folder / "bad.toml").write_text('[commenters]\nnames = "guessed"\n')
    asked = [
        ("nonsense",),
        ("stats", "--db", "missing.db"),
        ("stats", "--db", "notes.txt"),
        ("import", "missing/"),
        ("serve", "missing.db", "--public"),
        ("serve", kept, "--public"),
        ("export", "--db", kept, "-f", "convokit"),
        ("export", "--db", kept, "--sql", "select * from settings", "-f", "csv"),
        ("export", "--db", kept, "--json"),
        ("publish", "out.db", "--db", kept, "--policy", "bad.toml"),
        ("review", "export", "--db", kept, "--code", "no.code"),
        ("flag", "--db", kept, "--detector", "nobody"),
    ]
    yield "mistakes.txt", "\n".join(_said(shop, *arguments) for arguments in asked)
