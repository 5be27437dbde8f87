"""The one-page report of a search: what was asked, done, found, and how to repeat it."""

import itertools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hpotutor._system import versions, write_whole
from hpotutor._validation import check_count
from hpotutor.analysis._judging import Part, judge, measure_of, retrain
from hpotutor.analysis._shown import Shown, facts, sentences
from hpotutor.analysis.reviewing import Review
from hpotutor.analysis.statistics import WHO, check_scores, mean_interval
from hpotutor.datasets.dataset import Dataset
from hpotutor.errors import HpoTutorError, Problems
from hpotutor.objectives.metrics import REPORTED, Metric
from hpotutor.space.formatting import constructor, literal
from hpotutor.space.space import SearchSpace
from hpotutor.study.result import SearchResult, as_result

# Of the two builds of TensorFlow, one is installed.
_LIBRARIES = ("numpy", "scikit-learn", "keras", "tensorflow-cpu", "tensorflow", "optuna")


@dataclass(frozen=True, repr=False)
class Report(Shown):
    """What `report` returns: a page that shows itself, and can be saved.

    Each part is filled in by a function below; how they are laid out is in ``templates/``.
    """

    question: str
    answer: str
    done: dict[str, str]
    found: dict[str, str]
    scores: dict[tuple[str, str], list[float]]  # of "chosen" or "default", on which rows
    judged: dict[str, int]  # how many rows those are
    review: list[str]
    repeat: dict[str, str]
    metric: str = "accuracy"
    direction: str = "maximize"

    @property
    def table(self) -> tuple[list[str], dict[str, list[str]]]:
        """The scores as a heading, and mean and interval on each set of rows, by who."""
        rows = {name: f"{count} {name}" if count else name for name, count in self.judged.items()}
        head = [self.metric] + [f"on {text} rows" for text in rows.values()]
        return head, {w: [self._mean(self.scores[w, name]) for name in self.judged] for w in WHO}

    @property
    def caption(self) -> str:
        """What the table of scores holds."""
        seeds = len(next(iter(self.scores.values())))
        return sentences("report/caption.txt", report=self, seeds=seeds)[0]

    @property
    def span(self) -> tuple[float, float]:
        """The scores at the two ends of the drawing."""
        every = [score for scores in self.scores.values() for score in scores]
        low, high = min(every), max(every)
        pad = 0.01 if self.metric == "accuracy" else 0.01 * abs(high) or 0.01
        return (low - pad, high + pad) if high - low < 2 * pad else (low, high)

    def _mean(self, scores: Sequence[float]) -> str:
        mean, low, high = mean_interval(scores)
        if self.metric == "accuracy":  # a t interval does not know that it ends at 0 and 1
            low, high = max(low, 0.0), min(high, 1.0)
        return f"{self.shown(mean)} ({self.shown(low)} to {self.shown(high)})"

    def shown(self, score: float) -> str:
        """Return a score as the page has it."""
        return _number(score, self.metric)

    def save(self, path: str | os.PathLike, *, replace: bool = False) -> Path:
        """Write the report as a page that opens in any browser, without a network.

        ``path`` ends in ``.html``; folders are made as needed. A different file of that name stays,
        and the new one gets the next free number, ``report-2.html``, unless told to ``replace`` it.

        Path: where it was written.

        ArgumentError: if the name does not end in ``.html``.

        HpoTutorError: if it cannot be written there.
        """
        with Problems("save") as problems:
            if not isinstance(path, str | os.PathLike) or Path(path).suffix.lower() != ".html":
                problems.add("path", path, "a name that ends in .html", 'save("runs/report.html")')
        page = f"{self.fill('page.html')}\n".encode()
        target = Path(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            names = (target.with_stem(f"{target.stem}-{n}") for n in itertools.count(2))
            written = target
            while not replace and written.exists():
                if written.is_file() and written.read_bytes() == page:
                    break
                written = next(names)
            write_whole(written, page)
        except OSError as error:
            raise HpoTutorError(
                f"The report could not be written to {target.as_posix()!r}: {error.strerror}. Type "
                'another name, for instance save("report.html").'
            ) from error
        return written


def report(
    question: Any,
    *,
    data: Dataset | None = None,
    space: Any = None,
    result: Any = None,
    method: str = "",
    validation: Mapping[str, Sequence[float]] | None = None,
    test: Mapping[str, Sequence[float]] | tuple[np.ndarray, np.ndarray] | None = None,
    default: Mapping[str, Any] | None = None,
    review: Review | None = None,
    log: str | Sequence[str] = (),
    before: str = "",
    seeds: int = 5,
) -> Report:
    """Lay out on one page what a search was, what it found, and how sure that is.

    Parameters
    ----------
    question : str, SearchResult or optuna Study
        What you wanted to know, in a sentence; or the search itself, in place of ``result``.
    data : Dataset, optional
        What was trained on; a search on `TrainObjective` needs it.
    space : SearchSpace, optional
        What was searched, in the end; by default what the last search's trials were drawn from.
    result : SearchResult, optuna Study or sequence of them
        All searches of this question; the best trial among them is the chosen one.
    method : str
        How was searched, with its settings; of a study it may be left out.
    validation : mapping, optional
        ``{"chosen": [...], "default": [...]}``: scores on the validation rows by the metric of the
        search (accuracies, after a search by loss), entry k with seed k. Without it, both
        settings are trained again, with the epochs that the best trial had; of a study, which
        cannot be, the report then says what it holds, and that there is no answer yet.
    test : mapping or (x_test, y_test), optional
        The same on the test rows; or what ``data.open_test()`` returned, which the networks that
        are trained again are judged on. Without it the report says that they are sealed.
    default : mapping, optional
        The hyperparameters that the chosen ones are compared with; the network's own by default.
    review : Review, optional
        What `hpotutor.review` said of the search.
    log, before : str, optional
        The files that hold the trials, one or several; what was tried on these rows before.
    seeds : int, default 5
        How often each setting is trained, where the report trains.

    Report: shows itself in a notebook; ``save("runs/report.html")`` writes the page.

    ArgumentError: with everything that is wrong with the arguments.

    Notes
    -----
    Networks that it trains are compared row by row (`paired_verdict`); from scores alone, two
    accuracies are taken to err independently, and of other scores only the seeds are counted.
    After Pineau et al. (2021), https://arxiv.org/abs/2003.12206.

    Examples
    --------
    >>> import hpotutor as ht
    >>> data = ht.load("iris")
    >>> space = ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1e-1))
    >>> result = ht.random_search(ht.TrainObjective(data, epochs=2), space, trials=2,
    ...                           progress=False)
    >>> page = ht.report("Does tuning help on iris?", data=data, space=space, result=result,
    ...                  method="random search", validation={"chosen": [0.9, 0.8],
    ...                                                      "default": [0.7, 0.7]})
    >>> print(str(page).splitlines()[0])
    Does tuning help on iris?
    """
    if result is None and not isinstance(question, str):
        question, result = "What did this search find?", question
    results = [as_result(one) for one in (result if isinstance(result, list | tuple) else [result])]
    # Of a study, nothing is known but its trials.
    plain = all(isinstance(one, SearchResult) and one.objective is None for one in results)
    if space is None and results:
        space = getattr(results[-1], "space", None)
    if plain and results:
        method = method or "an Optuna study, which keeps neither its sampler nor its pruner"
    _check_report(question, data, space, results, method, validation, test, review, seeds, plain)
    pick = max if results[0].direction == "maximize" else min
    best = pick(results, key=lambda result: result.best_value)
    measure = measure_of(best, data) if data else Metric("value", best.direction, "value")
    objective = getattr(best.objective, "local", None)
    train = isinstance(test, tuple) or (validation is None and not plain)
    models = retrain(objective, best, default or {}, seeds) if train else {}
    parts = {}
    if validation is not None or train:
        parts["validation"] = Part(validation, data.y_val, data.x_val) if data else Part(validation)
    if test is not None:
        rows = np.zeros(data.n_test if data else 0)
        x_test, y_test = test if isinstance(test, tuple) else (None, rows)
        parts["test"] = Part(None if isinstance(test, tuple) else test, y_test, x_test)
    last = list(parts)[-1:]  # whose rows give the answer
    found = {n: judge(part, objective, models, measure, n in last) for n, part in parts.items()}
    scores = {(w, name): found[name].scores[w] for name in found for w in WHO}
    fixed = getattr(best.objective, "defaults", {})  # what the search left alone
    logs = [log] if isinstance(log, str) else list(log)
    mends = [f"{f.found} Mend: {f.remedy} ({f.source})." for f in review or ()]
    number = partial(_number, metric=measure.name, sign="+")
    told = {"found": found, "metric": measure.name, "number": number}
    [answer] = sentences("report/answer.txt", data=data, **told)
    return Report(
        question=question,
        answer=answer,
        done=_done(data, space, results, method=method, before=before),
        found={
            "chosen": _values({**fixed, **best.best_params}),
            "default": _values(default or {})
            or ("not named" if plain else "as the network is without tuning"),
            "in the search": f"the chosen one scored {_number(best.best_value, measure.name)}: it "
            "was chosen by this number, which is therefore no estimate of its worth",
            **(_known(best) if plain else {}),
        },
        scores=scores,
        judged={name: len(part.y) for name, part in parts.items()},
        review=mends or ["Not reviewed." if review is None else review.summary],
        repeat=_repeat(data, best, len(next(iter(scores.values()), ())), logs),
        metric=measure.name,
        direction=measure.direction,
    )


def _known(best: SearchResult) -> dict[str, str]:
    """Return what a study tells beyond its best trial: the way there, and what mattered."""
    values = best.best_so_far()
    steps = sorted({min(n, len(values)) for n in (1, 3, 10, 30, 100, 300, 1000, len(values))})
    known = {n: values[n - 1] for n in steps if np.isfinite(values[n - 1])}
    told = {"best so far": ", ".join(f"{v:.3g} after {n}" for n, v in known.items()) + " trials"}
    try:
        shares = best.importances()
        absent = ", ".join(name for name in best.space if name not in shares)
        told["importances"] = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
        told["importances"] += f"; left out, as not in every trial: {absent}" if absent else ""
    except HpoTutorError as error:
        told["importances"] = str(error)
    unfinished = len(best.study.get_trials(deepcopy=False)) - len(best)
    return told | ({"unfinished": f"{unfinished} of the study's trials"} if unfinished else {})


def _done(
    data: Dataset | None, space: SearchSpace, results: Sequence[SearchResult], **told: str
) -> dict[str, str]:
    left_out = data.columns[data.columns["became"] == "left out"]["why"] if data else {}
    about: dict[str, Any] = {"costs": [result.cost for result in results], "left_out": left_out}
    about["ends"] = [e.status for result in results for e in result.evaluations]
    typed = [f"{name}={constructor(space, name)}" for name in space]
    return facts("report/done.txt", data=data, space=typed, **about, **told)


def _repeat(
    data: Dataset | None, best: SearchResult, seeds: int, logs: Sequence[str]
) -> dict[str, str]:
    import hpotutor

    about = best.objective.describe() if best.objective is not None else {}
    hidden = ("data", "rows", "defaults")
    told = {key: value for key, value in about.items() if key not in hidden and value is not None}
    (_, python), *libraries = versions(_LIBRARIES).items()
    used = {"Python": python, "hpotutor": hpotutor.__version__, **dict(libraries)}
    asked = {"training": told, "used": used, "logs": logs, "seeds": seeds}
    # Of a plain study, whoever trained them knows which seeds.
    return facts("report/repeat.txt", data=data, plain=best.objective is None, **asked)


def _number(value: float, metric: str, sign: str = "") -> str:
    return f"{value:{sign}.3f}" if metric == "accuracy" else f"{value:{sign}.4g}"


def _values(params: Mapping[str, Any]) -> str:
    short = {k: float(f"{v:.3g}") if isinstance(v, float) else v for k, v in params.items()}
    return ", ".join(f"{name}={literal(value)}" for name, value in short.items())


def _check_report(
    question, data, space, results, method, validation, test, review, seeds, plain
) -> None:
    problems = Problems("report")
    for name, value in (("question", question), ("method", method)):
        if not isinstance(value, str) or not value.strip():
            problems.add(name, value, "a text", f'{name}="..."')
    for name, value, kind, allowed in (
        ("data", data, Dataset | None if plain else Dataset, "what ht.load returns"),
        ("space", space, SearchSpace, "an ht.SearchSpace"),
        ("review", review, Review | None, "what ht.review returns, or None"),
    ):
        if not isinstance(value, kind):
            problems.add(name, value, allowed, f"{name}={name}")
    several = len(results) > 0
    if not several or not all(isinstance(result, SearchResult) for result in results):
        problems.add("result", results, "what a search returned, or a list of it", "result=result")
    check_count(problems, "seeds", seeds, low=2, example=5)
    searches = results if several else []
    local = [getattr(getattr(one, "objective", None), "local", None) for one in searches]
    shares = getattr(data, "task", "") == "classification" and all(
        getattr(one, "metric", "val_accuracy") in REPORTED for one in local
    )
    if isinstance(test, tuple):
        if len(test) != 2 or np.ndim(test[0]) < 2 or len(test[0]) != len(test[1]):
            problems.add("test", test, "scores, or (x_test, y_test)", "test=data.open_test()")
    elif test is not None:
        check_scores(problems, "test", test, shares=shares)
    if test is not None and isinstance(data, Dataset) and not data.openings:
        problems.say(
            "test has scores, but the seal of this data is unbroken. Score the rows that "
            "data.open_test() returns, or leave test out."
        )
    if validation is not None:
        check_scores(problems, "validation", validation, shares=shares)
    trained = isinstance(test, tuple) or (validation is None and not plain)
    if trained and not all(hasattr(one, "train_seeds") and hasattr(one, "rows") for one in local):
        problems.say(
            "only a search on ht.TrainObjective can be trained again. Give the scores: "
            'validation={"chosen": [0.91, 0.92], "default": [0.90, 0.89]}.'
        )
    problems.raise_if_any()
