"""What is found in texts, and what is not: kinds, places, targets, guards, languages, and how much work it is.

Warning: this file holds hostile words, for a detector of them. All texts are invented.
"""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archive.flags import detect
from archive.flags.detect import find_all_matches, find_matches
from archive.flags.explain import explain
from archive.flags.lexical_detector import load_detector
from archive.flags.lexicon import load_lexicon
from archive.flags.match import TextContext
from archive.flags.sentence_spans import LONGEST_TEXT
from benchmarks.flags import fuzz
from benchmarks.flags.cases import cases
from benchmarks.flags.worst import HARMLESS, OPENINGS, REPEATS, repeat
from tests.call_count import count_calls

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
        for entry in load_lexicon("en").entries
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
    TextContext,
    st.none() | st.text(max_size=40) | st.sampled_from(HOSTILE),
    st.none() | st.text(max_size=40) | st.sampled_from(HOSTILE),
    st.none() | st.sampled_from(["en", "de", "fr-CA", "EN-gb", "xx", ""]) | st.text(max_size=5),
)


def kinds(text, context=None):
    return {match.code.partition(".")[2] for match in find_matches(text, context or TextContext())}


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
    places = [text[match.start : match.end] for match in find_matches(text) if match.code == VERMIN]
    assert places == [what]


def test_a_ligature_within_a_match_does_not_move_its_end():
    text = "😀 I am going to ﬁnally kill you, yes"
    (found,) = find_matches(text)
    assert text[found.start : found.end] == "I am going to ﬁnally kill you"


def test_two_sentences_have_a_match_each():
    text = "Muslims are vermin. The bus was late. Muslims are vermin."
    assert [(match.start, match.end) for match in find_matches(text)] == [(0, 18), (38, 56)]


# whom pronouns stand for


@pytest.mark.parametrize(
    "text, context, target",
    [
        ("The Muslims moved in. They are vermin.", TextContext(), "muslims"),
        ("The Muslims moved in. A day passed. They are vermin.", TextContext(), "muslims"),
        ("They are vermin.", TextContext(parent="Immigrants built the bridge."), "immigrants_refugees"),
        ("They are vermin.", TextContext(title="Jews open a school"), "jews"),
        ("They are vermin.", TextContext("Immigrants built it.", "Jews open a school"), "immigrants_refugees"),
        ("The women left. They are vermin.", TextContext("Immigrants built it.", "Jews open a school"), "women"),
    ],
)
def test_a_pronoun_stands_for_whom_was_spoken_of(text, context, target):
    assert [(match.code, match.target) for match in find_matches(text, context)] == [(VERMIN, target)]


@pytest.mark.parametrize(
    "text, context",
    [
        ("They are vermin.", TextContext()),
        ("They are vermin.", TextContext(parent="The politicians came.", title="The budget passed")),
        ("The politicians came. They are vermin.", TextContext()),
        ("The wolves came. They are vermin.", TextContext(title="Muslims open a school")),
    ],
)
def test_a_pronoun_that_stands_for_no_group_is_no_attack_on_one(text, context):
    assert VERMIN not in {match.code for match in find_matches(text, context)}


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
    found = find_matches(text)
    assert found
    assert all(
        match.code.startswith("context.") and match.guarded_rule and match.rule.startswith("guard.") for match in found
    )
    assert code is None or {match.code for match in found} == {f"context.{code}"}


@pytest.mark.parametrize(
    "text", ['"Muslims are vermin." He is right.', "Muslims are vermin, he said, not that I care."]
)
def test_what_the_writer_agrees_with_or_says_is_the_writers(text):
    assert VERMIN in {match.code for match in find_matches(text)}


def test_a_match_of_a_rule_holds_nothing_back():
    assert [match.guarded_rule for match in find_matches("Muslims are vermin. Kill them all.")] == [None, None]


# groups


def test_the_groups_are_read_from_the_lexicon():
    assert len({entry for entry, _ in MENTIONED}) > 25
    assert len(MENTIONED) > 500


@pytest.mark.parametrize("neutral", NEUTRAL)
def test_a_mere_mention_of_any_group_is_nothing(neutral):
    flagged = [text for _, form in MENTIONED if find_matches(text := neutral.format(form))]
    assert flagged == []


@pytest.mark.parametrize("sentence", SAME_OF_ALL)
def test_the_same_is_found_whichever_group_is_named(sentence):
    found = {}
    for name, target in GROUPS.items():
        written = name if sentence.startswith("{") or name[:4] in ("Musl", "Jews") else name[0].lower() + name[1:]
        found[name] = [(match.code, match.rule, match.guarded_rule) for match in find_matches(sentence.format(written))]
        assert {match.target for match in find_matches(sentence.format(written))} <= {target}
    assert all(one == found["Muslims"] for one in found.values())


# languages

GERMAN = "Die Muslime in unserer Stadt sind Ungeziefer und sollen verschwinden."


@pytest.mark.parametrize("stated", [None, "en", "en-GB", "de", "xx"])
def test_a_german_sentence_is_read_by_german_rules_whatever_the_article_says(stated):
    found = find_matches(GERMAN, TextContext(language=stated))
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
    assert {match.rule.partition(".")[0] for match in find_matches(text, TextContext(language="en"))} == {language}


def test_the_articles_language_decides_for_what_is_too_short_to_tell():
    found = find_matches("Muslime sind Ungeziefer.", TextContext(language="de-AT"))
    assert {match.rule for match in found} == {"de.dehuman_is"}


@pytest.mark.parametrize(
    "text", ["Die Muslime in unserer Stadt feiern heute ein Fest.", "Muslime feiern ein Fest.", "Moslims vieren feest."]
)
@pytest.mark.parametrize("stated", [None, "en", "de", "nl"])
def test_neutral_words_of_one_language_are_no_slurs_in_another(text, stated):
    assert find_matches(text, TextContext(language=stated)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Мусульмане — это паразиты, и все это знают. Убить их всех.",
        "他们都是害虫，应该被赶走。",
        "Όλοι είναι παράσιτα εδώ.",
    ],
)
def test_what_no_rules_are_for_gives_nothing(text):
    assert find_matches(text) == ()


# any text


@pytest.mark.parametrize("text", ["", " ", "\0", "\0\0\0", "\u200b", "\ufeff", "\n", "\x7f\x80", "😀", "\U0010ffff"])
def test_next_to_nothing_is_nothing(text):
    assert find_matches(text, TextContext(text, text, text)) == ()


def test_a_text_that_is_one_address_has_no_sentence():
    assert [match.rule for match in find_matches("https://courier.example/{!vermin-immigrants")] == ["shape.link"]


@pytest.mark.parametrize("lone", ["\ud800", "\udfff\ud800"])
def test_lone_surrogates_are_characters_as_any(lone):
    assert find_matches(lone) == ()
    text = f"{lone} Muslims are vermin {lone}"
    assert find_matches(f"{lone}. Muslims are vermin {lone}") == find_matches(
        f"{'x' * len(lone)}. Muslims are vermin {'x' * len(lone)}"
    )
    assert find_matches("They are vermin", TextContext(parent=text, title=text))


def test_a_nul_is_no_word():
    assert find_matches("Muslims \0 are vermin") == find_matches("Muslims \x01 are vermin")


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(), SPRINKLED), CONTEXTS)
def test_any_text_gives_matches_within_it_in_order_and_once(text, context):
    found = find_matches(text, context)
    assert all(0 <= match.start < match.end <= len(text) for match in found)
    assert list(found) == sorted(found, key=lambda match: (match.start, match.end, match.code))
    assert len(set(found)) == len(found)
    assert found == find_matches(text, context)


@settings(deadline=None, max_examples=100)
@given(SPRINKLED)
def test_any_text_is_explained(text):
    lines = list(explain(text))
    assert len(lines) >= 2
    assert (lines[-1] == "no flags") == (not find_matches(text))


@settings(deadline=None)
@given(st.text(st.sampled_from("qvj 😀ß\u0301\u200b"), max_size=60))  # letters that make no word of any language
def test_what_stands_in_a_line_above_moves_a_match_and_changes_nothing_else(above):
    assume(not find_matches(above))  # letters at random may be a word
    alone = find_matches("Muslims are vermin.")
    moved = find_matches(f"{above}\n\nMuslims are vermin.")
    start = len(above) + 2
    assert [(m.code, m.rule, m.start - start, m.end - start, m.target) for m in moved] == [
        (m.code, m.rule, m.start, m.end, m.target) for m in alone
    ]


# how much work it is (benchmarks.flags.worst has how long it takes)


def assert_work_grows_with_length(begin, unit, end=""):
    """Twice the text, about twice the calls; patterns and caches are warm by then."""
    once, twice = repeat(begin, unit, end, 4_000), repeat(begin, unit, end, 8_000)
    find_matches(once)
    find_matches(twice)
    assert count_calls(find_matches, twice) < 2.5 * count_calls(find_matches, once) + 1_000


@pytest.mark.parametrize("name", REPEATS)
def test_repeats_are_no_more_work_than_their_length(name):
    assert_work_grows_with_length("", REPEATS[name])


@pytest.mark.parametrize(("begin", "unit", "end"), OPENINGS)
def test_what_begins_and_does_not_end_is_no_more_work_than_its_length(begin, unit, end):
    assert_work_grows_with_length(begin, unit, end)


@pytest.mark.parametrize("unit", [HARMLESS, "Muslims are vermin. ", "x" * 50 + " ", "é "])
def test_a_text_beyond_the_longest_is_no_more_work_than_the_longest(unit):
    find_matches(unit)
    longest = count_calls(find_matches, (unit * LONGEST_TEXT)[: LONGEST_TEXT + 1])  # those up to it are less work still
    assert count_calls(find_matches, (unit * LONGEST_TEXT)[: 2 * LONGEST_TEXT]) < 2.5 * longest + 1_000


def test_a_rare_word_many_times_over_is_no_more_work_than_its_length():
    by_tag = {tag: form for entry in load_lexicon("en").entries for form, tags in entry.forms.items() for tag in tags}
    assert len(by_tag) > 100
    for form in by_tag.values():
        assert_work_grows_with_length("", f"{form} ")


def test_what_lies_beyond_the_longest_text_is_not_read():
    assert find_matches("x" * LONGEST_TEXT + ". Muslims are vermin.") == ()


@pytest.mark.slow
def test_two_thousand_random_strings_raise_nothing(capsys):
    assert fuzz.run(2_000, seed=7, progress=False, bound=None), capsys.readouterr().out


# many texts at once


def test_texts_in_batches_have_the_same_matches_as_alone(monkeypatch):
    monkeypatch.setattr(detect, "BATCH_SIZE", 500)
    texts = [(case.text, TextContext(case.parent, case.title)) for case in list(cases("seen_too"))[::12]]
    assert find_all_matches(texts) == [find_matches(*text) for text in texts]
    assert find_all_matches([]) == []


def test_sentences_that_are_not_joined_would_stay_the_same():
    """The signs of a sentence say whether it names a group; where they say no, reading it as if it did changes nothing."""
    tokenizer = load_detector("en").tokenizer
    joiner, unjoined = tokenizer.groups, 0
    for case in list(cases("seen_too"))[::9]:
        text = case.text.lower()
        terms = [term for word in text.split() for term in tokenizer.terms[word]]
        if not joiner.may_join(terms, -1):
            unjoined += 1
            assert joiner.join(terms) == terms
    assert unjoined > 20


def test_tokens_know_their_places():
    text = "I'm told that k i l l e r s and theyallmustdie at mus1ims' dinner -- THESE young Muslims, say"
    sentence = load_detector("en").tokenizer.tokenize(text.lower(), text)[0]
    assert len(sentence.tokens) == len(sentence.signs)
    assert all(text[token.start : token.end].strip() for token in sentence.tokens)
    assert any(text[token.start : token.end] == "THESE young Muslims" for token in sentence.tokens)


def test_the_words_of_a_sentence_have_all_tags_that_it_may_have_once_its_groups_are_joined():
    tokenizer, more = load_detector("en").tokenizer, 0
    for case in list(cases("seen_too"))[::9]:
        sentences = tokenizer.tokenize(case.text.lower(), case.text)
        for index in range(len(sentences)):
            tags = sentences.tags(index)
            more += tags != sentences[index].mask
            assert sentences[index].mask | tags == tags
    assert more > 20
