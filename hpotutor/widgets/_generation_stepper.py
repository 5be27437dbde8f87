"""A genetic algorithm generation by generation, with the family tree of the best."""

import ipywidgets as widgets
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hpotutor.plots import genealogy
from hpotutor.search.genetic import Individual, cross, mutate, select
from hpotutor.tabular.objective import TableObjective
from hpotutor.widgets._base import Knob, listed
from hpotutor.widgets._browse import TablePanel

_GENERATIONS = 12


def evolution_info(
    objective: TableObjective, *, population: int = 10, elite: int = 2, tournament: int = 3,
    crossover: float = 0.9, mutation: float = 0.2, generations: int = _GENERATIONS,
    seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """Run a genetic algorithm on a table's true scores, and keep who is whose child.

    Selection, crossover, mutation and their settings are those of `hpotutor.genetic_search`;
    ``generations`` counts the children's, after the first. The table is one that
    `hpotutor.plots.genealogy` reads: generation, individual, parents, value, and params.
    """
    objective = objective.afresh()  # a quiet one
    rng, space, truth = np.random.default_rng(seed), objective.space, objective.truth
    rows: list[tuple] = []

    def born(genes: np.ndarray, generation: int, parents: tuple) -> tuple[Individual, int]:
        params = space.from_unit(genes)
        value = float(truth[objective.index_of(params)])
        rows.append((generation, len(rows), parents, value, params))
        return Individual(genes, value), len(rows) - 1

    alive = [born(rng.random(len(space)), 0, ()) for _ in range(population)]
    for generation in range(1, generations + 1):
        names = {id(one): name for one, name in alive}
        parents = [one for one, _ in alive]
        best = sorted(alive, key=lambda pair: pair[0].score, reverse=True)[:elite]
        # Who lives on is entered again, as a child of its own alone.
        following = [born(one.genes, generation, (name,)) for one, name in best]
        while len(following) < population:
            mother = select(parents, min(tournament, population), rng)
            genes, family = mother.genes, [names[id(mother)]]
            if rng.random() < crossover:
                father = select(parents, min(tournament, population), rng)
                genes = cross(genes, father.genes, rng)
                family.append(names[id(father)])
            child = mutate(genes, space, mutation, rng)
            following.append(born(child, generation, tuple(dict.fromkeys(family))))
        alive = following
    return pd.DataFrame(rows, columns=["generation", "individual", "parents", "value", "params"])


class GenerationStepper(TablePanel):
    """A panel that breeds configurations generation by generation, on stored scores.

    Its buttons are methods too: ``step()``, ``back()``, ``start_over()``.

    Examples
    --------
    >>> panel = generation_stepper("digits")
    >>> panel.step()
    >>> panel.reading
    "Generation 4, 42 networks trained ..."
    >>> panel.close()
    """

    call = "generation_stepper"
    name = "individuals by generation and score, and the family tree of the best"
    size, lines = (8.6, 4.6), 5
    buttons = {"Step": "step", "Back": "back"}

    def knobs(self) -> dict[str, widgets.Widget]:
        return {
            "generation": Knob("generation", 3, 0, _GENERATIONS),
            "population": Knob("population", 10, 4, 24),
            "elite": Knob("elite", 2, 0, 3),
            "tournament": Knob("tournament", 3, 1, 6),
            "crossover": Knob("crossover", 0.9, 0.0, 1.0, step=0.05),
            "mutation": Knob("mutation", 0.2, 0.0, 1.0, step=0.05),
            "seed": Knob("seed", 0, 0, 99),
        }

    def step(self) -> None:
        """Go to the next generation."""
        self.controls["generation"].slider.value += 1  # as far as it goes

    def back(self) -> None:
        """Go back to the generation before."""
        self.controls["generation"].slider.value -= 1

    def draw(self, figure: Figure) -> str:
        """Draw the generations so far, and say how good the best one is."""
        now = self.settings
        upto = now.pop("generation")
        table = evolution_info(self.objective, **now)
        ax = figure.add_axes((0.09, 0.13, 0.88, 0.75))
        reading = genealogy(table, upto=upto, score="validation accuracy", ax=ax)
        ax.set_xlim(-0.6, max(upto, 3) + 0.6)
        so_far = table[table["generation"] <= upto]
        best = so_far.loc[so_far["value"].idxmax()]
        trained = len(so_far) - upto * min(now["elite"], now["population"])  # the elite is not
        ahead = float((self.objective.truth > best["value"] + 1e-12).mean())
        told = {"trained": trained, "ahead": ahead, "settings": listed(best["params"])}
        return self.words(reading=reading, **told)


generation_stepper = GenerationStepper
