"""A WARC file with the pages of all cases of platforms, as crawls would have captured them one after another."""

import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

from archive.text.formatting import format_time
from crawler.warc.writer import Exchange, WarcFile

PAGES = Path(__file__).parent / "pages"
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def write_cases(path: Path) -> int:
    """Write the file, and return how many visits it has."""
    cases = sorted(PAGES.glob("*/*/pages.json"))
    file = WarcFile(path, {})
    for number, case in enumerate(cases):
        at = format_time(START + timedelta(hours=number))
        for entry in json.loads(case.read_text("utf-8")):
            if "file" in entry:
                file.write(_exchange(entry, (case.parent / entry["file"]).read_bytes(), at))
    file.close()
    return len(cases)


def _exchange(entry: dict, body: bytes, at: str) -> Exchange:
    status = HTTPStatus(entry.get("status") or 200)
    headers = [(name.encode(), value.encode()) for name, value in entry.get("headers", {}).items()]
    sent = entry["body"].encode() if "body" in entry else b""
    method = "POST" if sent else "GET"
    return Exchange(entry["url"], method, [], sent, status, status.phrase, headers, body, at)
