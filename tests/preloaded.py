"""What a process of `btl` loads sooner or later; imported once by the server that `tests.btl` forks them from."""

import gc
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from scrapy.settings import default_settings

from archive.flags.detect import prefilter
from archive.store.archive import Archive
from archive.text.hosts import registered_site
from archive.thread import Article, Author, Capture, Comment, Thread
from crawler.settings import SETTINGS
from crawler.warc.run_writer import RemoteWarc
from crawler.warc.writer import WarcFile

CRAWLER = (
    "crawler.run",
    *(f"crawler.cli.{name}" for name in ("crawl", "replay", "verify")),
    *(f"crawler.middlewares.{name}" for name in ("address_guard", "robots_txt", "retry_after")),
    *(f"crawler.{name}" for name in ("extensions", "pipelines", "resolver", "spiders.news")),
)
ARCHIVE = ("demo", "export", "flag", "import_", "publish", "review", "serve", "stats", "takedown")


def scrapy_parts() -> set[str]:
    """Name the modules of what Scrapy's own settings and ours list: a crawl imports even what is switched off."""
    listed = [value for name, value in vars(default_settings).items() if name.endswith("_BASE")]
    listed += [value for value in SETTINGS.values() if isinstance(value, dict)]
    paths = (str(path) for parts in listed for path in (*parts, *parts.values()))
    return {path.rpartition(".")[0] for path in paths if path.startswith(("scrapy.", "crawler."))}


def compile_statements() -> None:
    """Save a thread and what becomes of it: SQLAlchemy then has the statements of a save ready."""
    article, capture = Article("Ferry timetable", "At nine.", url="https://courier.example/1"), Capture("0" * 64)
    with TemporaryDirectory() as folder, Archive(Path(folder, "archive.db")) as archive:
        run = archive.begin_run("import", {})
        for bodies in (("At nine.", "At ten."), ("At eleven.",)):
            comments = tuple(Comment(body, None, Author("anna")) for body in bodies)
            saved = archive.save([Thread(article, comments, "resiliparse_text", capture)], run)
        archive.end_run(run, "done", dict(saved.counts))


for module in (*CRAWLER, *sorted(scrapy_parts()), *(f"archive.cli.{name}" for name in ARCHIVE), "archive.site.app"):
    import_module(module)
for warc in (WarcFile, RemoteWarc):
    warc.flush_s = 0.02  # most crawls of tests visit a page, and would wait half a second for more to save with it
prefilter()  # compiles all lexicons
registered_site("https://courier.example/")  # reads the list of public suffixes
compile_statements()
gc.collect()
gc.freeze()  # else the first collection in each fork copies all of it
