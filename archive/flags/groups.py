"""Join the words that name one group of people: "all these young black people". Pure."""

import re
from dataclasses import replace

from archive.flags.terms import Term
from archive.flags.vocabulary import UNKNOWN_SIGN, UNPROTECTED_TARGETS, Vocabulary, first_target

# What may follow "these" where it is a pronoun and not an article ("these are ...", "these should ...").
AFTER_PRONOUN = (
    "BE SHOULD ADV WILL CAN COMMA AND NOT ALL PREP DO HAVE WHO ANIMAL FILTH PRIMITIVE DISEASE PROFANITY VILE UP PERSON "  # noqa: SIM905
    "GROUP GADJ".split()
)
POINTING = ("these", "those")
TYPICAL = ("average", "typical", "ordinary")
# What makes an adjective a person: "no gay should", "the next gay", but only before one of NOUN_ENDS.
SINGLING_TAGS = ("EVERY", "ANY", "NO", "SOME", "ONE", "ONLY", "AGE", "DECENT")
SINGLING_WORDS = ("next", "last", "single", "good")
NOUN_ENDS = ("BE SHOULD WILL CAN HAVE DO COMMA AND WHO OF PREP I YOU ONE GET DIE UP").split()  # noqa: SIM905


class GroupJoiner:
    """Joins the terms that name a group, by the vocabulary of one language."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        bits, self.sign = vocabulary.bits, vocabulary.known_sign
        self.group, self.many, self.single, self.adjective = (bits[tag] for tag in ("GROUP", "GPL", "GSG", "GADJ"))
        self.others, self.person, self.they = bits["OTHERS"], vocabulary.bit("PERSON"), vocabulary.bit("THEY")
        self.absorbed = vocabulary.mask(("DET", "ALL", "AGE"))
        self.head = vocabulary.mask(("GADJ", "GROUP", "PERSON", "OTHERS"))
        self.people = self.group | self.others | self.person
        self.marked = vocabulary.mask(("SLUR", "GENDERED"))
        self.grouping = self.head | self.they
        self.not_absorbed = vocabulary.mask(("NO", "SOME", "EVERY", "THEY"))
        self.after_pronoun = vocabulary.mask(AFTER_PRONOUN)
        self.singling, self.noun_ends = vocabulary.mask(SINGLING_TAGS), vocabulary.mask(NOUN_ENDS)
        self.definite = vocabulary.mask(("THE", "MY", "YOUR", "THEIR", "HE"))
        self._of_joined = self.people | self.many | self.single
        self._joins = _joining_signs(self, vocabulary)

    def tags_with(self, mask: int) -> int:
        """The tags of a sentence with all that `join` may add to them."""
        return mask | self._of_joined if mask & (self.adjective | self.group) else mask

    def may_join(self, terms: list[Term], mask: int) -> bool:
        """Whether `join` would change the terms of a sentence with these tags; most name no group."""
        return bool(mask & self.grouping) and self._joins.search("".join([term.sign for term in terms])) is not None

    def join(self, terms: list[Term]) -> list[Term]:
        """Join "all these young black people" to one term that names the group."""
        joined: list[Term] = []
        position = 0
        while position < len(terms):
            term, used = self._group_at(terms, position)
            if term.text in POINTING and self._is_article(terms, position):
                term = self._with_mask(term, term.mask & ~self.they)
            if term.mask & self.people and not term.mask & self.not_absorbed:
                term = self._absorb(term, joined)
            joined.append(term)
            position += used
        return joined

    def _absorb(self, term: Term, joined: list[Term]) -> Term:
        """Take the articles and the like before a group or a person into its term."""
        typical = False
        while joined and joined[-1].mask & self.absorbed and not joined[-1].mask & self.not_absorbed:
            if term.mask & self.many and joined[-1].text == "that":  # as in "I know that ..."
                break
            typical = typical or joined[-1].text in TYPICAL
            if term.mask & self.single and joined[-1].mask & self.definite and not typical:
                term = self._with_mask(term, self.person | term.mask & self.marked)  # a certain person, not the group
            term = replace(term, width=joined.pop().width + term.width)
        return term

    def _with_mask(self, term: Term, mask: int) -> Term:
        return replace(term, mask=mask, sign=self.sign(mask))

    def _is_article(self, terms: list[Term], position: int) -> bool:
        """Whether "these" or "those" stands before a noun, and is no pronoun."""
        return position + 1 < len(terms) and not terms[position + 1].mask & self.after_pronoun

    def _group_at(self, terms: list[Term], position: int) -> tuple[Term, int]:
        """The term that begins at a position, and how many it is made of."""
        term = terms[position]
        if not term.mask & (self.adjective | self.group):
            return term, 1
        end = position + 1
        while end < len(terms) and terms[end - 1].mask & self.adjective and terms[end].mask & self.head:
            end += 1
        last = terms[end - 1]
        if end == position + 1:
            return self._single_group(terms, position), 1
        parts = terms[position:end]
        width = sum([part.width for part in parts])
        target = next((target for part in parts if (target := first_target(part.entries))), None)
        if last.mask & self.others and not last.mask & self.group:
            return Term(self.others, self.sign(self.others), "", last.entries, width=width), end - position
        is_plural = last.mask & self.many or last.text.endswith(("s", "people", "folk", "men"))
        number = self.many if is_plural else self.single
        entries = tuple(entry for part in parts for entry in part.entries)
        mask = self.others if target in UNPROTECTED_TARGETS else self.group | number | last.mask & self.marked
        return Term(mask, self.sign(mask), "", entries, target, width), end - position

    def _single_group(self, terms: list[Term], position: int) -> Term:
        """A group's noun, or its adjective without a noun behind it, as a term that says which of the two it is."""
        term = terms[position]
        after = terms[position + 1] if position + 1 < len(terms) else None
        target = first_target(term.entries)
        mask = term.mask
        if mask & self.group and target in UNPROTECTED_TARGETS:
            mask, target = self.others, None
        elif mask & self.adjective and not mask & self.group and after is not None and after.text == "are":
            mask = self.group | self.many
        elif mask & self.adjective and not mask & self.group and self._is_singled_out(terms, position, after):
            mask = self.group | self.single
        elif mask & self.adjective and not mask & self.many and self._is_unknown_noun(after):
            mask = self.adjective  # belongs to the noun: the group itself is not named
        sign = term.sign if mask == term.mask else self.sign(mask)
        return Term(mask, sign, term.text, term.entries, target, term.width)

    def _is_unknown_noun(self, term: Term | None) -> bool:
        return term is not None and term.mask == 0 and not term.text.endswith(("ed", "s"))

    def _is_singled_out(self, terms: list[Term], position: int, after: Term | None) -> bool:
        """Whether an adjective is one person of the group, as in "no gay should ..."."""
        before = terms[position - 1] if position else None
        if before is None or not (before.mask & self.singling or before.text in SINGLING_WORDS):
            return False
        return after is None or bool(after.mask & self.noun_ends)


def _joining_signs(joiner: GroupJoiner, vocabulary: Vocabulary) -> re.Pattern[str]:
    """Compile what signs of a sentence have where `join` may change it: a group, or an article before a person."""
    signs = {sign: mask for mask, sign in vocabulary.signs.items()}
    pointing = {word.sign for text in POINTING if (word := vocabulary.words.get(text))}
    groups = {sign for sign, mask in signs.items() if mask & (joiner.adjective | joiner.group)}
    absorbed = (sign for sign, mask in signs.items() if mask & joiner.absorbed and not mask & joiner.not_absorbed)
    people = (sign for sign, mask in signs.items() if mask & joiner.people and not mask & joiner.not_absorbed)
    alone, before, behind = ("".join([UNKNOWN_SIGN, *sorted(of)]) for of in (groups | pointing, absorbed, people))
    return re.compile(f"[{alone}]|[{before}][{behind}]")
