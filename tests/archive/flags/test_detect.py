"""What is found in texts, and what is not: kinds, places, targets, guards, languages, and how long it takes.

Warning: this file holds hostile words, for a detector of them. All texts are invented.
"""

import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archive.flags.detect import find
from archive.flags.explain import explain
from archive.flags.lexicon import lexicon
from archive.flags.match import Context
from archive.flags.sentences import LONGEST_TEXT
from benchmarks.flags import fuzz

VERMIN = "content.dehumanisation"
GROUPS = {
    "Muslims": "muslims", "Jews": "jews", "Women": "women", "Men": "men", "Immigrants": "immigrants_refugees",
    "Black people": "black", "Trans people": "trans", "Disabled people": "disabled",
}  # fmt: skip
SAME_OF_ALL = (
    "{} are vermin.", "All {} are stupid.", "Deport all {}.", "I hate {}.", "Kill all {}.", "{} are not vermin.",
    "The mayor said that {} are vermin.", "{} met for lunch on Sunday.", "Some {} live in my street.",
)  # fmt: skip
NEUTRAL = (
    "The museum has an exhibition about {}.", "I read an article about {} in the newspaper.", "Some {} live in my street.",
    "The council asked {} about the new library.", "Several {} came to the concert on Sunday.",
)  # fmt: skip
MENTIONED = sorted(
    {
        (entry.id, form)
        for entry in lexicon("en").entries
        for form, tags in entry.forms.items()
        if entry.id.startswith("en.group.") and "group.many" in tags and form != "trolls"  # an insult as well
    }
)
HOSTILE = (
    "vermin", "scum", "kill them all", "Muslims", "they are", "I hate", "women", "should be hanged", "go back", "idiot",
    "k i l l", "v*rmin", "not", '"', "'", "he said", "deport", "Hitler was right", "anna@example.org", "020 7946 0018",
    "https://example.org", "Ungeziefer", "parasites", "click here", "an hour online",
)  # fmt: skip
SPRINKLED = st.lists(
    st.one_of(st.text(max_size=20), st.sampled_from(HOSTILE), st.sampled_from(" .,;\n!?😀\u200b\u0301"))
).map("".join)
CONTEXTS = st.builds(
    Context,
    st.none() | st.text(max_size=40) | st.sampled_from(HOSTILE),
    st.none() | st.text(max_size=40) | st.sampled_from(HOSTILE),
    st.none() | st.sampled_from(["en", "de", "fr-CA", "EN-gb", "xx", ""]) | st.text(max_size=5),
)


def kinds(text, context=None):
    return {match.code.partition(".")[2] for match in find(text, context or Context())}


def seconds(text):
    start = time.perf_counter()
    find(text)
    return time.perf_counter() - start


# kinds

THREATS = ["I will kill you.", "We are going to beat you up tomorrow."]
WITHOUT = {
    "threat": ["I will kill time until the train comes.", "We are going to beat the eggs tomorrow."],
    "incitement": ["Kill all the lights.", "The picture should be hanged in the hall."],
    "glorification": ["Hitler was wrong.", "Hitler invaded Poland in 1939."],
    "dehumanisation": ["Rats are vermin.", "The parasites of cats are studied in Leeds."],
    "exclusion": ["Send the parcel back home.", "The letters should all be sent back."],
    "identity_attack": ["I hate Mondays.", "Muslims fast in this month."],
    "slur": ["There is a chink in his armour.", "Maine coon cats are large."],
    "insult": ["You are a star.", "It was a silly idea."],
    "profanity": ["Scunthorpe is a nice town.", "The cockerel sat on a shiitake crate."],
    "sexual": ["The sex of the kitten is unknown.", "Sussex and Essex are counties."],
    "pii": ["There were 12 buses, 14 trams and 3 boats.", "It cost 1,250,000 pounds."],
    "spam": ["I make coffee at work.", "We get paid on Fridays."],
    "link": ["The world wide web is old.", "An http server runs there."],
}
WITH = {
    "threat": THREATS,
    "incitement": ["Kill them all.", "The judge should be hanged."],
    "glorification": ["Hitler was right.", "Breivik is a hero."],
    "dehumanisation": ["Muslims are vermin.", "Immigrants are parasites."],
    "exclusion": ["Deport all Muslims.", "Send the immigrants back home."],
    "identity_attack": ["I hate Jews.", "All women are stupid."],
    "slur": ["He is a wog.", "The tranny next door."],
    "insult": ["You are an idiot.", "You are such a moron."],
    "profanity": ["This is bullshit.", "Shit happens."],
    "sexual": ["Nice tits.", "It was all porn there."],
    "pii": ["My email is anna@example.org", "Call 020 7946 0018 today."],
    "spam": ["I make $85 an hour online, click here.", "Get paid, see https://example.org/x"],
    "link": ["See https://example.org/page there.", "See www.example.org there."],
}


@pytest.mark.parametrize("kind, text", [(kind, text) for kind, texts in WITH.items() for text in texts])
def test_a_kind_is_found(kind, text):
    assert kind in kinds(text)


@pytest.mark.parametrize("kind, text", [(kind, text) for kind, texts in WITHOUT.items() for text in texts])
def test_its_harmless_twin_is_not(kind, text):
    assert kinds(text) == set(), list(explain(text))


@pytest.mark.parametrize(
    "text", ["Women are worse paid than men.", "Jews were worse off than Catholics.", "Blue tits nested in our garden."]
)
def test_plain_facts_are_no_attacks(text):
    assert kinds(text) == set()


# places


@pytest.mark.parametrize(
    "text, what",
    [
        ("Muslims are vermin.", "Muslims are vermin"),
        ("😀👨‍👩‍👧 Hello. Muslims are vermin 😀", "Muslims are vermin"),
        ("Mu\u0301slims are vermin", "Mu\u0301slims are vermin"),
        ("e\u0301e\u0301 yes. Muslims are vermin", "Muslims are vermin"),
        ("Mus\u200blims are ver\u00admin.", "Mus\u200blims are ver\u00admin"),
        ("\u200b\u200bMuslims are vermin\u200b", "Muslims are vermin"),
        ("Muslims are ｖｅｒｍｉｎ.", "Muslims are ｖｅｒｍｉｎ"),
        ("ＭＵＳＬＩＭＳ are vermin", "ＭＵＳＬＩＭＳ are vermin"),
        ("The ﬁrst oﬃce. Muslims are vermin", "Muslims are vermin"),
        ("Muslims are vеrmin", "Muslims are vеrmin"),
        ("İİ ŉŉ ǰ ßß. Muslims are vermin", "Muslims are vermin"),
        ("𝗠𝘂𝘀𝗹𝗶𝗺𝘀 are 𝓋ermin, yes", "𝗠𝘂𝘀𝗹𝗶𝗺𝘀 are 𝓋ermin"),
        ("Muslims are v e r m i n", "Muslims are v e r m i n"),
        ("MUSLIMS ARE VERRRRMIN!!", "MUSLIMS ARE VERRRRMIN"),
        ("Muslims are v*rmin.", "Muslims are v*rmin"),
        ("A line\nMuslims are vermin\nA line", "Muslims are vermin"),
    ],
)
def test_a_match_is_what_stands_at_its_place(text, what):
    places = [text[match.start : match.end] for match in find(text) if match.code == VERMIN]
    assert places == [what]


def test_a_ligature_within_a_match_does_not_move_its_end():
    text = "😀 I am going to ﬁnally kill you, yes"
    (found,) = find(text)
    assert text[found.start : found.end] == "I am going to ﬁnally kill you"


def test_two_sentences_have_a_match_each():
    text = "Muslims are vermin. The bus was late. Muslims are vermin."
    assert [(match.start, match.end) for match in find(text)] == [(0, 18), (38, 56)]


# whom pronouns stand for


@pytest.mark.parametrize(
    "text, context, target",
    [
        ("The Muslims moved in. They are vermin.", Context(), "muslims"),
        ("The Muslims moved in. A day passed. They are vermin.", Context(), "muslims"),
        ("They are vermin.", Context(parent="Immigrants built the bridge."), "immigrants_refugees"),
        ("They are vermin.", Context(title="Jews open a school"), "jews"),
        ("They are vermin.", Context("Immigrants built it.", "Jews open a school"), "immigrants_refugees"),
        ("The women left. They are vermin.", Context("Immigrants built it.", "Jews open a school"), "women"),
    ],
)
def test_a_pronoun_stands_for_whom_was_spoken_of(text, context, target):
    assert [(match.code, match.target) for match in find(text, context)] == [(VERMIN, target)]


@pytest.mark.parametrize(
    "text, context",
    [
        ("They are vermin.", Context()),
        ("They are vermin.", Context(parent="The politicians came.", title="The budget passed")),
        ("The politicians came. They are vermin.", Context()),
        ("The wolves came. They are vermin.", Context(title="Muslims open a school")),
    ],
)
def test_a_pronoun_that_stands_for_no_group_is_no_attack_on_one(text, context):
    assert VERMIN not in {match.code for match in find(text, context)}


# guards


@pytest.mark.parametrize(
    "text, code",
    [
        ("Muslims are not vermin.", "negated"),
        ("Nobody here thinks that Muslims are vermin, no.", None),
        ('"Muslims are vermin", read the poster at the station.', "quoted"),
        ("She read “Muslims are vermin” on the poster.", "quoted"),
        ("The mayor said that Muslims are vermin.", None),
        ("Anyone who says Muslims are vermin is a racist.", "counter_speech"),
        ("As a lesbian, I call myself a dyke.", "reclaimed"),
    ],
)
def test_a_guard_holds_a_match_back_and_says_which(text, code):
    found = find(text)
    assert found
    assert all(match.code.startswith("context.") and match.of and match.rule.startswith("guard.") for match in found)
    assert code is None or {match.code for match in found} == {f"context.{code}"}


@pytest.mark.parametrize(
    "text", ['"Muslims are vermin." He is right.', "Muslims are vermin, he said, not that I care."]
)
def test_what_the_writer_agrees_with_or_says_is_the_writers(text):
    assert VERMIN in {match.code for match in find(text)}


def test_a_match_of_a_rule_holds_nothing_back():
    assert [match.of for match in find("Muslims are vermin. Kill them all.")] == [None, None]


# groups


def test_the_groups_are_read_from_the_lexicon():
    assert len({entry for entry, _ in MENTIONED}) > 25
    assert len(MENTIONED) > 500


@pytest.mark.parametrize("neutral", NEUTRAL)
def test_a_mere_mention_of_any_group_is_nothing(neutral):
    flagged = [text for _, form in MENTIONED if find(text := neutral.format(form))]
    assert flagged == []


@pytest.mark.parametrize("sentence", SAME_OF_ALL)
def test_the_same_is_found_whichever_group_is_named(sentence):
    found = {}
    for name, target in GROUPS.items():
        written = name if sentence.startswith("{") or name[:4] in ("Musl", "Jews") else name[0].lower() + name[1:]
        found[name] = [(match.code, match.rule, match.of) for match in find(sentence.format(written))]
        assert {match.target for match in find(sentence.format(written))} <= {target}
    assert all(one == found["Muslims"] for one in found.values())


# languages

GERMAN = "Die Muslime in unserer Stadt sind Ungeziefer und sollen verschwinden."


@pytest.mark.parametrize("stated", [None, "en", "en-GB", "de", "xx"])
def test_a_german_sentence_is_read_by_german_rules_whatever_the_article_says(stated):
    found = find(GERMAN, Context(language=stated))
    assert found
    assert {match.rule.partition(".")[0] for match in found} == {"de"}


@pytest.mark.parametrize(
    "text, language",
    [
        ("Les musulmans de notre ville sont des parasites, tout le monde le sait.", "fr"),
        ("Los inmigrantes de nuestra ciudad son basura y todos lo saben bien.", "es"),
        ("De moslims in onze stad zijn ongedierte en dat weet iedereen hier.", "nl"),
        ("The Muslims in our town are vermin and everybody here knows it.", "en"),
    ],
)
def test_each_language_is_read_by_its_own_rules(text, language):
    assert {match.rule.partition(".")[0] for match in find(text, Context(language="en"))} == {language}


def test_the_articles_language_decides_for_what_is_too_short_to_tell():
    found = find("Muslime sind Ungeziefer.", Context(language="de-AT"))
    assert {match.rule for match in found} == {"de.dehuman_is"}


@pytest.mark.parametrize(
    "text", ["Die Muslime in unserer Stadt feiern heute ein Fest.", "Muslime feiern ein Fest.", "Moslims vieren feest."]
)
@pytest.mark.parametrize("stated", [None, "en", "de", "nl"])
def test_neutral_words_of_one_language_are_no_slurs_in_another(text, stated):
    assert find(text, Context(language=stated)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Мусульмане — это паразиты, и все это знают. Убить их всех.",
        "他们都是害虫，应该被赶走。",
        "Όλοι είναι παράσιτα εδώ.",
    ],
)
def test_what_no_rules_are_for_gives_nothing(text):
    assert find(text) == ()


# any text


@pytest.mark.parametrize("text", ["", " ", "\0", "\0\0\0", "\u200b", "\ufeff", "\n", "\x7f\x80", "😀", "\U0010ffff"])
def test_next_to_nothing_is_nothing(text):
    assert find(text, Context(text, text, text)) == ()


def test_a_text_that_is_one_address_has_no_sentence():
    assert [match.rule for match in find("https://courier.example/{!vermin-immigrants")] == ["shape.link"]


@pytest.mark.parametrize("lone", ["\ud800", "\udfff\ud800"])
def test_lone_surrogates_are_characters_as_any(lone):
    assert find(lone) == ()
    text = f"{lone} Muslims are vermin {lone}"
    assert find(f"{lone}. Muslims are vermin {lone}") == find(
        f"{'x' * len(lone)}. Muslims are vermin {'x' * len(lone)}"
    )
    assert find("They are vermin", Context(parent=text, title=text))


def test_a_nul_is_no_word():
    assert find("Muslims \0 are vermin") == find("Muslims \x01 are vermin")


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(), SPRINKLED), CONTEXTS)
def test_any_text_gives_matches_within_it_in_order_and_once(text, context):
    found = find(text, context)
    assert all(0 <= match.start < match.end <= len(text) for match in found)
    assert list(found) == sorted(found, key=lambda match: (match.start, match.end, match.code))
    assert len(set(found)) == len(found)
    assert found == find(text, context)


@settings(deadline=None, max_examples=100)
@given(SPRINKLED)
def test_any_text_is_explained(text):
    lines = list(explain(text))
    assert len(lines) >= 2
    assert (lines[-1] == "no flags") == (not find(text))


@settings(deadline=None)
@given(st.text(st.sampled_from("abc xyz😀éß\u0301\u200b"), max_size=60))
def test_what_stands_in_a_line_above_moves_a_match_and_changes_nothing_else(above):
    assume(not find(above))  # letters at random may be a word
    alone = find("Muslims are vermin.")
    moved = find(f"{above}\n\nMuslims are vermin.")
    start = len(above) + 2
    assert [(m.code, m.rule, m.start - start, m.end - start, m.target) for m in moved] == [
        (m.code, m.rule, m.start, m.end, m.target) for m in alone
    ]


# how long it takes

HARMLESS = (
    "The council met on Tuesday and talked about Muslims, buses and the new bridge; the mayor thanked all women. "
)
WORST = {
    "they": "they ", "brackets": "(", "they in brackets": "they (", "a quotation mark": '"', "apostrophes": " 'a",
    "unbalanced quotes": "'they kill ", "quotes of both kinds": "'kill' \" ", "addresses": "a@", "addresses of dots": "a@a.",
    "digits": "1", "digits apart": "1 ", "www.": "www.", "lines": "\n", "letters apart": "k i l l ", "dashes": "-",
    "dashes apart": " - ", "ends": "!?.", "http": "http://", "at in brackets": "a [at] a [dot] ", "cards": "4539 7012 0356 6463 ",
    "telephones": "020 7946 0018 ", "plus": "+44", "streets": "12 Aa ", "streets in France": "1 rue a ", "no spaces": "killthemall",
    "one letter": "k", "three letters": "kkkiiilll ", "invisible": "\u200b", "marks": "k\u0301", "two scripts": "аb",
    "other script": "а", "promotion": "I make an hour online ", "groups": "muslims kill them all ", "at and kill": "@ kill them all ",
    "dotted": "k.i.l.l.", "stars": "k*ll ", "colons": "kill: ", "percent": "%", "they are": "they are not all the ",
}  # fmt: skip


def test_time_grows_with_length_and_no_faster():
    text = HARMLESS * (200_000 // len(HARMLESS) + 1)
    find(text)
    half = min(seconds(text[:100_000]) for _ in range(3))
    assert min(seconds(text[:200_000]) for _ in range(3)) < 4 * half + 0.05


@pytest.mark.parametrize("unit", [HARMLESS, "Muslims are vermin. ", "x" * 50 + " ", "é "])
def test_a_million_characters_are_read_in_bounded_time(unit):
    assert seconds((unit * (1_000_000 // len(unit) + 1))[:1_000_000]) < 10


def bounded_and_linear(begin, unit, end=""):
    """Ten seconds for 100,000 characters, and that much less for fewer; twice the text, about twice the time."""
    took = []
    for length in (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000):
        text = begin + unit * max(1, (length - len(begin) - len(end)) // len(unit)) + end
        bound = 0.1 + length / 10_000
        took.append(seconds(text))
        if took[-1] > bound / 4:  # again: the machine was busy, or patterns had to be compiled
            took[-1] = min(took[-1], seconds(text))
        assert took[-1] < bound, f"{length:,} characters in {took[-1]:.1f} s"
    assert took[-1] < 3 * took[-2] + 0.3


@pytest.mark.parametrize("name", WORST)
def test_repeats_take_no_longer_than_their_length(name):
    bounded_and_linear("", WORST[name])


@pytest.mark.parametrize(
    "begin, unit, end",
    [
        ("kill them all @ ", "a", ""),
        ("kill them all a@", "a", ""),
        ("kill them all ", "a", " @"),
        ("kill them all ", "@", ""),
        ("kill them all ", "\u200b@", ""),
        ("kill them all", " ", "-"),
        ("12 ", "Aaaa ", "Street"),
        ("www.", "a.", "@ kill them all"),
        ("kill them all ", "a1", "а"),
        ("“", "kill them all. ", ""),
        ("'", "kill them all. ", "'"),
        ("I hate Jews. " * 150, " 'a", ""),
        ("I hate Jews. " * 150, '" ', ""),
    ],
)
def test_what_begins_and_does_not_end_takes_no_longer_than_its_length(begin, unit, end):
    bounded_and_linear(begin, unit, end)


def test_a_rare_word_many_times_over_takes_no_longer_than_its_length():
    of_tags = {tag: form for entry in lexicon("en").entries for form, tags in entry.forms.items() for tag in tags}
    assert len(of_tags) > 100
    slow = {tag: took for tag, form in of_tags.items() if (took := seconds(f"{form} " * 20_000)) > 10}
    assert slow == {}


def test_what_lies_beyond_the_longest_text_is_not_read():
    assert find("x" * LONGEST_TEXT + ". Muslims are vermin.") == ()


def test_two_thousand_random_strings_raise_nothing(capsys):
    assert fuzz.run(2_000, seed=7, progress=False), capsys.readouterr().out
