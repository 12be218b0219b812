"""Texts of ASCII are cut into sentences and words by shorter ways, which lead to the same as the long ones."""

from hypothesis import example, given
from hypothesis import strategies as st

from archive.flags.lexical_detector import load_detector
from archive.flags.normalize import normalize
from archive.flags.sentence_spans import plain_sentence_spans, sentence_spans
from archive.flags.terms import TOKEN, find_words

ASCII = st.text(st.one_of(st.sampled_from("aB1 .!?\n,-'@$*_\0\x1c"), st.characters(max_codepoint=127)), max_size=60)
MARKS = {"’": "'", "“": '"', "”": '"', "–": "-", "…": "."}
TYPESET = st.lists(st.sampled_from(("Anna", "said", "to", "Bob", "É", " ", " ", ". ", "\n", *MARKS)))


@given(ASCII)
@example("It was 3.5 at 9. A. a. \nb\n c\n\nD. e.g. ... so?!")
def test_sentences_of_ascii_begin_and_end_where_those_of_all_texts_do(text):
    assert list(plain_sentence_spans(text)) == list(sentence_spans(text.lower(), text))


def test_long_sentences_of_ascii_are_cut_at_the_same_spaces():
    text = "ferry " * 400 + "x" * 2_000
    assert len(list(plain_sentence_spans(text))) > 4
    assert list(plain_sentence_spans(text)) == list(sentence_spans(text, text))


@given(ASCII)
@example("'so' - well-known, (at 9:30) -- e-mail@home 'don''t' s!x [a] -b- - ;")
def test_words_of_ascii_are_those_of_all_texts(text):
    assert find_words(text) == TOKEN.findall(text)


@given(TYPESET)
def test_a_text_as_printers_set_it_is_read_as_it_is_typed(parts):
    written = "".join(parts)
    typed = "".join(MARKS.get(part, part) for part in parts)
    read, same = (words_of(text) for text in (written, typed))
    assert read == same


def words_of(text):
    sentences = load_detector("en").tokenizer.tokenize(normalize(text).text, text)
    tokens = [token for sentence in sentences for token in sentence.tokens]
    return [(token.start, token.end, token.text, token.mask) for token in tokens]
