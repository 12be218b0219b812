"""Scrapy settings of every crawl: polite, safe and honest, as one Scrapy add-on.

ALLOWED_HOSTS (our own) lists the HOST:PORTs that may be visited though they are not public.
"""

from importlib.metadata import version

from scrapy.settings import BaseSettings

from crawler.outlets import DEFAULT_DELAY_S

PRIORITY = "addon"
SETTINGS = {
    "ROBOTSTXT_OBEY": True,
    "CONCURRENT_REQUESTS": 64,
    "CONCURRENT_ITEMS": 1,  # the pipeline saves in batches, one after the other
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
    "DOWNLOAD_DELAY": DEFAULT_DELAY_S,
    "DOWNLOAD_DELAY_JITTER": 0,
    "AUTOTHROTTLE_ENABLED": True,
    "AUTOTHROTTLE_START_DELAY": DEFAULT_DELAY_S,
    "DOWNLOAD_MAXSIZE": 16 << 20,
    "DOWNLOAD_WARNSIZE": 0,
    "DOWNLOAD_VERIFY_CERTIFICATES": True,
    "DOWNLOAD_HANDLERS": {
        "http": "crawler.download_handler.KeyedDownloadHandler",
        "https": "crawler.download_handler.KeyedDownloadHandler",
        "file": None,
        "data": None,
        "ftp": None,
        "s3": None,
    },
    "DNS_TIMEOUT": 10,
    "HTTPPROXY_ENABLED": False,  # a proxy would resolve names unchecked
    "COOKIES_ENABLED": False,
    "REFERRER_POLICY": "no-referrer",
    "REDIRECT_MAX_TIMES": 5,
    "METAREFRESH_MAXDELAY": 5,
    "RETRY_TIMES": 2,
    "RETRY_HTTP_CODES": [429, 500, 502, 503, 504, 522, 524, 408],
    "RETRY_GIVE_UP_LOG_LEVEL": "INFO",
    "HTTPCACHE_ENABLED": False,
    "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",  # the frontier has each address once
    "LOGSTATS_INTERVAL": 0,
    "SCRAPER_SLOT_MAX_ACTIVE_SIZE": 64 << 20,
    "SPIDER_MIDDLEWARES": {"scrapy.spidermiddlewares.referer.RefererMiddleware": None},
    "DOWNLOADER_MIDDLEWARES": {
        "crawler.middlewares.stop.StopMiddleware": 5,
        "crawler.middlewares.address_guard.AddressGuardMiddleware": 10,
        "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
        "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
        # Before robots.txt, which may itself have to wait for its Crawl-delay.
        "crawler.middlewares.retry_after.RetryAfterMiddleware": 50,
        "crawler.middlewares.robots_txt.StrictRobotsTxtMiddleware": 100,
        "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
        "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
        "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
        "crawler.middlewares.faulty_headers.RefreshMiddleware": 580,
        "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
        "crawler.middlewares.faulty_headers.ContentEncodingMiddleware": 590,
    },
    "ITEM_PIPELINES": {"crawler.pipelines.SavePipeline": 300},
    "EXTENSIONS": {
        "crawler.extensions.warc_recorder.WarcRecorder": 100,
        "crawler.extensions.lease_keeper.LeaseKeeper": 100,
        "crawler.extensions.rate_limits.RateLimitPace": 100,
        "scrapy.extensions.telnet.TelnetConsole": None,
        "scrapy.extensions.remote_control.RemoteControl": None,
    },
}


class PoliteCrawling:
    """The add-on: `ADDONS = {"crawler.settings.PoliteCrawling": 100}`."""

    # An add-on's priority lets the settings of one crawl, and nothing else, override these.
    def update_settings(self, settings: BaseSettings) -> None:
        for name, value in SETTINGS.items():
            settings.set(name, value, PRIORITY)


def user_agent(contact: str | None) -> str:
    """Name this software, its version, and how to reach whoever runs it."""
    return f"belowtheline/{version('belowtheline')}" + (f" (+{contact})" if contact else "")


def warc_info(contact: str | None) -> dict[str, str]:
    """Return what the warcinfo records of a crawl say of how it asked."""
    return {"http-header-user-agent": user_agent(contact), "robots": "obey", "operator": contact or ""}
