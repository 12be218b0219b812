"""Citations say what was read, where and when, in signs that no program misreads."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.site import citations
from archive.site.app import application
from archive.site.citations import Cited
from tests import archive_fixture, readers
from tests.archive.site.test_security import assert_harmless
from tests.archive_fixture import FERRY, MARKET, PERSONAL, digest, get, page
from tests.readers import HARM

BASE = "https://below.example"
EDITED = Cited(
    "comment",
    2,
    "Below the Line, release 3",
    author="Tom Billes",
    title="Ferry timetable to change",
    outlet="Harbour Courier",
    posted_at="2026-03-14T10:02:00Z",
    precision="minute",
    revision=1,
    captured_at="2026-03-16T06:00:00Z",
    text_sha256="aa",
    capture_sha256="bb",
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return archive_fixture.fill_reviewed(tmp_path_factory.mktemp("site") / "archive.db")


@pytest.fixture(scope="module")
def site(path):
    return application(path)


def test_chicago_says_everything():
    assert citations.chicago(EDITED, BASE) == (
        "Tom Billes. Comment 2 on “Ferry timetable to change”. Harbour Courier, 14 March 2026, 10:02 UTC. "
        "Archived in Below the Line, release 3, revision 1, captured 16 March 2026, 06:00 UTC. "
        "https://below.example/comment/2. SHA-256 of the text aa; of the capture bb."
    )


def test_the_address_on_the_outlets_site_comes_first_and_a_local_link_says_so():
    known = replace(EDITED, source_url="https://harbour.example/ferry#c\u202e2 x")
    source, link = "https://harbour.example/ferry#c%202%20x", "https://below.example/comment/2"
    for cite in (citations.chicago, citations.apa):
        text = cite(known, BASE)
        assert text.index(source) < text.index("Archived in") < text.index(link)
        assert "one computer" not in text
    entry = citations.bibtex(known, BASE)
    assert f"url = {{{source}}}" in entry
    assert link in entry.partition("note = ")[2].partition("\n")[0]
    for base in ("http://127.0.0.1:8001", "http://localhost:8001", "http://[::1]:8001"):
        assert f"{base}/comment/2 (a link on one computer only)" in citations.chicago(EDITED, base)


def test_apa_puts_the_day_beside_the_name():
    assert citations.apa(EDITED, BASE).startswith(
        "Tom Billes. (2026, March 14). Comment 2 on “Ferry timetable to change” [Online comment]. Harbour Courier. "
    )


def test_bibtex_is_an_entry():
    assert citations.bibtex(EDITED, BASE).splitlines() == [
        "@misc{btl-comment-2,",
        "  author = {{Tom Billes}},",
        "  title = {{Comment 2 on ‘Ferry timetable to change’}},",
        "  year = {2026},",
        "  date = {2026-03-14},",
        "  howpublished = {Harbour Courier},",
        "  note = {Archived in Below the Line, release 3, revision 1, captured 16 March 2026, 06:00 UTC. "
        "SHA-256 of the text aa; of the capture bb},",
        "  url = {https://below.example/comment/2},",
        "  urldate = {2026-03-16}",
        "}",
    ]


@pytest.mark.parametrize(
    ("at", "precision", "chicago", "apa"),
    [
        ("2026-03-14T00:00:00Z", "day", "14 March 2026.", "(2026, March 14)"),
        ("2026-03-01T00:00:00Z", "month", "March 2026.", "(2026, March)"),
        ("2026-01-01T00:00:00Z", "year", "2026.", "(2026)"),
        (None, None, "undated.", "(n.d.)"),
        ("soon", "minute", "soon UTC.", "(n.d.)"),
        ("2026-99-99", "day", "2026-99-99.", "(2026)"),
    ],
)
def test_dates_are_as_exact_as_they_are_known(at, precision, chicago, apa):
    cited = Cited("comment", 1, "B", outlet="Courier", posted_at=at, precision=precision)
    assert f"Courier, {chicago}" in citations.chicago(cited, BASE)
    assert apa in citations.apa(cited, BASE)


def values(entry):
    """The fields of an entry, read as BibTeX reads them: by counting braces."""
    assert entry.startswith("@misc{")
    assert entry.endswith("\n}\n")
    found, depth, start, name = {}, 0, 0, ""
    for place, sign in enumerate(entry):
        if sign == "{":
            depth += 1
            if depth == 2:
                name, start = re.search(r"(\w+) = \Z", entry[:place])[1], place + 1
        elif sign == "}":
            depth -= 1
            assert depth >= 0
            if depth == 1:
                found[name] = entry[start:place]
    assert depth == 0
    return found


@given(st.text(), st.text(), st.text(), st.text(), st.sampled_from([None, "day", "minute", "odd"]))
def test_whatever_names_hold_the_entry_stays_one(author, title, outlet, at, precision):
    cited = Cited(
        "comment",
        5,
        "B",
        author=author,
        title=title,
        outlet=outlet,
        posted_at=at,
        precision=precision,
        captured_at=at,
        text_sha256=title,
    )
    entry = citations.bibtex(cited, "https://below.example/{}\\%")
    found = values(entry)
    assert found["url"] == "https://below.example/%7B%7D%5C%/comment/5"
    assert {"author", "title", "note"} <= found.keys()
    plain = re.sub(r"\\(text\w+\{\}|[%&#$_])", "", found["author"] + found["title"] + found["note"])
    assert not re.search(r"[\\%&#$_~^]", plain)
    for style, text in citations.format_styles(cited, BASE):
        assert style == "BibTeX" or "\n" not in text
        assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e]", text)


def test_names_of_all_scripts_stay(path):
    assert "山田" in citations.bibtex(Cited("comment", 1, "B", author="山田"), BASE)


def test_pages_offer_citations(site):
    html = page(site, "/comment/2")
    for words in (
        "Cite this",
        '<h3 id="cite-chicago">Chicago</h3>',
        "Tom Billes. Comment 2 on",
        "revision 1, captured 16 March 2026, 06:00 UTC",
        "http://localhost/comment/2",
        digest("We who work nights have waited three years for this boat."),
        "@misc{btl-comment-2,",
        'href="/comment/2.bib"',
    ):
        assert words in html, words
    assert "Unknown author. Comment 3 on" in page(site, "/comment/3")
    assert "Comments, thread 1, on “Ferry timetable" in page(site, f"/thread/{FERRY}")


def test_bib_files(site):
    answer = get(site, "/comment/2.bib")
    assert answer.headers["content-type"] == "text/x-bibtex; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="comment-2.bib"'
    assert values(answer.text)["url"] == "https://example.org/1"
    assert "http://localhost/comment/2 (a link on one computer only)" in values(answer.text)["note"]
    assert values(page(site, "/thread/1.bib"))["howpublished"] == "Harbour Courier"
    for address in ("/comment/999.bib", "/thread/999.bib", "/thread/99999999999999999999.bib"):
        assert get(site, address).status_code == 404


def test_a_release_says_its_number_and_its_own_address(tmp_path):
    site = application(readers.published(archive_fixture.fill(tmp_path / "copy.db")), immutable=True)
    text = page(site, "/comment/1.bib")
    assert "https://below.example/comment/1" in text
    assert "Archived in Harbour threads, release 3, revision 0" in text
    assert "https://below.example/comment/1" in get(site, "/comment/1", headers={"host": "evil.example"}).text


def test_what_is_withheld_is_cited_without_author_and_text(site):
    for address in ("/comment/23", "/comment/23.bib", "/comment/23.json"):
        text = page(site, address)
        assert "withheld by this archive" in text
        assert "Author withheld" in text
        assert digest("A text that this archive does not show, unmistakably.") not in text
    assert "quayside_anna" not in page(site, "/comment/23.bib")
    assert "quayside_anna" not in page(site, "/comment/23.json")
    assert page(site, f"/thread/{MARKET}.bib")


def test_the_sum_of_a_masked_text_is_not_told(site, path):
    for address in (f"/comment/{PERSONAL}", f"/comment/{PERSONAL}.bib", f"/comment/{PERSONAL}.json"):
        text = page(site, address)
        assert "SHA-256 of the capture" in text or "capture_sha256" in text
        for masked in (archive_fixture.MAIL, archive_fixture.PHONE):
            assert masked not in text
        body = f"Write to {archive_fixture.MAIL}\nor call {archive_fixture.PHONE}, about the quay."
        assert digest(body) not in text


def test_hostile_titles_and_names_stay_words(tmp_path):
    site = application(readers.poison(archive_fixture.fill(tmp_path / "archive.db")))
    for address in ("/comment/1", "/thread/1"):
        assert_harmless(page(site, address))
        values(page(site, f"{address}.bib"))
        headers = get(site, f"{address}.bib").headers
        assert "set-cookie" not in headers
        assert re.fullmatch(r'attachment; filename="[a-z0-9.-]+"', headers["content-disposition"])
    assert HARM not in page(site, "/comment/1.bib")
