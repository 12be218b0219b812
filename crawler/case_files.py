"""A case: a directory with the pages of one visit and, in `expected.json`, the threads that they hold.

`pages.json` lists them, the article's page first: {"url", "file", "headers"}, and for what failed {"url", "reason",
"status"} without a file; "body" is what was POSTed.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from archive.thread import Thread
from crawler.pages.page import Fetch, FetchFailed, Page

SUFFIXES = {"application/json": "json", "application/rss+xml": "xml", "application/atom+xml": "xml", "text/xml": "xml"}
FETCHED_AT = "2026-01-02T03:04:05Z"
Fetcher = Callable[[Fetch], Page]


def load(folder: Path) -> tuple[Page, Fetcher]:
    """The article's page of a case, and what answers requests from its other pages."""
    entries = json.loads((folder / "pages.json").read_text())
    by_request = {(entry["url"], entry.get("body")): entry for entry in entries}

    def fetch(wanted: Fetch) -> Page:
        entry = by_request.get((wanted.url, wanted.body.decode() if wanted.body else None))
        if entry is None:
            raise FetchFailed(wanted.url, "not in this case")
        if "file" not in entry:
            raise FetchFailed(wanted.url, entry["reason"], entry.get("status"))
        return _page(folder, entry)

    return _page(folder, entries[0]), fetch


def _page(folder: Path, entry: dict[str, Any]) -> Page:
    body = (folder / entry["file"]).read_bytes()
    return Page(entry["url"], body, entry.get("headers", {}), entry.get("fetched_at", FETCHED_AT))


def describe(threads: Sequence[Thread]) -> dict[str, Any]:
    """The threads of one visit as JSON values, without what is only true of where the bytes lie."""
    return {"article": _without_empty(asdict(threads[0].article)), "threads": [_thread(thread) for thread in threads]}


def _thread(thread: Thread) -> dict[str, Any]:
    values = asdict(thread)
    for name in ("article", "capture", "furniture"):
        del values[name]
    values["pages"] = [capture.url for capture in thread.pages]
    values["comments"] = [_without_empty(comment) for comment in values["comments"]]
    return values


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_empty(value) if isinstance(value, dict) else value
        for name, value in values.items()
        if value not in (None, (), [])
    }


def write(folder: Path, visited: Sequence[tuple[Fetch, Page | FetchFailed]], threads: Sequence[Thread]) -> None:
    """Makes the directory of a case; `expected.json` is a draft, to be read and corrected by a person."""
    folder.mkdir(parents=True)
    entries = []
    for number, (fetch, answer) in enumerate(visited):
        entry: dict[str, Any] = {"url": fetch.url}
        if fetch.body:
            entry["body"] = fetch.body.decode()
        if isinstance(answer, FetchFailed):
            entry |= {"reason": answer.reason, "status": answer.status}
        else:
            entry["file"] = f"{number:02}.{SUFFIXES.get(answer.media_type, 'html')}"
            entry["headers"] = {"content-type": answer.headers.get("content-type", "")}
            (folder / entry["file"]).write_bytes(answer.body)
        entries.append(entry)
    (folder / "pages.json").write_text(_dumped(entries))
    (folder / "expected.json").write_text(_dumped(describe(threads)))


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
