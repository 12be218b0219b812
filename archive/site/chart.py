"""Small charts as SVG, made here so that no script is needed; each says in words what it shows. Pure."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from archive.site.formatting import number

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


LEFT, PLOT_WIDTH, PLOT_HEIGHT, ABOVE, BELOW = 92, 608, 200, 14, 26
COLOURS = 7
LABEL_WIDTH, WIDEST = 96, 60


def columns(title: str, labels: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]) -> Markup:
    """One column a label, from the left in time, stacked of one part a series; the first stands at the foot.

    Its text alternative says what is drawn and the highest column; the numbers are its table's."""
    totals = [sum(values[place] for _, values in series) for place in range(len(labels))]
    quarter = _quarter(max(totals, default=0))
    highest = max(range(len(labels)), key=totals.__getitem__, default=0)
    words = f"{title}: {len(labels)} columns from {labels[0]} to {labels[-1]}, of {', '.join(n for n, _ in series)}. "
    words += f"The highest is {labels[highest]} with {number(totals[highest])}."
    step = PLOT_WIDTH / len(labels)
    parts = [_line(part, quarter) for part in range(5)]
    for place in range(len(labels)):
        parts += _stack(LEFT + place * step, step, [values[place] for _, values in series], 4 * quarter)
    parts += _below(labels, step)
    return Markup(
        '<svg class="columns" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}</svg>'
    ).format(LEFT + PLOT_WIDTH, ABOVE + PLOT_HEIGHT + BELOW, words, words, Markup().join(parts))


def _quarter(value: int) -> int:
    """A round number of which four are not below a value."""
    unit = 1
    while True:
        for tenths in (10, 15, 20, 25, 30, 40, 50, 60, 80):
            if value * 10 <= 4 * tenths * unit and tenths * unit % 10 == 0:
                return tenths * unit // 10
        unit *= 10


def _line(part: int, quarter: int) -> Markup:
    y = ABOVE + PLOT_HEIGHT * (4 - part) / 4
    return Markup(
        '<line x1="{}" x2="{}" y1="{:.0f}" y2="{:.0f}"/><text x="{}" y="{:.0f}" text-anchor="end"{}>{}</text>'
    ).format(
        LEFT,
        LEFT + PLOT_WIDTH,
        y,
        y,
        LEFT - 8,
        y + 4,
        Markup(' class="minor"') if part % 2 else "",
        number(part * quarter),
    )


def _stack(left: float, step: float, values: Sequence[int], top: int) -> Iterable[Markup]:
    """The parts of one column; what would be thinner than can be seen is drawn half a unit high."""
    width, y = min(max(1.0, step * 0.8), WIDEST), float(ABOVE + PLOT_HEIGHT)
    for place, value in enumerate(values):
        if value > 0:
            height = max(0.5, PLOT_HEIGHT * value / top)
            y -= height
            yield Markup('<rect class="s{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
                place % COLOURS, left + (step - width) / 2, y, width, height
            )


def _below(labels: Sequence[str], step: float) -> Iterable[Markup]:
    """Labels under some columns: as many as fit, and on a phone half of those."""
    every = max(1, -(-LABEL_WIDTH // int(step)) if step >= 1 else LABEL_WIDTH)
    for count, place in enumerate(range(0, len(labels), every)):
        yield Markup('<text class="{}" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            "minor" if count % 2 else "major",
            min(max(LEFT + (place + 0.5) * step, 50), LEFT + PLOT_WIDTH - 50),
            ABOVE + PLOT_HEIGHT + 20,
            _short(labels[place], 12),
        )


def rates(title: str, values: Sequence[tuple[str, int, int]]) -> Markup:
    """One bar a label: how many of how many, as a share; the longest bar is the largest share."""
    shares = [part / whole if whole else 0.0 for _, part, whole in values]
    longest = max(shares, default=0) or 1
    said = [f"{label} {_percent(share)}" for (label, _, _), share in zip(values, shares, strict=True)]
    words = f"{title}: {', '.join(said)}"
    rows = Markup().join(
        _rate(place, label, share, longest)
        for place, ((label, _, _), share) in enumerate(zip(values, shares, strict=True))
    )
    return Markup('<svg class="bars" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}</svg>').format(
        WIDTH, ROW * len(values), words, words, rows
    )


def _rate(place: int, label: str, share: float, longest: float) -> Markup:
    top, length = place * ROW, max(2, round(110 * share / longest))
    return Markup(
        '<text x="0" y="{}">{}</text><rect x="190" y="{}" width="{}" height="12" rx="2"/><text x="{}" y="{}">{}</text>'
    ).format(top + 16, _short(label, 27), top + 6, length, 196 + length, top + 16, _percent(share))


def _percent(share: float) -> str:
    return f"{share:.1%}" if share and share < 0.1 else f"{share:.0%}"


def _short(label: str, longest: int) -> Markup:
    return escape(label if len(label) <= longest else label[: longest - 1] + "…")
