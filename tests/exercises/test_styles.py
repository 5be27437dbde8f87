"""What is right in another style is accepted: other types, other orders, other ways to call."""

import pytest

from hpotutor.exercises import challenge, exercises_of
from hpotutor.exercises.engine import answer_of

SCORE = "def score(model, data):\n    {body}\n\nanswer = score"
OBJECTIVE = """
def objective(trial, build, data):
    rate = {rate}
    units = {units}
    model = build(learning_rate=rate, units=units)
    {fit}
    return model.evaluate(data.x_val, data.y_val)[1]

answer = objective
"""
PIPELINE = """
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
import numpy as np

steps = make_pipeline(StandardScaler(), SelectKBest(), ht.KerasClassifier(units=16))
answer = GridSearchCV(steps, {grid})
"""
SUGGEST = """
def suggest(trial):
    rate = trial.suggest_float(name="learning_rate", low=1e-4, high=0.1, log=True)
    return {{
        "optimizer": trial.suggest_categorical("optimizer", {choices}),
        "learning_rate": rate,
        "units": trial.suggest_int("units", low=16, high=128, step=16),
    }}

answer = suggest
"""

STYLES = [  # lesson, exercise, an answer
    (0, 1, "import numpy as np\nanswer = np.array(2410)"),
    (0, 2, "import numpy as np\nkinds = np.array(['hyperparameter', 'parameter', 'result'])\n"
     "names = ['learning rate', 'bias of an output unit', 'number of hidden units', "
     "'validation accuracy', 'number of epochs', 'weight from pixel 7 to unit 3']\n"
     "answer = dict(zip(names, kinds[[0, 1, 0, 2, 0, 1]]))"),
    # Keras's own order of arguments
    (0, 4, SCORE.format(body="model.fit(data.x_train, data.y_train, 32, 5, 0)\n"
     "    return model.evaluate(data.x_val, data.y_val, 32, 0)[1]")),
    (0, 4, SCORE.format(body="model.fit(x=data.x_train, y=data.y_train, epochs=5)\n    "
     "return model.evaluate(x=data.x_val, y=data.y_val, return_dict=True)['accuracy']")),
    (0, 4, SCORE.format(body="past = model.fit(data.x_train, data.y_train, epochs=5, "
     "validation_data=(data.x_val, data.y_val))\n    return past.history['val_accuracy'][-1]")),
    (0, 4, SCORE.format(body="model.fit(data.x_train, data.y_train, epochs=5)\n    "
     "return ((model.predict(data.x_val)[:, 0] > 0.5) == data.y_val).mean()")),
    (0, 4, SCORE.format(body="for _ in range(5): model.fit(data.x_train, data.y_train)\n    "
     "return model.evaluate(data.x_val, data.y_val)[1]")),
    (1, 1, "import numpy as np\n\ndef stop(losses, patience):\n"
     "    for epoch in range(1, len(losses) + 1):\n"
     "        best = int(np.argmin(losses[:epoch])) + 1\n"
     "        if epoch >= best + patience:\n            break\n"
     "    return np.array([epoch, best])\n\nanswer = stop"),
    (1, 2, "import numpy as np\nsizes = np.array([256, 32, 16])\n"
     "answer = dict(zip(sizes, np.ceil(1077 / sizes) * 20))"),
    (2, 3, PIPELINE.format(grid="{'selectkbest__k': [5, 15], "
                                "'kerasclassifier__model__units': [8, 16]}")),
    (2, 3, PIPELINE.format(grid="[{'selectkbest__k': np.arange(5, 30, 5), "
                                "'kerasclassifier__units': (8, 16)}]")),
    (2, 4, "answer = [{'learning_rate': (1e-1, 1e-2, 1e-3, 1e-4), 'batch_size': [64, 16, 32]}]"),
    (2, 5, "import numpy as np\nanswer = dict(zip(['dropout', 'units', 'learning_rate'], "
     "np.array([2, 2, 3])))"),
    (2, 6, "import numpy as np\nanswer = [{'optimizer': np.array(['adam', 'rmsprop']), "
     "'learning_rate': np.array([0.003, 0.01]), 'batch_size': np.array([32]), "
     "'layers': range(1, 3), 'units': np.array([64]), 'activation': ('relu',), "
     "'dropout': np.array([0.0, 0.2, 0.5])}]"),
    (3, 2, "from scipy import stats\nanswer = {'dropout': stats.uniform(loc=0.1, scale=0.4), "
     "'units': stats.randint(low=8, high=129), 'learning_rate': stats.reciprocal(1e-4, 1e-1)}"),
    (3, 3, "def trials_needed(best, chance):\n    n = 0\n    while (1 - best) ** n > 1 - chance:\n"
     "        n += 1\n    return n\n\nanswer = trials_needed"),
    (3, 4, "import numpy as np\nanswer = dict(zip('abcde', np.array([1, 0, 0, 1, 0]) > 0))"),
    (4, 1, "def loop(search, train, trials):\n    best, top = None, -1e9\n"
     "    for _ in range(trials):\n        params = search.suggest()\n"
     "        value = train(params=params)\n        search.observe(params=params, value=value)\n"
     "        if value > top:\n            best, top = params, value\n    return best\n\n"
     "answer = loop"),
    (4, 6, OBJECTIVE.format(
        rate='trial.suggest_float("learning_rate", low=1e-4, high=0.1, log=True)',
        units='trial.suggest_int("units", 32, 512, log=False, step=32)',
        fit="model.fit(data.x_train, data.y_train, 32, 5)\n    trial.report(0.5, 5)\n"
            "    trial.set_user_attr('note', 'mine')\n    assert not trial.should_prune()")),
    (5, 1, "import numpy as np\ng = np.array([0.001, 0.1, 10, -1000])\n"
     "answer = {'adam': -0.01 * np.sign(g), 'sgd': tuple(-0.01 * g)}"),
    (5, 2, "import numpy as np\n\ndef step(w, v, g, eta, m):\n    v = m * v - eta * g\n"
     "    return np.array([w + v, v])\n\nanswer = step"),
    (5, 3, "import math\n\ndef schedule(peak, rows, batch_size, epochs):\n"
     "    n = math.ceil(rows / batch_size)\n    rest = n * (epochs - 1)\n"
     "    return [peak * k / n for k in range(n)] + [\n"
     "        peak * (1 + math.cos(math.pi * k / (rest - 1))) / 2 for k in range(rest)]\n\n"
     "answer = schedule"),
    (6, 1, "import pandas as pd\n\ndef agreement(early, late):\n"
     "    return pd.Series(early).corr(pd.Series(late), method='spearman')\n\nanswer = agreement"),
    (6, 3, "import math\n\ndef successive_halving(train, candidates, rungs, eta=3):\n"
     "    alive = list(candidates)\n    for rung in rungs:\n"
     "        scored = [(train(params=one, epochs=rung), k) for k, one in enumerate(alive)]\n"
     "        scored = [(-math.inf if math.isnan(s) else s, k) for s, k in scored]\n"
     "        scored.sort(reverse=True)\n"
     "        alive = [alive[k] for _, k in scored[: max(len(alive) // eta, 1)]]\n"
     "    return alive[0]\n\nanswer = successive_halving"),
    (7, 2, "def select(scores, tournament, rng):\n"
     "    drawn = rng.integers(0, len(scores), tournament)\n"
     "    return max(drawn, key=lambda k: scores[k])\n\nanswer = select"),
    (7, 3, "def cross(mother, father, rng):\n"
     "    return [m if rng.integers(2) else f for m, f in zip(mother, father)]\n\nanswer = cross"),
    (7, 4, "def mutate(genes, rate, rng):\n    child = genes.copy()\n"
     "    for k in range(len(child)):\n        if rng.uniform() < rate:\n"
     "            child[k] = rng.uniform()\n    return child\n\nanswer = mutate"),
    (8, 1, SUGGEST.format(choices="('adam', 'sgd')")),
    (8, 2, "answer = ht.SearchSpace(learning_rate=ht.loguniform(0.0001, 0.1), "
     "optimizer=ht.choice('adam', 'sgd'), momentum=ht.when(ht.uniform(0, 0.99), "
     "optimizer=['sgd']))"),
    (8, 4, "def finish(study, objective, total):\n"
     "    while sum(t.state.name == 'COMPLETE' for t in study.trials) < total:\n"
     "        study.optimize(func=objective, n_trials=1)\n    return study\n\nanswer = finish"),
    (9, 2, "def excess(noise, trials, rng):\n"
     "    return max(rng.standard_normal() * noise for _ in range(trials))\n\nanswer = excess"),
    (9, 3, "import numpy as np\n\ndef split(n, seed):\n    rng = np.random.default_rng(seed)\n"
     "    rows = list(range(n))\n    rng.shuffle(rows)\n"
     "    cuts = [n // 2, n * 2 // 3, n * 5 // 6]\n"
     "    return [set(part) for part in (rows[: cuts[0]], rows[cuts[0] : cuts[1]], "
     "rows[cuts[1] : cuts[2]], rows[cuts[2] :])]\n\nanswer = split"),
    (9, 4, "import numpy as np\n\ndef nested_score(inner, sealed):\n"
     "    return np.take_along_axis(sealed, inner.argmax(0)[None], 0).mean()\n\n"
     "answer = nested_score"),
    (9, 5, "import itertools\n\nfrom scipy import stats\n\ndef repeats(difference, std):\n"
     "    for n in itertools.count(2):\n        shift = difference / std * (n / 2) ** 0.5\n"
     "        critical = stats.t.ppf(0.975, 2 * n - 2)\n"
     "        if stats.nct.sf(critical, 2 * n - 2, shift) >= 0.8:\n"
     "            return float(n)\n\nanswer = repeats"),
    (9, 6, "answer = {'c', 'b', 'e'}"),
    (9, 6, "import numpy as np\nanswer = np.array(['e', 'c', 'b'])"),
    (10, 2, "import heapq\n\ndef finish(seconds, workers):\n    free = [0] * workers\n"
     "    for one in seconds:\n        heapq.heapreplace(free, free[0] + one)\n"
     "    return max(free)\n\nanswer = finish"),
    (10, 3, "import numpy as np\n\ndef dead(trials, now, grace):\n    return np.array(["
     "t['number'] for t in trials[::-1] if t['state'] == 'RUNNING' and "
     "t['heartbeat'] + grace < now])\n\nanswer = dead"),
    (10, 3, "def dead(trials, now, grace):\n    return {t['number'] for t in trials "
     "if t['state'] == 'RUNNING' and t['heartbeat'] < now - grace}\n\nanswer = dead"),
    (10, 4, "import numpy as np\n\ndef promote(scores, promoted):\n"
     "    best = np.argsort(scores)[::-1][: len(scores) // 3]\n"
     "    return next((k for k in best if k not in promoted), -1)\n\nanswer = promote"),
    (14, 1, "answer = ht.SearchSpace(learning_rate=ht.loguniform(1e-5, 1), "
     "units=ht.choice(16, 64, 256, 1024), dropout=ht.choice(0.0, 0.25, 0.5))"),
    (14, 3, "answer = frozenset({'layers', 'learning_rate'})"),
    (14, 4, "import numpy as np\n\ndef decide(chosen, default, margin):\n"
     "    d = np.subtract(chosen, default)\n"
     "    half = np.hypot(1.96 * np.std(d, ddof=1) / len(d) ** 0.5, margin)\n"
     "    return np.select([d.mean() > half, d.mean() < -half], ['better', 'worse'], "
     "'no difference shown').item()\n\nanswer = decide"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("lesson", "number", "source"),
    STYLES,
    ids=[f"{lesson}.{number}-{n}" for n, (lesson, number, _) in enumerate(STYLES)],
)
def test_another_style_is_accepted(lesson, number, source, capfd):
    verdict = exercises_of(lesson)[number - 1].judge(answer_of(source))
    assert verdict, str(verdict)
    assert capfd.readouterr().err == ""


@pytest.fixture
def few_replays(monkeypatch):
    """Let checks replay a search so often only; what it hands over is the same each time."""
    replayed = challenge.replay_until_clear

    def fewer(one, outcome, *, repeats, **told):
        return replayed(one, lambda ends: outcome(ends)._replace(planned=20), repeats=20, **told)

    monkeypatch.setattr(challenge, "replay_until_clear", fewer)


def test_a_class_is_a_function_that_makes_its_objects(few_replays):
    q6 = exercises_of(10)[5]
    source = q6.solution_source.replace("lambda space, seed: Scheduler(space, seed)", "Scheduler")
    assert source != q6.solution_source
    assert q6.judge(answer_of(source))


@pytest.mark.parametrize("lesson, number", [(3, 5), (6, 5)])
def test_a_search_may_draw_with_numpy(lesson, number, few_replays):
    exercise = exercises_of(lesson)[number - 1]
    source = exercise.solution_source
    mixed = "{**objective.space.sample(rng), 'optimizer': rng.choice(['adam', 'rmsprop'])}"
    source = source.replace("objective.space.sample(rng)", mixed)
    assert source != exercise.solution_source
    verdict = exercise.judge(answer_of(source))
    assert verdict, str(verdict)
