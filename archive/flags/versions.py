"""The rules that are in force: their list, and the hash of all the data that they are made of."""

from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from archive.flags import pii_patterns
from archive.flags.lexicon import languages
from archive.flags.rules import load_rules

RULES, SHAPES = "rules", "shapes"
DETECTORS = (RULES, SHAPES)
DATASET = "dataset:"  # before the name of a detector that is a dataset, whose labels raised flags
GUARDS = {
    "guard.negation": ("context.negated", "A negation before the words, within their clause."),
    "guard.quotation-marks": ("context.quoted", "The words stand in quotation marks, and not alone."),
    "guard.reported": ("context.quoted", "A verb of saying before the words, whose subject is not the writer."),
    "guard.denounced": ("context.counter_speech", "The same sentence, or the next, condemns what the words say."),
    "guard.own-group": ("context.reclaimed", "The words around it speak of the writer's own group."),
}


def detector_of(rule: str) -> str:
    """Name the detector that a rule belongs to, as in `detectors`."""
    return SHAPES if rule.startswith("shape.") else RULES


@cache
def data_sha256() -> str:
    """Hash the names and the bytes of all lexicons and rules with SHA-256: the version of the rules."""
    digest = sha256()
    for name, path in sorted(_data_files(files("archive.flags"), "")):
        digest.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _data_files(folder: Traversable, above: str) -> Iterator[tuple[str, Traversable]]:
    for path in folder.iterdir():
        name = f"{above}{path.name}"
        if path.is_dir():
            yield from _data_files(path, f"{name}/")
        elif path.name.endswith((".toml", ".txt")) and path.name != "codes.toml":
            yield name, path


def rule_rows() -> list[dict[str, str | None]]:
    """List every rule as a row of `flag_rules`."""
    rows: list[dict[str, str | None]] = [
        {
            "rule": rule.id,
            "code": rule.code,
            "language": rule.language,
            "pattern": "\n".join(rule.raw),
            "note": rule.note,
        }
        for language in languages()
        for rule in load_rules(language)
    ]
    rows += [
        {"rule": rule, "code": code, "language": None, "pattern": "", "note": note}
        for rule, (code, note) in (pii_patterns.RULES | GUARDS).items()
    ]
    return rows
