"""Every library that is shipped has a licence that Apache-2.0 can carry, and the bill of materials names each."""

import json
import sys

import pytest

from docs import licences


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("Apache-2.0", True),
        ("BSD License", True),
        ("MIT License", True),
        ("MPL-1.1 OR GPL-2.0-only OR LGPL-2.1-or-later", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", True),
        ("Public Domain", True),
        ("GPL-3.0-or-later", False),
        ("MIT AND GPL-3.0-only", False),
        ("GNU General Public License v3 (GPLv3)", False),
        ("GNU Affero General Public License v3", False),
        ("AGPL-3.0-only", False),
        ("MIT AND GPLv3", False),
        ("SSPL-1.0", False),
        ("not stated", False),
        ("", False),
    ],
)
def test_licences_that_may_be_shipped(licence, allowed):
    assert licences.is_allowed(licence) is allowed


def test_the_bill_of_materials_names_what_is_installed(tmp_path, monkeypatch, capsys):
    path = tmp_path / "sbom.json"
    monkeypatch.setattr(sys, "argv", ["licences", "--sbom", str(path)])
    assert licences.main() == 0, capsys.readouterr().out
    bill = json.loads(path.read_text("utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert bill["metadata"]["component"]["name"] == "belowtheline"
    named = {entry["name"].lower() for entry in bill["components"]}
    assert {"scrapy", "datasette", "sqlalchemy", "lxml", "twisted", "jinja2"} <= named
    assert "pytest" not in named
    assert all(entry["version"] and entry["licenses"][0]["license"]["name"] for entry in bill["components"])


def test_what_is_not_allowed_is_named(monkeypatch, capsys):
    monkeypatch.setattr(licences, "is_allowed", lambda licence: "MIT" not in licence)
    monkeypatch.setattr(sys, "argv", ["licences", "--check"])
    assert licences.main() == 1
    assert "MIT NOT ALLOWED" in capsys.readouterr().out
