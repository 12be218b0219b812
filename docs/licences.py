"""List the licences of everything that is installed for this project, check them, and make a bill of materials.

`python -m docs.licences` lists them, `--check` fails where one is not allowed, `--sbom FILE` writes CycloneDX 1.5.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

PROJECT = "belowtheline"
# What a work under Apache-2.0 may be shipped with. MPL-2.0 and LGPL hold for their own files, which stay as they are.
ALLOWED = re.compile(
    r"\b(0BSD|Apache|BSD|MIT|ISC|PSF|Python Software Foundation|ZPL|Zope|MPL|Mozilla Public|Unlicense|CC0|HPND|LGPL|"
    r"Lesser General Public|CNRI|Blue Oak|Public Domain)\b",
    re.IGNORECASE,
)
FORBIDDEN = re.compile(
    r"\b(A?GPL(?:v?\d[\w.+-]*)?|(Affero )?General Public License|SSPL|CC-BY-NC|Proprietary|Commercial)\b", re.IGNORECASE
)
LESSER = re.compile(r"\bLGPL|Lesser General Public License", re.IGNORECASE)


def installed(name: str, seen: set[str] | None = None, extras: tuple[str, ...] = ()) -> Iterator[Distribution]:
    """Yield a distribution and all that it requires here, each once."""
    seen = set() if seen is None else seen
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in seen:
        return
    seen.add(key)
    try:
        entry = distribution(name)
    except PackageNotFoundError:
        return
    yield entry
    for text in entry.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield from installed(requirement.name, seen, tuple(requirement.extras))


def licence_of(entry: Distribution) -> str:
    """Return what a distribution says of its licence: an SPDX expression, classifiers, or the line of a text."""
    metadata = entry.metadata
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classifiers = [text for text in metadata.get_all("Classifier") or () if text.startswith("License ::")]
    named = [text.rpartition(" :: ")[2] for text in classifiers if not text.endswith("OSI Approved")]
    text = (metadata.get("License") or "").strip()
    return "; ".join(named) or (text.splitlines()[0] if text else "not stated")


def is_allowed(licence: str) -> bool:
    """Whether the licence, or one of several to choose from, is allowed."""
    return any(
        ALLOWED.search(choice) and not FORBIDDEN.search(LESSER.sub("", choice))
        for choice in re.split(r"\bOR\b|;", licence)
    )


def bill_of_materials(distributions: list[Distribution]) -> dict[str, Any]:
    """Return what is shipped as CycloneDX has it: the project, and each library with its version and licence."""
    components = [
        {
            "type": "library",
            "name": entry.name,
            "version": entry.version,
            "purl": f"pkg:pypi/{re.sub(r'[-_.]+', '-', entry.name).lower()}@{entry.version}",
            "licenses": [{"license": {"name": licence_of(entry)}}],
        }
        for entry in distributions[1:]
    ]
    project = {"type": "application", "name": distributions[0].name, "version": distributions[0].version}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": project},
        "components": components,
    }


def main() -> int:
    """Exit with status 1 where a licence is not allowed."""
    parser = argparse.ArgumentParser(prog="python -m docs.licences", description=__doc__)
    parser.add_argument("--check", action="store_true", help="say only which licences are not allowed")
    parser.add_argument("--sbom", type=Path, metavar="FILE", help="write a CycloneDX bill of materials")
    arguments = parser.parse_args()
    first, *others = installed(PROJECT)
    distributions = [first, *sorted(others, key=lambda entry: entry.name.lower())]
    if arguments.sbom:
        arguments.sbom.write_text(json.dumps(bill_of_materials(distributions), indent=1) + "\n", "utf-8")
    wrong = [entry for entry in distributions if not is_allowed(licence_of(entry))]
    for entry in wrong if arguments.check or arguments.sbom else distributions:
        print(f"{entry.name} {entry.version}: {licence_of(entry)}{' NOT ALLOWED' if entry in wrong else ''}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
