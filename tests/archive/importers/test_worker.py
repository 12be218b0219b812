"""A chunk of documents is read at once, and each of them has its own errors."""

from archive.flags import detect
from archive.importers.base import BadDocument
from archive.importers.documents import Document
from archive.importers.worker import parse_documents

TEXT = "Ferry timetable\n\nThe ferry leaves at nine.\n\n  • anna\n\n    {}\n\n  • ben\n\n    Write to kim@harbour.example\n"
READER = "archive.importers.plain_text.importer"


def item(body, name="a.txt"):
    return READER, Document(TEXT.format(body).encode(), name)


def flags_of(thread):
    return [[flag.code for flag in comment.flags] for comment in thread.comments]


def test_documents_have_the_flags_that_each_has_alone():
    items = [item("See you there."), (READER, Document(b'{"a": 1}', "b.jsonl", 0, 1)), item("At nine.")]
    results = parse_documents(items)
    alone = [result for one in items for result in parse_documents([one])]
    assert isinstance(results[1], BadDocument)
    assert alone[::2] == results[::2]
    assert [flags_of(thread) for thread in results[::2]] == [[[], ["content.pii"]]] * 2


def test_where_rules_fail_on_one_document_the_others_are_read(monkeypatch):
    def fail(texts):
        texts = list(texts)
        if any("At nine." in text for text, _ in texts):
            raise ZeroDivisionError
        return find_all_matches(texts)

    find_all_matches = detect.find_all_matches
    monkeypatch.setattr(detect, "find_all_matches", fail)
    first, second, third = parse_documents([item("See you there."), item("At nine.", "b.txt"), item("Good.")])
    assert isinstance(second, BadDocument)
    assert "ZeroDivisionError" in str(second.reason)
    assert flags_of(first) == flags_of(third) == [[], ["content.pii"]]
