"""How five libraries write the same search space, as source text and as live objects.

The live objects come from executing the text, so what a learner reads and what a search uses cannot
drift apart. Only names that are identifiers and values printed by ``repr`` go into it.

Conditional hyperparameters appear as a list of dicts (scikit-learn: their union; SciPy: one for
each combination of the parents, each drawn equally often, which weights parents that are
themselves conditional or on a log scale differently), as nested options (Hyperopt), under an
``if`` (Optuna), and in a ``conditional_scope`` (KerasTuner). Hyperopt and KerasTuner nest under one
parent only; of a hyperparameter with several, the other conditions are checked afterwards.
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from hpotutor._system import templates
from hpotutor.errors import Problems
from hpotutor.space._definition import Definition
from hpotutor.space._validation import grid
from hpotutor.space.distributions import Distribution, Value
from hpotutor.space.formatting import listed, literal, parts, run_of
from hpotutor.space.transforms import ALL, grid_axis, holds_tuples, labels

# Lines of the text, as far as that can be had, for a notebook's column and for GitHub's.
_WIDTH = 90


class Source(str):
    """Source text; a notebook shows it as highlighted code."""

    def _repr_markdown_(self) -> str:
        return f"```python\n{self}\n```"


def show(space: Definition, dialect: str, levels: Any = None) -> Source:
    """Return a space's source text in a dialect; see :meth:`hpotutor.SearchSpace.show`."""
    with Problems("show") as problems:
        known = problems.choice("dialect", dialect, _WRITERS)
        if levels is not None and known and dialect != "scikit-learn":
            sentence = "levels is for the grid of 'scikit-learn'; {!r} has none. Leave levels out."
            problems.say(sentence.format(dialect))
        if odd := [name for name in space if not name.isidentifier()]:  # of a study of somebody's
            problems.say(f"the names {odd} cannot be written: give them names that Python can use.")
    return Source(_WRITERS[dialect](space, *([] if levels is None else [levels])))


def run(source: str, name: str) -> Any:
    """Execute a dialect's text in an empty namespace and return what it defines."""
    namespace: dict[str, Any] = {}
    exec(compile(source, f"<{name}>", "exec"), namespace)
    return namespace[name]


# For the functions of Optuna's and KerasTuner's texts, for which every trial asks.
run_once = functools.lru_cache(maxsize=64)(run)


@functools.cache
def _dialects() -> Any:
    filters = {"literal": literal, "listed": listed, "run_of": run_of}
    layout = ("trim_blocks", "lstrip_blocks")
    return templates(Path(__file__).parent / "dialects", filters, **dict.fromkeys(layout, True))


def _fill(file: str, **told: Any) -> str:
    """Return a text by its template in ``dialects/``."""
    text: str = _dialects().get_template(file).render(told)
    return text.rstrip("\n")


def _call(dialect: str, *asked: Any) -> str:
    """Return how a library draws one hyperparameter, by its macro in ``dialects/calls.txt``."""
    return str(getattr(_dialects().get_template("calls.txt").module, dialect)(*asked)).strip()


def _dicts(variable: str, branches: list[dict[str, str]]) -> str:
    """Return one dict, or a list of dicts with what they share written once."""
    first = branches[0]
    shared = {n: t for n, t in first.items() if all(b.get(n) == t for b in branches)}
    spread = ["**shared"] if shared else []
    rows = [
        [*spread, *(f'"{name}": {text}' for name, text in branch.items() if name not in shared)]
        for branch in branches
    ]
    return _fill("dicts.txt", variable=variable, rows=rows, shared=shared, width=_WIDTH)


def _variable(space: Definition, name: str, taken: Iterable[str]) -> str:
    """Return a name for a local variable that hides nothing the text needs."""
    taken = tuple(taken)
    if name not in taken:
        return name
    while name in taken or name in space:
        name += "_"
    return name


def _function(space: Definition, **told: Any) -> str:
    """Return a function that returns a point, with all that its template asks for."""
    told = {"scopes": {}, **told, "tests": {name: _test(space, name) for name in space.conditions}}
    return _fill("function.txt", space=space, **told)


def _test(space: Definition, name: str) -> str:
    """Return the Python condition under which a hyperparameter exists."""
    tests = []
    for parent, values in space.conditions[name].items():
        if parent in space.conditions:
            tests.append(f'"{parent}" in params')
        value = f'params["{parent}"]'
        if len(values) > 1:
            tests.append(f"{value} in {listed(values)}")
        else:
            same = "is" if values[0] is None or isinstance(values[0], bool) else "=="
            tests.append(f"{value} {same} {literal(values[0])}")
    return " and ".join(tests)


def carrier(space: Definition, name: str) -> str:
    """Return the parent under which a hyperparameter is nested: the one declared last."""
    return max(space.conditions[name], key=space.names.index)


def _branches(
    space: Definition, values: Mapping[str, list[Value]] | None, free: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return a dict for each branch: a parent's one value, and what ``free`` has of the others."""
    return [
        {n: [fixed[n]] if n in fixed else free[n] for n in space if n in fixed or n in names}
        for fixed, names in space.branches(values)
    ]


def _sklearn(space: Definition, levels: Any = None) -> str:
    values = grid(space, levels)
    merged = _merge(_branches(space, values, values))
    return _dicts("param_grid", [{n: listed(v) for n, v in branch.items()} for branch in merged])


def _merge(branches: list[dict[str, list[Value]]]) -> list[dict[str, list[Value]]]:
    """Join branches that differ in one hyperparameter's values only."""
    merged: list[dict[str, list[Value]]] = []
    for branch in branches:
        for earlier in merged:
            different = [name for name in branch if earlier.get(name) != branch[name]]
            if earlier.keys() == branch.keys() and len(different) == 1:
                earlier[different[0]] = earlier[different[0]] + branch[different[0]]
                break
        else:
            merged.append(branch)
    return merged


def _scipy(space: Definition) -> str:
    texts = {name: _call("scipy", *parts(distribution)) for name, distribution in space.items()}
    branches = [
        {n: v if isinstance(v, str) else listed(v) for n, v in branch.items()}
        for branch in _branches(space, None, texts)
    ]
    body = _dicts("param_distributions", branches)
    lines = body.replace("log_integers(", "rv_discrete(")  # which is made of that
    offered = ("loguniform", "randint", "rv_discrete", "uniform")
    used = [name for name in offered if re.search(rf"\b{name}\(", lines)]
    return _fill("scipy.txt", body=body, used=used)


def _hyperopt(space: Definition) -> str:
    """Nest what is conditional under the options of its parent.

    Integers are quantized with bounds half a step out: ``hp.quniform`` rounds to multiples of its
    step, and with bounds on the ends these would be drawn half as often as the rest. Unlike
    ``hp.choice`` and ``hp.randint`` it lets TPE see that 16 lies between 8 and 24.
    """
    options: dict[str, list[Any]] = {}
    for parent in dict.fromkeys(carrier(space, name) for name in space.conditions):
        brought = [name for name in space.conditions if carrier(space, name) == parent]
        options[parent] = [
            (value, [child for child in brought if value in space.conditions[child][parent]])
            for value in grid_axis(space[parent], ALL)
        ]
    taken = ("hp", "np", "scope", "space")
    told = {"variables": {name: _variable(space, name, taken) for name in space.conditions}}
    kinds = {name: parts(distribution) for name, distribution in space.items()}
    return _fill("hyperopt.txt", space=space, options=options, kinds=kinds, **told)


def _optuna(space: Definition) -> str:
    """Suggest what exists; tuples go in as strings, which a study can hold, by way of a dict."""
    labeled = {name: _by_label(d) for name, d in space.items() if holds_tuples(d)}
    taken = ("trial", "params", *space)
    tables = {name: _variable(space, f"{name}_values", taken) for name in labeled}
    texts = {name: suggestion(name, d, tables.get(name)) for name, d in space.items()}
    told = {"labeled": labeled, "tables": tables, "texts": texts}
    return _function(space, opening="def suggest(trial):", **told)


def suggestion(name: str, distribution: Distribution, table: str | None = None) -> str:
    """Return the call by which a trial of Optuna's draws one hyperparameter."""
    return _call("optuna", name, table, *parts(distribution))


def _keras_tuner(space: Definition) -> str:
    """Declare every hyperparameter on every call, so that the tuner meets the inactive ones too.

    Its Choice holds one type only, and no None: mixed values go in as strings, which a dict
    translates back.
    """
    labeled = {name: table for name, d in space.items() if (table := _labeled(d))}
    taken = ("hp", "params")
    tables = {n: _variable(space, f"{n}_values", (*taken, *space)) for n in labeled}
    declared = {n: _call("keras_tuner", n, tables.get(n), *parts(d)) for n, d in space.items()}
    variables = {name: _variable(space, name, taken) for name in space.conditions}
    texts = declared | variables
    texts |= {name: f"{table}[{texts[name]}]" for name, table in tables.items()}
    told: dict[str, Any] = {"declared": declared, "variables": variables, "texts": texts}
    told |= {"scopes": {name: _scopes(space, name) for name in space.conditions}}
    told |= {"opening": "def declare(hp):", "labeled": labeled, "tables": tables}
    return _function(space, **told)


def _scopes(space: Definition, name: str) -> str:
    """Return the scopes from the outermost parent down to the one a hyperparameter is nested in."""
    parent = carrier(space, name)
    values: Iterable[Value] = space.conditions[name][parent]
    table = _labeled(space[parent])
    if table:
        values = [key for value in values for key, option in table.items() if option == value]
    inner = f'hp.conditional_scope("{parent}", [{", ".join(literal(v) for v in values)}])'
    return f"{_scopes(space, parent)}, {inner}" if parent in space.conditions else inner


def _labeled(distribution: Distribution) -> dict[str, Value]:
    """Return categories by label where KerasTuner needs strings in their place, else nothing."""
    values = list(getattr(distribution, "choices", ()))
    kinds = {type(value) for value in values}
    switch = kinds == {bool} and len(values) == 2
    if switch or (len(kinds) < 2 and kinds <= {int, float, str}):
        return {}
    return _by_label(distribution)


def _by_label(distribution: Any) -> dict[str, Value]:
    return dict(zip(labels(distribution.choices), distribution.choices, strict=True))


_WRITERS: dict[str, Callable[..., str]] = {
    "scikit-learn": _sklearn,
    "scipy": _scipy,
    "hyperopt": _hyperopt,
    "optuna": _optuna,
    "keras_tuner": _keras_tuner,
}
