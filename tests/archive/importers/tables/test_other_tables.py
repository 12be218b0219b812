"""What has columns and is of no comments is not read as such: talks, plays, songs; Markdown's tables and glossaries."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

from archive.cli import main
from archive.importers import choose_importer
from archive.importers.base import BadDocument, Options, Probe, Source
from archive.importers.tables.importer import examine

EN = (
    "The ferry left early again.",
    "The bus is a better way to town.",
    "Why does the board not answer?",
    "I saw it all.",
)
DE = (
    "Die Fähre fuhr zu früh ab.",
    "Der Bus ist der bessere Weg.",
    "Warum antwortet der Vorstand nicht?",
    "Ich sah alles.",
)
FR = (
    "Le bac est parti trop tôt.",
    "Le bus est un meilleur moyen.",
    "Pourquoi ne répond-il pas ?",
    "J'ai tout vu ce soir-là.",
)
RU = ("Паром ушёл слишком рано.", "На автобусе ехать лучше.", "Почему они не отвечают?", "Соседка всё видела сама.")
ZH = ("渡轮又提前开走了。", "我觉得坐公交车更好。", "为什么董事会从来不回信？", "我的邻居看到了一切。")
ROWS = range(24)


def said(i, texts=EN):
    return f"{texts[i % 4]} {i}"


def table(header, row, delimiter=","):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([header.split(","), *map(row, ROWS)])
    return out.getvalue()


def lines(record):
    return "".join(json.dumps(record(i)) + "\n" for i in ROWS)


def turn(i, *names):
    return names[i % len(names)]


def read(name, text):
    """Return what a file is read as, and the roles of its columns, or the doubt."""
    raw = text.encode()
    try:
        importer = choose_importer(Probe(raw, name))
        if importer.NAME != "table":
            return importer.NAME, {}
        _, conclusion = examine(Source(io.BufferedReader(io.BytesIO(raw)), name, None, Options()))
    except BadDocument as error:
        return "refused", error.reason
    if conclusion.doubt:
        return "refused", conclusion.doubt
    return "table", {role: column.name for role, column in conclusion.mapping.columns.items()}


TALKS = {
    "interview": table("speaker,text", lambda i: [turn(i, "Interviewer", "Ms Quay"), said(i)]),
    "numbered": table("line,speaker,text", lambda i: [i + 1, turn(i, "I", "R"), said(i)]),
    "German": table("Nr,Sprecher,Text", lambda i: [i + 1, turn(i, "Ida", "Kim"), said(i, DE)], ";").replace(",", ";", 2),
    "French, by who takes turns": table("Nom complet,Texte", lambda i: [turn(i, "Mme Quai", "M. Môle"), said(i, FR)]),
    "Russian": table("Говорящий,Текст", lambda i: [turn(i, "Анна", "Пётр"), said(i, RU)]),
    "Chinese": table("说话人,内容", lambda i: [turn(i, "记者", "安娜"), said(i, ZH)]),
    "play": table("scene,character,text", lambda i: [i // 8, turn(i, "HELENA", "TOM", "CAPTAIN"), said(i)]),
    "film": table("line_id,character,text", lambda i: [f"L{i + 99}", turn(i, "IDA", "TOM", "KIM"), said(i)]),
    "with times of the clock": table("time,speaker,text", lambda i: [f"00:{i:02}:05", turn(i, "A", "B"), said(i)]),
    "with seconds": table("timestamp,speaker,text", lambda i: [i * 7.5, turn(i, "A", "B"), said(i)]),
    "chat": table("name,message", lambda i: [turn(i, "Anna", "Tom", "Kim"), said(i)]),
    "dialogues": table("dialogue_id,speaker,utterance", lambda i: [i // 6, turn(i, "A", "B"), said(i)]),
    "acts": table("speaker,utterance,act", lambda i: [turn(i, "A", "B"), said(i), turn(i, "statement", "question", "aside")]),
    "quotations": table("author,text", lambda i: [f"Author {i % 9}", said(i)]),
    "JSON Lines of a novel": lines(lambda i: {"character": turn(i, "Ida", "Tom", "Kim"), "text": said(i)}),
    "JSON Lines": lines(lambda i: {"role": turn(i, "user", "assistant"), "content": said(i)}),
}  # fmt: skip
OTHERS = {
    "a transcript": table("start,end,text", lambda i: [f"00:00:{i:02}", f"00:00:{i + 1:02}", said(i)]),
    "letters": table("sender,recipient,date,text", lambda i: ["Ida", "Tom", f"1919-03-{i + 1:02}", said(i)]),
    "chapters of a book": table("book,chapter,verse,text", lambda i: [turn(i, "Quay", "Wall"), 1 + i // 8, 1 + i % 8, said(i)]),
    "texts of any kind": table("id,lang,text", lambda i: [i + 1, "eng", said(i)]),
    "songs": table("artist,song,text", lambda i: [f"Band {i % 4}", f"Song {i % 7}", said(i)]),
    "questions and answers": table("Frage,Antwort", lambda i: [f"Wo ist Kai {i}?", said(i, DE)]),
    "speeches": table("date,speaker,party,text", lambda i: [f"2019-03-{i + 1:02}", f"Member {i % 5}", turn(i, "Blue", "Green"), said(i)]),
}  # fmt: skip
COMMENTS = {
    "accounts": table("username,text", lambda i: [f"reader{i % 5}", said(i)]),
    "called comments": table("name,comment", lambda i: [f"reader{i % 5}", said(i)]),
    "songs with comments": table("artist,song,comment", lambda i: [f"Band {i % 4}", f"Song {i % 7}", said(i)]),
    "answers to each other": table("id,speaker,reply_to,text", lambda i: [f"u{i}", f"r{i % 5}", f"u{i - 1}" if i % 3 else "", said(i)]),
    "dated": table("author,date,text", lambda i: [f"reader{i % 5}", f"2019-03-{i + 1:02} 10:00", said(i)]),
    "with votes": table("author,text,likes", lambda i: [f"reader{i % 5}", said(i), i * 3 % 7]),
    "under articles": table("author,text,article_url", lambda i: [f"reader{i % 5}", said(i), f"https://courier.example/{i // 6}"]),
    "in threads": table("story_id,author,body", lambda i: [f"s{i // 6}", f"reader{i % 5}", said(i)]),
    "with ids": table("uuid,author,text", lambda i: [f"{i * 7919 % 65536:04x}", f"reader{i % 5}", said(i)]),
    "rated": table("text,harshness", lambda i: [said(i), i * i % 5 + 1]),
    "labelled": table("text,label", lambda i: [said(i), turn(i * i, "OFFENSE", "OTHER", "OTHER")]),
}  # fmt: skip
TEXTS = {
    "Markdown": "| Harbour | Ferry | Text |\n|---|---|---|\n" + "".join(f"| Quay {i} | {i} | {said(i)} |\n" for i in ROWS),
    "Markdown without bars at the ends": "Harbour | No | Text\n:--- | :---: | ---:\n" + "".join(f"Quay | {i} | {said(i)}\n" for i in ROWS),
    "glossary": "Term\tDefinition\n" + "".join(f"word{chr(97 + i)}\t{said(i)}\n" for i in ROWS),
    "glossary with a few choices": "Mot\tGenre\tTraduction\n" + "".join(f"mot{chr(97 + i)}\t{turn(i, 'm', 'f')}\tword{chr(97 + i)}\n" for i in ROWS),
    "words": "".join(f"quay{chr(97 + i)}\tKai{chr(97 + i)}\n" for i in ROWS),
    "words with a few texts": "Pojem\tPopis\n" + "".join(f"slovo{chr(97 + i)}\t{EN[i % 4]}\n" for i in ROWS),
    "chat": "".join(f"[10:{i:02}] <{turn(i, 'anna', 'tom')}> {said(i)}\n" for i in ROWS),
    "cast": "".join(f"{turn(i, 'Helena', 'Tom')} {i}\tplayed by\tActor {chr(65 + i)}\n" for i in ROWS),
}  # fmt: skip


@pytest.mark.parametrize("name", TALKS)
def test_what_speakers_say_to_each_other_is_refused(name):
    read_as, doubt = read("x.jsonl" if name.startswith("JSON") else "x.csv", TALKS[name])
    assert (read_as, "what speakers say to each other" in doubt, "--map body=" in doubt) == ("refused", True, True), (
        doubt
    )


@pytest.mark.parametrize("kind", OTHERS)
def test_other_kinds_are_named(kind):
    read_as, doubt = read("x.csv", OTHERS[kind])
    assert (read_as, f"it looks like {kind}" in doubt) == ("refused", True), doubt


@pytest.mark.parametrize("name", COMMENTS)
def test_evidence_of_comments_is_enough(name):
    assert read("x.csv", COMMENTS[name])[0] == "table"
    assert read("x.txt", COMMENTS[name].replace(",", "\t"))[0] == "table"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "comment",
            "Kommentar",
            "commentaire",
            "comentario",
            "commento",
            "reactie",
            "komentarz",
            "hozzászólás",
            "yorum",
        ),
        *(
            "комментарий",
            "评论",
            "コメント",
            "댓글",
            "تعليق",
            "תגובה",
            "टिप्पणी",
            "σχόλιο",
            "bình luận",
            "Beitrag",
            "reply",
        ),
    ],
)
def test_a_table_of_comments_alone_is_known_by_what_they_are_called(name):
    assert read("x.csv", table(f"Nr,{name}", lambda i: [i + 1, said(i)])) == ("table", {"id": "Nr", "body": name})


@pytest.mark.parametrize("name", TEXTS)
def test_texts_that_are_laid_out_in_columns_are_texts(name):
    assert read("x.txt", TEXTS[name]) == ("text", {})


def test_a_document_of_markdown_is_never_a_table_and_a_file_that_is_called_one_is():
    of_comments = "user\tcomment\n" + "".join(f"reader{i}\t{said(i)}\n" for i in ROWS)
    assert read("x.txt", of_comments)[0] == read("x.tsv", of_comments)[0] == "table"
    assert read("x.md", of_comments)[0] == read("notes/x.org", of_comments)[0] == "text"
    assert read("x.tsv", TEXTS["glossary"])[0] == "refused"


def test_an_interview_is_imported_where_the_user_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text(TALKS["interview"])
    btl = lambda *arguments: CliRunner().invoke(main, ["import", "x.csv", *arguments])  # noqa: E731
    refused = btl()
    assert (refused.exit_code, "--map body='text'" in refused.stderr) == (2, True)
    assert not (tmp_path / "archive.db").exists()
    assert "24 new comments" in btl("--map", "body=text").stdout
