"""Every case in tests/pages, one test a field: a red run says which field of which case broke."""

import json
from functools import cache
from pathlib import Path

import pytest

from crawler.cases import case_files
from crawler.platforms import FALLBACKS, PLATFORMS, driver
from crawler.platforms.base import platform_name

PAGES = Path(__file__).parents[2] / "pages"
CASES = sorted(path.parent for path in PAGES.glob("*/*/expected.json"))
THREAD_FIELDS = ["platform", "native_id", "url", "stated_count", "completeness", "closed", "flags", "pages"]
COMMENT_FIELDS = [
    "native_id", "parent", "parent_native_id", "parent_source", "author", "posted", "body", "state", "likes", "dislikes",
    "url", "flags", "page",
]  # fmt: skip


@cache
def read(case: Path) -> tuple[dict, dict]:
    page, fetch = case_files.load_case(case)
    found = case_files.describe_threads(driver.run(driver.visit(page), fetch))
    return json.loads(json.dumps(found)), json.loads((case / "expected.json").read_text())


def name(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


@pytest.mark.parametrize("case", CASES, ids=name)
def test_article(case: Path) -> None:
    found, expected = read(case)
    assert found["article"] == expected["article"]


@pytest.mark.parametrize("field", THREAD_FIELDS)
@pytest.mark.parametrize("case", CASES, ids=name)
def test_thread(case: Path, field: str) -> None:
    found, expected = read(case)
    assert [t[field] for t in found["threads"]] == [t[field] for t in expected["threads"]]


@pytest.mark.parametrize("field", COMMENT_FIELDS)
@pytest.mark.parametrize("case", CASES, ids=name)
def test_comments(case: Path, field: str) -> None:
    found, expected = read(case)
    assert [[c.get(field) for c in t["comments"]] for t in found["threads"]] == [
        [c.get(field) for c in t["comments"]] for t in expected["threads"]
    ]


@pytest.mark.parametrize("platform", [platform_name(platform) for platform in (*PLATFORMS, *FALLBACKS)])
def test_every_platform_has_a_case(platform: str) -> None:
    assert [case for case in CASES if case.parent.name == platform], (
        f"tests/pages/{platform}/ has no case: `btl record URL --case NAME` makes one"
    )
