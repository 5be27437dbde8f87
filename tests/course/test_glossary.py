"""Every word that a lesson may need is explained in one place, and found however it is typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from IPython.core.formatters import DisplayFormatter

import hpotutor as ht
from hpotutor.course import words
from tests.messages import refused


def test_a_word_is_shown_as_markdown() -> None:
    # No shell of IPython's: it would be every later test's of this process.
    formats, _ = DisplayFormatter().format(ht.glossary("regret"))
    assert formats["text/markdown"].startswith("**regret**: How far ")
    assert formats["text/plain"] == formats["text/markdown"]


@pytest.mark.parametrize("typed", ["weight", "Weights", " bias ", "L2", "l2", "±", "Test rows"])
def test_a_word_is_found_however_it_is_typed(typed: str) -> None:
    assert typed.strip().rstrip("s").lower() in ht.glossary(typed).lower()
    assert ht.glossary("learning-rate range test") == ht.glossary("range test")


@pytest.mark.parametrize("typed", ["regrett", "", 3, "hyperparameter tuning"])
def test_an_unknown_word_says_what_is_known(typed: object) -> None:
    hint = "Did you mean 'regret'.*" if typed == "regrett" else ""
    with refused(f"={typed!r} .*{hint}Allowed: .*'regret'"):
        ht.glossary(typed)  # type: ignore[arg-type]


def test_an_installed_package_has_its_words_beside_its_lessons(monkeypatch, tmp_path) -> None:
    (tmp_path / "glossary.md").write_text("grid, net\n: A lattice\n  of points.\n\nsum\n: All.\n")
    monkeypatch.setattr(words, "checkout", lambda: None)
    monkeypatch.setattr(words, "lessons_folder", lambda: tmp_path / "lessons")
    assert ht.glossary("net") == "**grid, net**: A lattice of points."
    assert ht.glossary() == "grid, net · sum"


def test_without_a_word_all_are_listed() -> None:
    words = re.split(" · |, ", ht.glossary())
    assert len(words) == len(set(words)) > 60
    assert {"parameter", "bracket", "optimism", "worker"} <= set(words)


def test_entries_are_short_sorted_and_name_their_lesson(root: Path) -> None:
    text = (root / "docs" / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^(\S.*)\n: ", text, re.M)
    assert terms == sorted(terms, key=str.lower)
    for term in terms:
        meaning = ht.glossary(term.split(", ")[0])
        assert re.search(r"\. \(lesson \d\d\)$", meaning)
        assert len(meaning) < 260
