"""Both engines, as for tests of the store."""

from tests.archive.store.conftest import archive, place, query

__all__ = ["archive", "place", "query"]
