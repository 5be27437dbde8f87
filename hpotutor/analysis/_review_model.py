"""What a review is made of: a plan goes in, findings come out, each with its source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hpotutor.datasets.loader import Dataset
from hpotutor.space.distributions import Conditional, Distribution
from hpotutor.space.formatting import constructor
from hpotutor.space.space import SearchSpace

if TYPE_CHECKING:
    from hpotutor.objectives.base import Evaluation, Objective
    from hpotutor.study.result import SearchResult

# In the order in which they are made, with the words for "looked at".
CHECKS = {
    "scale": "scales",
    "boundary": "boundaries",
    "budget": "budget",
    "nuisance": "nuisance hyperparameters",
    "validation": "validation rows",
}

_SOURCES = {
    "scale": ("Bergstra and Bengio 2012", "https://jmlr.org/papers/v13/bergstra12a.html"),
    "boundary": ("Godbole et al. 2023", "https://github.com/google-research/tuning_playbook"),
    "budget": ("Loeppky, Sacks and Welch 2009", "https://doi.org/10.1198/TECH.2009.08040"),
    "nuisance": ("Godbole et al. 2023", "https://github.com/google-research/tuning_playbook"),
    "validation": ("Bouthillier et al. 2021", "https://arxiv.org/abs/2103.03098"),
}


@dataclass(frozen=True)
class Finding:
    """One thing to mend.

    Parameters
    ----------
    check : str
        A name of ``CHECKS``.
    name : str
        The hyperparameter; empty when the whole search is meant.
    found : str
        What was seen.
    reason : str
        Why it matters, with this search's own numbers.
    mend : str
        What to type instead.
    change : dict
        The same as distributions by name, where the space is to be changed.
    """

    check: str
    name: str
    found: str
    reason: str
    mend: str
    change: dict[str, Distribution | Conditional] = field(default_factory=dict, repr=False)

    @property
    def source(self) -> str:
        """Authors and year of where the rule comes from."""
        return _SOURCES[self.check][0]

    @property
    def link(self) -> str:
        """Where to read it."""
        return _SOURCES[self.check][1]


@dataclass(frozen=True)
class Plan:
    """What is reviewed; see `hpotutor.review` for the parts."""

    space: SearchSpace
    result: SearchResult | None
    trials: int | None
    data: Dataset | None
    difference: float | None
    objective: Objective | None

    @property
    def complete(self) -> list[Evaluation]:
        """The trials that have a value, the best first."""
        if self.result is None:
            return []
        done = [e for e in self.result.evaluations if e.status == "complete"]
        return sorted(done, key=lambda e: e.value, reverse=self.result.direction == "maximize")


def plain(name: str) -> str:
    """Return a name without the steps of a scikit-learn pipeline before it."""
    return name.rsplit("__", 1)[-1]


def short(value: float) -> float:
    """Return a bound as a person would type it."""
    return float(f"{value:.3g}")


def percent(share: float) -> str:
    """Write a share."""
    return f"{100 * share:.2g}%"


def rounded(count: int) -> str:
    """Write a large count without false precision."""
    return f"{int(float(f'{count:.2g}')):,}"


def typed(name: str, due: Distribution | Conditional, space: SearchSpace | None = None) -> str:
    """Return the line of a space that makes one hyperparameter."""
    parents = {} if space is None else {"optimizer": space["optimizer"]}
    return f"{name}={constructor(SearchSpace({**parents, name: due}), name)}"


def markdown_cell(text: str) -> str:
    """Keep a text's own bars and line ends from breaking a table."""
    return text.replace("|", "\\|").replace("\n", " ")
