"""The reference pages of docs/, made from the code: commands, comment systems, file formats, flags, example files."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import getdoc
from pathlib import Path

import click

from archive.cli import main
from archive.cli.commands import COMMANDS, TASKS
from archive.flags.codes import codes
from archive.importers import IMPORTERS
from archive.importers.tables.mapping import presets
from crawler.platforms import FALLBACKS, OUTLETS, PLATFORMS, SERVICES
from crawler.warc.sources import SUFFIXES

ROOT = Path(__file__).parent.parent
PRESETS = ROOT / "archive" / "importers" / "tables" / "presets"
NOTE = "*Generated from {} by `make docs`.*"
# What modules are called where the first words of their docstrings do not say it.
TITLES = {
    "disqus_static": "Disqus (printed in the page)",
    "schema_org": "schema.org markup",
    "generic": "any other section that a page prints",
    "openweb": "OpenWeb",
    "jsonl": "btl's own JSON Lines",
    "archive": "other archives of btl",
    "wet": "WET files",
    "wxr": "WordPress (WXR)",
    "mastodon": "Mastodon",
    "text": "plain text of pages",
    "convokit": "ConvoKit",
}
SEVERITIES = ("info", "low", "medium", "high", "critical")
LEVELS = {"c": "comment", "t": "thread", "a": "article", "u": "commenter"}


def name_of(module: object) -> str:
    """Return a module's name as the archive has it: an importer's NAME, or the platform's file name."""
    return getattr(module, "NAME", None) or module.__name__.rpartition(".")[2]  # type: ignore[attr-defined]


def describe(module: object) -> str:
    """Return the first paragraph of a module's docstring."""
    return " ".join((getdoc(module) or "").split("\n\n")[0].split())


def title_of(module: object) -> str:
    """Return what people call the system that a module reads."""
    own = TITLES.get(name_of(module))
    return own or re.sub(r"['’]s? (own|discussion) .*", "", describe(module).partition(":")[0])


def systems_not_read() -> tuple[list[str], list[str]]:
    """Return the systems that a page's marks are known of and that no platform reads: those in use, and those gone."""
    listed = tomllib.loads((ROOT / "crawler" / "pages" / "embeds.toml").read_text("utf-8"))
    read = {name_of(platform) for platform in PLATFORMS}
    names = sorted(name for name in listed if name not in read)
    return [name for name in names if not listed[name].get("gone")], [
        name for name in names if listed[name].get("gone")
    ]


def support_table() -> str:
    """The table of README.md: which comment systems and formats can be read."""
    apart = (*SERVICES, *OUTLETS)
    pages = [platform for platform in (*PLATFORMS, *FALLBACKS) if platform not in apart]
    unread, gone = systems_not_read()
    exports = [importer for importer in IMPORTERS if name_of(importer) not in ("table", "text", "wet", "convokit")]
    tables = ["CSV", "TSV", "JSON", "Parquet", "SQLite", "Excel", f"{len(presets())} presets for research corpora"]
    rows = [
        ("Live: systems on the site itself", map(title_of, pages)),
        ("Live: comment services", map(title_of, SERVICES)),
        ("Live: news sites' own systems", map(title_of, OUTLETS)),
        ("Live: recognised, not read", [*unread, f"{len(gone)} that have shut down"]),
        ("Captured pages", sorted({suffix.lstrip(".").partition(".")[0].upper() for suffix in SUFFIXES})),
        ("Exports", map(title_of, exports)),
        ("Tables", tables),
        ("Web corpora", ["plain text of pages", "WET files", "ConvoKit"]),
    ]
    return "\n".join(["| What | Read |", "|---|---|", *(f"| {what} | {', '.join(names)} |" for what, names in rows)])


def platforms_page() -> str:
    """The comment systems, one a row, with the sample pages that tests read."""
    cases = ROOT / "tests" / "pages"
    rows = []
    for platform in (*PLATFORMS, *FALLBACKS):
        name = name_of(platform)
        samples = sorted(folder.name for folder in (cases / name).iterdir() if folder.is_dir())
        rows.append(f"| {title_of(platform)} | `{name}` | {describe(platform)} | {', '.join(samples)} |")
    unread, gone = systems_not_read()
    return _page(
        "Comment systems",
        "`crawler/platforms/` and `crawler/pages/embeds.toml`",
        "What a crawl, `btl probe` and `btl replay` can read. All were written from published sources and captured "
        "pages, not against live services: `btl probe URL` tells whether a service still works as expected.",
        "| System | Platform | How it is read | Test cases |\n|---|---|---|---|\n" + "\n".join(rows),
        "## Recognised, not read",
        "The archive notes that the thread is there, and its id where the page shows one: "
        f"{', '.join(f'`{name}`' for name in unread)}.",
        "## Recognised as shut down",
        f"{', '.join(f'`{name}`' for name in gone)}.",
    )


def formats_page() -> str:
    """The formats that `btl import` reads, and the presets for tables."""
    importers = [f"| `{name_of(importer)}` | {describe(importer)} |" for importer in IMPORTERS]
    listed = []
    for name in presets():
        remark = (PRESETS / f"{name}.toml").read_text("utf-8").partition("\n")[0].lstrip("# ")
        listed.append(f"| `{name}` | {remark} |")
    return _page(
        "File formats",
        "`archive/importers/`",
        "`btl import` recognises a file by its contents; `--as FORMAT` names the format. All may be compressed "
        f"(gzip, bzip2, xz, zstd). Captured pages are read by `btl replay`: {', '.join(f'`{s}`' for s in SUFFIXES)}.",
        "| Format | What it is |\n|---|---|\n" + "\n".join(importers),
        "## Presets for tables",
        "Known tables are recognised by their columns, or named with `--mapping NAME`. See "
        "[importing tables](importing-tables.md).",
        "| Preset | What it is |\n|---|---|\n" + "\n".join(listed),
    )


def flags_page() -> str:
    """The codes of flags, by namespace."""
    meanings = {
        "platform": "What the source itself says of a comment.",
        "crawl": "What changed between two visits.",
        "capture": "What a capture lacked, or what was inferred from it. These say nothing about a comment's content.",
        "content": "What the rules found in a text. A lead, not a finding.",
        "review": "What only people can flag.",
        "context": "Why a match of a content rule may be harmless.",
        "archive": "What this archive did.",
    }
    parts: list[str] = []
    for namespace, meaning in meanings.items():
        rows = [_code_row(code) for code in codes() if code["namespace"] == namespace]
        parts += [
            f"## {namespace}",
            meaning,
            "| Code | Title | What it claims | On | Severity | Folded | Public | Called elsewhere |\n"
            "|---|---|---|---|---|---|---|---|\n" + "\n".join(rows),
        ]
    return _page("Flags", "`archive/flags/codes.toml`", "[How rules work](adding-a-rule.md).", *parts)


def _code_row(code: dict[str, object]) -> str:
    levels = ", ".join(LEVELS[level] for level in str(code["level"]).split())
    elsewhere = ", ".join(f"`{name}`" for name in json.loads(str(code["mappings"] or "[]")))
    cells = (
        f"`{code['code']}`",
        code["title"],
        code["definition"],
        levels,
        SEVERITIES[int(str(code["severity"]))],
        "yes" if code["blur"] else "no",
        "yes" if code["public"] else "no",
        elsewhere,
    )
    return f"| {' | '.join(map(str, cells))} |"


def cli_page() -> str:
    """The help of every command, by task."""
    parts = [f"```text\n{_help(main, 'btl')}\n```"]
    for task, listed in TASKS.items():
        parts.append(f"## {task}")
        for name in listed:
            module, _, attribute = COMMANDS[name].partition(":")
            for words, command in _commands(getattr(import_module(module), attribute), f"btl {name}"):
                parts += [f"### {words}", f"```text\n{_help(command, words)}\n```"]
    return _page(
        "Commands",
        "`btl --help` and the help of each command",
        "Exit status 0 means done, 1 that something failed (it is named, and the rest is saved), 2 wrong usage. "
        "Commands that only read never create an archive. [Shell completion](installing.md#shell-completion).",
        *parts,
    )


def _commands(command: click.Command, words: str) -> Iterator[tuple[str, click.Command]]:
    yield words, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(child, f"{words} {name}")


def _help(command: click.Command, words: str) -> str:
    context = click.Context(
        command, info_name=words, terminal_width=80, max_content_width=80, help_option_names=["-h", "--help"]
    )
    return re.sub(r"[ \t]+\n", "\n", command.get_help(context)).rstrip()


def example_page(title: str, path: Path, command: str) -> Callable[[], str]:
    """Return a function that makes a page of an example file."""
    return lambda: _page(
        title,
        f"`{path.relative_to(ROOT)}`",
        f"`{command}` prints this file.",
        f"```toml\n{path.read_text('utf-8').rstrip()}\n```",
    )


def _page(title: str, source: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", NOTE.format(source), *parts)) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "changelog.md": lambda: (ROOT / "CHANGELOG.md").read_text("utf-8"),
    "cli.md": cli_page,
    "platforms.md": platforms_page,
    "formats.md": formats_page,
    "flags.md": flags_page,
    "outlets-file.md": example_page(
        "The outlets file", ROOT / "crawler" / "outlets.example.toml", "btl outlets --example"
    ),
    "policy-file.md": example_page(
        "The policy of a public copy", ROOT / "archive" / "publish" / "publish.example.toml", "btl publish --example"
    ),
}


def fill(text: str, name: str, part: str) -> str:
    """Return a page with what stands between `<!-- name -->` and `<!-- end of name -->` replaced."""
    begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"no place for {name}")
    return f"{before}{begin}{part}{end}{after}"
