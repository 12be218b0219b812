"""What `btl` prints, serves, exports and publishes is what it was: compared with the files in tests/golden/expected."""

import difflib

import pytest

from tests.golden.files import kept
from tests.golden.outputs import GROUPS, Outputs

LINES_SHOWN = 120
KEPT = kept()


@pytest.fixture(scope="module")
def outputs(request, tmp_path_factory):
    """Those groups of outputs that the chosen tests need, made once."""
    made = Outputs(tmp_path_factory.mktemp("golden"))
    asked = [item.callspec.params for item in request.session.items if item.module is request.module]
    made.make(sorted({told.get("group") or told["name"].partition("/")[0] for told in asked}))
    yield made
    made.clean()


@pytest.mark.parametrize("name", KEPT)
def test_an_output_is_what_it_was(outputs, name):
    group, _, short = name.partition("/")
    now = outputs.group(group).get(short)
    assert now is not None, f"{name} is not made any more"
    before = KEPT[name].read_text("utf-8")
    if now != before:
        lines = difflib.unified_diff(before.splitlines(), now.splitlines(), "as it was", "as it is", lineterm="", n=2)
        shown = list(lines)
        more = f"\n... and {len(shown) - LINES_SHOWN} more lines" if len(shown) > LINES_SHOWN else ""
        pytest.fail(f"{name}\n" + "\n".join(shown[:LINES_SHOWN]) + more, pytrace=False)


@pytest.mark.parametrize("group", GROUPS)
def test_every_output_is_kept(outputs, group):
    assert sorted(f"{group}/{name}" for name in outputs.group(group)) == sorted(kept(group))
