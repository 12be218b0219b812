"""Trees of pages that nest deeper than libxml2 goes, or have more attributes than it can bear."""

from archive.text.html_tree import DEEPEST, MOST_ATTRIBUTES, parse_document


def test_every_text_of_a_deep_page_is_kept_in_order() -> None:
    levels = DEEPEST + 2_000
    tree = parse_document("<html><body>" + "".join(f"<div>{i} " for i in range(levels)) + "</div>last")
    assert tree.text_content().split()[:levels] == [str(i) for i in range(levels)]
    assert "last" in tree.text_content()


def test_text_stands_behind_the_element_that_it_follows() -> None:
    tree = parse_document("<div>" * 2_100 + "a<b>b</b>c<br>d</div>e")
    assert tree.text_content() == "abcde"
    assert [element.tail for element in tree.iter("b", "br")] == ["c", "d"]


def test_an_element_with_too_many_attributes_keeps_the_first_and_its_text() -> None:
    attributes = " ".join(f'a{i}="{i} / > x"' for i in range(3 * MOST_ATTRIBUTES)).replace(">", "")
    tree = parse_document(f"<html><body><p id=first {attributes}>Text<i>more</i></p></body></html>")
    (paragraph,) = tree.iter("p")
    assert (paragraph.get("id"), paragraph.text, len(paragraph.attrib)) == ("first", "Text", MOST_ATTRIBUTES)


def test_a_long_attribute_is_left_whole() -> None:
    value = "a/b c " * 20_000
    tree = parse_document(f'<html><body><img alt="x" data-json="{value}"></body></html>')
    (picture,) = tree.iter("img")
    assert (picture.get("alt"), picture.get("data-json")) == ("x", value)


def test_a_page_of_comments_alone_is_empty() -> None:
    assert parse_document("<!-- <p>Later</p> -->").text_content() == ""
