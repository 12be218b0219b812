"""Comment systems, a module each. Pure: a platform yields requests and is sent pages; it never fetches."""

from crawler.platforms import (
    artalk,
    comentario,
    coral,
    cusdis,
    dailymail,
    derstandard,
    discourse,
    disqus,
    disqus_static,
    django_comments_xtd,
    generic,
    ghost,
    guardian,
    isso,
    lemonde,
    nyt,
    openweb,
    remark42,
    schema_org,
    viafoura,
    vnexpress,
    vuukle,
    waline,
    welt,
    wordpress,
    zeit,
    zwanzigminuten,
)
from crawler.platforms.base import NamesApart, Platform

SERVICES: tuple[Platform, ...] = (
    viafoura, coral, openweb, disqus, vuukle, guardian, comentario, remark42, discourse, ghost, waline, artalk, cusdis,
)  # fmt: skip
OUTLETS: tuple[Platform, ...] = (derstandard, zwanzigminuten, zeit, welt, lemonde, nyt, vnexpress, dailymail)
# Of two that are equally sure of a page, the first one reads it.
PLATFORMS: tuple[Platform, ...] = (
    disqus_static, django_comments_xtd, isso, *SERVICES, *OUTLETS, schema_org, wordpress,
)  # fmt: skip
NAMES_APART: tuple[NamesApart, ...] = (viafoura,)  # the names of authors are a request each: `btl names`
FALLBACKS: tuple[Platform, ...] = (generic,)  # asked only about a page that no platform above claims
