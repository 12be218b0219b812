"""Work out the geometry of the statistics page's charts, which templates draw as SVG: no script is needed. Pure.

Each chart has a text alternative that says in words what it shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from archive.site.formatting import number, short

MAX_BAR, MAX_LABEL = 110, 27
# Units of the view box of a column chart, which its template repeats.
LEFT, PLOT_WIDTH, PLOT_HEIGHT, ABOVE, BELOW = 92, 608, 200, 14, 26
COLOURS = 7
LABEL_WIDTH, MAX_COLUMN_WIDTH = 96, 60


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    text: str
    length: int


@dataclass(frozen=True, slots=True)
class BarChart:
    """One horizontal bar for each value, in the order of the values."""

    text: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class GridLine:
    y: float
    text: str
    is_minor: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a column: the colour of its series, and where it stands."""

    colour: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class AxisLabel:
    x: float
    text: str
    is_minor: bool


@dataclass(frozen=True, slots=True)
class ColumnChart:
    """Columns from left to right in time, each stacked from a segment for every series."""

    text: str
    lines: Sequence[GridLine]
    segments: Sequence[Segment]
    labels: Sequence[AxisLabel]


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A series as a line; `dots` are its points, since one between two gaps has no line."""

    colour: int
    points: str
    dots: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class LineChart:
    """A line for each series, from left to right in time."""

    text: str
    lines: Sequence[GridLine]
    series: Sequence[ChartLine]
    labels: Sequence[AxisLabel]


def bar_chart(title: str, values: Sequence[tuple[str, int]]) -> BarChart:
    return _bars(title, [(label, number(value), value) for label, value in values])


def rate_chart(title: str, values: Sequence[tuple[str, int, int]]) -> BarChart:
    """Draw shares: label, part and whole."""
    shares = [(label, part / whole if whole else 0.0) for label, part, whole in values]
    return _bars(title, [(label, _percent(share), share) for label, share in shares])


def _bars(title: str, values: Sequence[tuple[str, str, float]]) -> BarChart:
    longest = max((value for _, _, value in values), default=0) or 1
    bars = [
        # Two units are still seen.
        Bar(short(label, MAX_LABEL), text, max(2, round(MAX_BAR * value / longest)))
        for label, text, value in values
    ]
    return BarChart(f"{title}: " + ", ".join(f"{label} {text}" for label, text, _ in values), bars)


def column_chart(title: str, labels: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]) -> ColumnChart:
    """Stack one column for each label; the first series stands at the foot.

    The text names the highest column only: the numbers are those of the table below the chart."""
    totals = [sum(values[column] for _, values in series) for column in range(len(labels))]
    quarter = round_quarter(max(totals, default=0))
    highest = max(range(len(labels)), key=totals.__getitem__, default=0)
    text = f"{title}: {len(labels)} columns from {labels[0]} to {labels[-1]}, of {', '.join(n for n, _ in series)}. "
    text += f"The highest is {labels[highest]} with {number(totals[highest])}."
    step = PLOT_WIDTH / len(labels)
    lines = [
        GridLine(ABOVE + PLOT_HEIGHT * (4 - part) / 4, number(part * quarter), bool(part % 2)) for part in range(5)
    ]
    segments = []
    width = min(max(1.0, step * 0.8), MAX_COLUMN_WIDTH)
    for column in range(len(labels)):
        y = float(ABOVE + PLOT_HEIGHT)
        for nth, (_, values) in enumerate(series):
            if values[column] > 0:
                # What would be thinner than can be seen is half a unit high.
                height = max(0.5, PLOT_HEIGHT * values[column] / (4 * quarter))
                y -= height
                x = LEFT + column * step + (step - width) / 2
                segments.append(Segment(nth % COLOURS, x, y, width, height))
    return ColumnChart(text, lines, segments, _axis_labels(labels, step))


def line_chart(title: str, labels: Sequence[str], series: Sequence[tuple[str, Sequence[float]]]) -> LineChart:
    """Draw a line for each series: for rates, which cannot be stacked."""
    highest = max((value for _, values in series for value in values), default=0.0)
    quarter = round_quarter(ceil(highest * 100)) / 100
    step = PLOT_WIDTH / max(1, len(labels))
    drawn = []
    for nth, (_, values) in enumerate(series):
        dots = [
            (LEFT + (column + 0.5) * step, ABOVE + PLOT_HEIGHT * (1 - value / (4 * quarter)))
            for column, value in enumerate(values)
        ]
        drawn.append(ChartLine(nth % COLOURS, " ".join(f"{x:.1f},{y:.1f}" for x, y in dots), dots))
    lines = [
        GridLine(ABOVE + PLOT_HEIGHT * (4 - part) / 4, f"{part * quarter:,.2f}".rstrip("0").rstrip("."), bool(part % 2))
        for part in range(5)
    ]
    names = ", ".join(name for name, _ in series)
    text = f"{title}: from {labels[0]} to {labels[-1]}, of {names}. The highest value is {highest:,.2f}."
    return LineChart(text, lines, drawn, _axis_labels(labels, step))


def round_quarter(value: int) -> int:
    """Return a round number of which four are not below the value."""
    unit = 1
    while True:
        for tenths in (10, 15, 20, 25, 30, 40, 50, 60, 80):
            if value * 10 <= 4 * tenths * unit and tenths * unit % 10 == 0:
                return tenths * unit // 10
        unit *= 10


def _axis_labels(labels: Sequence[str], step: float) -> list[AxisLabel]:
    """Label as many columns as there is room for; a phone shows every other one of these."""
    every = max(1, -(-LABEL_WIDTH // int(step)) if step >= 1 else LABEL_WIDTH)
    return [
        AxisLabel(
            # A label is centred below its column, but remains inside the chart.
            min(max(LEFT + (column + 0.5) * step, 50), LEFT + PLOT_WIDTH - 50),
            short(labels[column], 12),
            bool(count % 2),
        )
        for count, column in enumerate(range(0, len(labels), every))
    ]


def _percent(share: float) -> str:
    return f"{share:.1%}" if share and share < 0.1 else f"{share:.0%}"
