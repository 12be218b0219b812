"""Where a crawl may go."""

import pytest
from scrapy import Request

from archive.text.hosts import parse_host_and_port, parse_literal_address, registered_site
from crawler.middlewares.address_guard import AddressGuardMiddleware, AddressRefused

NOT_PUBLIC = [
    "http://127.0.0.1/", "http://127.0.0.2:8080/", "http://10.0.0.1/", "http://192.168.1.1/", "http://169.254.169.254/",
    "http://0/", "http://0.0.0.0/", "http://2130706433/", "http://0177.0.0.1/", "http://0x7f000001/", "http://127.1/",
    "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[fe80::1]/", "http://[fd00::1]/", "http://100.64.0.1/",
    "http://224.0.0.1/", "http://255.255.255.255/",
]  # fmt: skip


@pytest.mark.parametrize("url", [*NOT_PUBLIC, "ftp://courier.example/", "file:///etc/hostname", "data:text/html,x"])
def test_refused(url):
    with pytest.raises(AddressRefused):
        AddressGuardMiddleware([]).process_request(Request(url))


@pytest.mark.parametrize("url", ["http://93.184.215.14/", "https://courier.example/", "http://[2606:2800:21f::1]/"])
def test_public_addresses_pass(url):
    AddressGuardMiddleware([]).process_request(Request(url))


def test_an_allowed_host_passes_on_its_port_only():
    guard = AddressGuardMiddleware(["127.0.0.1:8000", "localhost:8000"])
    guard.process_request(Request("http://127.0.0.1:8000/"))
    guard.process_request(Request("http://localhost:8000/"))
    for url in ("http://127.0.0.1:8001/", "http://localhost/", "http://127.0.0.2:8000/"):
        with pytest.raises(AddressRefused):
            guard.process_request(Request(url))


@pytest.mark.parametrize(
    "start, target, passes",
    [
        ("https://courier.example.com/a", "https://www.courier.example.com/a", True),
        ("http://www.example.co.uk/a", "https://example.co.uk/b", True),
        ("https://example.co.uk/a", "https://other.co.uk/a", False),
        ("http://93.184.215.14/", "http://93.184.215.15/", False),
    ],
)
def test_redirects_stay_on_the_site(start, target, passes):
    guard = AddressGuardMiddleware([])
    request = Request(start)
    guard.process_request(request)
    redirected = request.replace(url=target)
    if passes:
        guard.process_request(redirected)
        assert redirected.meta["download_slot"] == site_host(target)
    else:
        with pytest.raises(AddressRefused, match="redirected"):
            guard.process_request(redirected)


def site_host(url):
    return url.split("/")[2]


def test_a_redirect_to_another_port_of_the_same_machine_is_refused():
    guard = AddressGuardMiddleware(["127.0.0.1:8000", "127.0.0.1:9000"])
    request = Request("http://127.0.0.1:8000/")
    guard.process_request(request)
    with pytest.raises(AddressRefused):
        guard.process_request(request.replace(url="http://127.0.0.1:9000/"))


def test_site():
    assert registered_site("https://news.courier.co.uk/x") == "courier.co.uk"
    assert registered_site("http://localhost:80/x") == registered_site("http://localhost/x") == "localhost:80"


@pytest.mark.parametrize("place", ["courier.example", "courier.example:x", "courier.example:80/x", "", ":80"])
def test_allowed_hosts_name_their_port(place):
    with pytest.raises(ValueError, match=r"HOST:PORT|Port"):
        parse_host_and_port(place)


def test_words_are_no_addresses():
    assert parse_literal_address("courier.example") is None
    assert parse_literal_address("1.2.3.4.5") is None
