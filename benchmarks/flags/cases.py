"""The cases that the detector is measured on: templates filled with each group, and texts that stand for themselves."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
SETS = {
    "seen": "rules were written with an eye on these",
    "seen_too": "so were they on these, by another author",
    "held_out": "nobody who wrote rules has read these",
}
FOLDERS = {"seen": "cases", "seen_too": "more_cases", "held_out": "held_out"}


@dataclass(frozen=True, slots=True)
class Case:
    """A text, what stands around it, and what is right: `harmful` says whether a flag of severity 3 or 4 may be raised
    at all, `expect` which milder ones should be. `group` is the one that a template was filled with."""

    name: str
    text: str
    harmful: bool
    group: str | None = None
    parent: str | None = None
    title: str | None = None
    expect: tuple[str, ...] = ()


def cases(of: str) -> Iterator[Case]:
    """All cases of a set, its templates filled with every group."""
    folder = FOLDER / FOLDERS[of]
    groups = _groups(folder / "groups.toml")
    for path in sorted(folder.glob("*.toml")):
        if path.name != "groups.toml":
            for table in tomllib.loads(path.read_text("utf-8"))["cases"]:
                yield from _cases(table, groups)


def in_language(language: str) -> Iterator[Case]:
    """The cases in a language other than English."""
    path = FOLDER / "languages" / f"{language}.toml"
    for table in tomllib.loads(path.read_text("utf-8"))["cases"]:
        yield from _cases(table, {})


def ordinary() -> list[str]:
    """Invented everyday comments, in none of which anything grave may be found."""
    lines = (FOLDER / "ordinary.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def _cases(table: Mapping[str, Any], groups: Mapping[str, Mapping[str, str]]) -> Iterator[Case]:
    name, harmful = table["class"], table["harmful"]
    expect = tuple(table.get("expect", ()))
    for text in table.get("texts", ()):
        yield Case(name, text, harmful, None, table.get("parent"), table.get("title"), expect)
    for template in table.get("templates", ()):
        for group, forms in groups.items():
            parent, title = (_filled(table, f"templates_{what}", what, forms) for what in ("parent", "title"))
            yield Case(name, template.format(**forms), harmful, group, parent, title, expect)


def _filled(table: Mapping[str, Any], template: str, plain: str, forms: Mapping[str, str]) -> str | None:
    found: str | None = table[template].format(**forms) if template in table else table.get(plain)
    return found


def _groups(path: Path) -> dict[str, dict[str, str]]:
    """Each group's forms by name; those with a capital too where the file does not have them."""
    listed = tomllib.loads(path.read_text("utf-8"))
    tables = {table["name"]: table for table in listed["groups"]} if "groups" in listed else listed
    return {
        name: {f"{key[:1].upper()}{key[1:]}": f"{form[:1].upper()}{form[1:]}" for key, form in forms.items()} | forms
        for name, forms in tables.items()
    }
