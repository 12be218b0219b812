"""The parser of the seed's text format: whole trees, nothing lost, nothing invented, and no input that hurts it."""

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.importers.plain_text.dialect import ANSWERS
from archive.importers.plain_text.importer import Reading, is_plain_text, read_text
from archive.thread import Article, Capture, Comment, Thread
from tests.waiting import no_hang

SEED = Path(__file__).parents[4] / ".." / "shared" / "seed" / "000_c277c43afcdd4e98.txt"

ARTICLE = """Swimming pool reopens in May

The town's open-air pool opens again on the first of May after two years of repairs, the council said on Monday.

Season tickets go on sale next week at the town hall, and swimmers are asked to bring their own towels this year.
"""


def tree(reading: Reading) -> list[tuple[int | None, str | None, str]]:
    return [(c.parent, c.author.name if c.author else None, c.body) for c in reading.comments]


def with_article(comments: str) -> Reading:
    return read_text(ARTICLE + "\n" + comments)


def codes(comment: Comment) -> list[tuple[str, str]]:
    return [(flag.code, flag.rule) for flag in comment.flags]


def as_thread(reading: Reading) -> Thread:
    capture = Capture(sha256="0" * 64)
    return Thread(Article(reading.title, "\n\n".join(reading.paragraphs)), reading.comments, "text", capture)


# The seed document


@pytest.fixture(scope="module")
def seed() -> Reading:
    if not SEED.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("the seed document is not beside the repository")
        pytest.skip("the seed document is not beside the repository")
    return read_text(SEED.read_text(encoding="utf-8"))


def test_seed_tree(seed: Reading) -> None:
    names = [c.author.name if c.author else None for c in seed.comments]
    assert names == [
        None,
        None,
        "Etobicoke_Gladiator",
        "tom_billesley",
        "k2",
        None,
        "terrence",
        "Ron MacDonald",
        "DVult",
        "bob e",
        "Billy Bob Thornton",
        "Billy Bob Thornton",
        "DD_Austin",
        "Minicapt",
        "Billy Bob Thornton",
        "Barrington Minge",
        "Dana Garcia",
        "DavidinNorthBurnaby",
    ]
    parents = [c.parent for c in seed.comments]
    assert parents == [None, 0, 1, 0, None, 4, 5, None, 7, None, None, 10, 10, 10, None, None, None, None]


def test_seed_bodies(seed: Reading) -> None:
    assert seed.comments[0].body.startswith("More plausible reason ")
    assert seed.comments[5].body == "Hell Justin will make them cabinet ministers."
    assert [len(seed.comments[i].body.split("\n\n")) for i in (9, 15, 16)] == [1, 2, 2]
    assert seed.comments[9].body.count("\n") == 1
    assert seed.comments[15].body.split("\n\n")[1].startswith("murdering terrorists")


def test_seed_article_and_flags(seed: Reading) -> None:
    assert seed.title is not None
    assert seed.title.startswith("Growing number of Western Isil fighters")
    assert len(seed.paragraphs) == 3
    assert (seed.furniture, seed.stated_count, seed.closed, seed.flags) == ((), None, None, ())
    assert codes(seed.comments[0]) == [
        ("capture.author_missing", "lost-bullet"),
        ("capture.parent_inferred", "lost-bullet"),
    ]
    assert not seed.comments[-1].flags
    as_thread(seed)


# Whole documents, dialect by dialect


def test_bare_names_with_lost_authors() -> None:
    reading = with_article("""  • harbour_cat

    Two years for a bit of concrete.

    • The tiles are new too, you know.

      • Anna L

        They are, and very blue.
        I like them.

  • Old Tom

    Will there be cake?

    There was always cake.
""")
    assert tree(reading) == [
        (None, "harbour_cat", "Two years for a bit of concrete."),
        (0, None, "The tiles are new too, you know."),
        (1, "Anna L", "They are, and very blue.\nI like them."),
        (None, "Old Tom", "Will there be cake?\n\nThere was always cake."),
    ]
    assert codes(reading.comments[1]) == [("capture.author_missing", "text-on-bullet")]
    assert reading.title == "Swimming pool reopens in May"
    assert len(reading.paragraphs) == 2


def test_wordpress_with_dates_buttons_and_a_list_in_a_comment() -> None:
    reading = with_article("""3 thoughts on “Swimming pool reopens in May”

  1. Anna says:
    March 14, 2016 at 9:02 am

    Bring three things:

    • a towel
    • a hat

    and patience.

    Reply
    1. Tom Okafor says:
      March 14, 2016 at 10:15 am

      And soap!

      Reply
  2. Pingback: Ten walks by the river « Walks

Comments are closed.
""")
    assert tree(reading) == [
        (None, "Anna", "Bring three things:\n\n• a towel\n• a hat\n\nand patience."),
        (0, "Tom Okafor", "And soap!"),
    ]
    assert [c.posted and (c.posted.at, c.posted.precision, c.posted.text) for c in reading.comments] == [
        ("2016-03-14T09:02:00Z", "minute", "March 14, 2016 at 9:02 am"),
        ("2016-03-14T10:15:00Z", "minute", "March 14, 2016 at 10:15 am"),
    ]
    assert (reading.stated_count, reading.closed) == (3, True)
    assert "Pingback: Ten walks by the river « Walks" in reading.furniture


def test_german_theme_with_numbers_above_and_bullets_below() -> None:
    reading = with_article("""2 Gedanken zu „Swimming pool reopens in May“

  1. Jürgen Weiß sagt:
    14. März 2016 um 09:02 Uhr

    Endlich!

    Antworten
    • Ute sagt:
      3. Mai 2016 um 21:40 Uhr

      Ich freue mich auch.

      Antworten
""")
    assert tree(reading) == [(None, "Jürgen Weiß", "Endlich!"), (0, "Ute", "Ich freue mich auch.")]
    assert [c.posted.at for c in reading.comments if c.posted] == ["2016-03-14T09:02:00Z", "2016-05-03T21:40:00Z"]


def test_a_language_of_which_no_word_is_known() -> None:
    reading = with_article("""3 zorb “Swimming pool reopens in May”

  1. Anna blorpt:
    14/03/2016 09:02

    Grumf tas.

    Fnord
  2. Tom Okafor blorpt:
    15/03/2016 09:02

    Hal tas grumf nel.

    Fnord
  3. Zed blorpt:
    05/04/2016 09:02

    Nel.

    Fnord
""")
    assert tree(reading) == [
        (None, "Anna", "Grumf tas."),
        (None, "Tom Okafor", "Hal tas grumf nel."),
        (None, "Zed", "Nel."),
    ]
    assert reading.stated_count == 3
    assert reading.comments[2].posted is not None
    assert reading.comments[2].posted.at == "2016-04-05T09:02:00Z"


def test_address_before_the_name() -> None:
    reading = with_article("""  • http://one.example/Anna Lind

    Lovely water.

  • http://two.example/old tom

    Cold water!

    • bo_99

      Both of you are right.
""")
    assert tree(reading) == [
        (None, "Anna Lind", "Lovely water."),
        (None, "old tom", "Cold water!"),
        (1, "bo_99", "Both of you are right."),
    ]


def test_text_straight_below_and_dates_below_the_text() -> None:
    reading = with_article("""Comments (2)

  1. The pool was better before.
    Posted by Anna on March 4, 2011

  2. It was not, and you know it.
    Not at all.
    Posted by Tom on March 5, 2011
""")
    assert tree(reading) == [
        (None, "Anna", "The pool was better before."),
        (None, "Tom", "It was not, and you know it.\nNot at all."),
    ]


def test_all_authors_lost_below_a_counted_heading() -> None:
    reading = with_article("""3 thoughts on “Swimming pool reopens in May”

  1. I shall be the first in the water.

    As every year.

    1. Not before me, you will not.

  3. What about the diving board?

Leave a Reply

Your email address will not be published.
""")
    assert [(parent, name) for parent, name, _ in tree(reading)] == [(None, None), (0, None), (None, None)]
    assert reading.stated_count == 3


# What corpora lose


def test_lost_bullet_in_the_midst() -> None:
    reading = with_article("""  • harbour_cat

    Two years for a bit of concrete.

      The tiles are new too, you know.

      • k9

        They are.

  • Old Tom

    Will there be cake?
""")
    assert [(parent, name) for parent, name, _ in tree(reading)] == [
        (None, "harbour_cat"),
        (0, None),
        (1, "k9"),
        (None, "Old Tom"),
    ]
    assert ("capture.parent_inferred", "lost-bullet") in codes(reading.comments[1])


def test_lost_indent_belongs_to_the_comment_above() -> None:
    reading = with_article("""  • harbour_cat

    Two years for a bit of concrete.

And not even the good concrete, if you ask me.

  • Old Tom

    Will there be cake?

    • k9

      No.
""")
    assert tree(reading) == [
        (None, "harbour_cat", "Two years for a bit of concrete.\n\nAnd not even the good concrete, if you ask me."),
        (None, "Old Tom", "Will there be cake?"),
        (1, "k9", "No."),
    ]
    assert ("capture.parent_inferred", "lost-indent") in codes(reading.comments[0])


def test_a_parent_known_by_a_name_alone_is_flagged_as_concluded() -> None:
    reading = with_article("""3 comments

  • harbour_cat
    2 March 2026

    Two years for a bit of concrete.

    • k9
      2 March 2026

      And a bench.

  • Old Tom
    3 March 2026
    Replying to harbour_cat

    Will there be cake this year, or none at all?
""")
    assert [(parent, name) for parent, name, _ in tree(reading)] == [(None, "harbour_cat"), (0, "k9"), (0, "Old Tom")]
    flag = ("capture.parent_inferred", "answers-name")
    assert [flag in codes(comment) for comment in reading.comments] == [False, False, True]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Replying to Bo", "Bo"),
        ("in reply to a comment by Bo", "Bo"),
        ("antwortet auf Bo", "Bo"),
        ("Mia Replyson", "Mia Replyson"),
        ("Replies welcome", "Replies welcome"),
        ("response to Ofelia", "Ofelia"),
        ("reply to comment of Bo", "Bo"),
        ("reply to comment ofelia", "comment ofelia"),
    ],
)
def test_words_that_say_whom_a_comment_answers_are_whole_words(text: str, rest: str) -> None:
    assert ANSWERS.sub("", text, count=1).strip() == rest


def test_truncated_and_duplicate() -> None:
    reading = with_article("""2 comments

  • harbour_cat

    Two years for a bit of concrete and nothing to show … read more

  • Old Tom

    Will there be cake this year, or none at all?

    • Old Tom

      Will there be cake this year, or none at all?
""")
    assert ("capture.truncated", "read-more") in codes(reading.comments[0])
    assert [(flag.code, flag.evidence) for flag in reading.comments[2].flags] == [("capture.duplicate", "1")]


def test_cut_document() -> None:
    reading = with_article("""2 comments

  • harbour_cat

    Two years for a bit of concrete.

  • Old Tom

    Will there be cake, and the""")
    assert [(flag.code, flag.rule) for flag in reading.flags] == [("capture.truncated", "cut-last-line")]


# No comment invented

NO_COMMENTS = {
    "menu": "  • Home\n  • News\n    • Local\n    • Sport\n  • About us\n\n" + ARTICLE,
    "list in the article": ARTICLE
    + "\n  • a towel\n  • a hat\n  • soap\n\nThat is all you need for a day at the pool.\n",
    "recipe": ARTICLE
    + "\n  1. Heat the oven to two hundred degrees and butter a deep tin.\n  2. Mix everything.\n\n    Do not rest.\n",
    "related": ARTICLE
    + """
Related stories

  • Bakery wins prize
    March 14, 2016

    The bakery on the corner has won a prize for its bread.

  • Bridge painted green
    March 12, 2016

    The harbour bridge has a new colour, and not all like it.
""",
    "top ten": ARTICLE
    + """
Our ten favourite places

  1. Harbour Street

    Harbour Street is where the fish is fresh and the coffee strong.

  2. Lime Square

    You can sit under the trees of Lime Square until the evening!

  3. Mill Lane

    Mill Lane is quiet, and I like that.
""",
    "questions": ARTICLE
    + """
  • When does the pool open?

    On the first of May, at eight.

  • May I bring my dog?

    No, you may not bring your dog.
""",
    "latest comments": ARTICLE
    + """
Latest comments

  • Anna on Swimming pool reopens in May
  • Old Tom on Bridge painted green
""",
    "team": ARTICLE
    + """
Meet the team

  • Anna Lind

    Anna looks after the water and the towels.

  • Tom Okafor

    Tom sells the tickets and knows everybody in town.
""",
    "timeline": ARTICLE
    + """
How it happened

  • 5 July 2014
    The council closes the pool.
  • 19 July 2015
    The council finds the money.
""",
    "no comments yet": ARTICLE
    + "\n0 comments\n\nBe the first to comment.\n\nMore stories\n\n  • Bridge painted green\n\n    It is green.\n",
    "only pingbacks": ARTICLE + "\n1 comment\n\n  1. Pingback: Ten walks by the river\n\nComments are closed.\n",
}


@pytest.mark.parametrize("text", NO_COMMENTS.values(), ids=NO_COMMENTS)
def test_no_comment_is_invented(text: str) -> None:
    reading = read_text(text)
    assert reading.comments == ()
    assert reading.title == "Swimming pool reopens in May"


def test_lists_in_the_article_are_its_paragraphs() -> None:
    reading = read_text(NO_COMMENTS["list in the article"])
    assert reading.paragraphs[2] == "• a towel\n• a hat\n• soap"
    assert reading.furniture == ()


# Properties


def words_of(text: str) -> Counter[str]:
    """The words of a text without its list markers."""
    lines = [re.sub(r"^(?: *(?:•|\d{1,6}\.)(?= |$))+", "", line) for line in text.splitlines()]
    return Counter(word for line in lines for word in re.sub(r"(?<!\S)(?:•|\d{1,6}\.)(?!\S)", " ", line).split())


def words_in(reading: Reading) -> Counter[str]:
    said: list[str] = [reading.title or "", *reading.paragraphs, *reading.furniture]
    for comment in reading.comments:
        author = comment.author.name if comment.author else None
        said += [comment.body, author or "", (comment.posted and comment.posted.text) or ""]
    return sum((words_of(text) for text in said), Counter())


LINES = st.sampled_from(
    [
        "Anna", "Old Tom", "k2", "Anna says:", "Tom said:", "March 14, 2016 at 9:02 am", "Reply",
        "Anna on May 3, 2012:",
        "3 Comments", "Comments are closed.", "Leave a Reply", "Pingback: A blog", "http://a.example/Bo", "Read more",
        "I think that the pool is fine.", "No!", "Joe Avatar", "Posted by Joe on 14/03/2016", "Related stories", "2016",
        "[…] a piece […]",
        "A long line about the pool that goes on and on, as the lines of an article do, and on, and on some more.",
    ]
)  # fmt: skip
INDENTS = st.sampled_from([0, 0, 2, 2, 4, 4, 4, 6, 6, 8, 3, 1, 20])
MARKERS = st.sampled_from(["", "", "• ", "• ", "1. ", "2. ", "13. ", "•"])
TEXTS = st.lists(st.tuples(INDENTS, MARKERS, LINES, st.booleans()), max_size=40).map(
    lambda rows: "".join(f"{' ' * i}{m}{line}\n{'' if tight else chr(10)}" for i, m, line, tight in rows)
)


@given(TEXTS | st.text())
@settings(max_examples=500, deadline=None)
def test_no_line_is_lost(text: str) -> None:
    reading = read_text(text)
    assert words_of(text.removeprefix("\ufeff")) <= words_in(reading)


@given(TEXTS | st.text(alphabet=" •\n1.:AZaz,!\r\t\u00a0"))
@settings(max_examples=300, deadline=None)
def test_comments_are_a_tree_in_document_order(text: str) -> None:
    reading = read_text(text)
    as_thread(reading)
    flat = any(flag.code == "capture.flat_text" for flag in reading.flags)
    for comment in reading.comments:
        assert comment.parent_source == ("unknown" if flat else "indent")
        assert (comment.author is None) == any(flag.code == "capture.author_missing" for flag in comment.flags)


@dataclass
class Node:
    author: str | None
    body: list[str]
    replies: list["Node"] = field(default_factory=list)


NAMES = st.sampled_from(
    ["Anna Lind", "old_tom", "k2", "Zoë van Dijk", "RiverRat63", "李梅", "Иван Речной", "Dana Garcia"]
)
SENTENCES = st.sampled_from(
    [
        "The water was far too cold for me last year.",
        "I never saw a cleaner pool than this one, honestly!",
        "Who is going to pay for all of this in the end?",
        "My neighbour says that the tickets are too expensive.",
    ]
)
NODES = st.recursive(
    st.builds(Node, NAMES, st.lists(SENTENCES, min_size=1, max_size=3)),
    lambda replies: st.builds(Node, NAMES, st.lists(SENTENCES, min_size=1, max_size=3), st.lists(replies, max_size=3)),
    max_leaves=12,
)
TALKS = st.lists(NODES, min_size=3, max_size=8)


def rows(nodes: list[Node], parent: int | None = None, start: int = 0) -> list[tuple[int | None, str | None, str]]:
    found: list[tuple[int | None, str | None, str]] = []
    for node in nodes:
        at = start + len(found)
        found.append((parent, node.author, "\n\n".join(node.body)))
        found += rows(node.replies, at, at + 1)
    return found


def rendered(nodes: list[Node], dialect: str, column: int = 2) -> str:
    text = ""
    for number, node in enumerate(nodes, 1):
        margin = " " * (column + 2)
        marker = "•" if dialect == "bare" else f"{number}."
        head = {
            "bare": f"{node.author}\n",
            "wordpress": f"{node.author} says:\n{margin}March {number}, 2016 at 9:02 am\n",
        }
        text += f"{' ' * column}{marker} {head[dialect]}\n" + "".join(f"{margin}{line}\n\n" for line in node.body)
        text += f"{margin}Reply\n" if dialect == "wordpress" else ""
        text += rendered(node.replies, dialect, column + 2)
    return text


@given(TALKS, st.sampled_from(["bare", "wordpress"]))
@settings(max_examples=200, deadline=None)
def test_round_trip(talk: list[Node], dialect: str) -> None:
    reading = with_article(f"{len(rows(talk))} comments\n\n{rendered(talk, dialect)}")
    assert tree(reading) == rows(talk)
    assert reading.stated_count == len(rows(talk))


# Hostile inputs

HOSTILE = {
    "a megabyte of bullets": "  • a\n" * 30_000,
    "numbers that begin anew": "  1. a\n" * 10_000,
    "markers that take turns": "  1. a\n    b\n  • c\n" * 5_000,
    "bullets alone": "  •\n" * 50_000,
    "deep nesting": "".join(f"{' ' * (2 * depth)}• a{depth}\n" for depth in range(1, 1500)),
    "nesting without spaces to show it": "  • a\n\n    b\n" * 8_000,
    "one long line": "x" * 5_000_000,
    "one long line of words": "at 12 March " * 400_000,
    "one long bullet": "  • " + "says: " * 800_000,
    "dates": ("  • Anna says:\n    March 14, 2016 at 9:02 am\n\n    Hi.\n\n    Reply\n" * 3_000),
    "paragraphs between": "  • k2\n\n    Hi you.\n\nA paragraph that has lost its indent, again.\n\n" * 2_000,
    "blank lines": "\n" * 2_000_000 + "  • a\n",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_inputs_take_linear_time(text: str) -> None:
    with no_hang():
        as_thread(read_text(text))


@pytest.mark.parametrize(
    ("head", "plain"),
    [
        ("A title\n\nA paragraph.\n", True),
        ("\ufeffA title\n", True),
        ("  • Home\n", True),
        ("", False),
        ("<!DOCTYPE html><html>", False),
        ("<?xml version='1.0'?>", False),
        ('{"text": "a"}', False),
        ("[1, 2]", False),
        ("[Update] The pool is open", True),
        ("WARC/1.0\r\n", False),
        ("PK\x03\x04\x00\x00", False),
        ("\x00\x01\x02\x03 binary", False),
    ],
)
def test_is_plain_text(head: str, plain: bool) -> None:
    assert is_plain_text(head) is plain


def test_a_sentence_below_replies_lost_its_bullet():
    text = (
        "Ponton news\n\nThe old ponton by the fish stairs is to be mended before the summer, the council said.\n\n"
        "  • Anna\n\n    It is a fine ponton and always was.\n\n    • Tom\n\n      Until it is wet.\n\n"
        "    Everybody forgets the prams, every single time.\n\n    • Eva\n\n      Twins here too!\n"
    )
    reading = read_text(text)
    assert [(c.author and c.author.name, c.parent) for c in reading.comments] == [
        ("Anna", None),
        ("Tom", 0),
        (None, None),
        ("Eva", 2),
    ]
    assert ("capture.parent_inferred", "lost-bullet") in [(f.code, f.rule) for f in reading.comments[2].flags]


@pytest.mark.parametrize("name", ["Anna Smith", "user7", "harbour_cat", "TomBilles"])
@pytest.mark.parametrize("count", [3, 5, 20])
def test_a_flat_list_of_names_and_texts_that_ends_a_document_is_a_thread(name, count):
    items = "".join(
        f"  • {name}{'' if n % 2 else n}\n\n    This is comment {n} about the quay.\n\n" for n in range(count)
    )
    article = "Quay closed\n\nThe quay is closed until the tide falls, the harbour office said on Tuesday.\n\n"
    comments = read_text(article + items).comments
    assert [c.author.name for c in comments if c.author] == [f"{name}{'' if n % 2 else n}" for n in range(count)]
    assert [c.body for c in comments] == [f"This is comment {n} about the quay." for n in range(count)]
