"""A lesson as an nbgrader assignment: solution regions, and cells that mark them.

An exercise of a lesson, a cell with a stub and a check, becomes two cells. The first holds the stub
and, in a region that nbgrader takes out, the solution. The second is locked and carries the points:
it shows what the check says, which a student sees too, and asserts in hidden lines that the answer
is right. A check runs once, as some replay a whole search.
https://nbgrader.readthedocs.io/en/stable/user_guide/creating_and_grading_assignments.html
"""

import re
from collections.abc import Iterator
from typing import Any

from hpotutor.course._notes import text_of
from hpotutor.course.lessons import source_of
from hpotutor.errors import HpoTutorError
from hpotutor.exercises.engine import Exercise

_QUESTION = re.compile(r"\s*exercises\.q(\d+)\s*")
_CHECK = re.compile(r"^exercises\.q(\d+)\.check\((\w+)\)\s*\Z", re.M)

_TITLE = "{}\n\nThe exercises of this lesson. Read the lesson first."
_IMPORTS = "import hpotutor as ht\nfrom hpotutor.exercises import lesson_{:02d} as exercises"


def assignment_of(
    notebook: dict[str, Any], exercises: tuple[Exercise, ...], *, only: bool = False
) -> dict[str, Any]:
    """Return a lesson's notebook as the source of an nbgrader assignment, without outputs.

    ``only`` leaves out everything but the exercises, so that grading runs nothing else.
    ``HpoTutorError`` if the lesson's cells and its exercises do not fit together.
    """
    by_number = {exercise.number: exercise for exercise in exercises}
    cells: list[dict[str, Any]] = []
    marked = []
    for index, cell in enumerate(notebook["cells"]):
        source = source_of(cell)
        check = _CHECK.search(source)
        found = check or _QUESTION.fullmatch(source)
        if cell["cell_type"] == "code" and found:
            number = int(found[1])
            if number not in by_number:
                raise HpoTutorError(f"The lesson has a cell for q{number}, which is no exercise.")
            if check:
                marked.append(number)
                cells += _answer_and_mark(by_number[number], source[: check.start()], check[2])
            else:
                cells.append(_markdown(f"q{number}-question", by_number[number].statement))
        elif index == 0:
            title = _TITLE.format(source.splitlines()[0]) if only else source
            cells += [_markdown("title", title), _markdown("hand-in", text_of("hand_in.md"))]
        elif not only and cell["cell_type"] == "code":
            cells.append(_code(f"lesson-{index + 1:03d}", source, dict(cell["metadata"])))
        elif not only:
            cells.append(cell | {"id": f"lesson-{index + 1:03d}", "source": source})
        elif cell["cell_type"] == "code" and "as exercises" in source:
            cells.append(_code("imports", _IMPORTS.format(exercises[0].lesson), {}))
    if twice := {number for number in marked if marked.count(number) > 1}:
        raise HpoTutorError(f"The lesson checks q{min(twice)} twice; it can be marked once.")
    for number in sorted(set(by_number) - set(marked)):  # one that the lesson does not show
        cells.append(_markdown(f"q{number}-question", by_number[number].statement))
        cells += _answer_and_mark(by_number[number], by_number[number].stub, "answer")
    version = {"nbformat": 4, "nbformat_minor": 5}
    return {"cells": cells, "metadata": notebook["metadata"], **version}


def points_of(exercises: tuple[Exercise, ...]) -> int:
    """Return what all exercises of a lesson are worth together."""
    return sum(exercise.points for exercise in exercises)


def _answer_and_mark(exercise: Exercise, stub: str, name: str) -> Iterator[dict[str, Any]]:
    region = f"### BEGIN SOLUTION\n{exercise.solution_source}"
    if not re.search(rf"^(?:{name} =|def {name}\b)", exercise.solution_source, re.M):
        region += f"\n{name} = answer"
    source = f"{stub.rstrip()}\n{region}\n### END SOLUTION"
    grade_id = exercise.id.replace(".", "-")  # unlike "q1", it stays unique in a mixed assignment
    yield _code(grade_id, source, _grading(grade_id))
    worth = f"{exercise.points} point{'' if exercise.points == 1 else 's'}"
    mark = text_of("mark.txt").format(of=exercise, worth=worth, name=name)
    grade_id += "-mark"
    yield _code(grade_id, mark, _grading(grade_id, exercise.points))


def _grading(grade_id: str, points: int | None = None) -> dict[str, Any]:
    """Return what nbgrader keeps in a cell that it grades; without points, one to fill in."""
    about: dict[str, Any] = {"schema_version": 3, "grade_id": grade_id, "solution": points is None}
    about |= {"grade": points is not None, "locked": points is not None, "task": False}
    return {"nbgrader": about if points is None else about | {"points": points}}


def _markdown(cell_id: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": source}


def _code(cell_id: str, source: str, metadata: dict[str, Any]) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": cell_id, "metadata": metadata, "source": source}
    return cell | {"outputs": [], "execution_count": None}
