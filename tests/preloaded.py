"""What a process of `btl` loads sooner or later; imported once by the server that `tests.btl` forks them from."""

from importlib import import_module

from archive.flags.detect import prefilter

CRAWLER = (
    "crawler.run",
    *(f"crawler.cli.{name}" for name in ("crawl", "replay", "verify")),
    *(f"crawler.middlewares.{name}" for name in ("address_guard", "robots_txt", "retry_after")),
    *(f"crawler.{name}" for name in ("extensions", "pipelines", "resolver", "spiders.news")),
)
ARCHIVE = ("export", "flag", "import_", "publish", "review", "stats", "takedown")

for module in (*CRAWLER, *(f"archive.cli.{name}" for name in ARCHIVE)):
    import_module(module)
prefilter()  # compiles all lexicons
