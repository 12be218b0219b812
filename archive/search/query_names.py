"""Replace the names in a query by ids and codes. Pure: who calls gives what the archive has."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches

from archive.search.query import SearchQuery
from archive.search.query_nodes import AndNode, FieldNode, FlagFilter, Node, NotNode, OrNode, fields_of
from archive.search.tokenizer import fold

Outlet = tuple[int, str, str]


def needs_names(query: SearchQuery) -> bool:
    return any(node.name in ("outlet", "flag") for node in fields_of(query.node))


def resolve(query: SearchQuery, outlets: Iterable[Outlet], codes: Mapping[str, str]) -> SearchQuery:
    """Return the query with the ids of outlets (id, name, domain) and the codes of flags (with their titles) that its
    names mean. What names nothing is an error, with what is most like it."""
    if not needs_names(query):
        return query
    named = [(number, name, domain, f" {fold(name)} {fold(domain)} ") for number, name, domain in outlets]
    errors = dict.fromkeys(query.errors)

    def replace_names(node: Node) -> Node:
        match node:
            case AndNode(parts):
                return AndNode(tuple(map(replace_names, parts)))
            case OrNode(parts):
                return OrNode(tuple(map(replace_names, parts)))
            case NotNode(part):
                return NotNode(replace_names(part))
            case FieldNode("outlet", (str(text),)):
                ids = tuple(number for number, _, _, words in named if f" {fold(text)} " in words)
                if not ids:
                    errors.setdefault(_unknown("outlet", text, [part for _, *both, _ in named for part in both]))
                return FieldNode("outlet", ids)
            case FieldNode("flag", (str(text),)):
                matching = _codes(text, codes)
                if not matching:
                    errors.setdefault(_unknown("flag", text, [code.partition(".")[2] for code in codes]))
                return FieldNode("flag", (FlagFilter(matching),))
            case _:
                return node

    node = None if query.node is None else replace_names(query.node)
    return replace(query, node=node, errors=tuple(errors))


def _codes(text: str, codes: Mapping[str, str]) -> tuple[str, ...]:
    """Return the codes that a text names: one of them, the end of some, all of a namespace, or one by its title."""
    name = text.lower().replace(" ", "_").replace("-", "_")
    return tuple(
        code
        for code, title in codes.items()
        if name in (code, code.partition(".")[2], code.partition(".")[0]) or fold(title) == fold(text)
    )


def _unknown(field: str, text: str, names: list[str]) -> str:
    alike = get_close_matches(text.lower(), {name.lower(): None for name in names}, n=1)
    hint = f" Did you mean {field}:{_quoted(alike[0])}?" if alike else ""
    what = "No outlet here is called" if field == "outlet" else "There is no flag called"
    return f"{what} “{text[:60]}”.{hint}"


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text
