"""What the class names of themes mean, in twenty years of WordPress and beside it: patterns, and one cached lookup."""

import re
from functools import lru_cache
from typing import NamedTuple

# From the surest to the weakest: a name for the text of a comment, one for what holds it, one that says little.
SURE, WEAK = 0, 2
CONTENT = (
    re.compile(
        r"(?:^|\s)(?:[\w-]*[-_])?(?:comments?|cmt|cmnt|com|wpd-comment|c)[-_]{0,2}(?:(?:main|body|post|the|inner|user|"
        r"entry)[-_]?)?"
        r"(?:contents?|text|txt|copy|messages?|msg|desc|description|entry|excerpt|p)(?:[-_]{1,2}(?:inner|wrap|"
        r"wrapper|area))?"
        r"(?=\s|$)|(?:^|\s)comment__body(?=\s|$)|"
        r"(?:^|\s)(?:contents?|text|body|message)[-_](?:com|comments?|cmt|kommentar|commentaire|comentario)(?=\s|$)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:^|\s)(?:message|post|reply|review|posting|msg|feedback|answer)[-_]{0,2}(?:user)?(?:body|contents?|"
        r"text|copy)"
        r"(?=\s|$)|(?:^|\s)(?:[\w-]*[-_])?comments?[-_]{0,2}(?:body|inner|main|box|container|wrap|right|details?|"
        r"block)(?=\s|$)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:^|\s)(?:text|desc|entry|entry-content|content|message|body|txt|copy|description|said|post-content|"
        r"comment)(?=\s|$)",
        re.IGNORECASE,
    ),
)
NOT_TEXT = re.compile(
    r"(?:^|[-_\s])(?:avatar|gravatar|vcard|photo|meta|metadata|commentmeta\w*|metainfo|byline|"
    r"author|commentauthor|authorname|username|commenter|fn|date|time|datetime|timestamp|commentdate|commenttime|"
    r"posted|"
    r"signature|permalink|reply|replylink|respond|edit|quote-link|cancel|moderation|says|footer|foot|header|head|info|infos|"
    r"tools|"
    r"toolbar|actions?|utils|options|controls?|buttons?|nav|links|number|num|count|counter|commentcount|"
    r"commentnumber|karma|"
    r"ratings?|votes?|voting|likes?|dislikes?|thumbs?|thumbblock|share|sharing|sharedaddy|social|report|flag|"
    r"badge|role|"
    r"level|rank|sr-only|screen-reader-text|visually-hidden|clear(?!-block)|ads?|advert\w*|adsbygoogle)(?=[-_\s]|$)|(?:^|"
    r"\s)hidden(?=\s|$)",
    re.IGNORECASE,
)
# A name, and what holds a name.
NAMES = tuple(
    re.compile(rf"(?:^|\s)(?:{names})(?=\s|$)", re.IGNORECASE)
    for names in (
        r"fn|n|(?:[\w-]*[-_])?(?:author|commenter|user|autor)[-_]?(?:name|link)|dsq-commenter-name|"
        r"wpd-comment-author|"
        r"comment[-_]{0,2}name|c-author",
        r"(?:[\w-]*comment[-_]{0,2})?(?:author|commenter|user|by|poster|autor|auteur)|author[-_]comment|by-?author|"
        r"user-?name|nick-?name|name|vcard|submitted|(?![\w-]*post[-_]author)[\w-]+[-_](?:author|commenter|username|nickname)|"
        r"(?:(?!file|tag|site|blog|forum|product|field)[\w-]+[-_])?(?:name|nick|pseudo|nombre|nome|nom|nume|nazwa|"
        r"imie|"
        r"jmeno|nimi|nimimerkki|navn|namn|naam|nama|isim|nev|ime|imya|usuario|utente|nutzer|benutzer|uzivatel|member|"
        r"user|auteur|autore|autor)",
    )
)
DATED = re.compile(
    r"(?:^|[-_\s])(?:age|ago|since|when|datum|fecha|dato|tarih|pubdate|posted-?on|duration|date|time|datetime|"
    r"timestamp|commentdate|commenttime|meta|metadata|commentmeta\w*|metainfo|posted|"
    r"published|permalink|info|details?)(?=[-_\s]|$)",
    re.IGNORECASE,
)
BADGE = re.compile(
    r"(?:^|[-_\s])(?:says|badge|flag|role|label|level|rank|sr-only|screen-reader-text|post-author|date|time|"
    r"meta|metadata|commentmetadata|reply|permalink|edit)(?=[-_\s]|$)",
    re.IGNORECASE,
)
WAITING = re.compile(r"(?:^|[-_\s])(?:awaiting|moderation|unapproved)(?=[-_\s]|$)", re.IGNORECASE)
WRAPPER = re.compile(
    r"(?:^|\s)(?:comment|commento|kommentar|comment[-_]?(?:wrap(?:per)?|container|item|entry|holder|block|box|"
    r"single|main|"
    r"li|node|row|card|thread|post|inner|outer|body)|single[-_]comment|the[-_]comment|wpd-comment|depth-\d+|pingback|"
    r"trackback|(?:thread-)?(?:even|odd)|bypostauthor|byuser)(?=\s|$)",
    re.IGNORECASE,
)
PLURAL = re.compile(
    r"(?:^|[\s_-])(?:comments|commentlist|comment[-_]list|respond|kommentare|comentarios)(?=[\s_-]|$)", re.IGNORECASE
)
CHILDREN = re.compile(
    r"(?:^|\s)(?:children|child|comment[-_]?(?:children|replies)|replies|reply[-_]list|sub[-_]?comments?|nested|"
    r"answers)"
    r"(?=\s|$)",
    re.IGNORECASE,
)
PING = re.compile(r"(?:^|[\s_-])(?:ping(?:back)?s?|trackbacks?|pinglist)(?=[\s_-]|$)", re.IGNORECASE)
WIDGET = re.compile(r"recent[-_]?comments|widget|sidebar|wp-block-latest-comments", re.IGNORECASE)
HUMP = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")  # newsCommentMessage says what news-Comment-Message does
DEPTH = re.compile(
    r"(?:^|\s)(?:wpd_comment_level|comment-?depth|dsq-depth|depth|level)[-_](\d{1,4})(?=\s|$)", re.IGNORECASE
)


class Traits(NamedTuple):
    """What an element may be, going by its classes.

    `content` is SURE to WEAK, how surely it is the text of a comment, or None; `furniture` stands around a text; `name`
    is 0 for a name, 1 for what holds one, or None.
    """

    content: int | None = None
    furniture: bool = False
    name: int | None = None
    dated: bool = False
    badge: bool = False
    waiting: bool = False
    wrapper: bool = False
    plural: bool = False
    children: bool = False
    ping: bool = False
    widget: bool = False
    depth: int | None = None


NO_TRAITS = Traits()


@lru_cache(16_384)  # a page repeats the same few values on thousands of elements
def traits(names: str | None) -> Traits:
    """Return what the value of a `class` attribute says, or that of an `id`."""
    if not names:
        return NO_TRAITS
    if HUMP.search(names):
        names = f"{names} {HUMP.sub('-', names)}"
    depth = DEPTH.search(names)
    return Traits(
        content=next((rank for rank, pattern in enumerate(CONTENT) if pattern.search(names)), None),
        furniture=bool(NOT_TEXT.search(names)),
        name=next((rank for rank, pattern in enumerate(NAMES) if pattern.search(names)), None),
        dated=bool(DATED.search(names)),
        badge=bool(BADGE.search(names)),
        waiting=bool(WAITING.search(names)),
        wrapper=bool(WRAPPER.search(names)),
        plural=bool(PLURAL.search(names)),
        children=bool(CHILDREN.search(names)),
        ping=bool(PING.search(names)),
        widget=bool(WIDGET.search(names)),
        depth=int(depth[1]) if depth else None,
    )
