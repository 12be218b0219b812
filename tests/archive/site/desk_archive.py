"""An archive to ask questions of: three outlets, months of dated comments, flags, removals, copies and names."""

import random
from pathlib import Path

from tests.archive_fixture import FIRST, Filler, _count, empty
from tests.made_once import made_once

COPIED = (
    "The harbour board meets on Thursday evening in the old rope works, and everybody may come and ask about fees "
    "and the new timetable of the ferry before the summer begins."
)
NEARLY = f"{COPIED.upper()} Bring a coat!"
OUTLETS = ("gull.example", "kelp.example", "buoy.example")
SECTIONS, BYLINES = ("Harbour", "Council", None), ("Ida Reef", "Jon Sand", None)
CODES = ("content.insult", "content.threat", "capture.author_missing", "content.profanity")
WORDS = [
    "ferry",
    "quay",
    "tide",
    "fees",
    "council",
    "boat",
    "market",
    "winter",
    "night",
    "crossing",
    "harbour",
    "queue",
    "ticket",
    "bridge",
    "lamp",
    "rope",
]


@made_once
def fill_desk(path: Path) -> Path:
    """Fill it the same way each time; nothing in it depends on the day."""
    db = empty(path)
    fill, chance = Filler(db), random.Random(19)
    fill.insert("runs", kind="crawl", started_at=FIRST, software_version="0.1.0", settings="{}", outcome="done")
    fill.insert("captures", run_id=1, url="https://gull.example/1", fetched_at=FIRST, http_status=200, sha256="0" * 64)
    fill.insert("detectors", name="rules", version="1")
    for domain in OUTLETS:
        fill.insert("outlets", domain=domain, name=domain.partition(".")[0].capitalize())
    for outlet in (1, 2, 3):
        for name in ("anna", "bosun", f"only_{outlet}", "anna"):
            fill.insert(
                "commenters",
                platform="wordpress",
                outlet_id=outlet,
                name=name,
                native_id=f"{outlet}{name}{fill.db['commenters'].count}",
            )
    for article in range(18):
        _thread(fill, chance, article)
    _count(db)
    db.close()
    return path


def _thread(fill: Filler, chance: random.Random, number: int) -> None:
    outlet, month = number % 3 + 1, 1 + number % 4
    published = f"2026-{month:02}-1{number % 9}T07:30:00Z"
    title = f"{chance.choice(WORDS).capitalize()} and {chance.choice(WORDS)} in the news"
    more = {"published_at": published, "section": SECTIONS[number % 3], "byline": BYLINES[number % 2]}
    article = fill.article(title, "It is so.", outlet, **more)
    seen = {"first_seen_at": f"2026-{month:02}-20T06:00:00Z"}
    seen["last_seen_at"] = f"2026-{month:02}-25T06:00:00Z" if number % 5 else seen["first_seen_at"]
    thread = fill.thread(article, native_id=f"t{number}", **seen)
    for place in range(12):
        _comment(fill, chance, thread, outlet, month, place, seen)


def _comment(fill, chance, thread, outlet, month, place, seen) -> None:
    body = " ".join(chance.choices(WORDS, k=9)) + f" {thread} {place}."
    if place == 3:
        body = COPIED if thread % 2 else NEARLY
    day, hour = 10 + chance.randrange(10), chance.randrange(24)
    more = {"posted_at": f"2026-{month:02}-{day}T{hour:02}:15:00Z", "posted_precision": "minute"}
    if place == 5:
        more = {"posted_at": f"2026-{month:02}-{day}T00:00:00Z", "posted_precision": "day"}
    if place == 6:
        more = {"posted_at": None, "posted_precision": None}
    gone = chance.random() < 0.3 and seen["first_seen_at"] != seen["last_seen_at"]
    more |= {
        "first_seen_at": seen["first_seen_at"],
        "last_seen_at": seen["first_seen_at"] if gone else seen["last_seen_at"],
    }
    author = (outlet - 1) * 4 + chance.randrange(4) + 1
    comment = fill.comment(thread, body, author, state="missing" if gone else "visible", **more)
    if gone:
        fill.event("removed", thread, comment, seen["last_seen_at"], before="visible", after="missing")
    for code in CODES:
        if chance.random() < 0.2:
            fill.flag(code, comment_id=comment)
