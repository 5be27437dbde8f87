"""How an exercise is declared, and how an answer is judged.

Everything about an exercise stands in one place: what is asked, what refuses a wrong answer, the
hints, the solution, and the wrong answers that somebody will give. ::

    def _check_folds(answer):
        folds = checks.whole_number(answer, "the number of folds")
        if folds == 1:
            wrong("With 1 fold there is nothing left to train on.")
        if folds != 3:
            wrong(f"`cv=3` does not cut {folds} folds.")
        return right("One for each third of the rows.")

    q1 = Exercise(
        lesson=2, number=1, title="Folds", points=1,
        question="How many folds does `GridSearchCV(..., cv=3)` cut?",
        expects="a whole number, such as 7",
        checker=_check_folds,
        hints=("Look at the argument `cv`.",),
        solution_source="answer = 3",
        why="Each fold is one more training of every candidate.",
        wrong_answers=(
            WrongAnswer("answer = 1", "takes cv for a single split", "nothing left"),
            WrongAnswer("answer = 4", "counts the refit", "does not cut 4"),
            WrongAnswer("answer = 0", "thinks cv is switched off", "does not cut 0"),
        ),
    )  # fmt: skip

An answer is refused unless the checker *returns* ``right(...)``; ``wrong(...)`` raises, so it may
stand anywhere, in a helper too.
"""

import dis
import textwrap
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import FunctionType
from typing import Any, NoReturn

from hpotutor.errors import Problems
from hpotutor.exercises import progress_file
from hpotutor.exercises.index_page import refresh_pages
from hpotutor.exercises.messages import Message, Solution, Status, Verdict, kind, reason, shown

MOST_HINTS = 3
FEWEST_WRONG_ANSWERS = 3


class NotYet(Exception):
    """An answer is refused; the text tells what to look at."""


class NotAttempted(Exception):
    """An answer, or a part of it, is still the stub's ``...``."""


@dataclass(frozen=True)
class Right:
    """An answer is accepted."""

    detail: str = ""


def right(detail: str = "") -> Right:
    """Accept an answer: return this from a checker.

    Parameters
    ----------
    detail : str
        What is good about this very answer; it stands before the reason why it matters.
    """
    return Right(detail)


def wrong(message: str) -> NoReturn:
    """Refuse an answer, from anywhere in a checker.

    Parameters
    ----------
    message : str
        What to look at, in full sentences; never the solution.
    """
    raise NotYet(message)


def not_attempted(message: str) -> NoReturn:
    """Say from a checker that a part of the answer is still missing."""
    raise NotAttempted(message)


@dataclass(frozen=True)
class WrongAnswer:
    """A plausible wrong answer, which the check must refuse.

    Parameters
    ----------
    source : str
        Python that ends with ``answer``.
    because : str
        The wrong idea behind it, for instructors.
    says : str
        Words that the refusal must contain, so that it speaks to this very mistake.
    """

    source: str
    because: str
    says: str


@dataclass(kw_only=True, eq=False, repr=False)
class Exercise:
    """A question with its check, hints and solution.

    Sources (stub, solution, wrong answers) run where ``import hpotutor as ht`` has been run, and
    import everything else themselves; each leaves its answer in ``answer``.

    Parameters
    ----------
    lesson, number : int
        ``lesson=2, number=1`` is exercise 2.1, named ``q1`` in ``lesson_02``.
    title : str
        A few words.
    question : str
        Markdown.
    points : int
        What it is worth when graded.
    expects : str
        The kind of answer, as a noun phrase that ends "This should be ...".
    checker : callable
        Takes the answer and returns ``right(...)``, or calls ``wrong(...)``.
    hints : tuple of str
        One to three, from a nudge to nearly all.
    solution_source : str
        Source that uses only what the lesson taught.
    why : str
        Why it matters, in a sentence; shown when the answer is right.
    wrong_answers : tuple of WrongAnswer
        At least three.
    stub : str
        What stands in the cell before the learner types, with ``...`` for what is missing.
    challenge : bool
        Whether it is the longer one at the lesson's end.

    Raises
    ------
    ArgumentError
        If a part is missing.

    Examples
    --------
    >>> from hpotutor.exercises.lesson_02 import q1
    >>> q1.judge(...)
    Not attempted yet. Replace the `...` with your answer to exercise 2.1 and run the cell \
again. `exercises.q1.hint()` helps.
    >>> bool(q1.judge(48))
    False
    """

    lesson: int
    number: int
    title: str
    question: str
    points: int
    expects: str
    checker: Callable[[Any], Right]
    hints: tuple[str, ...]
    solution_source: str
    why: str
    wrong_answers: tuple[WrongAnswer, ...]
    stub: str = "answer = ..."
    challenge: bool = False

    def __post_init__(self) -> None:
        for name in ("question", "solution_source", "stub"):
            setattr(self, name, textwrap.dedent(getattr(self, name)).strip())
        problems = Problems("Exercise")
        for name in ("title", "question", "expects", "solution_source", "why", "stub"):
            if not getattr(self, name):
                problems.add(name, "", "a text", f'{name}="..."')
        if not 1 <= len(self.hints) <= MOST_HINTS:
            problems.add("hints", self.hints, f"1 to {MOST_HINTS} texts", 'hints=("...",)')
        if len(self.wrong_answers) < FEWEST_WRONG_ANSWERS:
            allowed = f"at least {FEWEST_WRONG_ANSWERS} of WrongAnswer"
            problems.add("wrong_answers", self.wrong_answers, allowed, "wrong_answers=(...)")
        problems.raise_if_any()
        self._hints_given = 0

    @property
    def id(self) -> str:
        """A name that no other exercise has, such as ``"lesson_02.q1"``."""
        return f"lesson_{self.lesson:02d}.q{self.number}"

    @property
    def _name(self) -> str:
        """What a learner types: every lesson imports its exercises under this name."""
        return f"exercises.q{self.number}"

    @property
    def label(self) -> str:
        """How a reader calls it, such as ``"2.1"``."""
        return f"{self.lesson}.{self.number}"

    @property
    def statement(self) -> str:
        """Heading and question in Markdown, for the cell above the stub."""
        worth = f"{self.points} point{'' if self.points == 1 else 's'}"
        name = "Challenge" if self.challenge else "Exercise"
        return f"### {name} {self.label} · {self.title} ({worth})\n\n{self.question}"

    def __repr__(self) -> str:
        return self.statement

    def _repr_markdown_(self) -> str:
        return self.statement

    def check(self, answer: object) -> Verdict:
        """Judge an answer and note the outcome in the learner's own progress file.

        Parameters
        ----------
        answer : object
            Anything; ``...`` means that it has not been tried.

        Returns
        -------
        Verdict
            True if the answer is right; as the last line of a cell it shows itself.
        """
        verdict = self.judge(answer)
        if verdict.status == "not attempted":
            return verdict
        return replace(verdict, note=self._noted(attempt=True, right=bool(verdict)))

    def judge(self, answer: object) -> Verdict:
        """Judge an answer as :meth:`check` does, and leave no trace; for tests and grading."""
        try:
            _refuse_gaps(answer)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                outcome = self.checker(answer)
            if not isinstance(outcome, Right):
                raise TypeError("the check came to no verdict")
        except NotAttempted as gap:
            again = f"exercise {self.label} and run the cell again. `{self._name}.hint()` helps."
            return self._verdict("not attempted", f"{gap} {again}")
        except NotYet as refusal:
            return self._verdict("not yet", f"{refusal} `{self._name}.hint()` helps.")
        except Exception as error:  # a learner's own object may raise anything
            message = (
                f"The check stopped at this answer ({reason(error)}). "
                f"This should be {self.expects}; it is {kind(answer)}: `{shown(answer)}`."
            )
            return self._verdict("not yet", message, error)
        detail = f"{outcome.detail} " if outcome.detail else ""
        return self._verdict("right", f"{detail}{self.why}")

    def _verdict(self, status: Status, message: str, error: Exception | None = None) -> Verdict:
        points = self.points if status == "right" else 0
        return Verdict(message, exercise=self.id, status=status, points=points, error=error)

    def _noted(self, **what: Any) -> str:
        """Note what happened, in the progress file and on the page of all lessons beside it."""
        remark = progress_file.record(self.id, **what)
        refresh_pages(Path.cwd())
        return remark

    def hint(self) -> Message:
        """Show one hint more than the last time, up to all of them."""
        self._hints_given = min(self._hints_given + 1, len(self.hints))
        self._noted(hints=self._hints_given)
        count = len(self.hints)
        given = self.hints[: self._hints_given]
        lines = [f"Hint {n} of {count}: {text}" for n, text in enumerate(given, start=1)]
        if self._hints_given == count:
            lines.append(f"No more hints; `{self._name}.solution()` shows one way to do it.")
        return Message("\n\n".join(lines))

    def solution(self) -> Solution:
        """Show one way to do it, and why it matters."""
        self._noted(solution=True)
        return Solution(self.why, source=self.solution_source)


def answer_of(source: str) -> Any:
    """Run a stub, a solution or a wrong answer in a fresh namespace, and return its ``answer``.

    Parameters
    ----------
    source : str
        Python; ``ht`` is there already.

    Examples
    --------
    >>> answer_of("folds = 3\\nanswer = 4 * folds + 1")
    13
    """
    import hpotutor

    namespace: dict[str, Any] = {"__name__": "__exercise__", "ht": hpotutor}
    exec(compile(textwrap.dedent(source), "<exercise>", "exec"), namespace)
    return namespace["answer"]


# ── the stub's dots ──────────────────────────────────────────────────────────────────────────


def _refuse_gaps(answer: object) -> None:
    if answer is ...:
        not_attempted("Replace the `...` with your answer to")
    if isinstance(answer, FunctionType) and is_empty(answer):
        not_attempted(f"`{answer.__name__}` has no body yet. Write it for")
    gaps = list(_gaps(answer, "answer"))
    if gaps:
        listed = ", ".join(f"`{gap}`" for gap in gaps)
        not_attempted(f"There is still a `...` in {listed}. Replace it for")


def _gaps(value: object, path: str, depth: int = 3) -> Iterator[str]:
    """Yield where in an answer made of dicts, lists and tuples a ``...`` is left."""
    if value is ...:
        yield path
    elif depth and isinstance(value, dict):
        for key, part in value.items():
            yield from _gaps(part, f"{path}[{shown(key)}]", depth - 1)
    elif depth and isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _gaps(part, f"{path}[{index}]", depth - 1)


def is_empty(function: FunctionType) -> bool:
    """Return whether a function does nothing, as a stub's does: ``...``, ``pass`` or a docstring.

    Examples
    --------
    >>> def mutate(parent):
    ...     "Change one gene."
    ...     ...
    >>> is_empty(mutate)
    True
    """
    if len(function.__code__.co_code) > 64:  # quicker than to take it apart
        return False
    ignored = {"RESUME", "NOP", "CACHE"}
    steps = [step for step in dis.get_instructions(function) if step.opname not in ignored]
    loads = {"LOAD_CONST", "RETURN_CONST"}
    return len(steps) <= 2 and steps[0].opname in loads and (steps[0].argval in (None, ...))
