"""How figures look and write: numbers, titles, scales, signs without color."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hpotutor.plots._trials import log_due
from hpotutor.plots.formatting import Reading, counted, duration, number, score_label
from hpotutor.plots.style import headline, look


class TestStyle:
    def test_reading_is_a_string_that_shows_as_a_paragraph(self):
        reading = Reading("a < b & best_value: 0.97.")
        assert reading == "a < b & best_value: 0.97."
        assert reading._repr_html_() == "<p>a &lt; b &amp; best_value: 0.97.</p>"

    def test_reading_displays_text_and_html(self, monkeypatch):
        shown = []
        monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append((data, raw)))
        Reading("Best: 1.")._ipython_display_()
        assert shown == [({"text/plain": "Best: 1.", "text/html": "<p>Best: 1.</p>"}, True)]

    @pytest.mark.parametrize(
        ("x", "text"),
        [(0.0, "0"), (0.96666, "0.967"), (0.0001, "0.0001"), (0.000316228, "0.000316"),
         (12345.6, "12,300"), (-0.5, "-0.5"), (np.nan, "nan"), (1e-7, "1e-07"),
         (5408, "5,408"), (123.4, "123"), (3.2e-7, "3.2e-07")],
    )  # fmt: skip
    def test_number(self, x, text):
        assert number(x) == text

    def test_duration_of_one_has_no_plural(self):
        assert duration(86400) == "1 day"
        assert duration(3600) == "1 h"

    def test_duration_takes_the_unit_that_a_person_would(self):
        written = [duration(s) for s in (0.25, 90, 7200, 86400 * 3.5, 1e9)]
        assert written == ["0.25 s", "1.5 min", "2 h", "3.5 days", "31.7 years"]

    def test_counted(self):
        assert [counted(1, "trial"), counted(1200, "trial")] == ["1 trial", "1,200 trials"]

    def test_first_six_series_differ_without_color(self):
        signs = {(str(look(n).linestyle), look(n).marker, look(n).hatch) for n in range(7)}
        assert len(signs) == 7

    def test_headline_fits_the_figure_and_balances_its_lines(self):
        figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
        headline(ax, "seven words of about the same size " * 4)
        figure.canvas.draw()
        title = ax._left_title.get_window_extent()
        assert title.x1 <= figure.bbox.x1 + 1
        lengths = [len(line) for line in ax.get_title(loc="left").split("\n")]
        assert min(lengths) > 0.5 * max(lengths)


class TestInputs:
    @pytest.mark.parametrize(
        ("values", "log"),
        [([1, 2, 3, 4], False), ([0.1, 0.2, 0.3, 0.4, 0.5], False), ([0, 1, 10, 100], False),
         ([1e-4, 1e-3, 1e-2], True), ([16, 32, 64, 128, 256], True), ([8, 16, 24, 128], True),
         (10 ** np.random.default_rng(1).uniform(-4, -1, 50), True),
         (np.random.default_rng(1).uniform(0.01, 1, 50), False)],
    )  # fmt: skip
    def test_log_due(self, values, log):
        assert log_due(values) is log

    def test_score_label_guesses_shares_only(self):
        assert score_label([0.2, 1.0, np.nan], None) == "validation accuracy"
        assert score_label([0.2, 3.0], None) == "objective value"
        assert score_label([0.2], "F1") == "F1"
