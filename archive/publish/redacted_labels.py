"""Compute what datasets say in words as a copy shows it: without personal data, with names as in the texts, and
without what quotes a text that the copy does not show."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from archive.flags.headings import PERSONAL, mask_heading
from archive.publish.policy import Policy, matches
from archive.publish.pseudonyms import DROPPED, Pseudonyms
from archive.publish.redacted_texts import TextRewriter, load_masks
from archive.store.blanking import SHORTEST_LINE, lines_without
from archive.text.span_masking import MaskedParts

# A value is null where the label is left out.
TABLE = "create temp table altered_labels (id integer primary key, value text)"
_IN_WORDS = "value glob '*[^-0-9.,+ ]*'"
_ARTICLE = "coalesce(labels.article_id, threads.article_id)"
# An article at a time: its threads have their readers, and what they wrote, in common.
LABELS = f"""
select {_ARTICLE}, labels.id, value from src.labels left join src.comments on comments.id = comment_id
left join src.threads on threads.id = coalesce(labels.thread_id, comments.thread_id) where {_IN_WORDS} order by 1"""
NAMES = """
select distinct commenters.id, commenters.name from src.comments join src.commenters on commenters.id = commenter_id
where thread_id in (select id from src.threads where article_id = ?) and commenters.name is not null"""
WITHHELD = """
select article_id, comments.body from temp.altered_comments join src.comments on comments.id = altered_comments.id
join src.threads on threads.id = thread_id where why is not null"""
ARTICLE_OF = "select article_id from src.comments join src.threads on threads.id = thread_id where comments.id = ?"


def fill_labels(connection: sqlite3.Connection, policy: Policy, codes: Iterable[str]) -> None:
    """Create and fill the temporary table of labels that a copy shows otherwise; `codes` are all that flags may have.

    One with personal data is left out where the policy withholds such texts.
    """
    connection.execute(TABLE)
    if connection.execute(f"select 1 from src.labels where {_IN_WORDS} limit 1").fetchone() is None:
        return
    masks, withholds = (any(matches(pattern, PERSONAL) for pattern in of) for of in (policy.mask, policy.withhold))
    masked_words = _masked_words(connection, [code for code in codes if any(matches(one, code) for one in policy.mask)])
    withheld = _withheld_texts(connection)
    public_names = dict(connection.execute("select id, name from temp.public_names"))
    for article, labels in groupby(connection.execute(LABELS), itemgetter(0)):
        names = None
        if policy.commenters != "shown":
            rows = connection.execute(NAMES, (article,))
            names = Pseudonyms({name: public_names.get(number, DROPPED) for number, name in rows})
        rewriter = TextRewriter(MaskedParts(words=masked_words[article]), names)
        shown: dict[str, str | None] = {}
        for _, number, value in labels:
            if value not in shown:
                masked = mask_heading(value) if masks or withholds else value
                is_hidden = (withholds and masked != value) or not lines_without([value], withheld[article])
                shown[value] = None if is_hidden else rewriter.rewrite(masked)
            if shown[value] != value:
                connection.execute("insert into temp.altered_labels values (?, ?)", (number, shown[value]))


def _masked_words(connection: sqlite3.Connection, codes: list[str]) -> defaultdict[int, set[str]]:
    """Return the words that are masked in the comments under each article."""
    words: defaultdict[int, set[str]] = defaultdict(set)
    for comment, of_comment in load_masks(connection, codes):
        words[connection.execute(ARTICLE_OF, (comment,)).fetchone()[0]] |= of_comment.words
    return words


def _withheld_texts(connection: sqlite3.Connection) -> defaultdict[int, list[str]]:
    """Return the texts under each article that only the policy withholds."""
    texts: defaultdict[int, list[str]] = defaultdict(list)
    for article, body in connection.execute(WITHHELD):
        if len(body) >= SHORTEST_LINE:
            texts[article].append(body)
    return texts
