"""Take the pictures of README.md and docs/ from the demo, and say whether they are current.

python -m docs.pictures [--check]     with --check it takes none; status 1 where a page reads otherwise now

A picture is current while its page has the text that it had when the picture was taken: docs/pictures/pages.json holds
hashes of these texts. Pixels differ from machine to machine, texts do not.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

from lxml.html import document_fromstring

PICTURES = Path(__file__).with_name("pictures")
HASHES = PICTURES / "pages.json"
WIDTH, HEIGHT = 1280, 620
ARTICLE = "https://courier.saltmere.example/2026/02/net-loft-shelter/"
THREAD = "select '/thread/' || threads.id from threads join articles on articles.id = article_id where articles.url = ?"
PAGES = {"home": "/", "removals": "/removals", "thread": ARTICLE}


def build_demo(folder: Path) -> Path:
    """Build the demo's archive in a folder."""
    btl = [sys.executable, "-m", "archive.cli"]
    subprocess.run([*btl, "demo", "--no-serve", "--db", "demo.db"], cwd=folder, check=True, capture_output=True)  # noqa: S603
    return folder / "demo.db"


def addresses(db: Path) -> dict[str, str]:
    """Return the path of each page that a picture shows; a thread is named by its article."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(db)) as connection:
        (thread,) = connection.execute(THREAD, (ARTICLE,)).fetchone()
    return {name: thread if page == ARTICLE else page for name, page in PAGES.items()}


def page_hashes(db: Path) -> dict[str, str]:
    """Return a hash of what each page says, without the column at its side, which names files of this machine."""
    return asyncio.run(_page_hashes(db))


async def _page_hashes(db: Path) -> dict[str, str]:
    from archive.cli.demo import NOTICE
    from archive.site.app import application

    datasette = application(db, notice=NOTICE)
    hashes = {}
    for name, path in addresses(db).items():
        response = await datasette.client.get(path)
        tree = document_fromstring(response.text)
        for aside in tree.xpath("//aside|//script|//style"):
            aside.drop_tree()
        (main,) = tree.xpath("//main")
        hashes[name] = sha256(" ".join(main.text_content().split()).encode()).hexdigest()
    return hashes


def outdated(db: Path) -> list[str]:
    """Return the names of the pictures whose pages have other texts now."""
    kept = json.loads(HASHES.read_text("utf-8")) if HASHES.exists() else {}
    return [name for name, digest in page_hashes(db).items() if kept.get(name) != digest]


def take_pictures(db: Path) -> None:
    """Show the demo in a browser without a window, and keep a picture of each page with the hash of its text."""
    from playwright.sync_api import sync_playwright

    from crawler.browser.chromium import find_chromium

    PICTURES.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "archive.cli", "demo", "--db", str(db), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:  # noqa: S603
        lines = iter(server.stdout or ())
        base = next(line.split()[4].rstrip("/") for line in lines if line.startswith("The archive is at"))
        browser = playwright.chromium.launch(executable_path=find_chromium())
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        for name, path in addresses(db).items():
            page.goto(base + path)
            page.screenshot(path=PICTURES / f"{name}.png")
        browser.close()
        server.terminate()
    HASHES.write_text(json.dumps(page_hashes(db), indent=1) + "\n", "utf-8")


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        db = build_demo(Path(folder))
        old = outdated(db)
        if "--check" in arguments:
            print(f"out of date: {', '.join(old)}; run `make pictures`" if old else "the pictures are current")
            return int(bool(old))
        take_pictures(db)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
