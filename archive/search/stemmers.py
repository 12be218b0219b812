"""The languages whose words are found in all their forms, and what cuts words to their stems."""

from functools import cache, lru_cache

import tantivy

# ISO 639 codes of the languages that have a stemmer, and what Tantivy calls them.
STEMMERS = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
_ALIASES = {"nb": "no", "nn": "no"}
DEFAULT_LANGUAGE = "en"


@cache
def analyzer(language: str) -> tantivy.TextAnalyzer:
    """Return what cuts folded words to their stems in a language."""
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    return words.filter(tantivy.Filter.stemmer(STEMMERS[language])).build()


def stem(language: str, word: str) -> str:
    """Return the stem of a folded word."""
    stems = analyzer(language).analyze(word)
    return stems[0] if stems else word


def stem_field(language: str) -> str:
    return f"stems_{language}"


@lru_cache(1_000)
def language_of(stated: str | None) -> str | None:
    """Return the language whose stemmer fits what an article says of itself; None where none does."""
    code = (stated or "").strip().lower().replace("_", "-").partition("-")[0]
    code = _ALIASES.get(code, code)
    return code if code in STEMMERS else None
