"""A space and its values as text: as Python, as an HTML table, and as plain data for the log."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from optuna.distributions import CategoricalDistribution, IntDistribution

from hpotutor._system import templates
from hpotutor.errors import ArgumentError
from hpotutor.space import distributions as make
from hpotutor.space._definition import Definition
from hpotutor.space.distributions import Conditional, Distribution, Value
from hpotutor.space.transforms import describe


def literal(value: Value) -> str:
    """Return a value as a learner would type it: 1e-4 and not 0.0001, "adam" and not 'adam'."""
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, str):
        text = repr(value)
        plain = text[1:-1] == value and '"' not in value
        return f'"{value}"' if plain else text
    if not isinstance(value, float):
        return repr(value)
    if 0.01 <= abs(value) < 1e4:
        return repr(value)
    scientific = (f"{value:.{digits}e}" for digits in range(17))
    mantissa, _, exponent = next(text for text in scientific if float(text) == value).partition("e")
    return min(repr(value), f"{mantissa}e{int(exponent)}", key=len)


def listed(values: Iterable[Value]) -> str:
    """Return a list as text, a long run of integers as a range."""
    values = list(values)
    whole = [value for value in values if type(value) is int]
    steps = {b - a for a, b in itertools.pairwise(whole)}
    if len(whole) == len(values) > 6 and len(steps) == 1:
        return f"list({run_of(whole[0], whole[-1], steps.pop())})"
    return f"[{', '.join(literal(value) for value in values)}]"


def run_of(low: int, high: int, step: int) -> str:
    """Return the ``range`` whose last value is ``high``."""
    end = high + (1 if step > 0 else -1)
    return f"range({low}, {end}, {step})" if step != 1 else f"range({low}, {end})"


def parts(distribution: Distribution) -> tuple[str, dict[str, Any]]:
    """Return the name of the function that makes a distribution, and its arguments."""
    if isinstance(distribution, CategoricalDistribution):
        return "choice", {"values": list(distribution.choices)}
    bounds = {"low": distribution.low, "high": distribution.high}
    if not isinstance(distribution, IntDistribution):
        return ("loguniform" if distribution.log else "uniform"), bounds
    if distribution.step != 1:
        bounds["step"] = distribution.step
    if distribution.log:
        bounds["log"] = True
    return "integers", bounds


def constructor(space: Definition, name: str) -> str:
    """Return the hpotutor call that makes one hyperparameter of a space."""
    kind, keywords = parts(space[name])
    if kind == "choice":
        arguments = [literal(value) for value in keywords["values"]]
    else:
        arguments = [literal(keywords.pop("low")), literal(keywords.pop("high"))]
        arguments += [f"{key}={value!r}" for key, value in keywords.items()]
    call = f"ht.{kind}({', '.join(arguments)})"
    if name not in space.conditions:
        return call
    conditions = [f"{p}={listed(values)}" for p, values in space.conditions[name].items()]
    return f"ht.when({call}, {', '.join(conditions)})"


def table(space: Definition) -> str:
    """Return a space as an HTML table, a row a hyperparameter."""
    scales = {True: "log", False: "linear", None: "no order"}
    rows = {n: (describe(d), scales[getattr(d, "log", None)]) for n, d in space.items()}
    page = templates(Path(__file__).parent / "dialects", {}, trim_blocks=True)
    text: str = page.get_template("table.html").render(space=space, rows=rows)
    return text


def to_dict(space: Definition) -> dict[str, list[dict[str, Any]]]:
    """Return a space as plain data; a list, because JSON tools may sort the keys of a dict."""
    entries = []
    for name, distribution in space.items():
        kind, keywords = parts(distribution)
        entry = {"name": name, "type": kind, **keywords}
        if name in space.conditions:
            entry["when"] = {p: list(values) for p, values in space.conditions[name].items()}
        entries.append(entry)
    return {"parameters": entries}


def pairs(saved: Mapping[str, Any]) -> list[tuple[str, Distribution | Conditional]]:
    """Return the names and distributions that :func:`to_dict` wrote down."""
    makers: dict[str, Callable[..., Distribution]] = {
        "loguniform": make.loguniform,
        "uniform": make.uniform,
        "integers": make.integers,
        "choice": lambda values: make.choice(*values),
    }
    found: list[tuple[str, Distribution | Conditional]] = []
    try:
        for entry in saved["parameters"]:
            keywords = {k: v for k, v in entry.items() if k not in ("name", "type", "when")}
            made = makers[entry["type"]](**keywords)
            conditional = make.when(made, **entry["when"]) if "when" in entry else made
            found.append((entry["name"], conditional))
    except (KeyError, TypeError, AttributeError) as error:
        raise ArgumentError(
            f"from_dict: this does not describe a space ({type(error).__name__}: {error}). "
            "Give it what SearchSpace.to_dict() returned."
        ) from error
    return found
