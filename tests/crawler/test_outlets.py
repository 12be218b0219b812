"""The outlets file: what it says is used, and what is wrong in it is named with its key."""

import pytest

from crawler.outlets import BadOutlets, load_outlets

HEAD = '[[outlets]]\nname = "Courier"\nhome = "https://courier.example/"\n'


@pytest.fixture
def load(tmp_path):
    def load(text):
        (tmp_path / "outlets.toml").write_text(text)
        return load_outlets(tmp_path / "outlets.toml")

    return load


def test_articles_are_chosen_by_path_and_age(load):
    (outlet,) = load(HEAD + 'include = ["/20[0-9][0-9]/"]\nexclude = ["sport"]\nmax_age_days = 7\n')
    assert outlet.accepts("https://courier.example/2026/ferry")
    assert not outlet.accepts("https://courier.example/about")
    assert not outlet.accepts("https://courier.example/2026/sport")
    assert not outlet.accepts("https://courier.example/2026/a", "2026-03-01T00:00:00Z", "2026-03-20T00:00:00Z")
    assert outlet.accepts("https://courier.example/2026/a", "2026-03-19T00:00:00Z", "2026-03-20T00:00:00Z")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no [[outlets]]"),
        ("outlets = 1", "no [[outlets]]"),
        (HEAD + "feed = []", "outlet 1 (Courier): feed is unknown; feeds?"),
        (HEAD + 'feeds = ["https://courier.example/feed", "ferry"]', "feeds[1]: 'ferry' is no web address"),
        (HEAD + 'include = ["("]', "include[0]: '(' is no regular expression"),
        (HEAD + "delay = 0.5", "below 1 s needs permission"),
        (HEAD + "concurrency = 2", "above 1 needs permission"),
        (HEAD + "max_age_days = true", "max_age_days: True is no number from 1 to"),
        (HEAD + HEAD, "https://courier.example/ is listed twice"),
        ('[[outlets]]\nname = "Courier"\n', "home is missing"),
    ],
)
def test_what_is_wrong_is_named(load, text, reason):
    with pytest.raises(BadOutlets) as error:
        load(text)
    assert reason in str(error.value)


def test_permission_or_a_private_network_allows_a_faster_pace(load):
    (outlet,) = load(HEAD + 'delay = 0.5\nconcurrency = 4\npermission = "the editor"\n')
    assert (outlet.delay, outlet.concurrency) == (0.5, 4)
    (outlet,) = load('[[outlets]]\nname = "Desk"\nhome = "http://127.0.0.1:8000/"\ndelay = 0\n')
    assert outlet.delay == 0
