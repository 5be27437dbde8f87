"""A lesson's cells as an assignment: what is asked, what is marked, and what is left out."""

from __future__ import annotations

import pytest

from hpotutor.course.assignment import assignment_of, points_of
from hpotutor.errors import HpoTutorError
from hpotutor.exercises.engine import Exercise, WrongAnswer, right
from tests.messages import refused


def exercise(number: int, points: int = 1, solution: str = "answer = 4", **parts: str) -> Exercise:
    return Exercise(
        lesson=2,
        number=number,
        title=f"Number {number}",
        question="What?",
        points=points,
        expects="a number",
        checker=lambda answer: right(),
        hints=("One.",),
        solution_source=solution,
        why="It does.",
        wrong_answers=(WrongAnswer("answer = 1", "made up", "word"),) * 3,
        **parts,
    )


def code(source: str, **metadata: object) -> dict:
    cell = {"cell_type": "code", "id": "x", "metadata": metadata, "source": source}
    return cell | {"outputs": [{"output_type": "stream"}], "execution_count": 7}


def text(source: str) -> dict:
    return {"cell_type": "markdown", "id": "y", "metadata": {}, "source": source}


IMPORTS = (
    "import hpotutor as ht\nimport math\nfrom hpotutor.exercises import lesson_02 as exercises"
)
LESSON = [
    text("# Lesson 02\n\nIts question."),
    code(IMPORTS),
    text("exercises.q1"),  # a word of a text, and no exercise
    code("x = 1", tags=["mine"]),
    code(" exercises.q1\n"),
    code("# add them\nanswer = ...\nexercises.q1.check(answer)\n"),
    code("exercises.q2"),
    code("def mine(a): ...\n\nexercises.q2.check(mine)"),
]
ASKED = (exercise(1), exercise(2, 3, "def f(a):\n    return a\n\nanswer = f"), exercise(3, 2))


def made(*cells: dict, only: bool = False) -> dict:
    notebook = {"cells": list(cells), "metadata": {"kernelspec": {"name": "python3"}}}
    return assignment_of(notebook, ASKED, only=only)


def sources(notebook: dict) -> dict[str, str]:
    found = {cell["id"]: cell["source"] for cell in notebook["cells"]}
    assert len(found) == len(notebook["cells"])  # each has an id of its own
    return found


MARKED = ["lesson_02-q1", "lesson_02-q1-mark", "q2-question", "lesson_02-q2", "lesson_02-q2-mark"]
MARKED += ["q3-question", "lesson_02-q3", "lesson_02-q3-mark"]  # which the lesson does not show


def ids(notebook: dict) -> list[str]:
    found = []
    for cell in notebook["cells"]:
        about = cell["metadata"].get("nbgrader", {})
        assert about.get("grade_id", cell["id"]) == cell["id"]
        found.append(cell["id"])
    return found


def test_a_whole_lesson_stays_around_its_exercises() -> None:
    notebook = made(*LESSON)
    shown = sources(notebook)
    lesson = ["lesson-002", "lesson-003", "lesson-004"]
    assert ids(notebook) == ["title", "hand-in", *lesson, "q1-question", *MARKED]
    assert shown["title"] == "# Lesson 02\n\nIts question."
    assert [shown[name] for name in lesson] == [IMPORTS, "exercises.q1", "x = 1"]
    assert shown["q1-question"] == ASKED[0].statement
    assert shown["q3-question"] == ASKED[2].statement
    assert notebook["metadata"] == {"kernelspec": {"name": "python3"}}
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    by_id = {cell["id"]: cell for cell in notebook["cells"]}
    assert by_id["lesson-004"]["metadata"] == {"tags": ["mine"]}
    codes = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all((cell["outputs"], cell["execution_count"]) == ([], None) for cell in codes)
    assert by_id["q1-question"]["cell_type"] == by_id["lesson-003"]["cell_type"] == "markdown"


def test_exercises_alone_have_their_imports() -> None:
    notebook = made(*LESSON, only=True)
    shown = sources(notebook)
    assert ids(notebook) == ["title", "hand-in", "imports", "q1-question", *MARKED]
    first, _, rest = shown["title"].partition("\n\n")
    assert first == "# Lesson 02" and "Read the lesson first" in rest
    assert "To hand in" in shown["hand-in"]
    assert shown["imports"] == (
        "import hpotutor as ht\nfrom hpotutor.exercises import lesson_02 as exercises"
    )


def test_a_stub_is_followed_by_a_solution_that_nbgrader_takes_out() -> None:
    shown = sources(made(*LESSON))
    assert shown["lesson_02-q1"] == (
        "# add them\nanswer = ...\n### BEGIN SOLUTION\nanswer = 4\n### END SOLUTION"
    )
    assert shown["lesson_02-q2"] == (  # the lesson's cell has another name for the answer
        "def mine(a): ...\n### BEGIN SOLUTION\ndef f(a):\n    return a\n\nanswer = f\n"
        "mine = answer\n### END SOLUTION"
    )
    assert shown["lesson_02-q3"].startswith("answer = ...\n### BEGIN SOLUTION\nanswer = 4\n###")


@pytest.mark.parametrize("solution", ["def mine(a):\n    return a", "x = 1\nmine = x"])
def test_a_solution_that_has_the_name_is_given_none(solution) -> None:
    cell = code("mine = ...\nexercises.q1.check(mine)")
    notebook = {"cells": [text("# L"), code(IMPORTS), cell], "metadata": {}}
    one = (exercise(1, solution=solution),)
    for made_of, imports in ({}, "lesson-002"), ({"only": True}, "imports"):
        shown = sources(assignment_of(notebook, one, **made_of))
        assert shown["lesson_02-q1"].endswith(f"### BEGIN SOLUTION\n{solution}\n### END SOLUTION")
        assert imports in shown


def test_a_mark_says_what_it_is_worth_and_checks_in_hidden_lines() -> None:
    shown = sources(made(*LESSON))
    first, second = shown["lesson_02-q1-mark"], shown["lesson_02-q2-mark"]
    assert first.startswith("# This cell marks exercise 2.1 (1 point). It is locked.\n")
    assert second.startswith("# This cell marks exercise 2.2 (3 points). It is locked.\n")
    assert "lesson_02.q2.check(mine)" in second
    hidden = second.partition("### BEGIN HIDDEN TESTS\n")[2]
    assert 'verdict.exercise == "lesson_02.q2" and verdict.points == 3' in hidden
    assert points_of(ASKED) == 6


def test_nbgrader_reads_how_cells_are_marked() -> None:
    cells = {cell["id"]: cell["metadata"] for cell in made(*LESSON)["cells"]}
    about = {"schema_version": 3, "task": False}
    assert cells["lesson_02-q2"]["nbgrader"] == {
        **about, "grade_id": "lesson_02-q2", "solution": True, "grade": False, "locked": False,
    }  # fmt: skip
    assert cells["lesson_02-q2-mark"]["nbgrader"] == {
        **about, "grade_id": "lesson_02-q2-mark", "solution": False, "grade": True,
        "locked": True, "points": 3,
    }  # fmt: skip
    marked = [name for name, metadata in cells.items() if "nbgrader" in metadata]
    assert marked == [name for name in MARKED if "question" not in name]


def test_a_lesson_that_does_not_fit_its_exercises_is_refused() -> None:
    with refused("a cell for q9, which is no exercise", error=HpoTutorError):
        made(text("# L"), code("exercises.q9.check(answer)"))
    twice = [code(f"exercises.q{n}.check(answer)") for n in (3, 2, 2, 3, 1)]
    with refused("checks q2 twice", error=HpoTutorError):
        made(text("# L"), *twice)
