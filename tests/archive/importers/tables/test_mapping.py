"""Mappings as data: read, written, refused."""

import pytest

from archive.importers.tables.mapping import (
    BadMapping,
    ColumnMapping,
    as_table,
    load_mapping,
    parse_mapping,
    presets,
    write_mapping,
)


def test_a_mapping_is_written_and_read_back(tmp_path):
    for name, preset in presets().items():
        assert parse_mapping(as_table(preset), name) == preset
        (tmp_path / "mapping.toml").write_text(write_mapping(preset))
        assert load_mapping(str(tmp_path / "mapping.toml")) == preset


def test_roles_that_the_user_names():
    mapping = ColumnMapping().with_roles({"body": "Text:html", "posted": "When:%d/%m/%Y %H:%M", "id": "a:b"})
    assert (mapping.column("body"), mapping.reading("body")) == ("Text", "html")
    assert (mapping.column("posted"), mapping.reading("posted")) == ("When", "%d/%m/%Y %H:%M")
    assert (mapping.column("id"), mapping.reading("id")) == ("a:b", "")
    assert mapping.with_roles({"id": ""}).column("id") is None


@pytest.mark.parametrize(
    ("table", "words"),
    [({"colums": {}}, r"unknown table \[colums\]"), ({"columns": {"bodyy": "x"}}, "no role is called 'bodyy'"),
     ({"dataset": {"nam": "x"}}, "nam"), ({"label": [{"column": "x", "kind": "odd"}]}, "kind"),
     ({"label": [{"name": "x"}]}, "names no column"), ({"state": {"gone": ["x"]}}, "no state is called 'gone'"),
     ({"source": {"sep": ","}}, "unknown key 'sep'"), ({"dataset": {"timezone": "Nowhere"}}, "time zone")],
)  # fmt: skip
def test_what_a_mapping_cannot_say_is_named(table, words):
    with pytest.raises(BadMapping, match=words):
        parse_mapping(table, "mapping.toml")


def test_a_mapping_that_is_not_there(tmp_path):
    with pytest.raises(BadMapping, match="nyt-2017"):
        load_mapping("nyt-1999")
    (tmp_path / "x.toml").write_text("[columns")
    with pytest.raises(BadMapping, match=r"x\.toml"):
        load_mapping(str(tmp_path / "x.toml"))
