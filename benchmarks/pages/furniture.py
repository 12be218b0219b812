"""Whole pages around a comment section: menus, sidebars, related stories, tag clouds, forms, footers."""

from collections.abc import Callable
from html import escape
from random import Random

from benchmarks.pages import words

Piece = Callable[[Random], str]


def links(rng: Random, pool: list[str], low: int = 3, high: int = 8, tag: str = "ul", cls: str = "menu") -> str:
    picked = rng.sample(pool, min(len(pool), rng.randint(low, high)))
    return (
        f'<{tag} class="{cls}">'
        + "".join(f'<li><a href="/{n}">{escape(text)}</a></li>' for n, text in enumerate(picked))
        + f"</{tag}>"
    )


def menu(rng: Random) -> str:
    return f'<nav class="main-nav" role="navigation">{links(rng, words.SECTIONS, 5, 11)}</nav>'


def nested_menu(rng: Random) -> str:
    parts = (
        f'<li><a href="/s">{top}</a>{links(rng, words.PLACES, 2, 5)}</li>' for top in rng.sample(words.SECTIONS, 4)
    )
    return f'<div id="menu"><ul>{"".join(parts)}</ul></div>'


def breadcrumbs(rng: Random) -> str:
    return rng.choice(
        (
            '<div class="breadcrumb"><a href="/">Home</a> » <a href="/n">News</a> » Local</div>',
            '<ol class="breadcrumb"><li><a href="/">Home</a></li><li><a href="/n">News</a></li><li>Local</li></ol>',
        )
    )


def related(rng: Random) -> str:
    lead = rng.choice(("Related stories", "You may also like", "Read more", "More from Quayside", "Most read"))
    return f'<div class="related"><h3>{lead}</h3>{links(rng, words.TITLES, tag=rng.choice(("ul", "ol")))}</div>'


def related_with_leads(rng: Random) -> str:
    items = (
        f"<li><h4><a href='#'>{title}</a></h4><p>{words.sentence(rng)}</p></li>"
        for title in rng.sample(words.TITLES, 3)
    )
    return f"<aside><h3>More stories</h3><ul>{''.join(items)}</ul></aside>"


def latest_comments(rng: Random) -> str:
    items = (f"<li>{escape(words.name(rng))} on <a href='#'>{rng.choice(words.TITLES)}</a></li>" for _ in range(5))
    return (
        f'<div class="widget"><h3>{rng.choice(("Recent Comments", "Latest comments"))}</h3>'
        f'<ul id="recentcomments">{"".join(items)}</ul></div>'
    )


def latest_words(rng: Random) -> str:
    items = (f"<li><b>{escape(words.name(rng))}</b>: {words.sentence(rng)[:40]}…</li>" for _ in range(4))
    return f'<div class="widget"><h3>Readers say</h3><ul>{"".join(items)}</ul></div>'


def archives(rng: Random) -> str:
    items = (
        f"<li><a href='#'>{words.date(rng, '{m} {y}')}</a> ({rng.randint(1, 40)})</li>"
        for _ in range(rng.randint(3, 12))
    )
    return f'<div class="widget"><h3>Archives</h3><ul>{"".join(items)}</ul></div>'


def tags(rng: Random) -> str:
    lead = rng.choice(('<p class="tags">Tags: ', '<div class="tagcloud">'))
    return (
        lead
        + ", ".join(f'<a rel="tag" href="#">{place.lower()}</a>' for place in rng.sample(words.PLACES, 4))
        + "</p></div>"
    )


def share(rng: Random) -> str:
    items = "".join(
        f"<li><a href='#'>{word}</a></li>"
        for word in ("Facebook", "Twitter", "Email", "Print", "WhatsApp")[: rng.randint(2, 5)]
    )
    return f'<div class="share"><h4>Share this:</h4><ul>{items}</ul></div>'


def newsletter(_rng: Random) -> str:
    return (
        '<form class="newsletter"><h3>Sign up for our newsletter</h3><p>One letter every Friday.</p>'
        '<input type="email"><button>Sign up</button></form>'
    )


def author_box(rng: Random) -> str:
    return f'<div class="author-box"><h4>About {rng.choice(words.FULL)}</h4><p>{words.sentence(rng)}</p></div>'


def neighbours(rng: Random) -> str:
    first, second = rng.sample(words.TITLES, 2)
    return f'<div class="post-navigation"><a href="#">← {first}</a> <a href="#">{second} →</a></div>'


def points(rng: Random) -> str:
    """A list in the article itself."""
    items = "".join(f"<li>{escape(words.prose(rng, 1, 2))}</li>" for _ in range(rng.randint(2, 5)))
    return f"<p>{words.sentence(rng)[:-1]}:</p><ul>{items}</ul>"


def footer(rng: Random) -> str:
    listed = links(rng, ["About us", "Contact", "Privacy", "Imprint", "Advertise", "Jobs", "RSS", "Terms of use"])
    return (
        f'<footer id="footer">{listed}<p>'
        f"© {rng.randint(2005, 2024)} The Quayside Courier. All rights reserved.</p></footer>"
    )


BEFORE: tuple[Piece, ...] = (menu, nested_menu, breadcrumbs, share, newsletter)
BETWEEN: tuple[Piece, ...] = (related, related_with_leads, share, tags, author_box, neighbours, newsletter)
AFTER: tuple[Piece, ...] = (
    related,
    latest_comments,
    latest_words,
    archives,
    tags,
    newsletter,
    nested_menu,
    related_with_leads,
)


def page(rng: Random, title: str, below: str, much: float = 0.5, inside: str = "") -> str:
    """A page with something `below` its article or `inside` it, and each kind of furniture as likely as `much` says."""
    before, between, after = (
        "".join(piece(rng) for piece in pieces if rng.random() < much) for pieces in (BEFORE, BETWEEN, AFTER)
    )
    paragraphs = "".join(f"<p>{escape(words.prose(rng, 1, 4))}</p>" for _ in range(rng.randint(2, 6)))
    if rng.random() < much / 2:
        paragraphs += points(rng) + f"<p>{escape(words.prose(rng, 1, 2))}</p>"
    byline = (
        f'<p class="byline">By {rng.choice(words.FULL)}, {words.date(rng, "{d} {m} {y}")}</p>'
        if rng.random() < 0.5
        else ""
    )
    post = (
        f'<article class="post"><h1 class="entry-title">{escape(title)}</h1>'
        f'{byline}<div class="entry-content">{paragraphs}{inside}</div></article>'
    )
    foot = footer(rng) if rng.random() < much else ""
    return (
        f"<!DOCTYPE html><html><head><title>{escape(title)} | Quayside Courier</title></head><body><header>"
        f"{before}</header>"
        f'<div id="content"><main>{post}{between}{below}</main></div><div id="sidebar">{after}</div>'
        f"{foot}</body></html>"
    )
