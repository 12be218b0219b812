"""Files that look like plain text and are none are refused, with what they are."""

import pytest

from archive.importers import choose_importer
from archive.importers.base import BadDocument, Probe

CHATS = {
    "of a phone": "".join(f"[0{i}.05.23, 08:3{i}:00] Mira: The ferry left early.\n" for i in range(1, 9)),
    "of another": "".join(f"{i}/5/2023, 8:3{i}\u202fPM - Tom: The bus is better.\n" for i in range(1, 9)),
}


@pytest.mark.parametrize("chat", CHATS)
def test_logs_of_chats_are_no_articles(chat):
    with pytest.raises(BadDocument, match="log of a chat"):
        choose_importer(Probe(CHATS[chat].encode(), "chat.txt"))


def test_yaml_is_no_article():
    with pytest.raises(BadDocument, match="YAML"):
        choose_importer(Probe(b"name: Mira\nmessage: The ferry left early.\n", "comment1.yml"))


@pytest.mark.parametrize(
    "text",
    [
        "Minutes\n\n" + "".join(f"0{i}.05.23, 08:30 in the hall: the board met again.\n" for i in range(1, 9)),
        "2023-05-01 08:37:00 the quay: an article with a date before it.\n" * 9,
        "[Harbour] The wall stands since 1911.\n\nNobody knows why.\n",
    ],
)
def test_texts_with_dates_and_brackets_are_texts(text):
    assert choose_importer(Probe(text.encode(), "text.txt")).NAME == "text"
