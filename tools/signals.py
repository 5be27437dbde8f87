"""Write the signals, hpotutor/datasets/data/signals.npz: the standard MNIST-1D set, generated.

    pip install mnist1d
    python tools/signals.py [--check]

``--check`` generates them and compares, without writing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

FILE = Path(__file__).resolve().parent.parent / "hpotutor" / "datasets" / "data" / "signals.npz"


def signals() -> dict[str, np.ndarray]:
    """Return 5,000 signals of 40 points and their digits; the last 1,000 are the published test.

    Half precision: its rounding is a hundredth of the noise that the set itself adds.
    """
    from mnist1d.data import get_dataset_args, make_dataset

    made = make_dataset(get_dataset_args())
    return {
        "x": np.concatenate([made["x"], made["x_test"]]).astype("<f2"),
        "y": np.concatenate([made["y"], made["y_test"]]).astype("u1"),
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Generate the MNIST-1D set.")
    parser.add_argument("--check", action="store_true", help="compare with the file; write nothing")
    made = signals()
    if not parser.parse_args().check:
        np.savez_compressed(FILE, **made)
        print(f"{FILE.name}: {FILE.stat().st_size:,} bytes")
        return
    with np.load(FILE) as stored:
        same = np.array_equal(stored["y"], made["y"])
        apart = float(np.abs(stored["x"].astype(float) - made["x"].astype(float)).max())
    print(f"digits {'equal' if same else 'differ'}, points at most {apart:.2g} apart")
    sys.exit(not same or apart > 0.01)


if __name__ == "__main__":
    main()
