"""Write what is generated: the reference pages of docs/, the table of README.md, descriptions of columns, known keys.

python -m docs.generate [--check]     with --check it writes nothing, and ends with status 1 where something is old
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Table

from archive.flags.codes import codes
from archive.store.schema import TABLES
from archive.store.views import FULL_TEXT, VIEWS
from crawler.cases.case_files import load_case
from crawler.pages.key_log import KeyLog
from crawler.platforms.known_keys import describe_keys, read_with_keys
from docs import reference
from docs.sample_visits import render_visits

ROOT = Path(__file__).parent.parent
METADATA = ROOT / "datasette-metadata.json"
README = ROOT / "README.md"
KNOWN_KEYS = ROOT / "crawler" / "platforms" / "known_keys.json"


def schema() -> str:
    """The tables, views and codes as a page."""
    parts = [
        "# The archive's tables",
        "Generated from `archive/store/schema.py` by `make docs`. Times are ISO-8601 in UTC; booleans are 0 or 1.",
        *(_table(TABLES[name]) for name in sorted(TABLES)),
        "## Full text\n\n" + "\n".join(
            f"- `{name}_fts` over {', '.join(f'`{column}`' for column in columns)} of `{name}`"
            for name, columns in FULL_TEXT.items()
        ),
        "## Views\n\n" + "\n".join(f"- `{name}`" for name in VIEWS),
        "## Flag codes\n\n| code | title | what it claims | severity |\n|---|---|---|---|\n" + "\n".join(
            f"| `{code['code']}` | {code['title']} | {code['definition']} | {code['severity']} |" for code in codes()
        ),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    rows = []
    for column in table.columns:
        reference = "".join(f" -> `{key.target_fullname}`" for key in column.foreign_keys)
        kind = f"{column.type}{'' if column.nullable else ', never empty'}{reference}"
        rows.append(f"| `{column.name}` | {kind} | {column.comment} |")
    return f"## {table.name}\n\n{table.comment}\n\n| column | type | what it is |\n|---|---|---|\n" + "\n".join(rows)


def metadata() -> str:
    """datasette-metadata.json with the description of each column of each table."""
    listed = json.loads(METADATA.read_text("utf-8"))
    tables = listed["databases"]["archive"]["tables"]
    for name, table in TABLES.items():
        entry = tables.setdefault(name, {})
        entry.setdefault("description", table.comment)
        entry["columns"] = {column.name: column.comment for column in table.columns}
    return json.dumps(listed, indent=2, ensure_ascii=False) + "\n"


def known_keys() -> str:
    """The keys that the platforms' modules look up in their cases, and those that stand beside them."""
    logs: dict[str, KeyLog] = {}
    for case in sorted((ROOT / "tests" / "pages").glob("*/*/pages.json")):
        page, fetch = load_case(case.parent)
        for platform, log in read_with_keys(page, fetch)[1].items():
            logs.setdefault(platform, KeyLog()).add(log)
    tables = {platform: describe_keys(log) for platform, log in sorted(logs.items()) if log.uses}
    return json.dumps(tables, indent=1) + "\n"


def generated() -> Iterator[tuple[Path, bytes]]:
    """Yield each generated file with what it should hold."""
    yield ROOT / "docs" / "schema.md", schema().encode()
    for name, make in reference.PAGES.items():
        yield ROOT / "docs" / name, make().encode()
    readme = README.read_text("utf-8")
    yield README, reference.fill(readme, "what can be read", reference.support_table()).encode()
    yield METADATA, metadata().encode()
    yield KNOWN_KEYS, known_keys().encode()
    yield from render_visits()


def main(arguments: list[str]) -> int:
    old = []
    for path, content in generated():
        if not path.exists() or path.read_bytes() != content:
            old.append(path.name)
            if "--check" not in arguments:
                path.write_bytes(content)
    if "--check" in arguments and old:
        print(f"out of date: {', '.join(old)}; run `make docs`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
