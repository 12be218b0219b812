"""Compute the headings of comments as a copy shows them: without personal data, and with names as in the texts."""

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from archive.flags.headings import PERSONAL, mask_heading
from archive.publish.policy import Policy, matches
from archive.publish.pseudonyms import DROPPED, Pseudonyms
from archive.publish.redacted_texts import TextRewriter, load_masks

# Whole threads, since names that are replaced are those of all who take part.
TITLES = """
select thread_id, comments.id, title, commenters.id, commenters.name from src.comments
left join src.commenters on commenters.id = commenter_id
where thread_id in (select thread_id from src.comments where title is not null) order by thread_id, position"""
NOT_SHOWN = """
select id from src.comments where withheld is not null
union select id from temp.altered_comments where why is not null"""


def fill_titles(connection: sqlite3.Connection, policy: Policy, codes: Iterable[str]) -> None:
    """Fill the temporary table of headings; `codes` are all that flags may have.

    One with personal data is left out where the policy withholds such texts. What withheld comments are called is not
    shown.
    """
    if connection.execute("select 1 from src.comments where title is not null limit 1").fetchone() is None:
        return
    masks, withholds = (any(matches(pattern, PERSONAL) for pattern in of) for of in (policy.mask, policy.withhold))
    hidden = {row[0] for row in connection.execute(NOT_SHOWN)}
    masked_codes = [code for code in codes if any(matches(pattern, code) for pattern in policy.mask)]
    words = dict(load_masks(connection, masked_codes))
    rows = []
    for names, comment, title in _titles(connection, policy):
        masked = mask_heading(title) if masks or withholds else title
        if comment not in hidden and not (withholds and masked != title):
            rows.append((comment, TextRewriter(words.get(comment), names).rewrite(masked)))
    connection.executemany("insert into temp.public_titles values (?, ?)", rows)


def _titles(connection: sqlite3.Connection, policy: Policy) -> Iterator[tuple[Pseudonyms | None, int, str]]:
    """Yield names to replace, id and heading of the comments that have one."""
    public_names = dict(connection.execute("select id, name from temp.public_names"))
    for _, rows in groupby(connection.execute(TITLES), itemgetter(0)):
        thread = list(rows)
        names = None
        if policy.commenters != "shown":
            names = Pseudonyms({row[4]: public_names.get(row[3], DROPPED) for row in thread if row[4]})
        yield from ((names, row[1], row[2]) for row in thread if row[2] is not None)
