"""Classify a line of a page by its words and its look: heading, form, button, name, the end of a cut text."""

import re
from functools import lru_cache

from archive.text import phrases

LONGEST_END = 40  # of a text, in which it may say that there is more
_FOREIGN = re.compile(r"[^\x00-\x7f•·–—‘’“”…«»©\u00a0]")
_PLAIN_WORDS = tuple(filter(str.isascii, phrases.COMMENT_WORDS))
_FOREIGN_WORDS = tuple(word for word in phrases.COMMENT_WORDS if not word.isascii())
_BETWEEN_BUTTONS = re.compile(r"\s*[·•|/]\s*|\s{2,}")
_DIGIT, _WORDS = re.compile(r"\d"), re.compile(r"[^\W\d_]+")
_ONES = frozenset("one ein eine un una une uno um uma één een jeden один en ett μία bir".split())  # noqa: SIM905
_GLUED_BUTTONS = re.compile(r"(?<=[^\W\d_])(?=[A-ZÀ-ÖØ-ÞЀ-Я])")
_BEHIND_BUTTONS = phrases.AROUND_BUTTONS + "@–—#/\t"
_REPLY_STARTS = ("reply to ", "log in to reply", "antworte auf ")
_REPLY_ENDS = tuple(filter(None, (word.rstrip(_BEHIND_BUTTONS) for word in phrases.REPLY)))
_NO_PINGBACK = frozenset({*map(chr, range(128))} - {*"0123456789pPtTrR"})  # what none begins with
_MORE_ENDS = frozenset(word[-2:] for word in phrases.MORE_ENDS)
_BY_WORDS = frozenset(word + end for word in phrases.BY_WORDS for end in ("", ":"))


@lru_cache(1024)
def stated_count(text: str) -> int | None:
    """Return the number of comments that a heading states, 1 for "one comment", or None."""
    if len(text) > 200:
        return None
    folded = text.casefold()
    if not _DIGIT.search(text) and _ONES.isdisjoint(_WORDS.findall(folded)):
        return None
    match = phrases.COUNTED.search(folded) if comment_words(folded) else None
    if not match:
        return None
    digits = "".join(ch for ch in next(filter(None, match.groups())) if ch.isdecimal())
    return int(digits) if digits else 1


def comment_words(folded: str) -> tuple[str, ...]:
    """Return beginnings of words for comments in a casefolded text; where it has none, no line of it is a heading.

    Asked of many lines at once, this takes less time than one pattern takes for one line.
    """
    plain = folded.encode("ascii", "ignore").decode()  # searched faster than a text with dashes and bullets
    words = [word for word in _PLAIN_WORDS if word in plain]
    if _FOREIGN.search(folded):
        words += [word for word in _FOREIGN_WORDS if word in folded]
    return tuple(words)


@lru_cache(1024)
def is_heading(text: str) -> bool:
    """Whether a short line may stand over a comment section."""
    return (
        len(text) <= 160
        and bool(phrases.NAMED.search(text.casefold()))
        and not text.endswith((".", "!"))
        and not is_form(text)
    )


def names_comments(text: str) -> bool:
    """Whether a heading has a word for readers' comments, and not only one that stands over much else ("Ideas")."""
    return phrases.COMMENT_ALONE.search(text.casefold()) is not None


def heads_comments(text: str, *, of_others: bool = False) -> bool:
    """Whether a line may stand over readers' comments: this article's, or with `of_others` those of other articles."""
    return is_heading(text) and names_comments(text) and is_elsewhere(text) is of_others


@lru_cache(1024)
def is_form(text: str) -> bool:
    """Whether a line belongs to a form to write a comment."""
    return len(text) <= 200 and bool(phrases.FORM.search(text.casefold()))


def begins_as_form(text: str) -> bool:
    """Whether a line begins with the words of a form to write a comment, and does not only hold one ("post office")."""
    return phrases.FORM.match(text.casefold()) is not None


def is_break(text: str) -> bool:
    """Whether a line is one of those that stand between an article and what follows it."""
    return len(text) <= 200 and phrases.BREAK.search(text.casefold()) is not None


def is_foot(text: str) -> bool:
    """Whether a line stands at the foot of a page: whose text it is, and who may use it."""
    return len(text) <= 200 and phrases.FOOT.search(text.casefold()) is not None


@lru_cache(1024)
def is_closed(text: str) -> bool:
    """Whether a line says that comments are closed."""
    return len(text) <= 200 and bool(phrases.CLOSED.search(text.casefold()))


@lru_cache(1024)
def is_elsewhere(text: str) -> bool:
    """Whether a short heading announces something other than this article's comments."""
    return len(text) <= 60 and text.count(",") < 2 and bool(phrases.ELSEWHERE.search(text.casefold()))


@lru_cache(4096)
def is_reply(text: str) -> bool:
    """Whether a line is a button below a comment."""
    if len(text) > 60:
        return False
    bare = text.casefold().strip(phrases.AROUND_BUTTONS)
    if bare in phrases.REPLY or bare.startswith(_REPLY_STARTS):
        return True
    buttons = _BETWEEN_BUTTONS.split(bare)
    if len(buttons) == 1 and " " not in bare:  # two elements without a space between them: "ReplyDelete"
        buttons = [button.casefold() for button in _GLUED_BUTTONS.split(text.strip(phrases.AROUND_BUTTONS))]
    return len(buttons) > 1 and all(
        button.strip(phrases.AROUND_BUTTONS) in phrases.REPLY for button in buttons if button
    )


def may_end_in_reply(text: str) -> bool:
    """Whether a line may have a button at its end, behind a date; where this is false, it has none in words."""
    bare = text.casefold().rstrip(_BEHIND_BUTTONS)
    return bare.endswith(_REPLY_ENDS) or any(start in bare for start in _REPLY_STARTS)


def find_says(text: str) -> int | None:
    """Return where the "says:" at the end of a line begins, or None: what stands before it is a name."""
    if len(text) > 120 or (" " not in text and text.isascii()) or (text[-1:] == "." and text[-2:] != ".."):
        return None
    return _find_says(text)


@lru_cache(4096)
def _find_says(text: str) -> int | None:
    bare = text.rstrip(" :：….,\u00a0")
    for count in (2, 1):
        parts = bare.rsplit(maxsplit=count)
        if len(parts) > count and " ".join(parts[1:]).casefold() in phrases.SAYS and parts[0].count(" ") < 8:
            return len(parts[0])
    match = phrases.SAYS_SUFFIX.search(text) if not text.isascii() and text[-1] in ":：말글说說道" else None
    return match.start() if match and match.start() else None


def is_skip_link(text: str) -> bool:
    """Whether a line leads to the page's main part, or is the name of another part of its head."""
    folded = text.casefold() if len(text) < 40 else ""
    return folded in ("menu", "search", "home") or folded.startswith(phrases.SKIP_LINKS)


def byline_length(text: str) -> int:
    """Return the length of the "Posted by " at the beginning of a line, 0 where there is none."""
    match = phrases.BY.match(text) or phrases.COMMENT_BY.match(text)
    return match.end() if match else 0


def names_comment(text: str) -> bool:
    """Whether a line begins as one that calls itself someone's comment: "Comment by"."""
    return phrases.COMMENT_BY.match(text) is not None


def holds_byline_words(text: str) -> bool:
    """Whether one of the words is in a text that a "Posted by " ends with; without it no line has one."""
    return not _BY_WORDS.isdisjoint(text.casefold().split())


@lru_cache(4096)
def is_linking(text: str) -> bool:
    """Whether a text is nothing but linking words ("on", "at") and weekdays."""
    return phrases.LINKING.fullmatch(text[:60]) is not None


def undouble(name: str) -> str:
    """Remove one half of a name that stands twice: as the text of its picture, and as itself."""
    words = name.split()
    half = len(words) // 2
    return " ".join(words[:half]) if len(words) % 2 == 0 and words[:half] == words[half:] else name


def strip_linking(text: str) -> str:
    """Remove the linking words at the end of a text ("Joe on")."""
    parts = text.split()
    while len(parts) > 1 and any(map(str.isalnum, parts[-1])) and is_linking(parts[-1]):
        parts.pop()
    return " ".join(parts) if parts and " ".join(parts) in text else text


def is_reference(text: str) -> bool:
    """Whether a line begins as a reference to the parent comment ("in reply to")."""
    return phrases.REFERENCE.match(text) is not None


def strip_reference(text: str) -> str:
    """Remove the "in reply to" at the beginning of a reference."""
    return phrases.REFERENCE.sub("", text, count=1)


def is_rating(text: str) -> bool:
    """Whether a line is a rating that a form asked for beside the comment ("5 stars", "★★★★☆")."""
    return len(text) <= 30 and phrases.RATING.fullmatch(text) is not None


def is_number_mark(text: str) -> bool:
    """Whether a line is nothing but the number of a comment ("#12", "12:", "#1.1")."""
    return len(text) <= 12 and phrases.NUMBER_MARK.fullmatch(text) is not None


def cut_marker(text: str) -> str | None:
    """Return the "... read more" at the end of a text that was cut short, or None."""
    end = text.rstrip(phrases.CLOSERS)[-LONGEST_END:]
    may_say_more = end[-2:].casefold()[-2:] in _MORE_ENDS and end.casefold().endswith(phrases.MORE_ENDS)
    if not may_say_more and not text.endswith(("…]", "...]")):
        return None
    match = phrases.MORE.search(text[-60:])
    return match[0].strip() if match else None


@lru_cache(4096)
def is_avatar(text: str) -> bool:
    """Whether a line is the alternative text of an avatar."""
    folded = text.casefold() if len(text) <= 80 else ""
    return phrases.PICTURE.search(folded) is not None and phrases.AVATAR.match(text) is not None


def avatar_name(text: str) -> str | None:
    """Return the name in "Joe Avatar" or "Avatar of Joe", or None."""
    match = phrases.NAMED_AVATAR.fullmatch(text)
    return (match[1] or match[2]).strip() if match else None


def is_waiting(text: str) -> bool:
    """Whether a line says that a comment awaits moderation."""
    return phrases.WAITING.match(text) is not None


def is_pingback(text: str) -> bool:
    """Whether a line begins as a pingback or trackback."""
    return text[:1] not in _NO_PINGBACK and phrases.PINGBACK.match(text[:40]) is not None


@lru_cache(4096)
def name_score(text: str) -> float:
    """Score how much a line by itself looks like a name: from 2 for a name to -3 for the beginning of a text."""
    words = text.split()
    if (
        not words
        or text[0] == "@"
        or len(text) > 60
        or len(words) > 6
        or text[-1] in ',;:?)]"”»'
        or text.startswith(("http", "www.", '"', "“", "(", "["))
    ):
        return -3.0
    if not any(map(str.isalpha, text)) or phrases.COUNTED_OFF.match(text) or (text[-1] == ")" and "(" not in text):
        return -2.0
    if text[-1] in ".!…。！？" and not (len(words) in (2, 3) and len(words[-1]) <= 3 and words[-1][0].isupper()):
        return -2.0
    if len(words) == 1:
        return _word_score(text)
    return _words_score(words, text)


def _word_score(word: str) -> float:
    if word.casefold() in phrases.EXCLAIMED or word.casefold() in phrases.STOP:
        return -1.0
    return 2.0 if len(word) <= 30 else -2.0


def _words_score(words: list[str], text: str) -> float:
    begin = sum(not word[0].islower() for word in words)
    common = sum(word.casefold() in phrases.STOP for word in words[:-1]) + (
        len(words[-1]) > 1 and words[-1].casefold() in phrases.STOP
    )
    if begin == len(words):
        parted = (", " in text and len(words) > 2) or phrases.SENTENCES.search(text) is not None
        return (2.0 if len(words) <= 3 else 1.0 if len(text) <= 30 else 0.5) - common - 1.5 * parted
    if common and not (words[0][0].isupper() and words[-1][0].isupper() and len(words) <= 4):
        return -2.0
    if words[0].casefold() in phrases.EXCLAIMED:
        return -1.0
    if len(words) == 2 and begin and any(map(str.isdigit, words[1])):
        return 1.0
    if len(words) == 2:
        return 1.0 if begin == 0 or len(words[1]) <= 2 else 0.5
    return 0.0 if words[-1][0].isupper() and len(words) <= 4 else -1.0


@lru_cache(4096)
def is_handle(name: str) -> bool:
    """Whether a name is one that people have only on the web: k2, bob e, DD_Austin, DavidinNorthBurnaby."""
    if len(name) > 30 or not name:
        return False
    is_word = " " not in name
    inner = sum(map(str.isupper, name[1:])) if is_word else 0
    mixed = (
        0 < inner < len(name) - 1 and "-" not in name and "'" not in name and not name.startswith(("Mc", "Mac", "De"))
    )
    digits = is_word and any(map(str.isdigit, name)) and any(map(str.isalpha, name))
    return "_" in name or digits or mixed or name[0].islower()
