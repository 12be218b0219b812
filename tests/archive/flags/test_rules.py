"""Rules and lexicons: that the data is as the code reads it, and that the compiler refuses what is not.

Warning: this file holds hostile words, for a detector of them.
"""

import io
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from functools import reduce
from importlib.resources import files
from operator import or_
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.flags.codes import codes
from archive.flags.explain import explain
from archive.flags.lexical_detector import SEVERE, load_detector
from archive.flags.lexicon import Lexicon, LexiconEntry, inflect, languages, load_lexicon, split_forms, typos, variants
from archive.flags.match import TextContext
from archive.flags.rules import WHO, Rule, _parse_rule, collect_names, compile_rule, load_rules, parse_symbols
from archive.flags.vocabulary import SHORTEST_TYPO, build_vocabulary
from archive.flags.word_runs import split_words

FLAGS = Path(str(files("archive.flags")))
CASES = Path(__file__).parents[3] / "benchmarks" / "flags"
TARGETS = frozenset((
    "muslims", "jews", "christians", "other_religion", "black", "asian", "arab", "latino", "indigenous", "roma", "white",
    "other_ethnicity", "national_origin", "immigrants_refugees", "women", "men", "lgb", "trans", "disabled", "age",
    "politician", "journalist", "commenter", "other", "unclear",
))  # fmt: skip
LANGUAGES = languages()
RULES = [rule for language in LANGUAGES for rule in load_rules(language)]
ENTRIES = [entry for language in LANGUAGES for entry in load_lexicon(language).entries]
WORDS = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), max_size=14)
VALID = "GROUP BE ANIMAL"


def rule(pattern, **values):
    given_values = {"code": "content.insult", "who": "none", "note": "A test.", "language": "en"} | values
    return Rule(id="en.test", patterns=(pattern,), raw=(pattern,), **given_values)


def compiles(pattern):
    return list(compile_rule(rule(pattern), load_detector("en").vocabulary, load_lexicon("en")))


# data


def test_there_are_rules_and_a_lexicon_for_each_language():
    assert {"de", "en", "es", "fr", "nl"} <= {*LANGUAGES}
    assert all(load_rules(language) and load_lexicon(language).entries for language in LANGUAGES)


def test_ids_of_rules_are_given_once():
    assert len({one.id for one in RULES}) == len(RULES)


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.id)
def test_a_rule_has_a_code_a_note_and_patterns(one):
    assert one.code in {row["code"] for row in codes()}
    assert one.code.startswith("content.")
    assert one.note.strip()
    assert one.patterns
    assert one.who in WHO
    assert one.negation in ("guard", "part", "ignored")


def test_severe_codes_are_codes():
    assert {*SEVERE} <= {row["code"] for row in codes()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_pattern_compiles_and_is_looked_for_by_something(language):
    patterns = {id(one): one for some in load_detector(language).patterns[True].values() for _, one in some}.values()
    assert len(patterns) == sum(len(one.patterns) for one in load_rules(language))
    for one in patterns:
        assert isinstance(one.expression, re.Pattern), one.raw
        assert one.anchors, one.raw
        assert not one.expression.match(""), one.raw


@pytest.mark.parametrize("language", LANGUAGES)
def test_patterns_are_found_by_the_tags_of_a_sentence_as_if_each_were_asked(language):
    detector, chance, found = load_detector(language), Random(8), 0
    masks = [word.mask for word in detector.vocabulary.words.values()]
    frequent = [mask for mask in masks if mask & (detector.vocabulary.common | detector.of_group)]
    for mask in (reduce(or_, chance.choices(masks, k=3) + chance.choices(frequent, k=9)) for _ in range(300)):
        met = [
            id(pattern)
            for bit, anchored in detector.patterns[True].items()
            for needs, pattern in anchored
            if mask & bit and all(mask & need for need in needs)
        ]
        assert list(map(id, detector.fitting(mask, of_group=True))) == list(dict.fromkeys(met))
        found += len(met)
    assert found > 300


def test_lexicons_have_entries_with_notes_forms_and_targets_of_the_closed_list():
    assert {entry.target for entry in ENTRIES} - {None} <= TARGETS
    assert [entry.id for entry in ENTRIES if not entry.note.strip()] == []
    assert [entry.id for entry in ENTRIES if not entry.forms] == []


@pytest.mark.parametrize("tag", ["group", "unprotected", "slur"])
def test_entries_that_name_people_say_whom(tag):
    some = [entry for entry in ENTRIES if entry.id.split(".")[1] == tag]
    assert some
    assert [entry.id for entry in some if entry.target is None] == []


def test_ids_of_entries_are_given_once():
    assert len({entry.id for entry in ENTRIES}) == len(ENTRIES)


def test_forms_are_folded_and_without_marks():
    odd = [(entry.id, form) for entry in ENTRIES for form in entry.forms if split_forms(form) != [form]]
    assert odd == []


@pytest.mark.parametrize(
    "path",
    [
        *sorted((FLAGS / "lexicons").rglob("*.toml")),
        *sorted((FLAGS / "rules").glob("*.toml")),
        *sorted(CASES.rglob("*.toml")),
    ],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_files_of_hostile_words_open_with_a_warning(path):
    head = []
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            break
        head.append(line)
    assert re.search("warning|hostile", " ".join(head), re.IGNORECASE)


# the compiler


def test_a_pattern_is_compiled_with_what_it_needs():
    (one,) = compiles(VALID)
    assert len(one.needs) == 3
    assert one.anchors == load_detector("en").vocabulary.bits["ANIMAL"]
    assert one.raw == VALID


@pytest.mark.parametrize(
    "pattern",
    [
        "GROUP BE NOSUCHTAG",
        "BE THE",
        "(GROUP|BE) THE",
        "ANIMAL?",
        "ANIMAL{0,3} BE",
        "!ANIMAL BE",
        "GROUP BE # ANIMAL",
        "GROUP+ ANIMAL",
        "GROUP* ANIMAL",
        "GROUP .* ANIMAL",
        "GROUP .+ ANIMAL",
        "GROUP{3} ANIMAL",
        "GROUP{2,} ANIMAL",
        "GROUP{,3} ANIMAL",
        "GROUP{0,100} ANIMAL",
        "GROUP [ab] ANIMAL",
        "GROUP \\w ANIMAL",
        "(GROUP ANIMAL",
        "dont ANIMAL",
        "GROUP !(BE|SHOULD) ANIMAL",
        "<!(BE|SHOULD) GROUP ANIMAL",
        "<=(BE|SHOULD) GROUP ANIMAL",
    ],
)
def test_a_pattern_that_cannot_be_read_is_refused_by_its_rules_name(pattern):
    with pytest.raises(ValueError, match=re.escape("en.test")):
        compiles(pattern)


def test_a_macro_that_is_not_there_is_refused_by_its_rules_name():
    values = {"code": "content.insult", "who": "none", "patterns": ["@nobody ANIMAL"], "note": "A test."}
    with pytest.raises(ValueError, match=r"en\.test: .*no macro is called nobody"):
        _parse_rule("en", "test", values, {"somebody": "GROUP"})


def test_words_of_a_pattern_that_cannot_be_read_are_refused_by_its_rules_name():
    """The way that a detector goes: it asks for the words of all patterns before it compiles any."""
    with pytest.raises(ValueError, match=re.escape("en.test")):
        collect_names([rule("GROUP BE # ANIMAL")])


@pytest.mark.parametrize("repeat", ["*", "+", "{3}", "{2,}", "{1,100}"])
def test_no_repetition_is_without_a_bound(repeat):
    with pytest.raises(ValueError, match="not understood"):
        list(parse_symbols(f"GROUP{repeat} ANIMAL"))


def test_symbols_of_a_pattern_are_read_in_order():
    assert list(parse_symbols("^ (GROUP|they){0,3} !BE <=SAY.ed 'not a'? .")) == [
        ("plain", "^"), ("plain", "("), ("tag", "GROUP"), ("plain", "|"), ("word", "they"), ("plain", ")"),
        ("repeat", "{0,3}"), ("not", "!"), ("tag", "BE"), ("not", "<="), ("tag", "SAY.ED"), ("word", "'not a'"),
        ("repeat", "?"), ("plain", "."),
    ]  # fmt: skip


def test_the_tags_and_the_words_of_patterns_are_named():
    assert collect_names([rule("GROUP BE (ANIMAL|'a pest')"), rule("they WILL")]) == (
        {"GROUP", "BE", "ANIMAL", "WILL"}, {"a", "pest", "they"},
    )  # fmt: skip


@given(st.text(st.sampled_from("ABGROUP be.?|(){}0123<=!'^$*+@\\[]#")))
def test_any_pattern_is_read_or_refused(pattern):
    try:
        listed = list(parse_symbols(pattern))
    except ValueError:
        return
    assert re.sub(r"\s", "", "".join(text for _, text in listed)).upper() == re.sub(r"\s", "", pattern).upper()


# words


@pytest.mark.parametrize(
    "verb, forms",
    [
        ("kick", "kick kicks kicking kicked kicked"),
        ("stop", "stop stops stopping stopped stopped"),
        ("hope", "hope hopes hoping hoped hoped"),
        ("die", "die dies dying died died"),
        ("agree", "agree agrees agreeing agreed agreed"),
        ("bury", "bury buries burying buried buried"),
        ("play", "play plays playing played played"),
        ("watch", "watch watches watching watched watched"),
        ("fix", "fix fixes fixing fixed fixed"),
        ("shoot", "shoot shoots shooting shooted shooted"),
        ("expel", "expel expels expelling expelled expelled"),
        ("visit", "visit visits visiting visited visited"),
        ("go/goes/going/went/gone", "go goes going went gone"),
        ("shoot / shoots / shooting / shot / shot", "shoot shoots shooting shot shot"),
    ],
)
def test_verbs_are_inflected(verb, forms):
    assert [one for (one,) in inflect(verb)] == forms.split()


def test_verbs_of_several_words_change_their_first():
    assert inflect("kick out") == [("kick out",), ("kicks out",), ("kicking out",), ("kicked out",), ("kicked out",)]


@pytest.mark.parametrize("verb", ["go/goes", "go/goes/going/went", "a/b/c/d/e/f"])
def test_a_verb_has_one_form_or_five(verb):
    with pytest.raises(ValueError, match="one form, or five"):
        inflect(verb)


@pytest.mark.parametrize("disguise", ["v*rmin", "v****n", "v*****", "v*rm*n"])
def test_words_are_disguised_with_asterisks(disguise):
    assert disguise in {*variants("vermin")}


@given(WORDS)
def test_disguises_are_as_long_as_the_word_and_differ_in_asterisks_alone(word):
    for disguise in variants(word):
        assert len(disguise) == len(word)
        assert disguise[0] == word[0]
        assert "*" in disguise
        assert all(one in (letter, "*") for one, letter in zip(disguise, word, strict=True))


@given(WORDS)
def test_slips_keep_the_first_letters_and_leave_out_or_swap_one(word):
    slips = [*typos(word)]
    assert word not in slips or len({*word}) < len(word)
    for slip in slips:
        assert len(word) - len(slip) in (0, 1)
        if len(slip) == len(word):
            assert sorted(slip) == sorted(word)
        else:
            assert any(word[:place] + word[place + 1 :] == slip for place in range(1, len(word)))


@pytest.mark.parametrize("form", ["two words", "", "it's"])
def test_what_is_no_single_word_has_no_disguise_and_no_slip(form):
    assert [*variants(form), *typos(form)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_slip_or_disguise_takes_the_place_of_a_word_that_is_spelled_right(language):
    vocabulary = load_detector(language).vocabulary
    spelled_right = [vocabulary.words[form] for form in vocabulary.correct_words if vocabulary.words[form].entries]
    assert spelled_right
    for form in vocabulary.correct_words:
        assert all(form in entry.forms for entry in vocabulary.words[form].entries)


def test_slips_that_are_words_of_their_own_are_not_read_as_others():
    vocabulary, spared = load_detector("en").vocabulary, load_lexicon("en").not_typos
    assert spared
    assert [word for word in spared if word in vocabulary.words and word not in vocabulary.correct_words] == []


def test_short_slips_are_no_words():
    vocabulary = load_detector("en").vocabulary
    short = [
        word for word in vocabulary.words if len(word) < SHORTEST_TYPO - 1 and word not in vocabulary.correct_words
    ]
    assert [word for word in short if word.isalpha()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_spellings_that_are_expanded_are_no_words_themselves(language):
    vocabulary = load_detector(language).vocabulary
    assert [short for short in vocabulary.expansions if short in vocabulary.words] == []
    assert [short for short, parts in vocabulary.expansions.items() if not parts or short in parts] == []


@pytest.mark.parametrize(
    "careless, careful",
    [("theyre vermin", "they are vermin"), ("they're vermin", "they are vermin"), ("im gonna kill you", "i am going to kill you"),
     ("ill kill you", "i will kill you")],
)  # fmt: skip
def test_careless_spellings_are_read_as_careful_ones(careless, careful):
    tokenize = load_detector("en").tokenizer.tokenize
    tags = [[item.mask for item in tokenize(text, text)[0].tokens] for text in (careless, careful)]
    assert tags[0] == tags[1]


def test_lists_are_split_folded_and_without_hyphens():
    assert split_forms("Neo-Nazi,  two  words , É, ") == ["neo nazi", "two words", "e"]
    assert split_forms("") == []


def test_a_run_of_letters_is_cut_into_the_fewest_words():
    words = {"kill", "them", "all", "the", "a", "ll"}
    assert split_words("killthemall", words) == [4, 8, 11]
    assert split_words("killthexall", words) is None


def test_words_that_no_rule_asks_for_are_not_kept():
    words = Lexicon("xx", [LexiconEntry("xx.a", {"cat": ("pet",), "vermin": ("animal",)}, "A test.")], frozenset(), frozenset(), {},
                    frozenset(), frozenset())  # fmt: skip
    vocabulary = build_vocabulary(words, ["ship"], ["ANIMAL"])
    assert vocabulary.words["vermin"].mask == vocabulary.bits["ANIMAL"]
    assert "cat" not in vocabulary.words
    assert vocabulary.words["ship"].mask == vocabulary.bits["'ship"]


def test_a_sign_stands_for_each_set_of_tags():
    vocabulary = load_detector("en").vocabulary
    assert len({*vocabulary.signs.values()}) == len(vocabulary.signs)
    assert all(word.sign == vocabulary.signs[word.mask] for word in vocabulary.words.values())
    assert all(not sign.isascii() and sign.isalpha() for sign in vocabulary.signs.values())


# explaining


def explained(text, context=None):
    return "\n".join(explain(text, context or TextContext()))


def test_a_match_is_explained_by_its_rule_and_its_pattern():
    explanation = explained("Muslims are vermin.")
    one = next(one for one in RULES if one.id == "en.dehuman_is")
    assert "en.dehuman_is fits 'Muslims are vermin', meant: muslims" in explanation
    assert any(f"pattern: {raw}" in explanation for raw in one.raw)
    assert "content.dehumanisation by en.dehuman_is at 0-18: 'Muslims are vermin', meant: muslims" in explanation


def test_what_is_held_back_is_explained_by_its_guard():
    explanation = explained("Muslims are not vermin.")
    assert "held back by guard.negation: 'not'" in explanation
    assert "context.negated by guard.negation" in explanation
    assert "instead of en.dehuman_is" in explanation


@pytest.mark.parametrize(
    "text, reason",
    [
        ("The politicians came. They are vermin.", "no group that is protected is meant"),
        ("The wolves came. They are vermin.", "animals are meant"),
        ("There is a chink in his armour.", "harmless meaning"),
        ("Kill the referee, what a match.", "a game"),
        ("Muslims is vile.", "not the group"),
    ],
)
def test_what_is_dropped_is_explained_by_its_reason(text, reason):
    explanation = explained(text)
    assert re.search(f"dropped: .*{reason}", explanation)
    assert explanation.endswith("no flags")


@pytest.mark.parametrize("text", ["The bus was late.", "", "Москва"])
def test_a_text_that_no_pattern_fits_is_explained_in_two_lines(text):
    explanation = explained(text).splitlines()
    assert len(explanation) == 2
    assert explanation[-1] == "no flags"


def test_shapes_are_explained():
    assert "shape.email: 'anna@example.org'" in explained("Write to anna@example.org")


@pytest.mark.parametrize(
    "text, language",
    [
        ("Die Muslime in unserer Stadt sind Ungeziefer und sollen gehen.", "de"),
        ("The Muslims here are vermin, all of them.", "en"),
    ],
)
def test_the_language_that_a_text_is_read_in_is_told(text, language):
    assert explained(text).splitlines()[0].endswith(language)


@settings(deadline=None)
@given(st.sampled_from(RULES))
def test_rules_can_be_copied_with_another_pattern_and_are_refused_by_their_own_name(one):
    broken = replace(one, patterns=("GROUP NOSUCHTAG",), raw=("GROUP NOSUCHTAG",))
    with pytest.raises(ValueError, match=re.escape(one.id)):
        list(compile_rule(broken, load_detector(one.language).vocabulary, load_lexicon(one.language)))


WORDS = """
from archive.flags.lexical_detector import load_detector
from hashlib import sha256
known = load_detector("en").vocabulary
names = {bit: tag for tag, bit in known.bits.items()}
said = [(form, sorted(tag for bit, tag in names.items() if bit & word.mask), [e.id for e in word.entries])
        for form, word in sorted(known.words.items()) if "*" in form]
print(len(said), sha256(repr(said).encode()).hexdigest())
"""


@pytest.mark.slow
def test_words_mean_the_same_in_each_process():
    """Spellings that hide several words alike are decided by no order that changes."""
    here = os.environ.get("PYTHONHASHSEED")
    command, other = [sys.executable, "-c", WORDS], {"PYTHONHASHSEED": "3" if here == "2" else "2"}
    done = subprocess.run(command, env=os.environ | other, capture_output=True, text=True, check=True)
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(WORDS, {})
    assert printed.getvalue() == done.stdout
    assert int(done.stdout.split()[0]) > 1000


@pytest.mark.slow
def test_rules_are_in_the_same_order_in_every_process():
    """Where two patterns fit the same words, the first decides whom they mean: the next process must find the same."""
    show = (
        "from archive.flags.lexical_detector import load_detector; nl = load_detector('nl');"
        "print(list(nl.vocabulary.bits), list(nl.vocabulary.words), list(nl.grave_words()), list(nl.patterns[True]))"
    )
    orders = {
        subprocess.run(
            [sys.executable, "-c", show], env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(orders) == 1
