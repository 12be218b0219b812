"""Comment systems: one module each. Pure: a platform asks for pages and never fetches."""

from crawler.platforms import disqus_static, django_comments_xtd, generic, isso, schema_org, wordpress
from crawler.platforms.base import Platform

PLATFORMS: tuple[Platform, ...] = (disqus_static, django_comments_xtd, generic, isso, schema_org, wordpress)
