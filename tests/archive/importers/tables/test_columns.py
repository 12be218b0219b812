"""What columns mean: by their names and by their contents."""

import pytest

from archive.importers.tables.columns import conclude, find_preset
from archive.importers.tables.mapping import presets
from archive.importers.tables.table import Table

TEXTS = [
    "The ferry left early again, and nobody told us.",
    "I think that the bus is a better way to town.",
    "Why does the board never answer letters?",
    "My neighbour saw it all from the quay.",
]


def table(columns, rows=40):
    """A table whose columns are functions of the row's number."""
    sample = [{name: make(i) for name, make in columns.items()} for i in range(rows)]
    return Table("a table", tuple(columns), sample, iter(()), "text/csv")


def text(i):
    return f"{TEXTS[i % 4]} So says number {i}."


def number(i):
    return str(i + 1)


def roles(conclusion):
    return {role: column.name for role, column in conclusion.mapping.columns.items()}


@pytest.mark.parametrize(
    ("body", "id_", "parent", "author", "posted"),
    [
        ("Kommentar", "Kommentar-ID", "Antwort auf", "Benutzername", "Datum"),
        ("comment_text", "comment_id", "parent_id", "user_name", "created_at"),
        ("Commentaire", "id", "reponse_a", "Auteur", "Date"),
        ("texto", "id_comentario", "padre_id", "usuario", "fecha"),
        ("reactie", "ReactieId", "antwoord_op", "gebruiker", "datum"),
        ("комментарий", "id", "parent", "автор", "дата"),
        ("treść", "id_komentarza", "rodzic_id", "użytkownik", "data"),
        ("yorum", "id", "yanit", "kullanıcı", "tarih"),
        ("commentBody", "commentID", "inReplyTo", "userDisplayName", "createDate"),
        ("message", "id", "parent_id", "from", "created_time"),
        ("التعليق", "id", "parent", "الاسم", "التاريخ"),
        ("viesti", "id", "vastaus_viestiin", "nimi", "pvm"),
        ("コメント", "id", "parent", "投稿者", "日時"),
        ("Kommentar", "nr", "svar på", "Namn", "datum"),
    ],
)
def test_columns_are_known_by_their_names_in_many_languages(body, id_, parent, author, posted):
    conclusion = conclude(
        table({id_: number, parent: lambda i: "" if i % 3 == 0 else str(i), author: lambda i: f"reader {i % 5}",
               posted: lambda i: f"2024-03-{i % 28 + 1:02d} 10:00", body: text})
    )  # fmt: skip
    assert conclusion.doubt is None
    assert roles(conclusion) == {"body": body, "id": id_, "parent": parent, "author": author, "posted": posted}


def test_an_only_long_text_is_the_comment_where_another_column_is_known():
    assert roles(conclude(table({"id": number, "user": lambda i: f"r{i % 3}", "what_they_wrote": text})))["body"] == (
        "what_they_wrote"
    )


def test_two_texts_without_a_name_are_in_doubt():
    conclusion = conclude(table({"foo": number, "bar": text, "baz": lambda i: text(i + 1)}))
    assert "not certain" in conclusion.doubt
    assert "--map body='bar'" in conclusion.doubt


def test_articles_are_not_taken_for_comments():
    article = " ".join(map(text, range(60)))
    columns = {"url": lambda i: f"https://a.example/{i}", "title": lambda i: f"Title {i}", "text": lambda i: article}
    assert conclude(table(columns)).doubt
    # A name that says comment decides.
    named = {**columns, "comment_text": columns["text"]}
    del named["text"]
    assert conclude(table(named)).doubt is None


def test_personal_columns_are_left_out_by_name_and_by_shape():
    columns = {"comment": text, "mail": lambda i: f"a{i}@example.org", "from": lambda i: f"192.0.2.{i}",
               "contact": lambda i: f"b{i}@example.org", "avatar_url": lambda i: "https://a.example/x.png"}  # fmt: skip
    conclusion = conclude(table(columns))
    assert conclusion.personal == ("mail", "from", "contact", "avatar_url")
    assert roles(conclusion) == {"body": "comment"}
    assert "mail" not in conclude(table(columns), keep=frozenset({"mail"})).personal


def test_a_parent_that_is_no_id_here_is_the_thread():
    conclusion = conclude(table({"id": number, "parent_id": lambda i: f"article-{i % 4}", "comment": text}))
    assert roles(conclusion)["thread"] == "parent_id"
    assert "parent" not in roles(conclusion)


def test_prefixes_of_parents_are_taken_off():
    conclusion = conclude(
        table({"id": lambda i: f"c{i}", "link_id": lambda i: "t3_a", "body": text,
               "parent_id": lambda i: "t3_a" if i % 3 == 0 else f"t1_c{i - 1}"})
    )  # fmt: skip
    assert conclusion.mapping.reading("parent") == "prefix"
    assert roles(conclusion)["thread"] == "link_id"


def test_labels_are_what_has_no_role():
    columns = {"comment": text, "toxic": lambda i: str(i % 2), "share": lambda i: str(i % 10 / 10),
               "votes_of_five": lambda i: str(i % 5), "topic_class": lambda i: ("a", "b")[i % 2], "reply_count": number}  # fmt: skip
    labels = {label.column: label.kind for label in conclude(table(columns)).mapping.labels}
    assert labels == {"toxic": "value", "share": "share", "votes_of_five": "count", "topic_class": "choice"}


@pytest.mark.parametrize(
    "name", ["threat", "negative", "neutral", "covid", "hate", "Kategorie_Beleidigung", "is_toxic"]
)
def test_words_are_labels_whatever_they_begin_or_end_with(name):
    conclusion = conclude(table({"comment": text, name: lambda i: str(i % 2)}))
    assert [label.column for label in conclusion.mapping.labels] == [name]


@pytest.mark.parametrize("name", ["created_at", "turn_id", "reply_count", "num_comments", "is_reply", "author_name"])
def test_what_says_where_a_comment_stands_is_no_label(name):
    assert conclude(table({"comment": text, name: lambda i: str(i % 2)})).mapping.labels == ()


def test_html_and_epochs_are_known_by_their_cells():
    mapping = conclude(
        table({"comment": lambda i: f"<p>{text(i)}</p>", "created_utc": lambda i: str(1_700_000_000 + i)})
    ).mapping
    assert mapping.reading("body") == "html"
    assert mapping.reading("posted") == "epoch"


def test_every_preset_is_found_by_its_signature():
    for name, preset in presets().items():
        assert find_preset([*preset.signature, "something else"])[0] == name
        assert preset.column("body")


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ({"timestamp": number, "level": lambda i: "INFO", "logger": number, "message": text}, "log"),
        ({"from": number, "to": number, "subject": text, "body": text}, "e-mails"),
        ({"commit": number, "author": lambda i: "anna", "date": number, "message": text}, "commits"),
        ({"Subject": number, "Start Date": number, "End Date": number, "Text": text}, "appointments"),
        ({"id": number, "title": lambda i: f"The quay {i}", "year": number, "plot": text}, "works"),
        ({"id": number, "comment": text, "comment (2)": text}, "two columns"),
        ({"file": lambda i: "a.py", "line": number, "comment": text}, "lines of programs"),
        ({"variable": lambda i: f"v{i}", "type": lambda i: "int", "comment": text}, "variables"),
        ({"key": lambda i: f"k{i}", "value": number, "comment": text}, "settings"),
    ],
)
def test_what_looks_like_something_else_is_in_doubt(columns, what):
    conclusion = conclude(table(columns))
    assert what in conclusion.doubt
    assert "--map body=" in conclusion.doubt


def test_times_that_tell_no_day_are_named():
    column = {"comment": text, "date": lambda i: f"0{i % 9 + 1}/0{i * 5 % 8 + 1}/2023 08:37"}
    assert "date:day_first" in conclude(table(column)).notes[0]
    assert conclude(table({**column, "date": lambda i: f"{i % 28 + 1}/05/2023"})).notes == []
