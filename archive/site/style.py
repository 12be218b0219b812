"""The one style sheet and the one script, at addresses that change with what is in them: browsers may keep them."""

from hashlib import sha256
from importlib.resources import files


def _static(name: str) -> tuple[str, str]:
    """What a static file holds, and its address."""
    text = (files(__package__) / "static" / name).read_text("utf-8")
    stem, _, kind = name.partition(".")
    return text, f"/-/below/{stem}.{sha256(text.encode()).hexdigest()[:12]}.{kind}"


STYLE, STYLE_PATH = _static("style.css")
SCRIPT, SCRIPT_PATH = _static("review.js")
