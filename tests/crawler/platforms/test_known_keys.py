"""What a service's responses are known to hold: nothing is unknown of the fakes, and each change is named."""

import json
from importlib.resources import files
from typing import Any

import pytest

from crawler.pages.key_log import KeyLog
from crawler.platforms.known_keys import (
    KeyChanges,
    compare_keys,
    load_known_keys,
    load_unread_keys,
    read_with_keys,
)
from tests.servers import hosted
from tests.servers.services import Services

URL = "https://services.example"
READ_AND_BESIDE = json.loads((files("crawler.platforms") / "known_keys.json").read_text("utf-8"))


def changes(name: str, amend=lambda value: value) -> KeyChanges:
    services = Services(URL, amend=amend)
    threads, logs = read_with_keys(services.page(name), services.fetch)
    assert [thread.platform for thread in threads] == [name]
    return compare_keys(load_known_keys()[name], logs[name])


def replaced(value: Any, key: str, new: Any) -> Any:
    """A value whose objects have another value under a key, or none where it is `...`."""
    if isinstance(value, dict):
        pairs = ((name, new if name == key else replaced(inner, key, new)) for name, inner in value.items())
        return {name: inner for name, inner in pairs if inner is not ...}
    return [replaced(item, key, new) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", hosted.SERVICES)
def test_all_that_the_services_of_the_tests_answer_is_known(name):
    assert changes(name) == KeyChanges()


@pytest.mark.parametrize(
    ("name", "key", "new", "expected"),
    [
        ("viafoura", "total_likes", ..., KeyChanges(missing=("contents[].total_likes",))),
        ("viafoura", "date_created", "2026", KeyChanges(other_type=(("contents[].date_created", "number", "text"),))),
        ("viafoura", "content", {"parts": []}, KeyChanges(
            new=("contents[].content.parts",), other_type=(("contents[].content", "text", "object"),)
        )),
        ("viafoura", "metadata", {"origin_url": "u", "mood": {"score": 1}}, KeyChanges(new=("contents[].metadata.mood",))),
        ("viafoura", "metadata", ..., KeyChanges()),  # nobody reads it
        ("viafoura", "is_picked", None, KeyChanges(missing=("contents[].is_picked",))),
        ("waline", "nick", ..., KeyChanges(missing=("data[].nick",))),
        ("comentario", "score", "3", KeyChanges(other_type=(("comments[].score", "number", "text"),))),
        ("artalk", "comments", [], KeyChanges()),  # an empty thread
    ],
)  # fmt: skip
def test_a_key_that_is_new_missing_or_of_another_type_is_named(name, key, new, expected):
    assert changes(name, lambda value: replaced(value, key, new)) == expected


def test_replies_have_the_keys_of_comments_and_ids_are_no_keys():
    log = KeyLog()
    reply = {"id": 2, "replies": [{"id": 3, "mood": "x"}]}
    value = log.record({"comments": [{"id": 1, "replies": [reply]}], "commentCounts": {"/a": 1, "/b": 2}})
    assert set(log.uses) == {
        "comments", "comments[].id", "comments[].replies", "comments[].mood", "commentCounts", "commentCounts.*",
    }  # fmt: skip
    assert value["comments"][0].get("id") == 1
    assert (log.uses["comments[].id"].lookups, log.uses["comments[].mood"].lookups) == (1, 0)


def test_the_keys_that_nobody_reads_are_none_that_are_read():
    for platform, objects in load_unread_keys().items():
        known = READ_AND_BESIDE[platform]["read"] | READ_AND_BESIDE[platform]["unread"]
        own = {f"{path}.{name}" if path else name for path, names in objects.items() for name in names}
        assert not own & known.keys(), platform
        assert all(path.removesuffix("[]") in {"", *known, *own} for path in objects if not path.endswith(".*")), (
            platform
        )
