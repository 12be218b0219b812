"""Conclude what the columns of a table mean: their names propose, their contents decide.

A table whose column of comments is in doubt is refused with the options that would settle it: what is read wrongly
once is cited for ever.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from archive.importers.tables.cells import ROOTS, read_id, read_number, read_prefixed_id
from archive.importers.tables.contents import (
    FITS,
    MOST_CHOICES,
    allows,
    is_dated,
    is_prose,
    is_time,
    names_no_zone,
    time_reading,
)
from archive.importers.tables.label_subjects import OF_KEYS, with_subjects
from archive.importers.tables.mapping import ARTICLE_ROLES, ROLES, ColumnMapping, LabelColumn, MappedColumn, presets
from archive.importers.tables.name_parts import role_names, roles_by_parts
from archive.importers.tables.nested import ARTICLE_PREFIX, PARENT_COLUMN
from archive.importers.tables.other_tables import doubt_of
from archive.importers.tables.profile import COMMENT_WORD, Profile, profile
from archive.importers.tables.states import is_state_column, reads_state
from archive.importers.tables.table import Table
from archive.importers.tables.thread_keys import OF_COMMENTS, is_of_articles, settle_keys
from archive.text.fold import fold_name
from archive.text.personal_fields import PERSONAL_SHAPES, is_personal_name

LONG_BODY = 1_500  # mean characters: longer texts are articles
INDEX = re.compile(r"|unnamed\d+|index|level\d|rowid|_?id")
NO_LABEL = re.compile(
    r"(?:\w*(?:user|post|parent|article|thread|comment|author|tweet|video|channel|turn|object|message|item|page|site|group|row|outlet|"
    r"worker|annotator|reviewer|product|media|node|story|parent|owner))?(?:uu|gu|o|u)?ids?|pk|etag|post|page|stt|no|nr|\w*(?:name|date|time|precision)|"
    r"(?:created|updated|changed|inserted|published|posted|edited|modified|deleted|fetched|firstseen|lastseen|retrieved|archived)(?:at|on|utc)?|"
    r"(?:is)?(?:edited|reply|answer|pinned|stickied|archived|locked|loggedin)|heart|depth|level|position|order|rank|"
    r"subreddit|platform|source|type|kind|\w*count|(?:num\w*|n|no|nb|nof)?(?:replies|comments|answers)|permalink|"
    r"revision|codes|parentsource"
)
EVIDENCE = frozenset(
    ("author", "author_id", "posted", "parent", "thread", "url", "title", "likes", "dislikes", "score")
)
# What a column's role is that stood in an article with its comments, and in such a comment.
OF_ARTICLE = {"body": "article_body", "posted": "published", "author": "byline", "id": "thread", "comment_url": "url"}
OF_ARTICLE |= {role: role for role in (*ARTICLE_ROLES, "thread")}
OF_COMMENT: dict[str, str | None] = {"url": "comment_url", "title": "heading", "article_body": "body"}
OF_COMMENT |= {"published": "posted", "thread": None}
HTML = re.compile(
    r"</?(?:p|br|a|i|b|em|strong|blockquote|div|span)\b[^>]*>|&(?:amp|lt|gt|quot|nbsp|#\d+|#x[0-9a-fA-F]+);",
    re.IGNORECASE,
)
NO_VALUE = re.compile(r"[\[{]|https?://|www\.|/")  # begins lists, objects and addresses
WORDS = re.compile(r"\w{2,}\s+\w{2,}\s+\w{2,}")


@dataclass(slots=True)
class Conclusion:
    """How a table is read: its mapping, by which preset, what is left out as personal, and what is in doubt."""

    mapping: ColumnMapping
    preset: str | None = None
    personal: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    doubt: str | None = None


def conclude(table: Table, mapping: ColumnMapping | None = None, keep: frozenset[str] = frozenset()) -> Conclusion:
    """Conclude what the columns of a table mean; a mapping that is given is completed by readings alone."""
    preset = None
    if mapping is None:
        preset, mapping = find_preset(table.columns)
    profiles = profile(table)
    personal = tuple(name for name, column in profiles.items() if _is_personal(column) and name not in keep)
    is_concluded = mapping is None or not mapping.columns
    if mapping is None or not mapping.columns:
        concluded = _by_names(profiles, personal, table)
        mapping = replace(concluded, dataset=mapping.dataset) if mapping else concluded
    conclusion = Conclusion(mapping, preset, personal)
    missing = [name for name in mapping.used_columns() if name not in table.columns and name not in _joined(mapping)]
    if mapping.column("body") in missing or (preset is None and missing):
        conclusion.doubt = f"it has no column {', '.join(missing)}; it has {', '.join(table.columns)}"
        return conclusion
    if preset is not None and all(label.subject != "comment" for label in mapping.labels):
        used = {*mapping.used_columns(), *personal}
        more = with_subjects(_labels([profiles[name] for name in profiles if name not in used]), mapping, table)
        mapping = replace(mapping, labels=(*mapping.labels, *more))
    conclusion.mapping = _without(mapping, {*missing, *(set(personal) & {mapping.column("author") or ""})})
    body = conclusion.mapping.column("body")
    if not body:
        conclusion.doubt = _doubt(profiles)
        return conclusion
    above = [label.column for label in conclusion.mapping.labels if label.subject != "comment"]
    if above and not any(map(conclusion.mapping.column, OF_KEYS)):
        conclusion.doubt = (
            f"{above[0]!r} is a label of threads or articles, and no column says whose: --map thread=COLUMN"
        )
        return conclusion
    if preset is None and is_concluded and (reason := doubt_of(conclusion.mapping, profiles)):
        conclusion.doubt = f"{reason}. If its comments are in {body!r} all the same: --map body={body!r}"
        return conclusion
    _decide_readings(conclusion, profiles)
    return conclusion


def _joined(mapping: ColumnMapping) -> set[str]:
    """Return the columns that a table of articles has, where the mapping joins one."""
    if mapping.join is None:
        return set()
    of_articles = {label.column for label in mapping.labels if label.subject == "article"}
    return of_articles | {column.name for role, column in mapping.columns.items() if role in ARTICLE_ROLES}


def find_preset(columns: Sequence[str]) -> tuple[str | None, ColumnMapping | None]:
    """Return the preset whose signature a table's columns hold, the longest first."""
    names = set(columns)
    fitting = [(len(preset.signature), name, preset) for name, preset in presets().items()
               if preset.signature and names.issuperset(preset.signature)]  # fmt: skip
    if not fitting:
        return None, None
    _, name, preset = max(fitting, key=lambda item: (item[0], item[1]))
    return name, preset


def _is_personal(column: Profile) -> bool:
    """Whether a column, by its name or its contents, holds more of a person than the name that the site shows."""
    return is_personal_name(column.name) or any(column.share(shape) > 0.5 for shape in PERSONAL_SHAPES)


def _by_names(profiles: dict[str, Profile], personal: tuple[str, ...], table: Table) -> ColumnMapping:
    """Give each role the column whose name proposes it most surely and whose contents allow it."""
    is_nested = any(name.startswith(ARTICLE_PREFIX) for name in profiles)
    proposals = sorted(
        (rank, list(role_names()).index(role), name, placed)
        for name, column in profiles.items()
        if name not in personal or role_names()["author"].get(column.key) is not None
        for role, names in role_names().items()
        if (rank := names.get(fold_name(name), names.get(column.key))) is not None
        if (placed := _placed(role, name, is_nested=is_nested)) is not None
    )
    columns: dict[str, MappedColumn] = {}
    taken: set[str] = set()
    if PARENT_COLUMN in profiles:
        columns["parent"] = MappedColumn(PARENT_COLUMN)
        taken.add(PARENT_COLUMN)
    for _, _, name, role in sorted(proposals, key=lambda item: (item[1] == 0, item[0])):
        if role not in columns and name not in taken and allows(role, profiles[name]):
            columns[role] = MappedColumn(name)
            taken.add(name)
    _settle_body(columns, profiles, taken)
    by_parts = [
        (placed, name)
        for name in profiles
        if name not in taken and name not in personal
        for role in roles_by_parts(name)
        if (placed := _placed(role, name, is_nested=is_nested)) is not None
    ]
    _propose_by_parts(columns, by_parts, profiles, taken)
    _find_repeated_id(columns, [name for _, _, name, role in proposals if role == "id"], table, taken)
    _settle_parent(columns, table, profiles, taken)
    dropped = settle_keys(columns, table, profiles)
    others = [(role, name) for role, name in by_parts if role in OF_COMMENTS and name not in dropped]
    _propose_by_parts(columns, others, profiles, {column.name for column in columns.values()})
    settle_keys(columns, table, profiles)
    return _with_labels(columns, profiles, personal, table)


def _with_labels(
    columns: dict[str, MappedColumn], profiles: dict[str, Profile], personal: tuple[str, ...], table: Table
) -> ColumnMapping:
    """Return the mapping of these roles, with what the columns that are left say of states and labels."""
    taken = {column.name for column in columns.values()}
    free = [
        column
        for name, column in profiles.items()
        if name not in taken and name not in personal and not name.startswith(ARTICLE_PREFIX)
    ]
    mapping = ColumnMapping(columns=columns, state_columns=_state_columns(columns, free))
    free = [column for column in free if column.name not in mapping.state_columns]
    return replace(mapping, labels=with_subjects(_labels(free), mapping, table)) if "body" in columns else mapping


def _placed(role: str, name: str, *, is_nested: bool) -> str | None:
    """Return the role that a column has by where it stood: in an article, or in a comment below one."""
    if name.startswith(ARTICLE_PREFIX):
        return OF_ARTICLE.get(role)
    return OF_COMMENT.get(role, role) if is_nested else role


def _propose_by_parts(
    columns: dict[str, MappedColumn], proposed: list[tuple[str, str]], profiles: dict[str, Profile], taken: set[str]
) -> None:
    """Give roles that are left to columns whose names have a word for them, where their contents allow it."""
    for role in sorted({role for role, _ in proposed}, key=ROLES.index):
        names = dict.fromkeys(name for other, name in proposed if other == role and name not in taken)
        fitting = [name for name in names if profiles[name].texts and allows(role, profiles[name])]
        held = columns.get(role)
        if role in OF_COMMENTS:  # several rows share them
            shared = [profiles[name] for name in fitting if profiles[name].is_shared]
            shared.sort(key=lambda column: (not is_of_articles(column), -column.distinct))
            fitting = [column.name for column in shared]
            if held and fitting and held.name in profiles and profiles[held.name].is_of_each:
                columns.setdefault(OF_COMMENTS[role], columns.pop(role))
        elif role == "posted" and held and fitting and not is_dated(profiles[held.name]):
            fitting = [name for name in fitting if is_dated(profiles[name])]
            if fitting:
                taken.discard(columns.pop(role).name)
        if fitting and role not in columns:
            columns[role] = MappedColumn(fitting[0])
            taken.add(fitting[0])


def _find_repeated_id(columns: dict[str, MappedColumn], named: list[str], table: Table, taken: set[str]) -> None:
    """Take a column of ids that repeat: where each has one text only, as with a row a rater, or one in each thread."""
    body = columns.get("body")
    if body is None or "id" in columns:
        return
    keys = [columns[role].name for role in OF_COMMENTS if role in columns]
    for name in named:
        rows = [(read_id(row.get(name)), row.get(body.name), *map(row.get, keys)) for row in table.sample]
        ids = {own for own, *_ in rows}
        is_of_one_text = len({row[:2] for row in rows}) == len(ids)
        is_of_its_thread = len({(own, *key) for own, _, *key in rows}) == len(rows) if keys else False
        if name not in taken and None not in ids and len(ids) > 1 and (is_of_one_text or is_of_its_thread):
            columns["id"] = MappedColumn(name)
            taken.add(name)
            return


def _settle_body(columns: dict[str, MappedColumn], profiles: dict[str, Profile], taken: set[str]) -> None:
    """Take the only long text for the comments where no name says so but another role is named; drop articles."""
    body = columns.get("body")
    others = [column for name, column in profiles.items() if name not in taken or (body and name == body.name)]
    prose = [
        column
        for column in others
        if is_prose(column) and column.share(WORDS, whole=False) > 0.5 and column.distinct > 0.5
    ]
    is_known = len(columns) >= 2 and not EVIDENCE.isdisjoint(columns)
    if body is None and len(prose) == 1 and prose[0].mean_length >= 30 and is_known:
        columns["body"] = MappedColumn(prose[0].name)
        taken.add(prose[0].name)
    chosen = columns.get("body")
    if chosen is not None and looks_like_articles(profiles[chosen.name], columns, profiles):
        del columns["body"]


def looks_like_articles(body: Profile, columns: dict[str, MappedColumn], profiles: dict[str, Profile]) -> bool:
    """Whether a column holds articles rather than comments: long texts, each with a title or address of its own."""
    if COMMENT_WORD.search(body.key) or body.mean_length < LONG_BODY or "parent" in columns:
        return False
    own = [profiles[columns[role].name] for role in ("title", "url") if role in columns]
    return any(column.distinct > 0.9 and len(column.texts) >= 0.8 * column.rows for column in own)


def _settle_parent(
    columns: dict[str, MappedColumn], table: Table, profiles: dict[str, Profile], taken: set[str]
) -> None:
    """Keep a column of parents whose values are ids of this table; one that names threads becomes their key."""
    if "id" not in columns:
        _find_id(columns, profiles, taken)
    parent, own = columns.get("parent"), columns.get("id")
    if parent is None or parent.name == PARENT_COLUMN:
        return
    if own is None:
        del columns["parent"]
        return
    reading = ""
    ids = {read_id(row.get(own.name)) for row in table.sample}
    parents = [value for row in table.sample if (value := read_id(row.get(parent.name))) and value.lower() not in ROOTS]
    hits = sum(value in ids for value in parents)
    if parents and hits < FITS * len(parents):
        stripped = [read_prefixed_id(value) or "" for value in parents]
        if sum(value in ids for value in stripped) > hits:
            reading, hits = "prefix", sum(value in ids for value in stripped)
    if parents and not hits and "thread" not in columns and len(set(parents)) < len(parents):
        columns["thread"] = MappedColumn(parent.name)
        del columns["parent"]
        return
    columns["parent"] = MappedColumn(parent.name, reading)


def _find_id(columns: dict[str, MappedColumn], profiles: dict[str, Profile], taken: set[str]) -> None:
    for name, column in profiles.items():
        if name not in taken and column.key in ("unnamed0", "index", "") and allows("id", column):
            columns["id"] = MappedColumn(name)
            taken.add(name)
            return


def _state_columns(columns: Mapping[str, MappedColumn], free: Sequence[Profile]) -> tuple[str, ...]:
    """Return further columns that say of a comment that it is approved, held or removed: each can hide it."""
    if "state" not in columns and not any(reads_state(column.key) for column in free):
        return ()
    return tuple(column.name for column in free if reads_state(column.key) and is_state_column(column.texts))


def _labels(columns: Sequence[Profile]) -> tuple[LabelColumn, ...]:
    return tuple(label for column in columns if (label := _as_label(column)) is not None)


def _as_label(column: Profile) -> LabelColumn | None:
    """Return the label that a column holds which has no role: shares, counts or a few choices."""
    if not column.texts or INDEX.fullmatch(column.key) or NO_LABEL.fullmatch(column.key):
        return None
    if any(column.key in names for names in role_names().values()) or sum(map(is_time, column.texts[:50])) * 2 > len(
        column.texts[:50]
    ):
        return None
    if sum(NO_VALUE.match(text) is not None for text in column.texts) * 2 > len(column.texts):
        return None
    numbers = [read_number(text) for text in column.texts]
    values = Counter(column.texts)
    if all(number is not None for number in numbers):
        if all(0 <= number <= 1 for number in numbers if number is not None):
            kind = "value" if set(numbers) <= {0.0, 1.0} else "share"
            return LabelColumn(column.name, column.name, kind)
        if len(values) <= MOST_CHOICES and all(float(number or 0).is_integer() for number in numbers):
            return LabelColumn(column.name, column.name, "count")
        return None
    if len(values) <= MOST_CHOICES and column.mean_length <= 40 and len(column.texts) >= 2 * len(values):
        return LabelColumn(column.name, column.name, "choice")
    return None


def _without(mapping: ColumnMapping, names: set[str]) -> ColumnMapping:
    if not names:
        return mapping
    columns = {role: column for role, column in mapping.columns.items() if column.name not in names}
    labels = tuple(label for label in mapping.labels if label.column not in names)
    return replace(mapping, columns=columns, labels=labels)


def _decide_readings(conclusion: Conclusion, profiles: dict[str, Profile]) -> None:
    """Choose how cells are read where the mapping does not say: HTML or text, the order of days and months, epochs."""
    mapping = conclusion.mapping
    columns = dict(mapping.columns)
    for role in ("body", "article_body"):
        column = columns.get(role)
        if column and not column.reading and column.name in profiles:
            columns[role] = MappedColumn(
                column.name, "html" if profiles[column.name].share(HTML, whole=False) > 0.02 else "text"
            )
    for role in ("posted", "published"):
        column = columns.get(role)
        if column and not column.reading and column.name in profiles:
            columns[role] = MappedColumn(column.name, time_reading(profiles[column.name].texts))
    if (column := columns.get("posted")) and not column.reading and not is_dated(profiles[column.name]):
        conclusion.notes.append(
            f"{column.name} is kept as words alone, since it is not sure what time they say: "
            f"--map posted={column.name}:day_first (month_first, or a pattern such as %d.%m.%Y) tells"
        )
    if (
        (column := columns.get("posted"))
        and not mapping.dataset.timezone
        and names_no_zone(column, profiles[column.name])
    ):
        conclusion.notes.append(
            f"{column.name} names no time zone: taken as UTC; --timezone names another, as Europe/Vienna"
        )
    conclusion.mapping = replace(mapping, columns=columns)


def _doubt(profiles: dict[str, Profile]) -> str:
    """Return why a table is not read, with the option that would settle it."""
    prose = [column for column in profiles.values() if is_prose(column) and column.share(WORDS, whole=False) > 0.3]
    names = ", ".join(list(profiles)[:12]) + (" ..." if len(profiles) > 12 else "")
    if not prose:
        return f"no column holds comments; it has {names}. --map body=COLUMN names one"
    longest = max(column.mean_length for column in prose)
    likely = next(column for column in prose if column.mean_length > 0.8 * longest)
    option = f"--map body={likely.name!r}"
    return f"which column holds the comments is not certain; it has {names}. If it is {likely.name!r}: {option}"
