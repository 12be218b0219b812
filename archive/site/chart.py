"""Small charts as SVG, made here so that no script is needed; each says in words what it shows. Pure."""

from collections.abc import Sequence

from markupsafe import Markup, escape

from archive.site.words import number

WIDTH, ROW = 360, 24


def bars(title: str, values: Sequence[tuple[str, int]]) -> Markup:
    """One bar a value, the longest first as given; its text alternative lists them all."""
    longest = max((value for _, value in values), default=0) or 1
    words = f"{title}: " + ", ".join(f"{label} {number(value)}" for label, value in values)
    rows = Markup().join(_bar(place, label, value, longest) for place, (label, value) in enumerate(values))
    return Markup('<svg class="bars" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}</svg>').format(
        WIDTH, ROW * len(values), words, words, rows
    )


def _bar(place: int, label: str, value: int, longest: int) -> Markup:
    top, length = place * ROW, max(2, round(110 * value / longest))
    return Markup(
        '<text x="0" y="{}">{}</text><rect x="190" y="{}" width="{}" height="12" rx="2"/><text x="{}" y="{}">{}</text>'
    ).format(top + 16, _short(label, 27), top + 6, length, 196 + length, top + 16, number(value))


def meter(stored: int, stated: int | None) -> Markup:
    """How much of a thread is here, as a bar."""
    if not stated:
        return Markup()
    share = min(100.0, 100 * stored / stated)
    words = f"{number(stored)} of {number(stated)} stated comments are stored"
    return Markup(
        '<svg class="meter" viewBox="0 0 100 3" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="whole" width="100" height="3"/><rect width="{:.1f}" height="3"/></svg>'
    ).format(words, share)


def visits(points: Sequence[tuple[str, str, bool]]) -> Markup:
    """Points in time from left to right: day, what was found, whether something was lost."""
    words = "Visits: " + "; ".join(f"{when}: {found}" for when, found, _ in points)
    step = 220 / max(1, len(points) - 1)
    dots = Markup().join(_dot(20 + place * step, lost=lost) for place, (_, _, lost) in enumerate(points))
    return Markup(
        '<svg class="visits" viewBox="0 0 260 24" role="img" aria-label="{}">'
        '<line x1="8" y1="12" x2="252" y2="12"/>{}</svg>'
    ).format(words, dots)


def _dot(x: float, *, lost: bool) -> Markup:
    return Markup('<circle cx="{:.0f}" cy="12" r="{}"{}/>').format(
        x, 6 if lost else 5, Markup(' class="lost"') if lost else ""
    )


def _short(label: str, longest: int) -> Markup:
    return escape(label if len(label) <= longest else label[: longest - 1] + "…")
