"""Scores of single folds stand in the history, where a search has them."""

import pandas as pd
from matplotlib.figure import Figure

from hpotutor import plots


def test_history_shows_the_scores_of_folds():
    frame = pd.DataFrame({"value": [0.5, 0.7], "fold_1": [0.4, 0.6], "fold_2": [0.6, 0.8]})
    axes = Figure().subplots()
    plots.history(frame, ax=axes)
    drawn = [line.get_ydata().tolist() for line in axes.lines if line.get_marker() == "_"]
    assert drawn == [[0.4, 0.6], [0.6, 0.8]]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels.count("its folds") == 1


def test_history_without_folds_has_none():
    axes = Figure().subplots()
    plots.history(pd.DataFrame({"value": [0.5, 0.7]}), ax=axes)
    assert "its folds" not in [text.get_text() for text in axes.get_legend().get_texts()]


def test_scores_of_folds_are_no_knobs():
    frame = pd.DataFrame({"units": [8, 16, 24, 32], "layers": [1, 3, 2, 2]})
    scored = frame.assign(value=[0.1, 0.2, 0.8, 0.9], fold_1=0.5, fold_2=0.6)
    assert list(plots.parallel_coordinates_info(scored).positions) == ["units", "layers"]
