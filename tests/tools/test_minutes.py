"""The minutes that lessons and documents tell are those that the script reckons."""

from __future__ import annotations

from hpotutor.exercises.catalog import exercises_of
from tools import minutes


def cell(kind, source, figures=0):
    outputs = [{"data": {"image/png": ""}}] * figures
    return {"cell_type": kind, "source": source, "outputs": outputs}


def test_lessons_and_documents_tell_the_reckoned_minutes():
    stale = [p.name for p, t in minutes.documents().items() if t != p.read_text(encoding="utf-8")]
    assert not stale, f"run python tools/minutes.py: {stale}"


def test_words_code_figures_and_points_make_the_minutes():
    words = cell("markdown", "word " * 1800 + "\n```python\nnot read as words\n```")  # 10 minutes
    code = cell("code", "x = 1\n\n# why\n" * 100, figures=8)  # 10 and 4
    beyond = [cell("markdown", "## Going further"), cell("markdown", "word " * 720)]
    reckoned = minutes.reckon(2, {"cells": [words, code, *beyond]})
    assert reckoned[::2] == (25, 5)
    points = sum(exercise.points for exercise in exercises_of(2))
    assert points * 3 <= reckoned.exercises < points * 3 + 5


def test_a_table_row_and_the_total_are_written():
    reckoned = {4: minutes.Minutes(50, 35, 10), 5: minutes.Minutes(60, 35, 0)}
    text = "about 11 hours\n| [04 Bayes](x) | what | 45 |\n| 05 Optimizer | 40 | say |\n"
    assert minutes.told(text, reckoned) == (
        "about 3 hours\n| [04 Bayes](x) | what | 50 + 35 |\n| 05 Optimizer | 60 + 35 | say |\n"
    )
