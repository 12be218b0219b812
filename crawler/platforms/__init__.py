"""Comment systems, a module each. Pure: a platform yields requests and is sent pages; it never fetches."""

from crawler.platforms import disqus_static, django_comments_xtd, generic, isso, schema_org, wordpress
from crawler.platforms.base import Platform

PLATFORMS: tuple[Platform, ...] = (disqus_static, django_comments_xtd, isso, schema_org, wordpress)
FALLBACKS: tuple[Platform, ...] = (generic,)  # asked only about a page that no platform above claims
