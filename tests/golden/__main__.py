"""`python -m tests.golden --write` makes all golden outputs anew; without --write it says which differ."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.golden.files import EXPECTED, kept
from tests.golden.outputs import GROUPS, Outputs


def main() -> int:
    """Ends with status 1 where outputs differ from what is kept and are not written."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    parser.add_argument("groups", nargs="*", choices=[[], *GROUPS], help="only these groups")
    parser.add_argument("--write", action="store_true", help="keep what is made")
    told = parser.parse_args()
    differs = False
    with tempfile.TemporaryDirectory() as folder:
        outputs = Outputs(Path(folder))
        outputs.make(told.groups or GROUPS)
        for group in told.groups or GROUPS:
            made = outputs.group(group)
            before = {name.partition("/")[2]: path.read_text("utf-8") for name, path in kept(group).items()}
            for name in sorted(made.keys() | before.keys()):
                if made.get(name) != before.get(name):
                    differs = True
                    print(f"{group}/{name}")  # noqa: T201
            if told.write:
                shutil.rmtree(EXPECTED / group, ignore_errors=True)
                for name, text in made.items():
                    path = EXPECTED / group / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text, "utf-8", newline="\n")
    return int(differs and not told.write)


if __name__ == "__main__":
    sys.exit(main())
