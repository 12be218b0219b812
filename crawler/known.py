"""Comment systems that are known but cannot be read yet: what a page says of them."""

from crawler.page import Page


def threads(page: Page) -> list[tuple[str, str | None]]:
    """The name and the thread id of every such system on the page."""
    del page
    return []
