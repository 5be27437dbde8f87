"""What a review is made of: a plan goes into each check, findings with a source come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from hpotutor.datasets.dataset import Dataset
from hpotutor.space.converters import suggestion
from hpotutor.space.distributions import Conditional, Distribution
from hpotutor.space.formatting import constructor, literal
from hpotutor.space.space import SearchSpace

if TYPE_CHECKING:
    from hpotutor.objectives.base import Evaluation, Objective
    from hpotutor.study.result import SearchResult


@dataclass(frozen=True)
class Plan:
    """What is reviewed; see `hpotutor.review` for the parts."""

    space: SearchSpace
    result: SearchResult | None = None
    trials: int | None = None
    data: Dataset | None = None
    difference: float | None = None
    objective: Objective | None = None

    @property
    def complete(self) -> list[Evaluation]:
        """The trials that have a value, the best first."""
        if self.result is None:
            return []
        done = [e for e in self.result.evaluations if e.status == "complete"]
        return sorted(done, key=lambda e: e.value, reverse=self.result.direction == "maximize")

    @property
    def metric(self) -> str:
        """What is searched by; without an objective, accuracy unless that is to be low."""
        low = self.result is not None and self.result.direction == "minimize"
        return getattr(self.objective, "metric", "value" if low else "val_accuracy")


@dataclass(frozen=True)
class Finding:
    """One thing to mend: what was ``found``, and why it matters, in this search's own numbers.

    ``check`` is a name of ``CHECKS``, ``name`` the hyperparameter, empty when the whole search is
    meant. ``remedy`` is what to type instead, and ``change`` the same as distributions by name,
    where the space is to be changed.
    """

    check: str
    name: str
    found: str
    reason: str
    remedy: str
    change: Mapping[str, Distribution | Conditional] = field(default_factory=dict, repr=False)

    @property
    def source(self) -> str:
        """Authors and year of where the rule comes from."""
        return CHECKS[self.check].source

    @property
    def link(self) -> str:
        """Where to read it."""
        return CHECKS[self.check].link


Judge = Callable[[Plan], list[Finding] | str]


class Check(NamedTuple):
    """A rule of thumb: what it looks at, where it comes from, and what applies it to a plan."""

    looks_at: str
    source: str
    link: str
    judge: Judge


CHECKS: dict[str, Check] = {}  # in the order in which they are made


def check(looks_at: str, source: str, link: str) -> Callable[[Judge], Judge]:
    """Return a decorator that enters a function, ``check_NAME``, into ``CHECKS``."""

    def enter(judge: Judge) -> Judge:
        CHECKS[judge.__name__.removeprefix("check_")] = Check(looks_at, source, link, judge)
        return judge

    return enter


def change(
    check: str,
    name: str,
    found: str,
    reason: str,
    due: Distribution | Conditional,
    space: SearchSpace | None = None,
) -> Finding:
    """Return a finding whose remedy is another distribution of one hyperparameter.

    A conditional one is written with its parent, the optimizer, which it takes from ``space``.
    """
    parents = SearchSpace(any=due) if space is None else space
    remedy = f"{name}={constructor(parents.changed({name: due}), name)}"
    return Finding(check, name, found, reason, remedy, {name: due})


def suggested(finding: Finding) -> Finding:
    """Return a finding with its remedy as it is typed for a study of Optuna's."""
    remedy = finding.remedy
    if finding.check == "budget":
        remedy = f"n_{remedy.replace('a space', 'a study').replace('defaults={...}', 'the code')}"
    for name, due in finding.change.items():
        remedy = suggestion(name, due.distribution if isinstance(due, Conditional) else due)
        for parent, values in due.conditions.items() if isinstance(due, Conditional) else ():
            remedy += f", where {parent} is {' or '.join(map(literal, values))}"
    return replace(finding, remedy=remedy)
