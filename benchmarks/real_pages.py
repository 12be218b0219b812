"""How well real material is read: the pages and the cases that lie beside the project, with floors that do not drop.

`../shared/pages/measure` prints the figures of real comment sections, group by group, and `../shared/cases/check` how
many inputs, each after a fault that was reported somewhere, give what they should.
"""

import re
import subprocess
import sys
from pathlib import Path

SHARED = Path(__file__).parents[2] / "shared"
BTL = Path(sys.executable).with_name("btl")
FLOORS = {
    "native": {"found": 0.97, "parent": 0.99, "author": 0.99, "body": 0.99, "date": 0.99},
    # Two news pages print 18 times in invented words ("Hace 28 nombre"), which nobody can read: times are counted of
    # all comments, since to find more of those comments would else count as a loss.
    "news": {"found": 0.99, "parent": 0.99, "replies": 0.99, "author": 0.99, "body": 0.97, "date_of_all": 0.93},
    "blog": {"found": 0.99, "parent": 0.99, "replies": 0.99, "author": 0.99, "body": 0.97, "date": 0.99},
}
MOST_WRONG = (6, 0)  # comments that are invented, and pages without comments for which some are
CASES = 130
FIGURE = re.compile(r"([a-z]+) +(\d\.\d+)")
WRONG = re.compile(r"^all .* invented (\d+) traps (\d+) of", re.MULTILINE)
RIGHT = re.compile(r"(\d+) of \d+ cases right")


def measure_pages() -> bool:
    """Print the figures of the pages and return whether each reaches its floor."""
    output = _run(SHARED / "pages" / "measure")
    reached = True
    for line in output.splitlines():
        group = line.split(" ", 1)[0]
        figures = {name: float(figure) for name, figure in FIGURE.findall(line)}
        figures["date_of_all"] = figures.get("found", 0.0) * figures.get("date", 0.0)
        for name, floor in FLOORS.get(group, {}).items():
            if figures.get(name, 0.0) < floor:
                print(f"{group}: {name} {figures.get(name)} is below {floor}")
                reached = False
    wrong = WRONG.search(output)
    if wrong is None or any(int(number) > most for number, most in zip(wrong.groups(), MOST_WRONG, strict=True)):
        print(f"more is invented than {MOST_WRONG}")
        reached = False
    return reached


def check_cases() -> bool:
    """Print the cases that differ and return whether as many are right as were."""
    right = RIGHT.search(_run(SHARED / "cases" / "check"))
    return right is not None and int(right[1]) >= CASES


def _run(command: Path) -> str:
    done = subprocess.run([command, "--btl", BTL], capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr, sep="", flush=True)
    return done.stdout


if __name__ == "__main__":
    if not SHARED.is_dir():
        sys.exit("the pages and cases are not beside the project")
    results = (measure_pages(), check_cases())
    sys.exit(not all(results))
