"""The author of one comment of an HTML list: by class names, microdata and tags, else the name before the date."""

import re
from collections.abc import Callable, Iterable, Sequence

from lxml.html import HtmlElement

from archive.text import line_rules, phrases
from archive.text.dates import find_date, is_date, may_hold_date
from archive.text.html_text import fold_space
from crawler.platforms.comment_html.class_names import Traits, traits
from crawler.platforms.comment_html.elements import CommentElement
from crawler.platforms.comment_html.parts import (
    PROFILE_LINK,
    TITLE,
    Part,
    is_before_badge,
    is_button,
    is_initial,
    is_name,
    is_short,
    property_of,
    traits_of,
)
from crawler.platforms.comment_html.section_words import TO_REPLY
from crawler.platforms.comment_html.visible_text import BOXES, PICTURES, inline_text, visible_text

AUTHOR_PROPERTIES = frozenset(("author", "creator"))
BY_ID = frozenset(("span", "b", "strong", "em", "cite", "a"))  # which may be named by their ids alone
INNER_NAMES = ("cite", "b", "strong", "a")  # the surest first
LEADING_NUMBER = re.compile(r"^(?:#\d+|\d+[.):])\s+(?=\S)")
ENDS_PIECE = re.compile(r"[^\W\d_].*[|·•—–]\s*$")
# A shorter number may be part of a name, unless it is an element of its own: Anna (2), Finn (1984).
USER_NUMBER = re.compile(r"\s*\(\s*(?:#\s*\d+|\d{5,}|id:\s*[\w-]+|(?<=\s)\d+(?=\s))\s*\)$")
GROUP = re.compile(  # "Joe [Visitor]", and what Drupal prints behind a name without an account
    r"(?<=\S)\s*(?:\[[^\[\]]{2,20}\]|\((?:not verified|nicht (?:überprüft|verifiziert)|non vérifié|sin verificar|"
    r"no verificado|não verificado|non verificato|niet (?:gecontroleerd|geverifieerd)|niezweryfikowan\w+|"
    r"не (?:проверено|перевірено)|(?:inte|ej) verifierad|ikke bekræftet|vahvistamaton|doğrulanmamış|未验证|未驗證)\))$",
    re.IGNORECASE,
)
BARE_NUMBER = re.compile(r"^#?\d+(?:\.\d+)*[.):]?\s+(?=\S)")
NO_NAMES = frozenset(("", "#", "reply", "permalink", "edit", "link"))
MARKUP = re.compile(r"</?[a-z][^<>]{0,200}>", re.IGNORECASE)
SEPARATORS = re.compile(r"\s*[•|·—–\n]\s*|\s-\s|,\s(?=\d)")
NO_NAME = re.compile(
    r"(?:[#(]?\d+(?:\W.*)?|.*\d+ ?(?:points?|votes?|likes?|fans?|comments?|posts?)\b.*|\W+|guest|level \d+|\(new\))",
    re.IGNORECASE,
)
LINES = frozenset(("span", "p", "div", "small", "em", "li", "dt", "dd", "td", "b", "strong", "cite", "footer"))
LABEL = re.compile(
    r"(?:^|[,;|(•·–-]\s*)(?:autore?|autora|author|auteur|name|navn|namn|nimi|naam|pseudo|user|nick|nickname|podpis|nadawca|nome|nombre|nom|nume|"
    r"nev|név|szerző|imię|ime|jméno|имя|автор|isim|yazan|σχολιαστής|όνομα|nama|tên|"
    r"posted by|submitted by|written by|comment by|kommentar von|publié par|écrit par|"
    r"publicado por|escrito por|scritto da|geplaatst door|作者|姓名|昵称|暱稱|用户|名前|投稿者|작성자|이름|닉네임|"
    r"الاسم|نام|שם)\s*[:：]\s*(\S[^,;|•·]{0,58})",
    re.IGNORECASE,
)
AUTHOR_BOX = re.compile(
    r"(?:author|user|poster|member)[-_]?(?:info\w*|box|details?|data|title|block|panel)", re.IGNORECASE
)
NAME_TAGS = frozenset(("a", "b", "strong", "h2", "h3", "h4", "h5", "h6"))
BRACKETED = re.compile(r"^[\[(【]\s*(.*?)\s*[\])】]$")
POSTED = frozenset(("", "发表", "發表", "发布", "發佈", "posted", "wrote", "geschrieben", "написал", "dodano", "作成"))
MOST_IN_LINE, LONGEST_PIECE, LONGEST_LEAD, LONGEST_NAME, LONGEST_NAME_LINE = 12, 60, 6, 150, 400
BEFORE_DATE = " ,:|·•–—-@(["
ENDS_LINE = frozenset(("body", "ul", "ol", "dl", "div", "blockquote", "table", "tr"))
DASH = re.compile(r"\s*[—–]\s*(?=[^\W\d_])")
AROUND_NAME = " ,|•·–—"
ENDS_OF_SAYS = (":", "：", "…", "...")
WEB_ADDRESS = re.compile(r"[\s(]*https?://\S*")


def _is_author_property(element: HtmlElement, _: Traits) -> bool:
    return property_of(element) in AUTHOR_PROPERTIES or (
        element.tag == "a" and "author" in (element.get("rel") or "").split()
    )


def _is_author_class(element: HtmlElement, kind: Traits) -> bool:
    return kind.name is not None or (element.tag in BY_ID and traits(element.get("id")).name is not None)


def _is_author_tag(element: HtmlElement, _: Traits | None = None) -> bool:
    if element.tag == "cite":
        return True
    if element.tag == "a":
        rel, classes = (element.get("rel") or ""), (element.get("class") or "")
        return ("nofollow" in rel and "external" in rel) or "url" in classes.split()
    if element.tag not in ("strong", "b", "h3", "h4", "h5", "h6", "dt"):
        return False
    text = element.text_content()
    return len(text) <= LONGEST_NAME and not line_rules.is_reply(fold_space(text))


def _is_profile_link(element: HtmlElement, _: Traits) -> bool:
    """Whether a link leads to the page of a user and shows a name."""
    if element.tag != "a" or not PROFILE_LINK.search(element.get("href") or ""):
        return False
    text = fold_space(element.text_content())
    return 0 < len(text) <= LONGEST_NAME and not is_button(element) and not any(map(str.isdigit, text[:1]))


def _is_in_author_box(element: HtmlElement, _: Traits) -> bool:
    """Whether a line in bold, a heading or a link is called an author's, or stands first in a box called so."""
    if element.tag not in NAME_TAGS or not is_short(element):
        return False
    above = element.getparent()
    boxes = (element, above) if above is not None and element.getprevious() is None else (element,)
    text = fold_space(element.text_content())
    return any(AUTHOR_BOX.search(box.get("class") or "") for box in boxes) and 0 < len(text) <= LONGEST_NAME


AuthorTest = Callable[[HtmlElement, Traits], bool]
STATED: tuple[AuthorTest, ...] = (is_name, _is_author_property, _is_author_class)
LIKELY: tuple[AuthorTest, ...] = (_is_in_author_box, _is_profile_link, _is_author_tag)


def find_author(own: Sequence[Part], tests: Iterable[AuthorTest]) -> tuple[HtmlElement | None, str | None]:
    """Return the element that names the author, and the name, by the first test that any element passes."""
    for test in tests:
        for element, kind in own:
            if test(element, kind) and (name := _name(element)):
                return element, name
    return None, None


def name_before_says(own: Sequence[Part]) -> tuple[HtmlElement | None, str | None]:
    """Return the first short line that ends in "says:", and the name in it, from within a text."""
    for element, _ in own:
        if element.tag in ("cite", "strong", "b", "p", "span", "div", "h3", "h4", "h5"):
            text = fold_space(element.text_content()) if is_short(element) else ""
            end = line_rules.find_says(text) if text.endswith(ENDS_OF_SAYS) else None
            date = find_date(text[:end]) if end and may_hold_date(text[:end]) else None
            begin = date[1] if date is not None and date[0] <= LONGEST_LEAD else 0  # "On 5 March Joe wrote:"
            if end and (name := _clean(text[begin:end], is_bare=not may_hold_date(text[begin:end]))):
                return element, name
    return None, None


def name_by_date(
    comment: CommentElement, date: HtmlElement, date_text: str | None, content: HtmlElement | None
) -> tuple[HtmlElement | None, str | None]:
    """Return the name that stands with the date: behind it, before it, or in the item before or behind it.

    Only such an item is returned with it.
    """
    if date_text is None:
        return _name_beside_date(date)
    name = _name_after_date(date, date_text) or _name_before_date(comment, date, date_text, content)
    item, beside = (None, name) if name is not None else _name_beside_date(date)
    return item, beside or _name_behind_date(comment, date, date_text, content)


def _name_before_date(
    comment: CommentElement, date: HtmlElement, date_text: str, content: HtmlElement | None
) -> str | None:
    """Return the name that stands before the date in the same line, and not in the `content`: "Joe said on 5 March"."""
    before = _text_before(comment, date, date_text, content)
    bare = BARE_NUMBER.sub("", line_rules.strip_linking(before.strip(BEFORE_DATE)))
    pieces = [piece for piece in SEPARATORS.split(bare) if _may_name(piece)]
    if len(pieces) > 1 and is_initial(pieces[0], pieces[1].strip(BEFORE_DATE)):
        pieces = pieces[1:]
    if not pieces:
        return None
    piece = pieces[0]
    answers = TO_REPLY.search(piece)
    return _clean(piece[: answers.start()] if answers and answers.start() else piece, is_bare=False)


def _may_name(piece: str) -> bool:
    return bool(piece.strip(BEFORE_DATE)) and not NO_NAME.fullmatch(piece) and not line_rules.is_linking(piece)


def _line_around(comment: CommentElement, date: HtmlElement, content: HtmlElement | None) -> HtmlElement:
    """Return the highest element around a date that is still a line, without a paragraph before the date."""
    line = date
    while (above := line.getparent()) is not None and line is not comment.root and is_short(above):
        if line is not date and any(child.tag in ("p", "blockquote") for child in above):
            break
        if any(
            element is content or element.tag in ("p", "blockquote") or TITLE.search(element.get("class") or "")
            for element in line.itersiblings(preceding=True)
        ):
            break
        line = above
    return line


def _text_before(comment: CommentElement, date: HtmlElement, date_text: str, content: HtmlElement | None) -> str:
    """Return what stands before the date: in its own element where that says more, else in the line around that."""
    own, is_own, _ = fold_space(date.text_content()).partition(date_text)
    # "written by Joe on", "Joe |": the name stands with the date.
    if is_own and (line_rules.byline_length(own) or ENDS_PIECE.search(own)):
        return own
    parted, is_parted, _ = fold_space(" • ".join(date.itertext())).partition(date_text)
    if is_parted and any(map(_may_name, SEPARATORS.split(BARE_NUMBER.sub("", parted)))):
        return parted
    line = _line_around(comment, date, content)
    before, separator, _ = fold_space(visible_text(line, between=" • ", date=date)).partition(date_text)
    return before if before and separator else own if is_own else ""


def _name_after_date(date: HtmlElement, date_text: str) -> str | None:
    """Return the name that a "by" or a dash behind the date leads to: "On 5 March by Joe", "5 March — Joe"."""
    line = date
    while (above := line.getparent()) is not None and is_short(above) and above.tag not in ENDS_LINE:
        if any(beside.tag in ENDS_LINE or beside.tag == "p" for beside in above if beside is not line):
            break
        line = above
    before, separator, after = fold_space(visible_text(line, between=" • ", date=date)).partition(date_text)
    if not separator or date_text in after:
        return None
    is_parted = DASH.match(after) is not None and not _may_name(before)
    after = after.lstrip(BEFORE_DATE)
    by = line_rules.byline_length(after)
    pieces = filter(None, SEPARATORS.split(after[by:]) if by or is_parted else ())
    name = _clean(next(pieces, ""), is_bare=False)
    return name if name is None or by or line_rules.name_score(name) > 0 else None


def _name_beside_date(date: HtmlElement) -> tuple[HtmlElement | None, str | None]:
    """Return the name that alone fills the item before or behind that of a date: "<li>5 March</li><li>Joe</li>"."""
    for item in (date.getprevious(), date.getnext()):
        if item is not None and item.tag == date.tag and not is_button(item) and is_short(item):
            name = _piece_name(fold_space(item.text or ""))
            if name is not None:
                return item, name
    return None, None


def _name_behind_date(
    comment: CommentElement, date: HtmlElement, date_text: str, content: HtmlElement | None
) -> str | None:
    """Return the name that stands behind the date in the same line: "On 5 March Joe wrote:", "5 March [Joe]"."""
    line = _line_around(comment, date, content)
    if content in line.iter():
        return None
    for piece in SEPARATORS.split(_text_after(date, date, date_text) or _text_after(line, date, date_text))[:3]:
        piece = piece.strip(AROUND_NAME)
        says = line_rules.find_says(piece)
        piece = piece[:says] if says else piece[line_rules.byline_length(piece) :]
        piece = BRACKETED.sub(r"\1", piece.strip())
        if piece.casefold() not in POSTED and (says or is_piece_of_name(piece)):
            return _clean(piece, is_bare=True)
    return None


def _text_after(line: HtmlElement, date: HtmlElement, date_text: str) -> str:
    """Return what stands behind the date in a line; empty where that does not hold it."""
    return fold_space(visible_text(line, between=" • ", date=date)).partition(date_text)[2].strip(" )]}】•")


def name_by_label(parts: Iterable[Part]) -> tuple[HtmlElement | None, str | None]:
    """Return the first short line that calls a name one, and the name: "Author: Joe"."""
    for element, _ in parts:
        pieces = (element.text, *(child.tail for child in element)) if element.tag in LINES else ()
        if len(pieces) <= MOST_IN_LINE and any(p and (":" in p or "：" in p) for p in pieces) and is_short(element):
            match = LABEL.search(fold_space(element.text_content()))
            if match is not None and (name := _clean(match[1], is_bare=False)):
                return element, name
    return None, None


def name_in_head(parts: Sequence[Part], date_text: str | None) -> str | None:
    """Return the first piece of the lines around a text that reads as a name, without any element made for it."""
    for element, kind in parts:
        if element.tag in PICTURES or kind.badge or (element.tag == "a" and is_button(element)):
            continue
        for text in (element.text, *(child.tail for child in element)):
            for piece in SEPARATORS.split(fold_space(text or "")):
                if date_text and piece and piece in date_text:
                    continue
                name = _piece_name(piece)
                if name is not None:
                    return name
    return None


def is_piece_of_name(piece: str) -> bool:
    """Whether a piece of a line may be a name, and is no button, date or number of comments."""
    if (
        not 2 <= len(piece) <= LONGEST_PIECE
        or NO_NAME.fullmatch(piece)
        or line_rules.is_reply(piece)
        or line_rules.is_linking(piece)
    ):
        return False
    return not (may_hold_date(piece) and find_date(piece)) and line_rules.stated_count(piece) is None


def _piece_name(piece: str) -> str | None:
    piece = GROUP.sub("", piece)
    piece = piece[line_rules.byline_length(piece) :]
    if not is_piece_of_name(piece):
        return None
    name = _clean(piece, is_bare=False)
    if name is None or NO_NAME.fullmatch(name) or line_rules.name_score(name) <= 0:
        return None
    return name


def _name(element: HtmlElement) -> str | None:
    """Return the name that an element shows, without what themes put around it."""
    inner = _inner_name(element)
    is_bare = inner is not element or is_name(element, traits_of(element))
    text = inner.text if is_before_badge(inner) else visible_text(inner)
    return _clean(fold_space(text or ""), is_bare=is_bare)


def _inner_name(element: HtmlElement) -> HtmlElement:
    """Return the name within an element that holds picture, date or "says" as well."""
    if len(element) == 0:
        return element
    boxes = [child for child in element if child.tag in BOXES]
    if len(boxes) > 1 and is_date(fold_space(boxes[0].text_content())):  # the date above the name
        return boxes[1]
    inside = [below for below in element.iterdescendants() if isinstance(below.tag, str) and below.tag != "meta"]
    for below in inside:
        if (is_name(below, traits_of(below)) or property_of(below) == "name") and visible_text(below).strip():
            return below
    candidates = [below for below in inside if below.tag in INNER_NAMES]
    for below in sorted(candidates, key=lambda candidate: INNER_NAMES.index(candidate.tag)):
        text = fold_space(visible_text(below))
        if text.casefold() in NO_NAMES or find_date(text[:100]) or (below.tag == "a" and is_button(below)):
            continue
        # A short link in a longer line is no name, unless it is made like one: "Joe (website)".
        is_part = below.tag == "a" and not _is_author_tag(below) and _is_part(text, element)
        return element if is_part else below
    return element


def _is_part(text: str, element: HtmlElement) -> bool:
    """Whether a text is but a part of the line, up to a date, that it stands in."""
    line = fold_space(inline_text(element))
    date = find_date(line) if len(line) <= LONGEST_PIECE and may_hold_date(line) else None
    return len(text) * 3 < (date[0] if date is not None and date[0] else len(line)) <= LONGEST_PIECE


def _clean(text: str, *, is_bare: bool) -> str | None:
    """Return the name in a line without date, "says" and number; `is_bare` ones have none of that but a "says:"."""
    name = MARKUP.sub(" ", text).strip() if "<" in text else text.strip()
    name = WEB_ADDRESS.sub("", name) if "://" in name else name
    if (":" in name or "：" in name) and (label := LABEL.match(name)):
        name = label[1]
    if not is_bare and len(name) <= LONGEST_NAME_LINE:
        date = find_date(name[:120]) if may_hold_date(name) else None
        if date is not None and date[0] > 0:
            name = line_rules.strip_linking(name[: date[0]].strip(BEFORE_DATE))
    end = line_rules.find_says(name) if not is_bare or name.endswith((":", "：", "…")) else None
    if end:
        name = name[:end]
    by = line_rules.byline_length(name)
    if not is_bare:
        name = GROUP.sub("", LEADING_NUMBER.sub("", name[by:]))
    elif name[:by].strip().casefold() not in phrases.BY_WORDS:  # "posted by", but not the "da" of a name
        name = name[by:]
    name = USER_NUMBER.sub("", name) if name.endswith(")") else name
    name = name.strip().rstrip(":：").rstrip(AROUND_NAME).lstrip(AROUND_NAME).strip()
    if len(name) > LONGEST_NAME or not any(map(str.isalnum, name)) or name.casefold() in POSTED:
        return None
    is_only_date = not is_bare and may_hold_date(name) and (is_date(name) or not any(map(str.isalpha, name)))
    is_none = not is_bare and (NO_NAME.fullmatch(name) or is_only_date or line_rules.is_linking(name))
    return None if is_none else name
