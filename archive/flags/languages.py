"""Which language a text is in, as far as it decides which rules read it."""

from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from archive.flags.lexicon import languages

SHORTEST = 25
SURE = 0.9
USUAL = "en"
PLAIN = frozenset(
    "the and you of they that this with are have not but it it's my what who just be for from your he she would there "  # noqa: SIM905
    "their about been if out up get don't i'm can't never".split()
)


def read_in(text: str, candidates: tuple[str, ...], stated: str | None) -> str:
    """The one of some languages whose rules should read a text, or "" for none of them. `stated` is what the article
    says of its own language, which decides where the text is too short to tell."""
    article = (stated or "").partition("-")[0].lower()
    usual = article if article in candidates else USUAL if USUAL in candidates else candidates[0]
    if len(text) < SHORTEST:
        return usual
    if USUAL in candidates and len(PLAIN.intersection(text.split())) > 1:
        return USUAL
    found, probability = _identifier().classify(text)
    if found in candidates:
        return str(found)
    return "" if probability > SURE else usual


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(languages() if len(languages()) > 1 else [USUAL, "de"])
    return identifier
