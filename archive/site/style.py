"""The one style sheet, at an address that changes with what is in it, so that browsers may keep it for ever."""

from hashlib import sha256
from importlib.resources import files

STYLE = (files(__package__) / "static" / "style.css").read_text("utf-8")
STYLE_PATH = f"/-/below/style.{sha256(STYLE.encode()).hexdigest()[:12]}.css"
