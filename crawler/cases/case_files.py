"""Test cases of platforms: a folder with the pages of one visit and, in `expected.json`, their threads.

`pages.json` lists the pages, the article's first: {"url", "file", "headers"}, or {"url", "reason", "status"} for one
that could not be fetched, with a "file" where that came with a response; "body" is what was POSTed.
"hints", on the first page, are what an outlets file says of the outlet's comments.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from archive.thread import Thread
from crawler.pages.page import CommentHints, Fetch, FetchFailed, Page

SUFFIXES = {"application/json": "json", "application/rss+xml": "xml", "application/atom+xml": "xml", "text/xml": "xml"}
FETCHED_AT = "2026-01-02T03:04:05Z"


def load_case(folder: Path) -> tuple[Page, Callable[[Fetch], Page]]:
    """Return the article's page of a case, and a function that fetches its other pages."""
    entries = json.loads((folder / "pages.json").read_text())
    by_request = {(entry["url"], entry.get("body")): entry for entry in entries}

    def read_page(entry: dict[str, Any]) -> Page:
        body = (folder / entry["file"]).read_bytes()
        hints = CommentHints(**entry["hints"]) if "hints" in entry else None
        return Page(entry["url"], body, entry.get("headers", {}), entry.get("fetched_at", FETCHED_AT), hints=hints)

    def fetch(request: Fetch) -> Page:
        entry = by_request.get((request.url, request.body.decode() if request.body else None))
        if entry is None:
            raise FetchFailed(request.url, "not in this case")
        if "reason" in entry:
            page = read_page(entry) if "file" in entry else None
            raise FetchFailed(request.url, entry["reason"], entry.get("status"), page)
        return read_page(entry)

    return read_page(entries[0]), fetch


def describe_threads(threads: Sequence[Thread]) -> dict[str, Any]:
    """Return the threads of one visit as JSON values, without what depends on where the bytes are stored."""
    article = _drop_empty(asdict(threads[0].article, dict_factory=_values))
    del article["fills_in"]  # pages are what readers saw
    return {"article": article, "threads": [_describe_thread(t) for t in threads]}


def _describe_thread(thread: Thread) -> dict[str, Any]:
    values = asdict(thread, dict_factory=_values)
    for name in ("article", "capture", "furniture"):
        del values[name]
    values["pages"] = [capture.url for capture in thread.pages]
    values["comments"] = [_drop_empty(comment) for comment in values["comments"]]
    return values


def _values(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object as a dictionary: what a flag says of datasets, no page does."""
    return {name: value for name, value in pairs if name != "dataset" or value is not None}


def _drop_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _drop_empty(value) if isinstance(value, dict) else value
        for name, value in values.items()
        if value not in (None, (), [])
    }


def write_case(folder: Path, exchanges: Sequence[tuple[Fetch, Page | FetchFailed]], threads: Sequence[Thread]) -> None:
    """Write the folder of a case; `expected.json` is a draft, to be read and corrected by a person."""
    folder.mkdir(parents=True)
    entries = []
    for number, (request, response) in enumerate(exchanges):
        entry: dict[str, Any] = {"url": request.url}
        if request.body:
            entry["body"] = request.body.decode()
        page = response.page if isinstance(response, FetchFailed) else response
        if isinstance(response, FetchFailed):
            entry |= {"reason": response.reason, "status": response.status}
        if page is not None:
            entry["file"] = f"{number:02}.{SUFFIXES.get(page.media_type, 'html')}"
            entry["headers"] = {"content-type": page.headers.get("content-type", "")}
            (folder / entry["file"]).write_bytes(page.body)
            if page.hints is not None:
                entry["hints"] = {key: value for key, value in asdict(page.hints).items() if value is not None}
        entries.append(entry)
    _write_json(folder / "pages.json", entries)
    _write_json(folder / "expected.json", describe_threads(threads))


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")
