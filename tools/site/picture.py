"""The landing page's picture: every setting of a table as one rising curve."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from hpotutor.plots.style import house_style
from hpotutor.tabular.table import Table

_DATA = {"signals": "5,000 noisy signals of ten kinds", "digits": "1,797 handwritten digits"}


def stage_picture(table: Table, source: Path) -> str:
    """Draw the picture, write the piece of Markdown that shows it; return its text alternative."""
    scores = table.val_accuracy[:, :, -1].mean(axis=1).astype(float)
    default = scores[table.index_of({})]
    text = reading(table, scores, float(default))
    with house_style():
        figure = Figure(figsize=(8.6, 3.9), layout="constrained")
        axis = figure.subplots()
        rising = np.sort(scores)
        share = np.linspace(0, 100, len(rising))
        axis.fill_between(share, rising, color="#0b5394", alpha=0.18, lw=0)
        axis.plot(share, rising, color="#0b5394", lw=2.2)
        for label, score in (("an untuned network", default), ("the median", np.median(scores))):
            place = 100 * float(np.mean(scores < score))
            left = place > 25  # above the curve, which rises; else below it, where there is room
            axis.plot([place], [score], "o", color="#a8430a", ms=7, clip_on=False)
            axis.annotate(f"{label}: {score:.3f}", (place, score), (-7, 7) if left else (10, -14),
                          textcoords="offset points", ha="right" if left else "left",
                          va="bottom" if left else "top")  # fmt: skip
        axis.set(xlim=(0, 100), ylim=(0, 1.02), ylabel="validation accuracy",
                 xlabel="settings that are worse, %")  # fmt: skip
        axis.set_title(f"{_DATA.get(table.name, table.name)}, {len(table):,} settings: "
                       f"accuracy from {rising[0]:.2f} to {rising[-1]:.3f}")  # fmt: skip
        figure.savefig(source / "landing_picture.png", dpi=200)
    (source / "_landing_picture.md").write_text(
        f"![{text}](landing_picture.png)\n", encoding="utf-8"
    )
    return text


def reading(table: Table, scores: np.ndarray, default: float) -> str:
    """Say what the picture shows, for those who cannot see it."""
    return (
        f"{_DATA.get(table.name, table.name)}: all {len(table):,} settings by validation accuracy, "
        f"the mean of {table.seeds} runs: from {scores.min():.3f} to {scores.max():.3f}, median "
        f"{np.median(scores):.3f}; an untuned network, with the default of each, has {default:.3f}"
    )
