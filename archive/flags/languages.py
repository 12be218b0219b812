"""Choose the language whose rules read a text."""

from contextlib import suppress
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from archive.flags.lexicon import languages

# Shorter texts cannot be told apart.
SHORTEST = 25
NEAR = 100
# Above this probability a text is in a language that has no rules.
SURE = 0.9
DEFAULT = "en"
ENGLISH_WORDS = frozenset(
    "the and you of they that this with are have not but it it's my what who just be for from your he she would there "  # noqa: SIM905
    "their about been if out up get don't i'm can't never".split()
)


def choose_language(text: str, candidates: tuple[str, ...], stated: str | None) -> str:
    """Choose which of the candidates is the language of a text; "" for none of them.

    `stated` is the article's language (BCP 47), which decides where the text is too short to tell.
    """
    if language := evident_language(text, candidates, stated):
        return language
    language, probability = identifier().classify(text)
    if language in candidates:
        return str(language)
    return "" if probability > SURE else _default(candidates, stated)


def evident_language(text: str, candidates: tuple[str, ...], stated: str | None) -> str | None:
    """Choose as `choose_language` does; None where the text must be classified for it.

    That costs more than all else that most texts need, so two English words settle it.
    """
    if len(text) < SHORTEST:
        return _default(candidates, stated)
    if DEFAULT not in candidates:
        return None
    near = text[:NEAR].split()[:-1]  # mostly enough; its last word may be cut
    is_english = len(ENGLISH_WORDS.intersection(near)) > 1 or len(ENGLISH_WORDS.intersection(text.split())) > 1
    return DEFAULT if is_english else None


def _default(candidates: tuple[str, ...], stated: str | None) -> str:
    article = (stated or "").partition("-")[0].lower()
    return article if article in candidates else DEFAULT if DEFAULT in candidates else candidates[0]


@cache
def identifier() -> LanguageIdentifier:
    """Load the model that tells languages apart, once a process."""
    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages(languages() if len(languages()) > 1 else [DEFAULT, "de"])
    with suppress(AttributeError):  # of the model of 140 languages, only ours stay in memory: 28 MB less
        model._full_model = model.nb_ptc, model.nb_pc, model.nb_classes
    return model
