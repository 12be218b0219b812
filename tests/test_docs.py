"""The documents: links lead somewhere, the README is short, its commands exist, and its worked example is what happens."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from archive.cli.commands import COMMANDS
from tests.btl import run_btl
from tests.news_server import serving

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!`)\]\(([^()\s]+)\)")
MOST_WORDS = 900


def anchors(page):
    """Return the anchors that GitHub and mkdocs give the headings of a page."""
    text = re.sub(r"(?ms)^```.*?^```", "", page.read_text("utf-8"))
    headings = re.findall(r"(?m)^#+ (.*)$", text)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(page):
    text = re.sub(r"(?ms)^```.*?^```", "", page.read_text("utf-8"))
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_pages_of_the_site_link_to_no_file_outside_it():
    for page in (ROOT / "docs").rglob("*.md"):
        assert "](../" not in page.read_text("utf-8"), page.name


def test_every_page_is_in_the_menu_of_the_site():
    menu = (ROOT / "mkdocs.yml").read_text("utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        assert f" {page.relative_to(ROOT / 'docs')}\n" in menu, page.name


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text("utf-8").split()) <= MOST_WORDS


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: page.name)
def test_commands_in_code_blocks_exist(page):
    blocks = re.findall(r"(?ms)^```(?:sh|console)\n(.*?)^```", page.read_text("utf-8"))
    for line in "\n".join(blocks).splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True) if re.match(r"(\$ )?btl ", line) else []
        named = next((word for word in words[1:] if not word.startswith("-")), None)
        assert named is None or named in COMMANDS, line


@pytest.mark.slow
def test_the_first_crawl_of_the_readme_is_what_happens(tmp_path):
    block = re.search(r"(?ms)^```console\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"))[1]
    commands = re.findall(r"(?ms)^\$ btl (.*?)\n(.*?)(?=^\$|\Z)", block)
    comments = [
        (11, 0, "Old Mudlark", "Two years, they said of the bandstand, and there is a tree growing through it."),
        (12, 11, "Priya", "It is a nice tree though."),
        (13, 0, "Halvard", "Whoever wrote this timetable is an idiot."),
        (14, 13, "Orla", "He reads these comments, you know."),
    ]
    with serving() as site:
        site.post(comments=comments)
        for words, expected in commands[:-1]:
            arguments = words.replace("https://courier.example", site.url).split()
            if arguments[0] == "crawl":
                arguments += ["--allow-host", site.address]
            done = run_btl(arguments, tmp_path)
            assert done.returncode == 0, done.stderr
            shown = done.stdout or done.stderr
            assert shown.replace("127.0.0.1", "courier.example") == expected
    assert commands[-1][0] == "serve"


@pytest.mark.slow
def test_the_site_of_the_documents_is_built_without_warnings_and_loads_nothing_from_elsewhere(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        loaded = re.findall(
            r"""<(?:script|img|link rel="stylesheet")[^>]+(?:src|href)="(https?:[^"]+)""", page.read_text("utf-8")
        )
        assert loaded == [], page.name
