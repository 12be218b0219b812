"""What tells more of a person than a name: found in names, accounts and addresses, and nothing else taken for it."""

import pytest

from archive.text.personal_fields import mask_account, mask_name, without_personal_query
from tests.waiting import no_hang


@pytest.mark.parametrize(
    "address",
    [
        "https://talk.example/embed?url=https://blog.example/@kim/one.html",
        "https://talk.example/embed?url=https://photos.example/123@N00/album.html",
        "https://talk.example/embed?p=1&q=kim",
    ],
)
def test_addresses_without_an_e_mail_address_stay(address):
    assert without_personal_query(address) == address


def test_pages_and_people_who_differ_by_an_e_mail_address_still_differ():
    pages = {without_personal_query(f"https://courier.example/c?m={name}@mail.example&p=2") for name in ("kim", "bo")}
    accounts = {mask_account(f"{name}@mail.example") or "" for name in ("kim", "bo")}
    assert len(pages) == len(accounts) == 2
    assert not any("mail.example" in masked for masked in (*pages, *accounts))
    assert mask_account("u-17") == "u-17"


def test_of_an_ip_address_no_hash_is_left():
    """There are so few that each could be tried."""
    assert mask_account("192.0.2.44") is None
    assert without_personal_query("https://courier.example/c?ip=192.0.2.44") == "https://courier.example/c?ip=masked"
    assert without_personal_query("https://courier.example/c?v=1.2.3.4") == "https://courier.example/c?v=1.2.3.4"


def test_reading_takes_a_time_linear_in_the_text():
    many = 2_000_000
    with no_hang():
        assert mask_name("a" * many + " @") == "a" * many + " @"
        assert without_personal_query("https://courier.example/?a=" + "a" * many).endswith("a" * 9)
        assert without_personal_query("https://courier.example/?a=" + "a" * many + "@").endswith("a@")
