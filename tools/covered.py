"""Run the tests under coverage, and say which share of the package's branches they take.

    python tools/covered.py                        the whole suite, lessons included
    python tools/covered.py tests/space -n 0       a part of it; arguments go to pytest
    python tools/covered.py --least 0 tests/space  whatever the share is

What runs in another process counts, too: test processes, kernels of lessons, workers, children.
``build/coverage/html`` shows each line. Exits with pytest's status if tests fail, and with 1 if
fewer branches are taken than ``--least`` says, in percent. What counts stands in
``pyproject.toml``, under ``tool.coverage``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "coverage"
LEAST = 95.0  # percent of branches


def pytest_configure() -> None:
    """Have nbval's kernels end by themselves: one that is killed cannot say what it ran.

    pytest calls this in each of its processes, to which this module is a plugin.
    """
    from nbval.kernel import RunningKernel

    def stop(self: RunningKernel) -> None:
        self.kc.stop_channels()
        self.km.shutdown_kernel()
        del self.km

    RunningKernel.stop = stop


def coverage(*arguments: str) -> int:
    """Call coverage's command in the project's folder, and return its exit status."""
    return subprocess.run([sys.executable, "-m", "coverage", *arguments], cwd=ROOT).returncode


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0], usage="%(prog)s [--least PERCENT] [pytest's own]"
    )
    parser.add_argument(
        "--least",
        type=float,
        default=LEAST,
        metavar="PERCENT",
        help="of the branches (%(default)g)",
    )
    given, to_pytest = parser.parse_known_args(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    coverage("erase")
    status = coverage("run", "-m", "pytest", "-p", "tools.covered", *to_pytest)
    if coverage("combine", "--quiet") or coverage("report", "--skip-covered"):
        return status or 1
    coverage("html", "--quiet")
    coverage("json", "--quiet")
    totals = json.loads((FOLDER / "coverage.json").read_text(encoding="utf-8"))["totals"]
    share = 100 * totals["covered_branches"] / max(totals["num_branches"], 1)
    print(f"{share:.1f}% of {totals['num_branches']:,} branches are taken.")
    return status or int(share < given.least)


if __name__ == "__main__":
    sys.exit(main())
