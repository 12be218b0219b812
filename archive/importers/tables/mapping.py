"""What the columns of a table mean: a mapping, written by hand, shipped as a preset, or concluded from the table.

A mapping is data (TOML), never code. It names a column for each role, and how its cells are read.
"""

import re
import tomllib
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

from archive.importers.tables.cells import IDS, TEXTS, find_zone
from archive.thread import Frozen, State

COMMENT_ROLES = (
    *("body", "id", "parent", "thread", "posted", "author", "author_id", "likes", "dislikes", "score"),
    *("comment_url", "state", "staff", "heading", "edited", "reports"),
)
ARTICLE_ROLES = ("url", "title", "article_body", "published", "language", "section", "outlet", "byline")
ROLES = COMMENT_ROLES + ARTICLE_ROLES
TIMES = frozenset(("posted", "published", "edited"))
TIME_READINGS = ("epoch", "epoch_ms", "iso", "day_first", "month_first")
STATES: tuple[State, ...] = ("visible", "removed", "author_deleted", "withheld")
SOURCE_KEYS = (
    *("signature", "roots", "delimiter", "encoding", "has_header", "table", "records"),
    *("staff_value", "is_own", "state_columns"),
)
LABEL_KINDS = ("share", "count", "value", "choice")
LabelSubject = Literal["comment", "thread", "article"]
# How --map names a label by what it speaks of: thread_label.civil=Column.
LABEL_ROLES: dict[str, LabelSubject] = {"label": "comment", "thread_label": "thread", "article_label": "article"}


class BadMapping(ValueError):
    """A mapping that cannot be used; the message says why and where."""


@dataclass(frozen=True, slots=True)
class MappedColumn(Frozen):
    """A column by its name, and how its cells are read ("" as its contents say)."""

    name: str
    reading: str = ""


@dataclass(frozen=True, slots=True)
class LabelColumn(Frozen):
    """A column with somebody's label: a share from 0 to 1, a count of `of`, a value or one of several choices.

    `subject` says of what: a label of a thread or an article stands in each of its rows.
    """

    column: str
    name: str
    kind: str = "value"
    of: int | None = None
    raters: str | None = None
    flag: str | None = None
    at: float | None = None
    subject: LabelSubject = "comment"


@dataclass(frozen=True, slots=True)
class TableOrigin(Frozen):
    """Where a table comes from. `complete` says that its threads are whole, so that what is missing is gone;
    `own_threads` that the keys of its threads are the platform's own, which a crawl gives them too;
    `on_request` that its makers give it to those who ask only: it is not published again."""

    name: str = ""
    version: str | None = None
    licence: str | None = None
    citation: str | None = None
    url: str | None = None
    outlet: str | None = None
    language: str | None = None
    timezone: str | None = None
    complete: bool = False
    on_request: bool = False
    platform: str | None = None
    own_threads: bool = False


@dataclass(frozen=True, slots=True)
class ArticleJoin(Frozen):
    """Another table that has the articles: the file or table whose name contains `table`, joined by column `on`."""

    table: str
    on: str


@dataclass(frozen=True, slots=True)
class LabelRows(Frozen):
    """Another table of the same file with a label a row: of the comment `on`, called `name`, of this `value`."""

    table: str
    on: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ColumnMapping(Frozen):
    """The whole of it. `signature` are the columns by which a preset's table is recognised; `is_own` says that btl
    wrote the table, whose columns are then known."""

    columns: dict[str, MappedColumn] = field(default_factory=dict)
    dataset: TableOrigin = TableOrigin()
    states: dict[str, State] = field(default_factory=dict)
    labels: tuple[LabelColumn, ...] = ()
    roots: tuple[str, ...] = ()
    signature: tuple[str, ...] = ()
    join: ArticleJoin | None = None
    label_rows: LabelRows | None = None
    article_url: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    has_header: bool = True
    table: str | None = None
    records: str | None = None
    staff_value: str | None = None
    is_own: bool = False
    state_columns: tuple[str, ...] = ()

    def column(self, role: str) -> str | None:
        """Return the name of a role's column."""
        column = self.columns.get(role)
        return column.name if column else None

    def reading(self, role: str) -> str:
        """Return how a role's cells are read."""
        column = self.columns.get(role)
        return column.reading if column else ""

    def used_columns(self) -> tuple[str, ...]:
        """Return the names of all columns that are read."""
        names = [*(column.name for column in self.columns.values()), *self.state_columns]
        for label in self.labels:
            names += [label.column, *([label.raters] if label.raters else [])]
        return tuple(dict.fromkeys(names))

    def with_roles(self, roles: dict[str, str]) -> "ColumnMapping":
        """Return the mapping with columns that the user names: `{"body": "Text:html"}`; "" takes a role away.

        Labels are named as `{"thread_label.civil": "Civil"}`."""
        given = {role: value for role, value in roles.items() if role.partition(".")[0] in LABEL_ROLES and "." in role}
        roles = {role: value for role, value in roles.items() if role not in given}
        named = {_column(role, value).name for role, value in roles.items() if value} | set(given.values())
        columns = {role: column for role, column in self.columns.items() if column.name not in named}
        for role, value in roles.items():
            columns.pop(role, None)
            if value:
                columns[role] = _column(role, value)
        new = [LabelColumn(value, role.partition(".")[2], subject=LABEL_ROLES[role.partition(".")[0]])
               for role, value in given.items() if value]  # fmt: skip
        replaced = {(role.partition(".")[2], LABEL_ROLES[role.partition(".")[0]]) for role in given}
        labels = (label for label in self.labels
                  if label.column not in named and (label.name, label.subject) not in replaced)  # fmt: skip
        return replace(self, columns=columns, labels=(*labels, *new))


def parse_mapping(table: dict[str, Any], where: str) -> ColumnMapping:
    """Return the mapping that a TOML document holds. Raises BadMapping, which names the key."""
    names = {"dataset", "source", "columns", "state", "label", "label_rows", "article"}
    if unknown := set(table) - names:
        raise BadMapping(f"{where}: unknown table [{min(unknown)}]; known are {', '.join(sorted(names))}")
    source, article, state = (dict(table.get(name, {})) for name in ("source", "article", "state"))
    try:
        dataset = TableOrigin(**table.get("dataset", {}))
        labels = tuple(LabelColumn(**_label(label, where)) for label in table.get("label", ()))
        join = ArticleJoin(**article.pop("join")) if "join" in article else None
        label_rows = LabelRows(**table["label_rows"]) if "label_rows" in table else None
    except TypeError as error:
        raise BadMapping(f"{where}: {str(error).partition(' ')[2]}") from error
    if dataset.timezone:
        _checked(find_zone, dataset.timezone, where)
    columns = {role: _column(role, value, where) for role, value in table.get("columns", {}).items()}
    states = {str(value).casefold(): _state(name, where) for name, values in state.items() for value in values}
    options = _options(source, where)
    return ColumnMapping(
        columns=columns,
        dataset=dataset,
        states=states,
        labels=labels,
        join=join,
        label_rows=label_rows,
        article_url=article.pop("url", None),
        **options,
    )


def _options(source: dict[str, Any], where: str) -> dict[str, Any]:
    if unknown := set(source) - set(SOURCE_KEYS):
        raise BadMapping(f"{where}: unknown key {min(unknown)!r} in [source]; known are {', '.join(SOURCE_KEYS)}")
    return {name: tuple(map(str, value)) if isinstance(value, list) else value for name, value in source.items()}


def _label(label: dict[str, Any], where: str) -> dict[str, Any]:
    label = {"name": label.get("column"), **label}
    if label.get("kind", "value") not in LABEL_KINDS:
        raise BadMapping(f"{where}: a label's kind is one of {', '.join(LABEL_KINDS)}, not {label['kind']!r}")
    if label.get("subject", "comment") not in get_args(LabelSubject):
        subjects = ", ".join(get_args(LabelSubject))
        raise BadMapping(f"{where}: a label's subject is one of {subjects}, not {label['subject']!r}")
    flag = label.pop("flag", None)
    if flag and label.get("subject", "comment") != "comment":
        raise BadMapping(f"{where}: the label {label['column']!r} of a {label['subject']} raises no flag")
    if isinstance(flag, dict):
        label |= {"flag": flag.get("code"), "at": flag.get("at")}
    if not label.get("column"):
        raise BadMapping(f"{where}: a [[label]] names no column")
    return label


def _state(name: str, where: str) -> State:
    if name not in STATES:
        raise BadMapping(f"{where}: no state is called {name!r}; there are {', '.join(STATES)}")
    return name


def _column(role: str, value: str, where: str = "--map") -> MappedColumn:
    if role not in ROLES:
        names = ", ".join((*ROLES, *(f"{role}.NAME" for role in LABEL_ROLES)))
        raise BadMapping(f"{where}: no role is called {role!r}; there are {names}")
    # A strptime pattern holds colons of its own.
    if role in TIMES and (match := re.fullmatch(r"(.+?):([^:]*%.*)", str(value))):
        return MappedColumn(match[1], match[2])
    name, colon, reading = str(value).rpartition(":")
    readings = set(TIME_READINGS) if role in TIMES else {"html", "text", *IDS, *TEXTS} - {""}
    return MappedColumn(name, reading) if colon and reading in readings else MappedColumn(str(value))


def _checked(function: Any, value: str, where: str) -> None:
    try:
        function(value)
    except ValueError as error:
        raise BadMapping(f"{where}: {error}") from error


def load_mapping(name: str) -> ColumnMapping:
    """Load a mapping from a file, or a preset by its name. Raises BadMapping."""
    path = Path(name)
    if path.suffix == ".toml" or path.exists():
        try:
            return parse_mapping(tomllib.loads(path.read_text("utf-8")), name)
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadMapping(f"{name}: {getattr(error, 'strerror', None) or error}") from error
    if name not in presets():
        raise BadMapping(f"no mapping is called {name!r}; a file, or one of {', '.join(presets())}")
    return presets()[name]


@cache
def presets() -> dict[str, ColumnMapping]:
    """Load all mappings that are shipped, by name."""
    return {
        path.name.removesuffix(".toml"): parse_mapping(tomllib.loads(path.read_text("utf-8")), path.name)
        for path in sorted(files(__package__).joinpath("presets").iterdir(), key=lambda path: path.name)
        if path.name.endswith(".toml")
    }


def write_mapping(mapping: ColumnMapping) -> str:
    """Return a mapping as a TOML document that `parse_mapping` reads back."""
    import tomli_w

    return tomli_w.dumps(as_table(mapping))


def as_table(mapping: ColumnMapping) -> dict[str, Any]:
    """Return a mapping as the table that `parse_mapping` reads back."""
    source = {name: getattr(mapping, name) for name in SOURCE_KEYS if name != "has_header"}
    states = {state: [value for value, other in mapping.states.items() if other == state] for state in STATES}
    table: dict[str, Any] = {
        "dataset": _stated(mapping.dataset),
        "source": {name: _plain(value) for name, value in source.items() if value},
        "columns": {role: column.name + f":{column.reading}".rstrip(":") for role, column in mapping.columns.items()},
        "state": {state: values for state, values in states.items() if values},
        "article": {"url": mapping.article_url} if mapping.article_url else {},
        "label": [_label_table(label) for label in mapping.labels],
    }
    if not mapping.has_header:
        table["source"]["has_header"] = False
    if mapping.join:
        table["article"]["join"] = _stated(mapping.join)
    if mapping.label_rows:
        table["label_rows"] = _stated(mapping.label_rows)
    return {name: value for name, value in table.items() if value}


def _label_table(label: LabelColumn) -> dict[str, Any]:
    table = _stated(label)
    if label.subject == "comment":
        del table["subject"]
    if code := table.pop("flag", None):
        table["flag"] = {"code": code, "at": table.pop("at", 1)}
    return table


def _stated(value: Any) -> dict[str, Any]:
    stated = {item.name: getattr(value, item.name) for item in fields(value)}
    return {name: value for name, value in stated.items() if value not in (None, False, "")}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
