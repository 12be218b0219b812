"""The flag codes, read from codes.toml."""

import json
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

# The code of what this archive withholds. Readers of tables use the column `withheld` instead.
WITHHELD = "archive.withheld"
# What the codes of flags begin with that rules raise on texts.
TEXT_NAMESPACES = ("content.", "context.")


@cache
def codes() -> tuple[dict[str, Any], ...]:
    """List every code as a row of `flag_codes`."""
    namespaces = tomllib.loads(files("archive.flags").joinpath("codes.toml").read_text("utf-8"))
    return tuple(
        {
            "code": f"{namespace}.{name}",
            "title": entry["title"],
            "definition": entry["definition"],
            "namespace": namespace,
            "level": entry.get("level", "c"),
            "severity": entry["severity"],
            "blur": int(entry.get("blur", False)),
            "public": int(entry.get("public", True)),
            "mappings": json.dumps(entry.get("mappings", [])),
        }
        for namespace, entries in namespaces.items()
        for name, entry in entries.items()
    )


@cache
def severities() -> dict[str, int]:
    """Map each code to its severity, 0 to 4."""
    return {row["code"]: row["severity"] for row in codes()}
