"""Names of private addresses do not resolve, but for the hosts that are allowed by name."""

import pytest
from scrapy.utils.test import get_crawler
from twisted.internet.defer import succeed

from crawler.resolver import PrivateAddressError, PublicAddressResolver


@pytest.fixture
def resolve(monkeypatch):
    from scrapy.resolver import CachingThreadedResolver
    from twisted.internet import reactor

    addresses = {"courier.example": "93.184.215.14", "intranet.example": "10.0.0.1", "desk.example": "10.0.0.2"}
    monkeypatch.setattr(CachingThreadedResolver, "getHostByName", lambda self, name, *_: succeed(addresses[name]))
    crawler = get_crawler(settings_dict={"ALLOWED_HOSTS": ["desk.example:80"]})
    resolver = PublicAddressResolver.from_crawler(crawler, reactor)

    def resolve(name):
        results = []
        resolver.getHostByName(name).addBoth(results.append)
        return getattr(results[0], "value", results[0])

    return resolve


def test_public_and_allowed_names_resolve(resolve):
    assert resolve("courier.example") == "93.184.215.14"
    assert resolve("desk.example") == "10.0.0.2"


@pytest.mark.parametrize("name", ["intranet.example", ""])
def test_others_do_not(resolve, name):
    assert isinstance(resolve(name), PrivateAddressError)
