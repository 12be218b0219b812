"""Load the questions: which there are, and the answer to one as a page and as a file."""

from dataclasses import replace
from typing import Any

from datasette.app import Datasette
from datasette.utils.asgi import Request

from archive.site import chart
from archive.site.database import Connection
from archive.site.flags import load_codes
from archive.site.public import PublicSite
from archive.site.questions import articles, base, commenters, removed, repeated_texts, series, waves
from archive.site.questions.base import CONTENT, Answer, NotCounted, Question, QuestionParams, question_url
from archive.site.row_streams import Rows
from archive.site.viewer import Visitor
from archive.site.views.threads import list_outlets

# Time that a newsroom's own archive may count for; a public copy has its counts, and the limit of its site.
PATIENCE_MS = 20_000
# Columns of words rather than numbers.
TOLD = ("outlet", "where", "text", "published_at")
ZONES = (
    "UTC", "Europe/Berlin", "Europe/London", "Europe/Paris", "Europe/Madrid", "Europe/Kyiv", "America/New_York",
    "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo", "Asia/Tokyo", "Asia/Kolkata", "Australia/Sydney",
)  # fmt: skip
RATES = {"": "Per 1,000 comments", "number": "Numbers"}
QUESTIONS: tuple[Question, ...] = (
    Question(
        "words",
        "How often do readers say a word?",
        "By month and outlet, as numbers and per 1,000 comments.",
        ("words", "outlet", "dates"),
        series.load_words,
        RATES,
    ),
    Question(
        "flagged-commenters",
        "Who is flagged most, across outlets?",
        "The commenters with most comments that a flag stands on.",
        ("outlet", "flag"),
        commenters.load_flagged,
        {"": "Each commenter", "name": "Names, of all outlets together"},
    ),
    Question(
        "names",
        "Which names appear under several outlets?",
        "The same name or account name, under more than one outlet.",
        ("outlet",),
        commenters.load_names,
    ),
    Question(
        "copies",
        "Which texts were posted under several articles?",
        "The same text, or nearly the same, under more than one article.",
        ("outlet",),
        repeated_texts.load,
    ),
    Question(
        "flag-rate",
        "How many comments are flagged, by outlet and month?",
        "Insults or any other flag per 1,000 comments, over time.",
        ("outlet", "flag", "dates"),
        series.load_flag_rate,
        RATES,
    ),
    Question(
        "removed",
        "Were flagged comments removed more often, and how fast?",
        "Comments that later visits no longer found, with and without flags on their words.",
        ("outlet", "content"),
        removed.load,
    ),
    Question(
        "waves",
        "When do comments come?",
        "By the hour of the day, or by the hours since the article was published.",
        ("outlet", "dates", "zone"),
        waves.load,
        {"": "Hour of the day", "age": "Hours since publication"},
    ),
    Question(
        "articles",
        "What happens under articles by byline, section or word in the title?",
        "How many comments they get, how many are flagged and removed.",
        ("title", "section", "outlet"),
        articles.load,
        {"": "Sections", "byline": "Bylines"},
    ),
)
BY_SLUG = {question.slug: question for question in QUESTIONS}
Key = tuple[str, QuestionParams]


def parse_key(request: Request) -> Key:
    return request.url_vars["slug"], base.parse_question(request)


def load_list() -> dict[str, Any]:
    return {"questions": QUESTIONS}


def load(connection: Connection, key: Key, visitor: Visitor) -> dict[str, Any] | None:
    """Return what the template needs; None if there is no such question."""
    slug, params = key
    question = BY_SLUG.get(slug)
    if question is None:
        return None
    params = _known(connection, question, params)
    content = {
        "question": question,
        "params": params,
        "outlets": list_outlets(connection) if "outlet" in question.form else [],
        "flags": _flag_choices(connection, question),
        "zones": ZONES,
        "shown": base.SHOWN_ROWS,
        "told": TOLD,
        "here": question_url(slug, params),
        "files": [(kind.upper(), question_url(slug, params, f".{kind}")) for kind in ("csv", "json")],
    }
    try:
        answer = _link_articles(slug, params, question.load(connection, params, visitor))
    except NotCounted:
        return {**content, "too_large": True, "answer": None}
    kinds = {chart.LineChart: "lines", chart.ColumnChart: "columns", chart.BarChart: "bars"}
    return {**content, "answer": answer, "kind": kinds.get(type(answer.chart))}


def _known(connection: Connection, question: Question, params: QuestionParams) -> QuestionParams:
    """Leave out an outlet and a flag that are not there, and name them as problems."""
    problems = list(params.problems)
    if params.outlet is not None and str(params.outlet) not in base.outlet_names(connection):
        problems.append(f"This archive has no outlet number {params.outlet}; all outlets are counted.")
        params = replace(params, outlet=None)
    flags = {code for _, choices in _flag_choices(connection, question) for code, _ in choices}
    if flags and params.flag not in flags:
        problems.append(f"“{params.flag}” is no flag that this page counts; any flag on the words is counted.")
        params = replace(params, flag=CONTENT)
    return replace(params, problems=tuple(problems))


def _flag_choices(connection: Connection, question: Question) -> list[tuple[str, list[tuple[str, str]]]]:
    if "flag" not in question.form and "content" not in question.form:
        return []
    choices = base.flag_choices(load_codes(connection))
    return choices if "flag" in question.form else choices[:1]


def _link_articles(slug: str, params: QuestionParams, answer: Answer) -> Answer:
    """Lead from a section or a byline to its articles."""
    for row in answer.rows:
        for column, target in (row.get("links") or {}).items():
            if isinstance(target, dict):
                row["links"][column] = question_url(slug, params, "", by=None, **target)
    return answer


def rows(connection: Connection, key: Key, visitor: Visitor, _: str) -> Rows | None:
    """Return all rows of an answer for a file; None if there is no such question, or it cannot be counted."""
    slug, params = key
    question = BY_SLUG.get(slug)
    if question is None:
        return None
    try:
        answer = question.load(connection, _known(connection, question, params), visitor)
    except NotCounted:
        return None
    columns = [name for name, _ in answer.columns]
    facts = {"question": question.title, "answer": answer.lead, "notes": list(answer.notes)}
    return Rows(
        columns, [[{name: row[name] for name in columns} for row in answer.rows]], facts, limited=answer.limited
    )


def patience(datasette: Datasette) -> int | None:
    return None if isinstance(datasette, PublicSite) else PATIENCE_MS
