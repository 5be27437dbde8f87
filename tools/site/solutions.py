"""The solutions, a page a lesson, each behind one more click."""

from __future__ import annotations

import html

from hpotutor.exercises.catalog import exercises_of, lessons
from hpotutor.exercises.engine import Exercise


def numbers() -> list[str]:
    """Return the numbers of the lessons that have exercises, such as ``"04"``."""
    return [name.removeprefix("lesson_") for name in lessons()]


def solutions_page(number: str, title: str, lesson: str) -> str:
    """Return a lesson's solutions as MyST, which the site's search leaves out.

    Parameters
    ----------
    number, title, lesson : str
        The lesson's, and the name of its page.
    """
    exercises = exercises_of(int(number))
    parts = [
        "---\nnosearch: true\n---",
        f"# Solutions of lesson {number}",
        f"The exercises of [{title}](../lessons/{lesson}.ipynb). Each solution opens by a click on "
        "its line. There are other right answers: the check in the lesson judges what an answer "
        "does, not how it is written.",
        *map(_solution, exercises),
    ]
    return "\n\n".join(parts) + "\n"


def _solution(exercise: Exercise) -> str:
    heading, _, question = exercise.statement.partition("\n\n")
    hints = "\n".join(f"{n}. {hint}" for n, hint in enumerate(exercise.hints, start=1))
    wrong = "\n".join(f"- {each.because}" for each in exercise.wrong_answers)
    label = html.escape(exercise.label)
    return "\n\n".join(
        [
            heading.replace("### ", "## ", 1),
            question,
            _folded(f"Hints for {label}", hints),
            _folded(
                f"One solution of {label}",
                f"```python\n{exercise.solution_source}\n```\n\n{exercise.why}",
            ),
            _folded(f"Wrong ideas that {label} tells apart", wrong),
        ]
    )


def _folded(summary: str, text: str) -> str:
    return f'<details class="hpt-fold"><summary>{summary}</summary>\n\n{text}\n\n</details>'


def index_page(titles: dict[str, str]) -> str:
    """Return the page that lists the solutions' pages, by the lessons' titles."""
    lines = [
        "# Solutions",
        "",
        "One page a lesson, and each solution behind one more click, so that you do not read it by "
        "accident. In a lesson, `exercises.q1.hint()` and `exercises.q1.solution()` say the same.",
        "",
        "```{toctree}",
        ":maxdepth: 1",
        "",
        *(f"{number} {titles[number]} <lesson_{number}>" for number in numbers()),
        "```",
        "",
    ]
    return "\n".join(lines)
