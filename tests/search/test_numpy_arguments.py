"""Every count, bound, level, seed and name is taken as NumPy gives it; no truth is a number."""

import numpy as np
import pytest

import hpotutor as ht
from tests.messages import refused

N, U, F, S, B = np.int64, np.uint8, np.float32, np.str_, np.bool_
SPACE = ht.SearchSpace(
    x=ht.uniform(F(0), N(1)),
    n=ht.integers(U(1), N(9), step=N(2)),
    k=ht.choice(S("a"), S("b"), B(True), F(0.5)),
    rate=ht.loguniform(F(0.5), N(2)),
)
OBJECTIVE = ht.FunctionObjective(lambda p, epochs: p["x"] * epochs, S("maximize"), epochs=N(4))
POINT = {"x": F(0.5), "n": N(3), "k": S("a"), "rate": F(1)}
CALLS = {
    "random": {"trials": N(5), "seed": np.uint32(3), "library": S("optuna"), "quasi": B(True)},
    "grid": {"trials": U(5), "levels": {"x": N(2), S("n"): U(2)}, "library": S("scikit-learn")},
    "bayesian": {"trials": N(5), "startup": N(3), "library": S("gp"), "xi": F(0.1), "kappa": N(2)},
    "hyperband": {"trials": N(5), "epochs": N(9), "eta": N(3), "bracket": N(1)},
    "genetic": {
        "trials": N(9), "population": N(4), "elite": U(1), "tournament": N(2), "crossover": F(0.5),
        "mutation": F(0.2), "regularized": B(False),
    },
}  # fmt: skip


@pytest.mark.parametrize("method", CALLS)
def test_searches(method, tmp_path):
    more = {
        "max_epochs": np.int32(90),
        "max_seconds": F(60),
        "max_failures": N(3),
        "start": [POINT],
    }
    call = {**CALLS[method], **more, "log": tmp_path / "x.log", "progress": B(False)}
    result = getattr(ht, f"{method}_search")(OBJECTIVE, SPACE, **call)
    plain = {n: v.item() if isinstance(v, np.generic) else v for n, v in call.items()}
    again = getattr(ht, f"{method}_search")(OBJECTIVE, SPACE, **plain)  # the log agrees
    assert [e.params for e in again.evaluations] == [e.params for e in result.evaluations]
    assert {type(v) for e in again.evaluations for v in e.params.values()} <= {
        int,
        float,
        str,
        bool,
    }
    assert result.top(N(2)) and result.importances(seed=N(1))


def test_spaces_and_tables():
    assert SPACE.contains(POINT) and len(SPACE.to_unit(POINT)) == 4
    assert SPACE.grid(N(2)) == SPACE.grid(2) and SPACE.sample(U(3)) == SPACE.sample(3)
    assert ht.hyperband_brackets(N(9), U(3)) == ht.hyperband_brackets(9)
    table = ht.TableObjective(S("digits"), seed=N(1), epochs=U(5), noise=B(False), quiet=True)
    asked = {"optimizer": S("sgd"), "units": N(32), "learning_rate": F(0.01), "layers": F(2)}
    plain = {"optimizer": "sgd", "units": 32, "learning_rate": 0.01, "layers": 2}
    assert table.evaluate(asked, epochs=N(3)).value == table.evaluate(plain, epochs=3).value
    session = ht.manual_search(OBJECTIVE, SPACE)
    assert session.try_(guess=F(0.3), **POINT).evaluation.value == 2.0


@pytest.mark.parametrize(
    "call",
    [
        lambda: ht.random_search(OBJECTIVE, SPACE, trials=B(True), progress=False),
        lambda: ht.random_search(OBJECTIVE, SPACE, trials=F(5), progress=False),
        lambda: ht.hyperband_search(OBJECTIVE, SPACE, epochs=B(True), progress=False),
        lambda: ht.integers(1, 9, step=B(True)),
        lambda: ht.uniform(B(False), 1),
        lambda: SPACE.grid(B(True)),
        lambda: SPACE.sample(B(True)),
        lambda: ht.FunctionObjective(len, epochs=B(True)),
    ],
)
def test_true_is_no_number(call):
    with refused("a whole number|a number from|a float") as caught:
        call()
    assert "an integer" not in str(caught.value)
