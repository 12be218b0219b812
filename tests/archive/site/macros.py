"""Macros of the site's templates by themselves, escaped as on its pages."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from archive import site
from archive.site.routes import FILTERS


@cache
def environment():
    env = Environment(loader=FileSystemLoader(Path(site.__file__).parent / "templates"), autoescape=True)
    env.filters.update(FILTERS)
    return env


def render(template, macro, *arguments):
    return str(getattr(environment().get_template(template).module, macro)(*arguments))
