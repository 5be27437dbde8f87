"""The log of a search: complete, resumable, exclusive, and hard to hurt."""

import json
import random
import sys
import warnings

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

import hpotutor as ht
from hpotutor.errors import LogError
from hpotutor.study.journal import repair, seal

SPACE = ht.SearchSpace(x=ht.uniform(-1, 1), n=ht.integers(1, 9), kind=ht.choice("a", None, True))


def value_of(params):
    return params["x"] * params["n"] + (params["kind"] is None)


def search(path, objective=None, trials=6, seed=3, **more):
    objective = objective or ht.FunctionObjective(value_of)
    return ht.random_search(
        objective, SPACE, trials=trials, seed=seed, log=path, progress=False, **more
    )


def trials_of(result):
    return [(e.params, e.value, e.status) for e in result.evaluations]


class Counting(ht.FunctionObjective):
    """Counts how often it is asked, and describes itself as the plain objective does."""

    def __init__(self):
        super().__init__(value_of)
        self.asked = []

    def evaluate(self, params, epochs=None, *, on_epoch=None):
        self.asked.append(params)
        return super().evaluate(params, epochs, on_epoch=on_epoch)

    def describe(self):
        return ht.FunctionObjective(value_of).describe()


def test_the_log_is_an_optuna_study_with_everything_in_it(tmp_path):
    path = tmp_path / "x.log"
    objective = ht.FunctionObjective(
        lambda p, epochs: 1 / 0 if p["n"] == 9 else p["x"] * epochs, epochs=4
    )
    result = ht.hyperband_search(
        objective, SPACE, library="optuna", trials=8, seed=1, log=path, progress=False
    )
    study = optuna.load_study(
        study_name=None, storage=JournalStorage(JournalFileBackend(str(path)))
    )
    assert len(study.trials) == 8
    for trial, evaluation in zip(study.trials, result.evaluations, strict=True):
        assert trial.params == evaluation.params
        attributes = trial.user_attrs
        assert attributes["status"] == evaluation.status
        assert attributes["curve"] == evaluation.curve
        assert attributes["epochs"] == evaluation.epochs
        assert attributes["seconds"] == evaluation.seconds
        assert attributes["library"] == f"optuna {optuna.__version__}"
    statuses = {trial.user_attrs["status"] for trial in study.trials}
    assert {"complete", "pruned"} <= statuses
    assert study.user_attrs["hpotutor"]["seed"] == 1
    assert study.user_attrs["versions"]["optuna"] == optuna.__version__


def test_a_failed_trial_is_logged_with_its_reason(tmp_path):
    def breaks(params):
        raise RuntimeError("no such layer")

    path = tmp_path / "x.log"
    with pytest.raises(ht.SearchFailed):
        search(path, ht.FunctionObjective(breaks))
    trials = optuna.load_study(
        study_name=None, storage=JournalStorage(JournalFileBackend(str(path)))
    ).trials
    assert [trial.user_attrs["status"] for trial in trials] == ["failed"] * 3
    assert trials[0].user_attrs["reason"] == "RuntimeError: no such layer"


def test_the_dashboard_lists_the_study(tmp_path):
    dashboard = pytest.importorskip("optuna_dashboard")
    path = tmp_path / "x.log"
    search(path)
    storage = JournalStorage(JournalFileBackend(str(path)))
    application = dashboard.wsgi(storage)
    answers = []
    body = b"".join(
        application(
            {
                "REQUEST_METHOD": "GET",
                "PATH_INFO": "/api/studies",
                "SERVER_NAME": "localhost",
                "SERVER_PORT": "80",
                "wsgi.url_scheme": "http",
                "wsgi.input": None,
                "wsgi.errors": sys.stderr,
                "QUERY_STRING": "",
            },
            lambda status, headers, *rest: answers.append(status),
        )
    )
    assert answers[0].startswith("200")
    assert [study["study_name"] for study in json.loads(body)["study_summaries"]] == ["hpotutor"]


def test_the_same_call_on_the_log_asks_only_for_what_is_missing(tmp_path):
    path = tmp_path / "x.log"
    whole = search(None, trials=9)
    search(path, trials=4)
    objective = Counting()
    resumed = search(path, objective, trials=9)
    assert len(objective.asked) == 5
    assert trials_of(resumed) == trials_of(whole)
    again = Counting()
    assert trials_of(search(path, again, trials=9)) == trials_of(whole)
    assert again.asked == []


def other_value(params):
    return params["x"]


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"seed": 4}, "seed: 3 in the log, 4 in this call"),
        ({"library": "optuna"}, "library: 'scikit-learn' in the log, 'optuna' in this call"),
        ({"objective": ht.FunctionObjective(other_value)}, "objective.function"),
        ({"objective": ht.FunctionObjective(value_of, "minimize")}, "objective.direction"),
    ],
)
def test_another_search_is_refused_with_the_difference(tmp_path, change, shown):
    path = tmp_path / "x.log"
    search(path)
    before = path.read_bytes()
    with pytest.raises(LogError, match="belongs to another search") as caught:
        search(path, **change)
    assert shown in str(caught.value)
    assert path.read_bytes() == before


def test_another_space_or_method_is_refused(tmp_path):
    path = tmp_path / "x.log"
    search(path)
    objective = ht.FunctionObjective(value_of)
    wider = ht.SearchSpace({**{name: SPACE[name] for name in SPACE}, "x": ht.uniform(-1, 2)})
    with pytest.raises(LogError, match=r"space\.parameters"):
        ht.random_search(objective, wider, trials=6, seed=3, log=path, progress=False)
    with pytest.raises(LogError, match="method: 'random' in the log, 'genetic' in this call"):
        ht.genetic_search(objective, SPACE, trials=6, seed=3, log=path, progress=False)


def test_a_file_cut_anywhere_is_resumed(tmp_path):
    whole = tmp_path / "whole.log"
    expected = trials_of(search(whole))
    raw = whole.read_bytes()
    ends = [index for index, byte in enumerate(raw) if byte == ord("\n")]
    draw = random.Random(0)
    cuts = {*draw.sample(range(len(raw)), 40), *ends, *(end + 1 for end in ends), 0, 1}
    for cut in sorted(cuts):
        path = tmp_path / f"{cut}.log"
        path.write_bytes(raw[:cut])
        objective = Counting()
        assert trials_of(search(path, objective)) == expected
        # A line that lacks only its end is whole.
        lost = sum(end > cut for end in ends[3:])
        assert len(objective.asked) == lost, cut
        assert path.read_bytes().count(b"\n") == raw.count(b"\n")


def test_a_flipped_bit_is_reported_with_its_line_and_the_rest_is_kept(tmp_path):
    whole = tmp_path / "whole.log"
    expected = trials_of(search(whole))
    raw = whole.read_bytes()
    draw = random.Random(1)
    for case in range(60):
        place, bit = draw.randrange(len(raw) - 1), draw.randrange(8)
        hurt = bytearray(raw)
        hurt[place] ^= 1 << bit
        path = tmp_path / f"{case}.log"
        path.write_bytes(bytes(hurt))
        line = raw[:place].count(b"\n") + 1
        objective = Counting()
        with pytest.warns(UserWarning, match=rf"was damaged: lines? {line}\b"):
            assert trials_of(search(path, objective)) == expected
        assert len(objective.asked) <= 2  # two where the flip joined or split lines
        assert (tmp_path / f"{case}.log.damaged").read_bytes() == bytes(hurt)
        quiet = Counting()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert trials_of(search(path, quiet)) == expected
        assert quiet.asked == []


def test_a_log_whose_description_is_lost_still_knows_another_search(tmp_path):
    path = tmp_path / "x.log"
    search(path)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"random", b"rundom")
    path.write_bytes(b"".join(lines))
    with (
        pytest.warns(UserWarning, match="line 2 "),
        pytest.raises(LogError, match="its description is damaged"),
    ):
        search(path, seed=4)
    assert len(search(path)) == 6


def test_every_damage_is_kept_under_a_name_of_its_own(tmp_path):
    path = tmp_path / "x.log"
    search(path)
    for _ in range(2):
        path.write_bytes(path.read_bytes() + b"garbage\n")
        with pytest.warns(UserWarning):
            repair(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "x.log",
        "x.log.damaged",
        "x.log.damaged-1",
    ]


def test_a_file_that_is_no_log_is_left_alone(tmp_path):
    path = tmp_path / "thesis.txt"
    path.write_text("Chapter 1\nIt was a dark and stormy night.")
    with pytest.raises(LogError, match="is not the log of a search"):
        search(path)
    assert path.read_text().startswith("Chapter 1")


def test_lines_that_optuna_itself_writes_are_fine(tmp_path):
    path = tmp_path / "x.log"
    search(path)
    note = {"op_code": 3, "worker_id": "d", "study_id": 0, "system_attr": {"dashboard:note": "hi"}}
    with path.open("a") as file:
        file.write(json.dumps(note) + "\n")
    assert repair(path) == []
    assert len(search(path)) == 6


def test_a_sealed_line_is_json_that_tells_when_it_changed(tmp_path):
    line = seal({"op_code": 0, "study_name": "hpotutor"})
    assert json.loads(line)["op_code"] == 0
    path = tmp_path / "x.log"
    path.write_bytes(line + line.replace(b"hpo", b"hbo"))
    with pytest.warns(UserWarning, match="line 2 "):
        repair(path)
    assert path.read_bytes() == line


def test_a_path_that_cannot_be_used_is_refused(tmp_path):
    with pytest.raises(LogError, match="there is no folder"):
        search(tmp_path / "missing" / "x.log")
    with pytest.raises(LogError, match="cannot be written"):
        search(tmp_path)


def test_the_log_is_free_after_an_error(tmp_path):
    path = tmp_path / "x.log"

    class Broken(ht.FunctionObjective):
        def evaluate(self, params, epochs=None, *, on_epoch=None):
            raise ht.errors.ArgumentError("no")

    with pytest.raises(ht.errors.ArgumentError):
        search(path, Broken(value_of))
    assert len(search(path)) == 6


def test_nothing_is_written_but_the_log(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    search("x.log")
    assert [path.name for path in tmp_path.iterdir()] == ["x.log"]
