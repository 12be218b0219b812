"""A real browser to look at pages with."""

import shutil
from functools import partial
from itertools import product
from typing import Any

import datasette.app
import pytest
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from playwright.sync_api import sync_playwright

from archive.site import app, public
from tests.btl import PATIENCE_S
from tests.conftest import missing
from tests.sites import LIMITS

PATIENCE_MS = 1000 * PATIENCE_S
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


class CompiledTemplates(BytecodeCache):
    """What one Datasette has compiled serves the next: each test has its own, and all have the same templates."""

    def __init__(self) -> None:
        self.code: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.code[bucket.key, bucket.checksum] = bucket.code


@pytest.fixture(autouse=True, scope="session")
def templates_are_compiled_once():
    with pytest.MonkeyPatch.context() as patch:
        shared = partial(datasette.app.Environment, bytecode_cache=CompiledTemplates())
        patch.setattr(datasette.app, "Environment", shared)
        yield


@pytest.fixture(autouse=True, scope="session")
def no_page_is_too_long_on_a_busy_machine():
    """Tests of the limits set their own."""
    with pytest.MonkeyPatch.context() as patch:
        for settings, limit in product((app.SETTINGS, public.SETTINGS), LIMITS):
            patch.setitem(settings, limit, LIMITS[limit])
        yield


@pytest.fixture(autouse=True, scope="session")
def statements_run_where_they_are_asked():
    """Have no threads for SQL in process, where a test asks for one page at a time; sites that are served have theirs."""
    with pytest.MonkeyPatch.context() as patch:
        for settings in (app.SETTINGS, public.SETTINGS):
            patch.setitem(settings, "num_sql_threads", 0)
        yield


def patient(make):
    """Let what a browser opens wait as long as a loaded machine may take."""

    def opened(**options):
        made = make(**options)
        made.set_default_timeout(PATIENCE_MS)
        return made

    return opened


@pytest.fixture(scope="module")
def browser():
    """Chromium, for a module: as long as it runs, nothing else of the process can have an event loop."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        missing("no Chromium to look at pages with")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=QUIET, timeout=PATIENCE_MS)
        with pytest.MonkeyPatch.context() as patch:
            for name in ("new_page", "new_context"):
                patch.setattr(started, name, patient(getattr(started, name)))
            yield started
        started.close()
