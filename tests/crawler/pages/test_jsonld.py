"""JSON-LD is read with the faults that pages have."""

import pytest

from crawler.pages import jsonld
from crawler.pages.page import BadPage, Page


def objects(*blocks):
    scripts = "".join(f'<script type="application/ld+json">{block}</script>' for block in blocks)
    return jsonld.load_objects(Page("https://courier.example/ferry", f"<html><head>{scripts}</head></html>".encode()))


@pytest.mark.parametrize(
    "block",
    ['{"@type": "Article",}', '<!-- {"@type": "Article"} -->', '// <![CDATA[\n{"@type": "Article"}\n// ]]>'],
    ids=["trailing comma", "HTML comment", "CDATA"],
)
def test_common_faults_are_repaired(block):
    assert objects(block) == [{"@type": "Article"}]


def test_what_stays_broken_is_skipped():
    assert objects("{never closed", '[{"@type": "Comment"}]') == [{"@type": "Comment"}]


def test_a_graph_is_flattened_and_types_lose_their_prefix():
    found = objects('{"@graph": [{"@type": "https://schema.org/Article"}, {"@type": ["schema:Comment"]}]}')
    assert [jsonld.type_names(item) for item in found[1:]] == [{"Article"}, {"Comment"}]
    assert jsonld.select(found, "Comment") == found[2:]


def test_halves_of_characters_are_replaced():
    assert objects(r'{"@type": "Comment", "text": "cut \ud83d"}')[0]["text"] == "cut \ufffd"


def test_the_first_text_of_a_value():
    assert jsonld.first_text([{"name": " Ann  Orr "}, "Joe"]) == "Ann Orr"
    assert jsonld.first_text({"@id": "x"}) is None


def test_comments_in_a_block_that_is_too_large_are_not_passed_over(monkeypatch):
    monkeypatch.setattr(jsonld, "LARGEST_BLOCK", 100)
    large = '{"@type": "%s", "text": "' + "x" * 200 + '"}'
    assert objects(large % "Product") == []
    with pytest.raises(BadPage, match="comments in JSON-LD"):
        objects(large % "Comment")
