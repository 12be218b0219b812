"""The routes: one table of path patterns, and the pages and files that their views load."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response
from datasette.views.index import IndexView

from archive.site import citations, feeds, formatting, public
from archive.site.database import ArchiveDatabase, find_archive
from archive.site.formatting import web_address
from archive.site.params import SearchParams, parse_number, parse_removals, parse_search, parse_thread
from archive.site.responses import not_found, page, slow_page, static, text_file
from archive.site.row_streams import rows_file, stream_rows
from archive.site.views import (
    about,
    article,
    comment,
    commenter,
    dossier,
    downloads,
    flags,
    home,
    outlet,
    questions,
    removals,
    repeated_texts,
    review_forms,
    search,
    sign_in,
    statistics,
    thread,
    threads,
)
from archive.store.statistics import COLUMNS


def search_params(request: Request) -> SearchParams:
    return parse_search({name: request.args.get(name) for name in request.args})


async def show_home(datasette: Datasette, request: Request) -> Any:
    """The first page; Datasette's own where no database is an archive."""
    if find_archive(datasette) is None:
        return await IndexView(datasette).get(request)
    return await HOME(datasette, request)


async def statistic_file(datasette: Datasette, request: Request) -> Response:
    name, db = request.url_vars["name"], find_archive(datasette)
    columns = COLUMNS.get(name)
    if db is None or columns is None:
        return await not_found(datasette, request)
    values = await statistics.load_values(datasette, db, name)
    if values is None:
        return await slow_page(datasette, request)
    rows = downloads.statistic_rows(values, columns, name)
    return await stream_rows(datasette, request, db, lambda _: rows, file_name=name)


async def load_completeness(datasette: Datasette, db: ArchiveDatabase) -> dict[str, Any]:
    names = ("threads_by_completeness", "comments_stated")
    return about.describe_completeness(*[await statistics.load_values(datasette, db, name) for name in names])


def kind_and_number(request: Request) -> tuple[str, int]:
    return request.url_vars["kind"], parse_number(request)


HOME = page("home.html", lambda connection, _, __: home.load(connection))
_FORMAT = r"\.(?P<format>csv|json)$"
_NUMBER = r"(?P<number>[0-9]+)"
JSON, BIBTEX, ATOM, XML = "application/json", "text/x-bibtex", "application/atom+xml", "application/xml"
ROUTES: list[tuple[str, Callable[..., Awaitable[Any]]]] = [
    (r"/(?P<format>)$", show_home),
    # Files stand before pages: /thread/1.csv would be a thread with an odd number.
    (rf"/thread/{_NUMBER}{_FORMAT}", rows_file("thread-{number}", downloads.thread_rows, parse_thread)),
    (rf"/comment/{_NUMBER}\.json$", text_file(JSON, downloads.comment_json, parse_number, "comment-{number}.json")),
    (
        rf"/(?P<kind>comment|thread)/{_NUMBER}\.bib$",
        text_file(BIBTEX, downloads.bibtex, kind_and_number, "{kind}-{number}.bib"),
    ),
    (rf"/threads{_FORMAT}", rows_file("threads", threads.thread_rows, threads.parse_threads)),
    (
        rf"/commenter/{_NUMBER}{_FORMAT}",
        rows_file("commenter-{number}", commenter.comment_rows, commenter.parse_commenter),
    ),
    (rf"/dossier{_FORMAT}", rows_file("dossier", dossier.rows, dossier.parse_dossier)),
    (
        rf"/copies/{_NUMBER}{_FORMAT}",
        rows_file("copies-{number}", repeated_texts.rows, parse_number, questions.patience),
    ),
    (
        rf"/questions/(?P<slug>[a-z-]+){_FORMAT}",
        rows_file("{slug}", questions.rows, questions.parse_key, questions.patience),
    ),
    (rf"/search{_FORMAT}", rows_file("search", downloads.search_rows, search_params)),
    (rf"/removals{_FORMAT}", rows_file("removals", downloads.removal_rows, parse_removals)),
    (rf"/flags{_FORMAT}", rows_file("flags", lambda connection, *_: downloads.code_rows(connection))),
    (rf"/statistics/(?P<name>[a-z_]+){_FORMAT}", statistic_file),
    (r"/feeds/search\.atom$", text_file(ATOM, feeds.search, search_params)),
    (r"/feeds/threads\.atom$", text_file(ATOM, lambda connection, _, __, base: feeds.threads(connection, base))),
    (r"/feeds/removals\.atom$", text_file(ATOM, lambda connection, _, __, base: feeds.removals(connection, base))),
    (r"/sitemap\.xml$", text_file(XML, lambda connection, _, __, base: feeds.sitemap(connection, base))),
    (rf"/sitemap-{_NUMBER}\.xml$", text_file(XML, feeds.sitemap_part, parse_number)),
    (r"/robots\.txt$", public.show_robots),
    (r"/dumps$", public.show_dumps),
    (r"/dumps/(?P<name>.+)$", public.send_dump),
    (r"/thread/(?P<number>[^/]+)$", page("thread.html", thread.load, parse_thread)),
    (r"/comment/(?P<number>[^/]+)$", page("comment.html", comment.load, parse_number)),
    (r"/threads$", page("threads.html", threads.load, threads.parse_threads, limit=questions.patience)),
    (r"/outlets$", page("outlets.html", outlet.load_list, outlet.parse_page)),
    (r"/outlet/(?P<name>[^/]+)$", page("outlet.html", outlet.load, outlet.parse_outlet, limit=questions.patience)),
    (r"/commenter/(?P<number>[^/]+)$", page("commenter.html", commenter.load, commenter.parse_commenter)),
    (r"/article/(?P<number>[^/]+)$", page("article.html", article.load, parse_number)),
    (r"/dossier$", page("dossier.html", dossier.load, dossier.parse_dossier)),
    (r"/copies/(?P<number>[^/]+)$", page("copies.html", repeated_texts.load, parse_number, limit=questions.patience)),
    (r"/questions$", page("questions.html", lambda *_: questions.load_list())),
    (
        r"/questions/(?P<slug>[a-z-]+)$",
        page("question.html", questions.load, questions.parse_key, limit=questions.patience),
    ),
    (r"/flags$", page("flags.html", lambda connection, _, visitor: flags.load(connection, visitor))),
    (r"/agreement$", page("agreement.html", lambda connection, _, __: flags.load_agreement(connection))),
    (r"/removals$", page("removals.html", removals.load, parse_removals)),
    (r"/about$", page("about.html", lambda connection, _, __: about.load(connection), more=load_completeness)),
    (r"/statistics$", page("statistics.html", lambda *_: {}, more=statistics.load)),
    (r"/search$", page("search.html", search.load, search_params)),
    (r"/review$", review_forms.show_review),
    (r"/-/login$", sign_in.sign_in),
    (r"/-/logout$", sign_in.sign_out),
    (r"/-/password-tool$", not_found),
    (r"/-/databases(\.json)?$", not_found),  # it would name the archive's folder on this machine
    (r"/-/below/style\.[0-9a-f]+\.css$", static("style.css", "text/css")),
    (r"/-/below/dossier\.[0-9a-f]+\.js$", static("dossier.js", "text/javascript")),
    (r"/-/below/tables\.[0-9a-f]+\.js$", static("tables.js", "text/javascript")),
    (r"/-/below/review\.[0-9a-f]+\.js$", static("review.js", "text/javascript")),
]
FILTERS: Mapping[str, Callable[..., Any]] = {
    "number": formatting.number,
    "short": formatting.short,
    "counted": formatting.count,
    "web_address": web_address,
    "moment": formatting.moment,
    "day": formatting.day,
    "citations": citations.format_styles,
}
