"""Pages in the encodings of the web, declared rightly, wrongly, as nonsense or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.text.charsets import decode_page, find_encoding

TEXTS = {
    "shift_jis": "石工さんの仕事は見事です。港の壁は来週には完成するそうです。",
    "euc_jp": "石工さんの仕事は見事です。港の壁は来週には完成するそうです。",
    "iso2022_jp": "石工さんの仕事は見事です。港の壁は来週には完成するそうです。",
    "gb18030": "石匠们干得很好。港口的墙下周就会修好，渡轮的时间改了。镕",
    "big5": "石匠們做得很好。港口的牆下週就會修好，渡輪的時間改了。",
    "euc_kr": "석공들이 정말 잘했습니다. 항구의 벽은 다음 주에 완성됩니다.",
    "cp1251": "Каменщики хорошо поработали. Стена гавани будет готова на следующей неделе.",
    "koi8_r": "Каменщики хорошо поработали. Стена гавани будет готова на следующей неделе.",
    "cp1253": "Οι χτίστες έκαναν καλή δουλειά. Ο τοίχος του λιμανιού θα είναι έτοιμος.",
    "cp1255": "הבנאים עשו עבודה טובה. קיר הנמל יהיה מוכן בשבוע הבא.",
    "cp1252": "Gute Arbeit, schöne Größe. Die Fähre fährt jetzt später, für alle günstiger.",
}
NAMES = {
    "shift_jis": "Shift_JIS",
    "euc_jp": "EUC-JP",
    "iso2022_jp": "ISO-2022-JP",
    "euc_kr": "EUC-KR",
    "koi8_r": "KOI8-R",
}
NO_TEXT_ENCODINGS = ("bz2", "hex", "rot13", "idna", "undefined", "unknown", "utf-7", "x-user-defined", "")


def make_page(text: str, charset: str = "") -> str:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">' if charset else ""
    return f"<html><head>{meta}<title>Harbour</title></head><body><p>{text}</p><p>Tom: {text}</p></body></html>"


def name(encoding: str) -> str:
    return NAMES.get(encoding, encoding.replace("cp125", "windows-125"))


@pytest.mark.parametrize("encoding", TEXTS)
@pytest.mark.parametrize("header", ["text/html", "text/html; charset=ISO-8859-1", "text/html;charset=utf-8", None])
def test_the_charset_of_meta_holds_under_a_default_of_the_server(encoding: str, header: str | None) -> None:
    page = make_page(TEXTS[encoding], name(encoding))
    decoded = decode_page(page.encode(encoding), header)
    assert (decoded.text, decoded.repaired, decoded.unsure) == (page, None, None)


@pytest.mark.parametrize("encoding", TEXTS)
def test_the_charset_of_the_header_holds_under_a_wrong_meta(encoding: str) -> None:
    page = make_page(TEXTS[encoding], "utf-8")
    decoded = decode_page(page.encode(encoding), f'text/html; charset="{name(encoding)}"')
    assert (decoded.text, decoded.unsure) == (page, None)


@pytest.mark.parametrize("encoding", TEXTS)
def test_undeclared_pages_are_decoded_by_evidence_and_flagged(encoding: str) -> None:
    page = make_page(TEXTS[encoding])
    decoded = decode_page(page.encode(encoding), "text/html")
    assert decoded.text == page
    assert decoded.unsure is not None


@pytest.mark.parametrize("label", NO_TEXT_ENCODINGS)
@pytest.mark.parametrize("encoding", ["shift_jis", "cp1251", "cp1252", "utf-8"])
def test_what_is_no_text_encoding_never_loses_a_page(label: str, encoding: str) -> None:
    page = make_page(TEXTS.get(encoding, TEXTS["cp1252"]), label)
    decoded = decode_page(page.encode(encoding), f"text/html; charset={label}")
    assert decoded.text == page
    assert bool(decoded.repaired or decoded.unsure) == bool(label or encoding != "utf-8")


@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1251", "shift_jis", "gb2312", "utf-8"])
@pytest.mark.parametrize("encoding", [name for name in TEXTS if name not in ("cp1252", "gb18030")])
def test_a_wrong_charset_is_overruled_and_flagged(declared: str, encoding: str) -> None:
    page = make_page(TEXTS[encoding])
    decoded = decode_page(page.encode(encoding), f"text/html; charset={declared}")
    assert decoded.text == page
    if find_encoding(declared) != find_encoding(name(encoding)):
        assert decoded.repaired is not None
        assert declared in decoded.repaired


def test_utf8_is_utf8_whatever_is_declared() -> None:
    page = make_page(TEXTS["cp1251"])
    assert decode_page(page.encode(), "text/html").repaired is None
    decoded = decode_page(page.encode(), "text/html; charset=windows-1251")
    assert decoded.text == page
    assert decoded.repaired == "declared windows-1251, read as utf-8"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_wide_pages_and_byte_order_marks(encoding: str) -> None:
    page = make_page(TEXTS["cp1252"])
    assert decode_page(page.encode(encoding), "text/html").text == page


def test_one_bad_byte_of_a_page_in_utf8_is_replaced_and_said() -> None:
    body = make_page(TEXTS["cp1252"], "utf-8").encode() + b"<p>\xff</p>"
    decoded = decode_page(body, "text/html; charset=utf-8")
    assert decoded.text.count("\ufffd") == 1
    assert decoded.repaired == "1 unreadable in utf-8, now U+FFFD"


def test_a_few_quotes_in_windows_1252_stay_what_is_declared() -> None:
    page = make_page("It\u2019s mended \u2013 at last \u2026", "iso-8859-1")
    decoded = decode_page(page.encode("cp1252"), "text/html")
    assert (decoded.text, decoded.repaired, decoded.unsure) == (page, None, None)


@given(st.binary(max_size=300), st.one_of(st.none(), st.text(max_size=40)))
def test_no_bytes_and_no_header_raise_or_lose_text_in_silence(body: bytes, content_type: str | None) -> None:
    decoded = decode_page(body, content_type)
    if "\ufffd" in decoded.text and not (decoded.repaired or decoded.unsure):
        assert decoded.text.encode(decoded.encoding) in body


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200))
def test_text_in_utf8_comes_back(text: str) -> None:
    decoded = decode_page(text.encode(), "text/html; charset=utf-8")
    assert decoded.text == text.removeprefix("\ufeff")


@pytest.mark.parametrize("piece", [b"\0", b"\x80", b"<", b"<meta ", b"a", b"\x1b$", b"a" * 300 + b"\xe9"])
def test_a_megabyte_of_anything_is_one_pass(piece: bytes) -> None:
    body = piece * ((1 << 20) // len(piece)) + b"\xff"
    assert decode_page(body, "text/html; charset=x").text
