"""Hyperband and successive halving: many short trainings, few long ones."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Unpack

import numpy as np
from optuna import TrialPruned
from optuna.pruners import HyperbandPruner
from optuna.samplers import RandomSampler, TPESampler
from optuna.trial import TrialState

from hpotutor._validation import check_count
from hpotutor.errors import Problems
from hpotutor.objectives.base import Evaluation, Objective, Params
from hpotutor.search import backends
from hpotutor.search._method import Shared, run_search, search_method
from hpotutor.search.asha import halve_asynchronously
from hpotutor.search.backends import Loop, Options
from hpotutor.search.bayesian import tpe_constant_liar
from hpotutor.space.space import SearchSpace
from hpotutor.study.recorder import Recorder
from hpotutor.study.result import SearchResult
from hpotutor.study.storage import quiet_optuna


class Rung(NamedTuple):
    """How many configurations are trained, for how many epochs each."""

    configurations: int
    epochs: int


class Bracket(NamedTuple):
    """One successive halving: its number in the paper, and its rungs from the lowest up."""

    s: int
    rungs: tuple[Rung, ...]


def hyperband_brackets(max_epochs: int, eta: int = 3) -> list[Bracket]:
    """Return Hyperband's brackets, from the one with most configurations to plain random search.

    ``max_epochs`` are those of the longest training, R in the paper; one in ``eta`` is promoted, to
    ``eta`` times the epochs.

    Notes
    -----
    Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar (2018), Hyperband: a novel bandit-based
    approach to hyperparameter optimization, algorithm 1, https://jmlr.org/papers/v18/16-558.html.
    Epochs are rounded down, configurations as in the paper. KerasTuner rounds all up.

    Examples
    --------
    >>> for bracket in hyperband_brackets(9):
    ...     print(bracket.s, [tuple(rung) for rung in bracket.rungs])
    2 [(9, 1), (3, 3), (1, 9)]
    1 [(5, 3), (1, 9)]
    0 [(3, 9)]
    """
    with Problems("hyperband_brackets") as problems:
        check_count(problems, "max_epochs", max_epochs, 1, 27)
        check_count(problems, "eta", eta, 2, 3)
    max_epochs, eta, s_max = int(max_epochs), int(eta), 0
    while eta ** (s_max + 1) <= max_epochs:
        s_max += 1
    brackets = []
    for s in range(s_max, -1, -1):
        # Integer arithmetic: a logarithm in floating point is off by one now and then.
        first = -(-(s_max + 1) * eta**s // (s + 1))
        rungs = [Rung(first // eta**i, max_epochs * eta**i // eta**s) for i in range(s + 1)]
        brackets.append(Bracket(s, tuple(rungs)))
    return brackets


def successive_halving(
    score: Callable[[list[Params], int], Sequence[float]],
    candidates: Sequence[Params],
    rungs: Sequence[Rung],
) -> list[Params]:
    """Train all candidates a little, the better ones longer, and so on up the rungs.

    ``score(list_of_params, epochs)`` returns a number for each, higher is better. The ``rungs`` are
    from the lowest up, as in ``hyperband_brackets(27)[0].rungs``. The candidates of the highest
    come back, best first.

    Notes
    -----
    Jamieson and Talwalkar (2016), Non-stochastic best arm identification and hyperparameter
    optimization, https://proceedings.mlr.press/v51/jamieson16.html.

    Examples
    --------
    >>> rungs = [Rung(4, 1), Rung(2, 2), Rung(1, 4)]
    >>> points = [{"x": 1}, {"x": 4}, {"x": 3}, {"x": 2}]
    >>> successive_halving(lambda batch, epochs: [p["x"] for p in batch], points, rungs)
    [{'x': 4}]
    """
    survivors = list(candidates)
    for rung in rungs:
        survivors = survivors[: rung.configurations]
        scores = np.asarray(score(survivors, rung.epochs))
        if scores.shape != (len(survivors),):
            allowed = f"a list of {len(survivors)} numbers, one for each candidate"
            told = ("score", scores.tolist(), allowed, "return [...] at its end")
            Problems("successive_halving").add(*told).raise_if_any()
        best_first = np.argsort(-scores, kind="stable")  # of equals, the one drawn first
        survivors = [survivors[index] for index in best_first]
    return survivors


@search_method
def hyperband_search(
    objective: Objective,
    space: SearchSpace,
    *,
    trials: int | None = None,
    seed: int = 0,
    library: str = "plain",
    epochs: int | None = None,
    eta: int = 3,
    bracket: int | None = None,
    sampler: str = "random",
    **shared: Unpack[Shared],
) -> SearchResult:
    """Train many configurations for a few epochs, and the promising ones for longer.

    Parameters
    ----------
    trials : int, optional
        How many evaluations, one on every rung: the brackets are run again until they are spent;
        by default, once. ``"asha"`` goes on until a budget is spent: without any, as many epochs as
        one run of the brackets would cost.
    library : {"plain", "optuna", "keras_tuner", "scikit-learn", "asha"}
        Whose loop runs: our readable one, ``HyperbandPruner``, ``kt.Hyperband``'s oracle,
        ``HalvingRandomSearchCV``, which is one bracket, or asynchronous halving
        (:class:`hpotutor.search.asha.AsynchronousHalving`), which keeps every worker of a
        ``client`` busy. Optuna stops a training after an epoch; the others train anew on each rung.
    epochs : int, optional
        Of the longest training; the objective's own by default. One of the two must be there.
    eta : int, default 3
        One in ``eta`` is promoted, to ``eta`` times the epochs.
    bracket : int, optional
        With ``"plain"`` and ``"asha"``: only this bracket of :func:`hyperband_brackets`, one
        successive halving. ``"asha"`` takes the one that starts lowest by default.
    sampler : {"random", "tpe"}, default "random"
        With ``"plain"`` and ``"optuna"``: what proposes configurations. ``"tpe"`` learns from the
        trainings so far, ``"plain"`` as BOHB does: from the longest ones of which there are enough,
        three more than there are hyperparameters; one proposal in three stays random.

    Notes
    -----
    BOHB is by Falkner, Klein and Hutter (2018), https://proceedings.mlr.press/v80/falkner18a.html.
    Li et al. (2018), see :func:`hyperband_brackets`; for ``"asha"`` Li et al. (2020),
    https://arxiv.org/abs/1810.05934.

    Examples
    --------
    >>> import hpotutor as ht
    >>> space = ht.SearchSpace(x=ht.uniform(0, 1))
    >>> objective = ht.FunctionObjective(lambda p, epochs: p["x"] * (1 - 0.5**epochs), epochs=9)
    >>> result = ht.hyperband_search(objective, space, progress=False)
    >>> len(result), result.cost.epochs
    (22, 78)
    """
    problems = Problems("hyperband_search")
    check_count(problems, "trials", trials, 1, 30, optional=True)
    longest = epochs if epochs is not None else getattr(objective, "epochs", None)
    options: Options = {"epochs": longest, "eta": eta, "bracket": bracket}
    options["candidates"] = sampler  # its name in the logs of earlier versions
    problems.choice("sampler", sampler, ("random", "tpe"))
    plan = _plan(options) if _check(problems, space, options) else []
    if bracket is not None and library not in ("plain", "asha"):
        problems.say("bracket= is for library='plain' or 'asha'. Leave it out otherwise.")
    if sampler == "tpe" and library not in ("plain", "optuna"):
        problems.say("sampler='tpe' is for library='plain' or 'optuna'. Leave it out otherwise.")
    rungs = [rung for one in plan[: 1 if library == "scikit-learn" else None] for rung in one.rungs]
    cost = sum(r.configurations for r in rungs), sum(r.configurations * r.epochs for r in rungs)
    budgets = (trials, shared.get("max_epochs"), shared.get("max_seconds"))
    if library == "asha" and budgets == (None, None, None):
        shared["max_epochs"] = cost[1] or None
    planned = cost if trials is None and library != "asha" else None
    asked = (LOOPS, problems, objective, space, trials, seed, library, options)
    return run_search(*asked, planned=planned, **shared)


def _check(problems: Problems, space: object, options: Options) -> bool:
    """Note what keeps Hyperband from running at all; return whether there are brackets."""
    epochs, eta, bracket = options["epochs"], options["eta"], options["bracket"]
    if epochs is None:
        problems.say(
            "the objective has no epochs to deal out. Type epochs=27, with an objective whose "
            "value depends on them: ht.FunctionObjective(function) with function(params, epochs)."
        )
        return False
    if isinstance(space, SearchSpace) and "epochs" in space:
        problems.say("Hyperband itself chooses the epochs. Leave 'epochs' out of the space.")
    fine = check_count(problems, "epochs", epochs, 1, 27)
    if not (check_count(problems, "eta", eta, 2, 3) and fine):
        return False
    if bracket is not None:
        problems.choice("bracket", bracket, [item.s for item in hyperband_brackets(epochs, eta)])
    return True


def _plan(options: Options) -> list[Bracket]:
    """Return the brackets to run: all of them, or the one that was asked for."""
    brackets = hyperband_brackets(options["epochs"], options["eta"])
    return [item for item in brackets if options["bracket"] in (None, item.s)]


def _plain(recorder: Recorder, seed: int, options: Options) -> None:
    """Hyperband, algorithm 1 of the paper."""
    plan, proposals = _plan(options), Proposals(recorder, seed, options["candidates"])

    def score(batch: list[Params], epochs: int) -> list[float]:
        recorder.prefetch(batch, epochs)
        evaluations = [recorder.evaluate(params, epochs) for params in batch]
        proposals.observe(evaluations, epochs)
        return [recorder.score(evaluation) for evaluation in evaluations]

    if recorder.started:
        proposals.observe(recorder.started, options["epochs"])
    while True:
        for bracket in plan:
            points = proposals.draw(bracket.rungs[0].configurations)
            successive_halving(score, points, bracket.rungs)
        if recorder.trials is None:
            return


class Proposals:
    """What brackets start with: points drawn at random, or as BOHB draws them."""

    def __init__(self, recorder: Any, seed: int, sampler: str) -> None:
        self.recorder, self.seed, self.sampler = recorder, seed, sampler
        self.rng = np.random.default_rng(seed)
        self.studies: dict[int, Any] = {}  # of all trainings of so many epochs

    def observe(self, evaluations: list[Evaluation], epochs: int) -> None:
        """Let the model of these epochs learn."""
        if self.sampler == "random":
            return
        with quiet_optuna():
            if epochs not in self.studies:
                with backends.optuna_study(tpe_constant_liar([self.seed, epochs], 1)) as study:
                    self.studies[epochs] = study
            backends.tell_optuna(self.studies[epochs], self.recorder, evaluations)

    def draw(self, count: int) -> list[Params]:
        """Return so many points, from the model of the most epochs that has seen enough."""
        space = self.recorder.space
        for _, study in sorted(self.studies.items(), reverse=True):
            # All of them were told until it is first asked; a copy of each would be slow.
            if len(study.get_trials(deepcopy=False)) >= len(space) + 3:
                break
        else:
            return [space.sample(self.rng) for _ in range(count)]
        points, asked = [], []
        with quiet_optuna():
            for _ in range(count):
                if self.rng.random() < 1 / 3:
                    points.append(space.sample(self.rng))
                    continue
                asked.append(study.ask())  # while it runs the others keep away from it
                points.append(space.suggest(asked[-1]))
            for trial in asked:
                study.tell(trial, state=TrialState.FAIL)
        return points


def _optuna(recorder: Recorder, seed: int, options: Options) -> None:
    sampler = (TPESampler if options["candidates"] == "tpe" else RandomSampler)(seed=seed)
    pruner = HyperbandPruner(max_resource=options["epochs"], reduction_factor=options["eta"])
    sign = 1.0 if recorder.objective.direction == "maximize" else -1.0

    def objective(trial: Any) -> float:
        params = recorder.space.suggest(trial)

        def on_epoch(epoch: int, value: float) -> bool:
            trial.report(sign * value, epoch)
            return bool(trial.should_prune())

        evaluation = backends.ask(recorder, params, options["epochs"], on_epoch=on_epoch)
        if evaluation.status == "pruned":
            raise TrialPruned
        return recorder.score(evaluation)

    with backends.optuna_study(sampler, pruner) as study:
        started = sum(bracket.rungs[0].configurations for bracket in _plan(options))
        study.optimize(objective, n_trials=recorder.trials or started)


def _keras_tuner(recorder: Recorder, seed: int, options: Options) -> None:
    budget = {"max_epochs": options["epochs"], "factor": options["eta"]}
    budget["hyperband_iterations"] = 1 if recorder.trials is None else None  # None: for ever
    backends.run_keras_tuner(recorder, "HyperbandOracle", seed, **budget)


def _scikit_learn(recorder: Recorder, seed: int, options: Options) -> None:
    """Run one bracket, the one with most configurations; again with new ones as trials allow."""
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingRandomSearchCV

    space, lowest = recorder.space, _plan(options)[0].rungs[0]
    budget = {"min_resources": lowest.epochs, "max_resources": options["epochs"]}
    budget |= {"resource": "epochs_resource", "factor": options["eta"]}
    search, seeds = backends.in_batches(HalvingRandomSearchCV), np.random.SeedSequence(seed)
    budget["n_candidates"] = lowest.configurations
    while True:
        state = seeds.spawn(1)[0].generate_state(1).item()
        backends.run_scikit_learn(recorder, search, space.to_scipy(), random_state=state, **budget)
        if recorder.trials is None:
            return


def _asha(recorder: Recorder, seed: int, options: Options) -> None:
    rungs = [rung.epochs for rung in _plan(options)[0].rungs]
    halve_asynchronously(recorder, rungs, options["eta"], seed)


LOOPS: dict[str, Loop] = {"plain": _plain, "optuna": _optuna, "keras_tuner": _keras_tuner}
LOOPS |= {"scikit-learn": _scikit_learn, "asha": _asha}
