"""Write a query for Tantivy. The words of a node are looked for exactly, or by their stems in each language."""

import re
from collections.abc import Callable, Sequence

from tantivy import FieldType, Occur, Query, Schema

from archive.search.index_schema import STATE_ID, FlagParts, day_bounds
from archive.search.query_nodes import RECORDS, AndNode, FieldNode, FlagFilter, Node, NotNode, OrNode, WordNode
from archive.search.stemmers import STEMMERS, stem, stem_field
from archive.search.tokenizer import SearchTerm, fold

# Returns every distinct flag that comments of the index have.
LoadFlags = Callable[[], Sequence[FlagParts]]
# Returns every distinct text that comments of the index have in a field.
LoadTexts = Callable[[str], Sequence[str]]
_NUMBERS = ("outlet", "commenter", "dataset")
_TEXTS = {**RECORDS, "state": "state"}


class QueryWriter:
    """Write queries for one schema. `load_flags` is asked where a filter has more than codes, `load_texts` where what
    is looked for was typed."""

    def __init__(
        self,
        schema: Schema,
        load_flags: LoadFlags,
        load_texts: LoadTexts,
        languages: Sequence[str] = tuple(STEMMERS),
    ) -> None:
        self.schema, self.load_flags, self.load_texts, self.languages = schema, load_flags, load_texts, languages

    def write(self, node: Node | None) -> Query:
        """Return the query; None is for all comments."""
        match node:
            case None:
                return self._every([], [])
            case WordNode(term, is_exact):
                return self.words("words", term) if is_exact or self._has_no_forms(term) else self._forms(term.words[0])
            case FieldNode():
                return Query.const_score_query(self._field(node), 0.0)
            case AndNode(parts):
                wanted = [self.write(part) for part in parts if not isinstance(part, NotNode)]
                return self._every(wanted, [self.write(part.part) for part in parts if isinstance(part, NotNode)])
            case OrNode(parts):
                return Query.boolean_query([(Occur.Should, self.write(part)) for part in parts])
            case NotNode(part):
                return self._every([], [self.write(part)])

    def words(self, field: str, term: SearchTerm) -> Query:
        """Return the query of a term in a field, letter by letter."""
        *before, last = term.words
        if not term.is_prefix:
            one = Query.term_query(self.schema, field, last)
            return Query.phrase_query(self.schema, field, list(term.words)) if before else one
        # Tantivy's own prefix queries look at no more than 50 words.
        begins = f"{re.escape(last)}.*"
        if not before:
            return Query.regex_query(self.schema, field, begins)
        return Query.regex_phrase_query(self.schema, field, [*map(re.escape, before), begins])

    def _every(self, wanted: Sequence[Query], unwanted: Sequence[Query]) -> Query:
        if not wanted:
            wanted, unwanted = [Query.all_query()], [Query.term_query(self.schema, "id", STATE_ID), *unwanted]
        return Query.boolean_query(
            [*((Occur.Must, query) for query in wanted), *((Occur.MustNot, query) for query in unwanted)]
        )

    @staticmethod
    def _has_no_forms(term: SearchTerm) -> bool:
        return term.is_prefix or len(term.words) > 1

    def _forms(self, word: str) -> Query:
        forms = [
            Query.term_query(self.schema, stem_field(language), stem(language, word), "freq")
            for language in self.languages
        ]
        return forms[0] if len(forms) == 1 else Query.disjunction_max_query(forms)

    def _field(self, node: FieldNode) -> Query:
        first = node.values[0] if node.values else None
        if node.name in _NUMBERS:
            return Query.term_set_query(self.schema, node.name, list(node.values))
        if node.name in _TEXTS:
            field = _TEXTS[node.name]
            texts = self._alike(field, first) if isinstance(first, SearchTerm) else list(node.values)
            return Query.term_set_query(self.schema, field, texts)
        if isinstance(first, SearchTerm):
            return self.words("author", first)
        if isinstance(first, FlagFilter):
            return self._flags(first)
        return self._days(node.name, str(first))

    def _alike(self, field: str, typed: SearchTerm) -> list[str]:
        """Return the texts of a field that are as they were typed, or begin so."""
        phrase = " ".join(typed.words)
        folded = {text: fold(text) for text in self.load_texts(field)}
        return [text for text, it in folded.items() if (it.startswith(phrase) if typed.is_prefix else it == phrase)]

    def _flags(self, wanted: FlagFilter) -> Query:
        if wanted == FlagFilter(wanted.codes):
            return Query.term_set_query(self.schema, "codes", list(wanted.codes))
        tokens = [flag.token() for flag in self.load_flags() if passes(wanted, flag)]
        return Query.term_set_query(self.schema, "flags", tokens)

    def _days(self, name: str, value: str) -> Query:
        first, last = day_bounds(value)
        bounds = {"after": (first, None), "before": (None, first - 1), "until": (None, last), "date": (first, last)}
        return Query.range_query(self.schema, "day", FieldType.Unsigned, *bounds[name])


def passes(wanted: FlagFilter, flag: FlagParts) -> bool:
    return wanted.passes(flag.code, flag.severity, flag.target, flag.status)
