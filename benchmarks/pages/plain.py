"""Pages without a single comment whose lists look more or less like a thread. A shape is markup, as data."""

from dataclasses import dataclass
from html import escape
from random import Random
from typing import Any

from benchmarks.pages import words

_MEN = ("flour", "sugar", "warm water", "yeast", "salt", "butter", "two eggs", "a lemon", "plums", "oats")
_STEPS = ("Mix the dough", "Let it rest", "Shape the loaf", "Heat the oven", "Bake until golden", "Serve warm")
_TERMS = (
    "Bollard",
    "Gangway",
    "Ballast",
    "Sourdough",
    "Catalogue",
    "Berth",
    "Proving",
    "Timetable",
    "Lime",
    "Footbridge",
)
_ROLES = ("editor", "photographer", "baker", "ferry pilot", "librarian", "treasurer", "choir leader")


@dataclass(frozen=True, slots=True)
class Shape:
    """`item` may use what `_fields` makes; `least` and `most` are how many items there are."""

    name: str
    item: str
    wrap: str = "<ul>{items}</ul>"
    lead: str = ""
    least: int = 3
    most: int = 9


def _fields(rng: Random, n: int) -> dict[str, Any]:
    texts = {
        "who": rng.choice(words.FULL),
        "role": rng.choice(_ROLES),
        "title": rng.choice(words.TITLES),
        "place": rng.choice(words.PLACES),
        "section": rng.choice(words.SECTIONS),
        "sentence": words.sentence(rng),
        "para": words.prose(rng, 2, 4),
        "food": rng.choice(_MEN),
        "step": rng.choice(_STEPS),
        "term": rng.choice(_TERMS),
    }
    return {key: escape(text) for key, text in texts.items()} | {
        "day": words.date(rng, "{d} {m} {y}"),
        "stamp": words.date(rng, "{m} {d}, {y} at {h}:{i} {ap}"),
        "clock": words.date(rng, "{H:02}:{i}"),
        "year": rng.randint(1850, 2020),
        "n": n + 1,
        "score": f"{rng.randint(0, 5)}:{rng.randint(0, 5)}",
        "sub": "".join(f"<li>{place}</li>" for place in rng.sample(words.PLACES, 3)),
    }


def content(shape: Shape, rng: Random) -> str:
    """The shape's list, below a line that leads to it where it has one."""
    items = "".join(shape.item.format(**_fields(rng, n)) for n in range(rng.randint(shape.least, shape.most)))
    return shape.lead + shape.wrap.format(items=items)


_OL = "<ol>{items}</ol>"
SHAPES = (
    Shape("nothing but text", "<p>{para}</p>", "{items}"),
    Shape("menus only", "<li><a href='#'>{section}</a></li>"),
    Shape("menu of menus", "<li><a href='#'>{section}</a><ul>{sub}</ul></li>"),
    Shape("related titles", "<li><a href='#'>{title}</a></li>", lead="<h3>Related</h3>"),
    Shape("related with leads", "<li><h4>{title}</h4><p>{sentence}</p></li>", lead="<h3>Read more</h3>"),
    Shape("related with dates", "<li><a href='#'>{title}</a><p>{day}</p></li>", lead="<h3>Latest news</h3>"),
    Shape("recipe ingredients", "<li>{n}00 g {food}</li>", lead="<h3>Ingredients</h3>"),
    Shape("recipe steps", "<li>{step}. {sentence}</li>", _OL, "<h3>Method</h3>"),
    Shape("recipe steps in paragraphs", "<li><p><b>{step}</b></p><p>{para}</p></li>", _OL, "<h3>Method</h3>"),
    Shape("top ten", "<li><h3>{place}</h3><p>{para}</p></li>", _OL, "<h2>Ten places to sit and read</h2>", 10, 10),
    Shape("countdown", "<li><b>{n}. {place}</b><p>{para}</p></li>", least=5),
    Shape(
        "questions", "<li><b>Why is {place} closed?</b><p>{para}</p></li>", lead="<h2>Frequently asked questions</h2>"
    ),
    Shape(
        "questions and answers",
        "<li><p>Q: Where is {place}?</p><p>A: {sentence}</p></li>",
        lead="<h2>Your questions answered</h2>",
    ),
    Shape("links with dates", "<li>{day} <a href='#'>{title}</a></li>", lead="<h3>Archive</h3>"),
    Shape("links with dates below", "<li><a href='#'>{title}</a><br>{stamp}</li>", lead="<h3>More from this week</h3>"),
    Shape(
        "calendar", "<li><div>{day}, {clock}</div><div>{title}</div><p>{place}</p></li>", lead="<h3>Coming events</h3>"
    ),
    Shape("calendar in a line", "<li>{day} – {place}: {sentence}</li>", lead="<h3>Dates</h3>"),
    Shape("bold leads", "<li><b>{place}:</b> {para}</li>", lead="<p>What we know so far:</p>"),
    Shape(
        "bold leads in paragraphs", "<li><p><strong>{place}.</strong> {para}</p></li>", lead="<p>The plan in short:</p>"
    ),
    Shape("key points", "<li>{sentence}</li>", lead="<h3>Key points</h3>", most=5),
    Shape("shop list", "<li><p>{food}</p><p>£{n}.50</p><p>Add to basket</p></li>", lead="<h3>From our shop</h3>"),
    Shape(
        "product tests",
        "<li><h4>{food} from {place}</h4><p>{sentence}</p><p>Score: {n}/10</p></li>",
        lead="<h3>We tasted</h3>",
    ),
    Shape(
        "author bios",
        "<li><b>{who}</b> is {role} at the Courier.</li>",
        lead="<h3>About the authors</h3>",
        least=1,
        most=3,
    ),
    Shape("most read", "<li><a href='#'>{title}</a></li>", _OL, "<h3>Most read</h3>", 5, 5),
    Shape("most commented", "<li><a href='#'>{title}</a> ({n} comments)</li>", _OL, "<h3>Most commented</h3>", 5, 5),
    Shape("live ticker", "<li><b>{clock}</b> {sentence}</li>", lead="<h3>Live</h3>"),
    Shape(
        "live ticker in paragraphs",
        "<li><div>{clock}</div><p>{sentence}</p></li>",
        lead="<h3>Live: the harbour festival</h3>",
    ),
    Shape("contents", "<li><a href='#'>{title}</a><ol>{sub}</ol></li>", _OL, "<h3>Contents</h3>"),
    Shape("results", "<li>{place} – {section} {score}</li>", lead="<h3>Results</h3>"),
    Shape(
        "results with reports",
        "<li><b>{place} {score} Harbour</b><p>{sentence}</p></li>",
        lead="<h3>Match reports</h3>",
    ),
    Shape("table of clubs", "<tr><td>{n}</td><td>{place}</td><td>{score}</td></tr>", "<table>{items}</table>"),
    Shape(
        "podcast", "<li><h4>Episode {n}: {title}</h4><p>{day}</p><p>{sentence}</p></li>", lead="<h3>All episodes</h3>"
    ),
    Shape("podcast bare", "<li>#{n} {title} ({clock})</li>", lead="<h3>Listen</h3>"),
    Shape("letters", "<p>Sir, {para}</p><p><i>{who}, {place}</i></p>", "<div>{items}</div>", "<h2>Letters</h2>"),
    Shape("glossary", "<li><b>{term}</b>: {sentence}</li>", lead="<h3>Glossary</h3>"),
    Shape("glossary in lines", "<li><div>{term}</div><div>{sentence}</div></li>", lead="<h3>Words of the harbour</h3>"),
    Shape("team", "<li><h4>{who}</h4><p>{para}</p></li>", lead="<h2>Meet the team</h2>"),
    Shape(
        "team with roles",
        "<li><img alt='' src='/t.png'><h4>{who}</h4><p>{role}</p><p>{para}</p></li>",
        lead="<h2>Meet the team</h2>",
    ),
    Shape("team in a line", "<li>{who}, {role}</li>", lead="<h3>The board</h3>"),
    Shape("timeline", "<li><b>{year}</b><p>{sentence}</p></li>", lead="<h3>Timeline</h3>"),
    Shape("timeline of days", "<li><div>{day}</div><div>{para}</div></li>", lead="<h3>How it happened</h3>"),
    Shape("timeline in a line", "<li>{year}: {sentence}</li>", lead="<h3>A short history</h3>"),
    Shape("newest comments box", "<li><b>{who}</b> on <a href='#'>{title}</a></li>", lead="<h3>Recent comments</h3>"),
    Shape("tag cloud", "<a href='#'>{section}</a> ", "<div class='tagcloud'>{items}</div>"),
    Shape("category list", "<li><a href='#'>{section}</a> ({n})</li>", lead="<h3>Categories</h3>"),
    Shape("gallery captions", "<li><img alt='{place}' src='/p.jpg'><p>{sentence} (Photo: {who})</p></li>"),
    Shape("numbered reasons", "<h3>{n}. {place}</h3><p>{para}</p>", "<div>{items}</div>"),
    Shape(
        "roads closed",
        "<li><b>{place}</b><ul><li>{clock} to {clock}</li><li>{sentence}</li></ul></li>",
        lead="<h3>Closed roads</h3>",
    ),
    Shape(
        "nested plan",
        "<li>{title}<ul><li>{sentence}<ul><li>{sentence}</li></ul></li></ul></li>",
        lead="<h3>The plan</h3>",
    ),
    Shape("job offers", "<li><h4>{role} wanted</h4><p>{place}, {day}</p><p>{sentence}</p></li>", lead="<h3>Jobs</h3>"),
    Shape(
        "front page", "<li><h3>{title}</h3><p>{stamp}</p><p>{para}</p><p>{n} comments</p></li>", lead="<h2>News</h2>"
    ),
    Shape(
        "blog roll",
        "<li><h3>{title}</h3><p>Posted by {who} on {day}</p><p>{sentence}</p><p>Read more</p></li>",
        lead="<h2>Blog</h2>",
    ),
    Shape("sources", "<li>{who} ({year}): {title}. Quayside Press.</li>", _OL, "<h3>Sources</h3>"),
    Shape("footnotes", "<li>{sentence} ↩</li>", _OL),
    Shape("what to bring", "<li><p>{food}</p></li>", lead="<p>Please bring:</p>"),
    Shape("speakers", "<li><p><b>{who}</b></p><p>{clock}</p><p>{sentence}</p></li>", lead="<h3>Speakers</h3>"),
    Shape("bus times", "<li>{clock} {place}</li>", lead="<h3>Departures</h3>", least=6, most=14),
    Shape("quotes", "<blockquote><p>{sentence}</p><cite>{who}</cite></blockquote>", "{items}"),
    Shape("closed without any", "<p>{para}</p>", "{items}<p class='nocomments'>Comments are closed.</p>"),
    Shape(
        "form without any",
        "<p>{para}</p>",
        "{items}<div id='respond'><h3>Leave a Reply</h3><p>Name *</p><p>Email *</p></div>",
    ),
    Shape("no comments yet", "<p>{para}</p>", "{items}<h3>0 comments</h3><p>Be the first to comment.</p>"),
    Shape(
        "only pingbacks",
        "<li>Pingback: <a href='#'>{title} | {place}</a></li>",
        "<h3>2 Responses to Ferries</h3><ol>{items}</ol>",
        "",
        1,
        2,
    ),
    Shape(
        "comment rules",
        "<li>{sentence}</li>",
        "<h3>Comments</h3><p>House rules:</p><ul>{items}</ul><p>Log in to comment.</p>",
    ),
)
