"""Datasette's own pages of tables and queries as files that are whole, or say that they are not.

CSV, and JSON with `_stream`, hold every row that the page's filters match, read in one go and not page by page: a view
is walked once, and what is saved meanwhile changes nothing. Other JSON is Datasette's, which stops at a page: then it
has the header `X-Truncated`, and one that leads on.
"""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette.app import Datasette
from datasette.database import Database, QueryInterrupted
from datasette.utils import InvalidSql, path_with_format, tilde_decode
from datasette.utils.asgi import Request, Response
from datasette.views.base import DatasetteError
from datasette.views.database import DatabaseView, MagicParameters
from datasette.views.table import TableView

from archive.site import sending
from archive.site.database import Connection, fetch_all
from archive.site.responses import slow_page
from archive.site.sending import Rows, Sent, Written, send_rows
from archive.store.private_tables import is_refusal

BATCH = 1000
PATIENCE = 20  # times the limit of a page: sorting a whole table takes longer than finding its first rows

_OF_PAGES = ("_size", "_next", "_stream", "_dl", "_shape", "_nl", "_labels", "_label", "_trace", "_header")
_LIMIT = re.compile(r" limit 2\Z")


class _Whole:
    """What is added to Datasette's views. One of them answers one request."""

    ds: Datasette
    more = False  # whether the rows of the last answer are not all

    async def data(self, request: Request, *arguments: Any, **options: Any) -> Any:
        try:
            found = await super().data(request, *arguments, **options)  # type: ignore[misc]
        except sqlite3.DatabaseError as error:
            if is_refusal(error):
                raise DatasetteError("That is not to be read here.", title="Not open", status=403) from error
            raise
        if isinstance(found, tuple):
            self.more = bool(found[0].get("next") or found[0].get("truncated"))
        return found

    async def get(self, request: Request) -> Response | Sent:
        if request.url_vars.get("format") == "json" and request.args.get("_stream"):
            return await self.whole(request, "jsonl" if request.args.get("_nl") else "json")
        answer: Response = await super().get(request)  # type: ignore[misc]
        if self.more and request.url_vars.get("format") == "json":
            answer.headers["x-truncated"] = "true"
            if "link" not in answer.headers:
                path = path_with_format(request=request, format="csv", replace_format="json")
                whole = self.ds.absolute_url(request, self.ds.urls.path(path))
                answer.headers["link"] = f'<{whole}>; rel="alternate"; type="text/csv"'
        return answer

    async def as_csv(self, request: Request, database: str) -> Response | Sent:  # noqa: ARG002
        return await self.whole(request, "csv")

    async def render(self, templates: Sequence[str], request: Request, context: dict[str, Any]) -> Response:
        """Datasette's page with a link to all rows as JSON beside that to its own."""
        if "json" in context.get("renderers", {}) and context.get("url_csv"):
            everything = path_with_format(request=request, format="json", extra_qs={"_stream": "on"})
            links = {**context["renderers"], "JSON of all rows": self.ds.urls.path(everything)}
            context = {**context, "renderers": links}
        page: Response = await super().render(templates, request=request, context=context)  # type: ignore[misc]
        return page

    async def whole(self, request: Request, kind: str) -> Response | Sent:
        """Every row: the first two are read as Datasette reads them, which says by what statement."""
        labels = [(name, value) for name, value in _pairs(request) if name in ("_labels", "_label")]
        kept = [(name, value) for name, value in _pairs(request) if name not in _OF_PAGES]
        quick = [("_nofacet", "1"), ("_nocount", "1"), ("_nosuggest", "1")]
        try:
            found = await self.data(_asking(request, [*kept, *labels, *_first(self), *quick]))
        except QueryInterrupted:
            return await slow_page(self.ds, request)
        except (sqlite3.OperationalError, InvalidSql) as error:
            raise DatasetteError(str(error), title="Invalid SQL", status=400) from error
        if not isinstance(found, tuple):
            answer: Response = found
            return answer
        told = found[0]
        if told.get("error") or "query" not in told:
            raise DatasetteError(told.get("error") or "There are no rows here", title="No rows", status=400)
        return await self._send(request, kind, told)

    async def _send(self, request: Request, kind: str, told: Mapping[str, Any]) -> Response | Sent:
        db = self.ds.get_database(route=tilde_decode(request.url_vars["database"]))
        sql, parameters, patience = told["query"]["sql"], told["query"]["params"], 1
        if told.get("table"):
            sql, cut = _LIMIT.subn("", sql)
            assert cut == 1, sql
            patience = PATIENCE
        elif told.get("query_name"):
            parameters = MagicParameters(parameters, request, self.ds)
        labels = await self._labels(db, request, told)
        header = request.args.get("_header") != "off"
        written: dict[str, Written] = {
            "csv": partial(sending.as_csv, header=header),
            "json": sending.as_array,
            "jsonl": sending.as_lines,
        }
        return await send_rows(
            self.ds,
            request,
            db,
            partial(_rows, sql, parameters, labels),
            file_name=str(told.get("table") or told.get("query_name") or db.name),
            kind=kind,
            written=written[kind],
            limit_ms=self.ds.sql_time_limit_ms * patience,
        )

    async def _labels(self, db: Database, request: Request, told: Mapping[str, Any]) -> dict[str, str]:
        """The statement that finds the labels of each column that is to have them, of tables that may be seen."""
        found = {}
        for key, label in told.get("expandable_columns") or ():
            seen, _ = await self.ds.check_visibility(
                request.actor, permissions=[("view-table", (db.name, key["other_table"])), ("view-database", db.name)]
            )
            if key["column"] in (told.get("expanded_columns") or ()) and label and seen:
                other, column, label = (_quoted(name) for name in (key["other_table"], key["other_column"], label))
                found[key["column"]] = (
                    f"select {column}, {label} from {other} "  # noqa: S608  # names of this database's own tables
                    f"where {column} in (select value from json_each(:ids))"
                )
        return found


class WholeTable(_Whole, TableView):  # type: ignore[misc]  # Datasette has no types
    pass


class WholeDatabase(_Whole, DatabaseView):  # type: ignore[misc]
    pass


def _first(view: _Whole) -> list[tuple[str, str]]:
    """What makes Datasette read a row or two of a table; of a query it reads what it would show."""
    return [("_size", "1")] if isinstance(view, WholeTable) else []


def _pairs(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(request.query_string, keep_blank_values=True)


def _asking(request: Request, pairs: Sequence[tuple[str, str]]) -> Request:
    scope = {**request.scope, "query_string": urlencode(pairs).encode("ascii")}
    return Request(scope, request.receive)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _rows(sql: str, parameters: Any, labels: Mapping[str, str], connection: Connection) -> Rows:
    cursor = connection.execute(sql, parameters)
    names = _distinct([column[0] for column in cursor.description])
    columns = [one for name in names for one in ((name, f"{name}_label") if name in labels else (name,))]
    return Rows(columns, _batches(connection, cursor, names, labels))


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, where two are alike the later with a number."""
    found: list[str] = []
    for name in names:
        other, count = name, 1
        while other in found:
            count += 1
            other = f"{name}_{count}"
        found.append(other)
    return found


def _batches(
    connection: Connection, cursor: sqlite3.Cursor, names: Sequence[str], labels: Mapping[str, str]
) -> Iterator[list[dict[str, Any]]]:
    for batch in sending.batches(cursor, BATCH):
        rows = [dict(zip(names, row, strict=True)) for row in batch]
        for column, sql in labels.items():
            _label(connection, rows, column, sql)
        yield rows


def _label(connection: Connection, rows: Sequence[dict[str, Any]], column: str, sql: str) -> None:
    ids = sorted({row[column] for row in rows if row[column] is not None}, key=str)
    known: dict[Any, Any] = dict(map(tuple, fetch_all(connection, sql, ids=json.dumps(ids))))
    for row in rows:
        row[f"{column}_label"] = known.get(row[column])


async def show_table(datasette: Datasette, request: Request) -> Any:
    return await WholeTable(datasette).dispatch_request(request)


async def show_database(datasette: Datasette, request: Request) -> Any:
    return await WholeDatabase(datasette).dispatch_request(request)


# As Datasette's own, of which those stay that are for other formats, or begin with "-" or ":".
_FORMAT = r"(\.(?P<format>csv|json))?$"
ROUTES = [
    (rf"/(?![-:])(?P<database>[^\/\.]+){_FORMAT}", show_database),
    (rf"/(?!-/|:)(?P<database>[^\/\.]+)/(?P<table>[^\/\.]+){_FORMAT}", show_table),
]
