"""The one-page report of a search: what was asked, done, found, and how to repeat it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hpotutor._system import versions, write_whole
from hpotutor.analysis._shown import Shown
from hpotutor.analysis.reviewing import Review
from hpotutor.analysis.statistics import WHO, check_scores, mean_interval, verdict
from hpotutor.datasets.dataset import Dataset
from hpotutor.errors import HpoTutorError, Problems
from hpotutor.space.formatting import constructor, literal
from hpotutor.space.space import SearchSpace
from hpotutor.study.result import SearchResult

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

    @property
    def table(self) -> tuple[list[str], dict[str, list[str]]]:
        """The scores as a heading, and mean and interval on each set of rows, by who."""
        head = ["accuracy"] + [f"on {count} {name} rows" for name, count in self.judged.items()]
        return head, {w: [_mean(self.scores[w, name]) for name in self.judged] for w in WHO}

    @property
    def caption(self) -> str:
        """What the table of scores holds."""
        seeds = len(next(iter(self.scores.values())))
        return f"Means over {seeds} seeds, with 95% intervals for the seed alone."

    @property
    def span(self) -> tuple[float, float]:
        """The accuracies at the two ends of the drawing."""
        every = [score for scores in self.scores.values() for score in scores]
        low, high = min(every), max(every)
        return (low - 0.01, high + 0.01) if high - low < 0.02 else (low, high)

    def save(self, path: str | os.PathLike, *, replace: bool = False) -> Path:
        """Write the report as a page that opens in any browser, without a network.

        Parameters
        ----------
        path : str or path
            Ends in ``.html``. Folders are made as needed.
        replace : bool, default False
            Write over a file of this name. Otherwise a different file that is there already stays,
            and the new one gets the next free number: ``report-2.html``.

        Returns
        -------
        Path
            Where it was written.

        Raises
        ------
        ArgumentError
            If the name does not end in ``.html``.
        HpoTutorError
            If it cannot be written there.
        """
        problems = Problems("save")
        if not isinstance(path, str | os.PathLike) or Path(path).suffix.lower() != ".html":
            problems.add("path", path, "a name that ends in .html", 'save("runs/report.html")')
        problems.raise_if_any()
        page = f"{self.fill('page.html')}\n".encode()
        target = Path(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            written = target if replace else _free(target, page)
            write_whole(written, page)
        except OSError as error:
            raise HpoTutorError(
                f"The report could not be written to {target.as_posix()!r}: {error.strerror}. Type "
                'another name, for instance save("report.html").'
            ) from error
        return written


def _free(target: Path, page: bytes) -> Path:
    """Return the first name that is free, or that holds this very page."""
    number, path = 1, target
    while path.exists() and not (path.is_file() and path.read_bytes() == page):
        number += 1
        path = target.with_stem(f"{target.stem}-{number}")
    return path


def report(
    question: str,
    *,
    data: Dataset,
    space: SearchSpace,
    result: SearchResult | Sequence[SearchResult],
    method: str,
    validation: Mapping[str, Sequence[float]],
    test: Mapping[str, Sequence[float]] | None = None,
    default: Mapping[str, Any] | None = None,
    review: Review | None = None,
    log: str | Sequence[str] = (),
    before: str = "",
) -> Report:
    """Lay out on one page what a search was, what it found, and how sure that is.

    Parameters
    ----------
    question : str
        What you wanted to know, in a sentence.
    data : Dataset
        What was trained on.
    space : SearchSpace
        What was searched, in the end.
    result : SearchResult or sequence of them
        All searches of this question; the best trial among them is the chosen one.
    method : str
        How was searched, with its settings.
    validation : mapping
        ``{"chosen": [...], "default": [...]}``: validation accuracies, entry k with seed k.
    test : mapping, optional
        The same on the test rows; without it the report says that they are sealed.
    default : mapping, optional
        The hyperparameters that the chosen ones are compared with; the network's own by default.
    review : Review, optional
        What `hpotutor.review` said of the search.
    log : str or sequence of str, optional
        The files that hold the trials.
    before : str, optional
        What was tried on the same rows before these searches: it is part of the price.

    Returns
    -------
    Report
        Shows itself in a notebook; ``save("runs/report.html")`` writes the page.

    Raises
    ------
    ArgumentError
        With everything that is wrong with the arguments.

    Notes
    -----
    What a report needs follows Pineau et al. (2021), https://arxiv.org/abs/2003.12206, and
    Bouthillier et al. (2021), https://arxiv.org/abs/2103.03098.

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
    results = [result] if isinstance(result, SearchResult) else result
    _check_report(question, data, space, results, method, validation, test, review)
    pick = max if results[0].direction == "maximize" else min
    best = pick(results, key=lambda result: result.best_value)
    fixed = getattr(best.objective, "defaults", {})  # what the search left alone
    sets = {"validation": validation} | ({} if test is None else {"test": test})
    rows = {"validation": len(data.y_val), "test": data.n_test}
    logs = [log] if isinstance(log, str) else list(log)
    mends = [f"{f.found} Mend: {f.remedy} ({f.source})." for f in review or ()]
    return Report(
        question=question,
        answer=_answer(data, validation, test),
        done=_done(data, space, results, method) | ({"before": before} if before else {}),
        found={
            "chosen": _values({**fixed, **best.best_params}),
            "default": _values(default or {}) or "as the network is without tuning",
            "in the search": f"the chosen one scored {best.best_value:.3f}: it was chosen by this "
            "number, which is therefore no estimate of its worth",
        },
        scores={(w, name): list(map(float, sets[name][w])) for name in sets for w in WHO},
        judged={name: rows[name] for name in sets},
        review=mends or ["Not reviewed." if review is None else review.summary],
        repeat=_repeat(data, best, len(validation["chosen"]), logs),
    )


def _answer(data: Dataset, validation: Mapping, test: Mapping | None) -> str:
    if test is None:
        return (
            f"The {data.n_test} test rows are still sealed: there is no answer yet. On the "
            f"validation rows, the chosen setting against the default: "
            f"{verdict(validation['chosen'], validation['default'], len(data.y_val))}."
        )
    found = verdict(test["chosen"], test["default"], data.n_test)
    said = {
        "better": "The chosen setting is better than the default.",
        "worse": "The chosen setting is worse than the default.",
        "no difference shown": "These rows show no difference between the chosen setting and the "
        "default.",
    }[found.word]
    return (
        f"{said} On {data.n_test} test rows its accuracy differs by {found.difference:+.3f} (95% "
        f"interval {found.low:+.3f} to {found.high:+.3f}, for seeds and rows together)."
    )


def _done(
    data: Dataset, space: SearchSpace, results: Sequence[SearchResult], method: str
) -> dict[str, str]:
    classes = ", ".join(str(label) for label in data.classes[:6])
    more = "" if data.n_classes <= 6 else f" and {data.n_classes - 6} more"
    opened = {0: "sealed", 1: "opened once"}.get(data.openings, f"opened {data.openings} times")
    costs = [result.cost for result in results]
    lost = sum(e.status != "complete" for result in results for e in result.evaluations)
    return {
        "data": f"{data.name}: {data.n_features} features, {data.n_classes} classes "
        f"({classes}{more})",
        "split": f"{len(data.y_train)} rows train, {len(data.y_val)} validate, {data.n_test} test "
        f"({opened}), stratified, seed {data.seed}",
        "space": "; ".join(f"{name}={constructor(space, name)}" for name in space),
        "method": method,
        "budget": f"{sum(cost.trials for cost in costs):,} trials"
        + (f" in {len(results)} searches" if len(results) > 1 else "")
        + f", {sum(cost.epochs for cost in costs):,} epochs of training; {lost} without a value",
    }


def _repeat(data: Dataset, best: SearchResult, seeds: int, logs: Sequence[str]) -> dict[str, str]:
    import hpotutor

    about = best.objective.describe() if best.objective is not None else {}
    hidden = ("data", "rows", "defaults")
    told = {key: value for key, value in about.items() if key not in hidden and value is not None}
    (_, python), *libraries = versions(_LIBRARIES).items()
    used = [("Python", python), ("hpotutor", hpotutor.__version__), *libraries]
    return {
        "training": ", ".join(f"{key} {value}" for key, value in told.items()) or "not recorded",
        "seeds": f"0 to {seeds - 1} for the scores above",
        "rows": f"fingerprint {data.fingerprint}",
        **({"log": ", ".join(logs)} if logs else {}),
        "versions": ", ".join(f"{name} {version}" for name, version in used),
    }


def _mean(scores: Sequence[float]) -> str:
    mean, low, high = mean_interval(scores)
    # A t interval does not know that an accuracy ends at 0 and 1.
    return f"{mean:.3f} ({max(low, 0.0):.3f} to {min(high, 1.0):.3f})"


def _values(params: Mapping[str, Any]) -> str:
    short = {k: float(f"{v:.3g}") if isinstance(v, float) else v for k, v in params.items()}
    return ", ".join(f"{name}={literal(value)}" for name, value in short.items())


def _check_report(question, data, space, results, method, validation, test, review) -> None:
    problems = Problems("report")
    for name, value in (("question", question), ("method", method)):
        if not isinstance(value, str) or not value.strip():
            problems.add(name, value, "a text", f'{name}="..."')
    if not isinstance(data, Dataset):
        problems.add("data", data, "what ht.load returns", "data=data")
    if not isinstance(space, SearchSpace):
        problems.add("space", space, "an ht.SearchSpace", "space=space")
    several = isinstance(results, list | tuple) and len(results) > 0
    if not several or not all(isinstance(result, SearchResult) for result in results):
        problems.add("result", results, "what a search returned, or a list of it", "result=result")
    if review is not None and not isinstance(review, Review):
        problems.add("review", review, "what ht.review returns, or None", "review=None")
    check_scores(problems, "validation", validation)
    if test is not None:
        check_scores(problems, "test", test)
        if isinstance(data, Dataset) and not data.openings:
            problems.say(
                "test has scores, but the seal of this data is unbroken. Score the rows that "
                "data.open_test() returns, or leave test out."
            )
    problems.raise_if_any()
