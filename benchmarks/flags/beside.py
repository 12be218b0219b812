"""How many everyday comments rules look at in a second of CPU, beside another checkout of this project.

python -m benchmarks.flags.beside CHECKOUT [--rounds 15]

Each checkout has a process of its own, which looks for garbage as seldom as its import does, and they take turns, a
round of all comments each, so that a loaded machine slows both. Prints the median and the best round of each, and the
ratio of the medians.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from benchmarks.flags.cases import ordinary

HERE = Path(__file__).parents[2]
WORKER = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
from archive.flags import detect
try:
    from archive.workers.garbage import collect_less_often
    collect_less_often()
except ImportError:
    pass
texts = json.loads(sys.stdin.readline())
if hasattr(detect, "find_all_matches"):
    look = lambda: detect.find_all_matches((text, detect.NO_CONTEXT) for text in texts)
else:
    look = lambda: [detect.find_matches(text) for text in texts]
look(), look()
for _ in sys.stdin:
    begin = time.process_time()
    look()
    print(time.process_time() - begin, flush=True)
"""


class Checkout:
    """A process that looks at comments with the rules of a checkout."""

    def __init__(self, folder: Path, texts: str) -> None:
        command = [sys.executable, "-I", "-c", WORKER, str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.folder = folder
        self._send(texts)

    def _send(self, line: str) -> None:
        assert self.process.stdin is not None
        print(line, file=self.process.stdin, flush=True)

    def seconds(self) -> float:
        """Return the CPU seconds of a round."""
        assert self.process.stdout is not None
        self._send("")
        return float(self.process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    texts = ordinary()
    line = json.dumps(texts)
    checkouts = [Checkout(HERE, line), Checkout(options.checkout.resolve(), line)]
    rates = [[len(texts) / checkout.seconds() for checkout in checkouts] for _ in range(options.rounds)]
    for checkout, of_one in zip(checkouts, zip(*rates, strict=True), strict=True):
        checkout.close()
        print(f"{checkout.folder}: {median(of_one):,.0f} comments a second (best {max(of_one):,.0f})")
    here, there = (median(of_one) for of_one in zip(*rates, strict=True))
    print(f"{here / there:.2f} times as many")
    return 0


if __name__ == "__main__":
    sys.exit(main())
