"""Write the capstone's own table, hpotutor/datasets/data/diabetes.csv, from scikit-learn's.

python tools/sample_data.py
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from sklearn.datasets import load_diabetes

FILE = Path(__file__).resolve().parent.parent / "hpotutor" / "datasets" / "data" / "diabetes.csv"
# scikit-learn's names and what its documentation says they are.
NAMES = {
    "age": "age_years",
    "sex": "sex",
    "bmi": "body_mass_index",
    "bp": "blood_pressure",
    "s1": "total_cholesterol",
    "s2": "ldl_cholesterol",
    "s3": "hdl_cholesterol",
    "s4": "total_to_hdl_ratio",
    "s5": "log_triglycerides",
    "s6": "blood_sugar",
}


def table() -> pd.DataFrame:
    """Return the 442 patients with the measure of progression cut at its median."""
    bunch = load_diabetes(as_frame=True, scaled=False)
    frame = bunch.data.rename(columns=NAMES)
    # The source codes sex as 1 and 2 without saying which is which: a category, and no number.
    frame["sex"] = frame["sex"].map({1.0: "A", 2.0: "B"})
    above = bunch.target > bunch.target.median()
    frame["progression"] = above.map({True: "fast", False: "slow"})
    return frame


if __name__ == "__main__":
    table().to_csv(FILE, index=False, lineterminator="\n")
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes")
