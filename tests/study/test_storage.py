"""The log of a search: complete, resumable, exclusive, and hard to hurt."""

import json
import math
import os
import pathlib
import sys
from dataclasses import replace

import numpy as np
import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

import hpotutor as ht
from hpotutor.errors import LogError
from hpotutor.study.journal import SealedJournal, repair, seal
from hpotutor.study.storage import Log, quiet_optuna, to_evaluation, to_trial
from tests.messages import refused

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
    with refused("belongs to another search", error=LogError) as caught:
        search(path, **change)
    assert shown in str(caught.value)
    assert path.read_bytes() == before


def test_another_space_or_method_is_refused(tmp_path):
    path = tmp_path / "x.log"
    search(path)
    objective = ht.FunctionObjective(value_of)
    wider = ht.SearchSpace({**{name: SPACE[name] for name in SPACE}, "x": ht.uniform(-1, 2)})
    with refused(r"space\.parameters", error=LogError):
        ht.random_search(objective, wider, trials=6, seed=3, log=path, progress=False)
    with refused("method: 'random' in the log, 'genetic' in this call", error=LogError):
        ht.genetic_search(objective, SPACE, trials=6, seed=3, log=path, progress=False)


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
    with refused("is not the log of a search", error=LogError):
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
    with refused("there is no folder", error=LogError):
        search(tmp_path / "missing" / "x.log")
    with refused("cannot be written", error=LogError):
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


# ── what a trial keeps ───────────────────────────────────────────────────────────────────────
FULL = ht.Evaluation(
    {"x": 0.5, "n": 3, "kind": None}, 0.75, {"loss": [2.0, 1.0]}, epochs=2, seconds=0.5, seed=4,
    test_value=0.7, fold_values=(0.7, 0.8), best_epoch=1, repeated=True, weights=99,
)  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"status": "pruned", "reason": "stopped"},
        {"status": "pruned", "value": math.inf},
        {"status": "diverged", "value": math.nan, "reason": "no"},
        {"status": "failed", "value": 3.0, "reason": "no"},
        {"fold_values": (), "best_epoch": None, "repeated": False, "weights": None},
        {"seed": None, "test_value": None, "curve": {}, "epochs": 0, "seconds": 0.0},
    ],
)
def test_a_trial_comes_back_whole(change):
    evaluation = replace(FULL, **change)
    trial = to_trial(evaluation, SPACE, rung=2)
    back = to_evaluation(trial, SPACE)
    has_value = evaluation.status in ("complete", "pruned") and math.isfinite(evaluation.value)
    assert (trial.value is not None) is has_value and trial.user_attrs["rung"] == 2
    assert math.isnan(back.value) if not has_value else back.value == evaluation.value
    assert replace(back, value=0.0) == replace(evaluation, value=0.0)
    seldom = {"fold_values", "best_epoch", "repeated", "weights"}
    assert bool(seldom & trial.user_attrs.keys()) is bool(evaluation.weights)


def test_a_trial_of_optunas_own_is_read_by_what_it_has():
    study = optuna.create_study()
    trial = study.ask({"x": SPACE["x"]})
    for epoch, value in ((3, 0.5), (1, 0.75)):
        trial.report(value, epoch)
    trial.set_user_attr("reason", "mine")
    study.tell(trial, 0.25)
    study.tell(study.ask(), state=optuna.trial.TrialState.FAIL)
    pruned = study.ask()
    pruned.report(0.5, 0)
    study.tell(pruned, state=optuna.trial.TrialState.PRUNED)
    done, failed, stopped = map(to_evaluation, study.trials)
    assert (done.curve, done.epochs, done.status) == ({"value": [0.75, 0.5]}, 2, "complete")
    assert (done.reason, done.value, done.fold_values) == ("mine", 0.25, ())
    assert 0 < done.seconds == study.trials[0].duration.total_seconds()
    assert (failed.status, failed.reason) == ("failed", "Optuna recorded a failure")
    assert math.isnan(failed.value) and (failed.curve, failed.epochs) == ({}, 0)
    assert (stopped.status, stopped.reason, stopped.value) == ("pruned", "", 0.5)
    waiting = optuna.trial.create_trial(state=optuna.trial.TrialState.WAITING)
    assert to_evaluation(waiting).seconds == 0
    partly = optuna.trial.create_trial(value=0.5, user_attrs={"status": "failed", "epochs": 9})
    assert (to_evaluation(partly).status, to_evaluation(partly).epochs) == ("complete", 9)


def test_optuna_is_as_loud_after_as_before():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.INFO)
    try:
        with pytest.raises(ZeroDivisionError), quiet_optuna():
            assert optuna.logging.get_verbosity() == optuna.logging.WARNING
            raise ZeroDivisionError
        assert optuna.logging.get_verbosity() == optuna.logging.INFO
    finally:
        optuna.logging.set_verbosity(before)


# ── the log itself ───────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_a_study_in_memory_is_what_the_file_would_be(direction, tmp_path):
    found = []
    for path in (None, tmp_path / "x.log"):
        log = Log(path, {"seed": np.int64(1), "what": {1, 2}.__class__}, direction, SPACE)
        log.append(FULL, rung=1)
        log.append(FULL)
        found.append(log)
    memory, file = found
    for log in found:
        assert len(log.study.trials) == 2 == len(log.study.trials)  # asked twice, added once
        assert log.study.direction.name.lower() == log.direction == direction
        assert log.study.user_attrs["hpotutor"] == {"seed": 1, "what": "<class 'set'>"}
        assert "python" in log.study.user_attrs["versions"]
        assert {trial.user_attrs["search"] for trial in log.study.trials} == {log.mark}
        assert len(log.mark) == 8 and log.study.study_name == "hpotutor"
    assert memory.mark == file.mark and file.path == tmp_path / "x.log" and memory.path is None
    file.close()
    file.close()  # twice is fine
    again = Log(tmp_path / "x.log", {"seed": 1, "what": "<class 'set'>"}, direction, SPACE)
    assert len(again.trials) == 2
    again.close()
    lines = (tmp_path / "x.log").read_bytes().count(b"\n")
    assert lines == 5  # the study, what it is, its versions, two trials: none was added twice


@pytest.mark.parametrize("named", ["str", "path"])
def test_a_path_is_a_text_or_a_path_and_what_is_wrong_with_it_is_told(named, tmp_path):
    kind = str if named == "str" else pathlib.Path
    missing = tmp_path / "no" / "x.log"
    with refused(error=LogError) as caught:
        search(kind(missing))
    assert str(caught.value) == (
        f"log={str(missing)!r}: there is no folder {str(missing.parent)!r}. Create it, for "
        f"instance with pathlib.Path({str(missing.parent)!r}).mkdir(parents=True), or name "
        "another file."
    )
    with refused(error=LogError) as caught:
        search(kind(tmp_path))
    assert str(caught.value) == (
        f"log={str(tmp_path)!r} cannot be written: it is a folder. Name a file in a folder of your "
        "own, for instance log='search.log'."
    )
    with refused(error=LogError) as caught:
        ht.SearchResult.from_log(kind(tmp_path))
    assert str(caught.value) == (
        f"from_log: {str(tmp_path)!r} cannot be read (it is a folder or a device). Type the path "
        "that log= got in the search."
    )


def test_a_second_search_on_a_log_that_is_open_is_refused(tmp_path):
    path = tmp_path / "x.log"
    held = Log(path, {}, "maximize", SPACE)
    with refused(error=LogError) as caught:
        Log(path, {}, "maximize", SPACE)
    assert str(caught.value) == (
        f"log={str(path)!r} is in use by another search. Wait until that one ends, or give this "
        "one a log of its own."
    )
    held.close()
    Log(path, {}, "maximize", SPACE).close()


def test_a_log_that_was_mended_is_held_like_any_other(tmp_path):
    path = tmp_path / "x.log"
    Log(path, {}, "maximize", SPACE).close()
    path.write_bytes(path.read_bytes() + b'{"op_code":')
    held = Log(path, {}, "maximize", SPACE)
    with refused("in use by another search", error=LogError):
        Log(path, {}, "maximize", SPACE)
    held.close()


def test_a_log_is_no_program_and_is_let_go_of_once(tmp_path):
    path = tmp_path / "x.log"
    log = Log(path, {}, "maximize", SPACE)
    assert not path.stat().st_mode & 0o111
    held = os.dup(log._lock._held)  # as a forked process has it
    log.close()
    log.close()
    os.fstat(1)  # nothing else was closed
    Log(path, {}, "maximize", SPACE).close()
    os.close(held)


def test_what_cannot_be_read_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("Buy milk.")
    with refused("notes.txt", error=LogError):
        ht.SearchResult.from_log(tmp_path / "notes.txt")


def test_a_difference_is_told_by_its_place_and_a_missing_entry_too(tmp_path):
    path = tmp_path / "x.log"
    Log(path, {"a": {"b": {"c": 1}, "d": 2}, "e": 3, "f": [1]}, "maximize", SPACE).close()
    with refused(error=LogError) as caught:
        Log(path, {"a": {"b": {"c": 9}, "d": 2}, "g": 4, "f": [1]}, "maximize", SPACE)
    told = str(caught.value).splitlines()
    assert told[0] == (
        f"The log {str(path)!r} belongs to another search, and was left as it is. It differs in:"
    )
    assert told[1:4] == [
        "  a.b.c: 1 in the log, 9 in this call",
        "  e: 3 in the log, None in this call",
        "  g: None in the log, 4 in this call",
    ]
    assert f"  start=ht.SearchResult.from_log({str(path)!r})" in told
    Log(path, {"a": {"b": {"c": 1}, "d": 2}, "e": 3, "f": [1]}, "maximize", SPACE).close()


def test_a_disk_without_room_is_told_with_what_was_saved(tmp_path, monkeypatch):
    path = tmp_path / "x.log"
    log = Log(path, {}, "maximize", SPACE)
    log.append(FULL)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(SealedJournal, "append_logs", full)
        with pytest.raises(LogError) as caught:
            log.append(FULL)
    log.close()
    assert str(caught.value) == (
        f"The log {str(path)!r} cannot be written (No space left on device). All trials that were "
        "finished before are in it. Make room, then run the same call again: it goes on where it "
        "stopped."
    )
    assert len(ht.SearchResult.from_log(path)) == 1


def test_damage_is_told_where_the_log_is_asked_for(tmp_path):
    path = tmp_path / "x.log"
    search(path)
    path.write_bytes(path.read_bytes() + b"?\n")
    with pytest.warns(UserWarning, match="is damaged: line 10 could not be read") as told:
        ht.SearchResult.from_log(path)
    assert told[0].filename == __file__


def test_a_log_that_lost_its_description_is_searched_over_what_its_trials_had(tmp_path):
    path = tmp_path / "x.log"
    log = Log(path, {"space": SPACE.to_dict()}, "minimize", SPACE)
    log.append(FULL)
    log.append(replace(FULL, value=0.5))
    log.close()
    assert ht.SearchResult.from_log(path).space == SPACE
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"".join(line for line in lines[1:] if b'"hpotutor"' not in line))
    result = ht.SearchResult.from_log(path)
    assert list(result.space) == ["x", "n", "kind"] and result.space["n"] == SPACE["n"]
    assert (result.direction, result.best_value, len(result)) == ("minimize", 0.5, 2)
