"""The process that trains for another one: replaced, killed, interrupted, and gone in the end."""

import os
import signal
import subprocess
import sys
import time

import pytest

import hpotutor as ht
from hpotutor.errors import ArgumentError
from hpotutor.objectives._subprocess import TrainingProcess

SCRIPT = """
import os
import hpotutor as ht
from hpotutor.objectives._subprocess import TrainingProcess

print("main")

def pid(params):  # of a module that no other process can import
    return os.getpid()

process = TrainingProcess(ht.FunctionObjective(pid), every=2)
print(*[process.evaluate({}, None).value == os.getpid() for _ in range(3)], process.started)
"""


def process_of(function, every=9, **settings):
    return TrainingProcess(ht.FunctionObjective(function, **settings), every)


def wait_for_the_end_of(pid):
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_fresh_process_every_so_many_trials():
    process = process_of(lambda params: os.getpid(), every=2)
    first, second, third = (process.evaluate({}, None).value for _ in range(3))
    assert first == second != third
    assert process.started == 2


def test_the_main_program_does_not_run_again(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert done.stdout.split() == ["main", "False", "False", "False", "2"]


def test_what_is_printed_there_is_no_answer(capfd):
    process = process_of(lambda params: print("printed") or 1.0)
    assert process.evaluate({}, None).value == 1.0
    assert "printed" in capfd.readouterr().err


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is for POSIX systems")
def test_a_killed_process_is_a_failure_and_the_next_one_goes_on():
    def deadly(params):
        if params["x"] == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return params["x"]

    process = process_of(deadly)
    dead, alive = process.evaluate({"x": 1}, None), process.evaluate({"x": 2}, None)
    assert (dead.status, dead.params) == ("failed", {"x": 1})
    assert dead.reason == "the training process ended with code -9; was there enough memory?"
    assert (alive.value, process.started) == (2.0, 2)


@pytest.mark.skipif(os.name == "nt", reason="asks for a process by its number")
def test_an_interrupt_ends_the_process_and_the_next_one_goes_on():
    def interrupt(epoch, value):
        raise KeyboardInterrupt

    process = process_of(lambda params, epochs: os.getpid(), epochs=3)
    pid = int(process.evaluate({}, None).value)
    with pytest.raises(KeyboardInterrupt):
        process.evaluate({}, None, interrupt)
    assert wait_for_the_end_of(pid)
    heard = []
    found = process.evaluate({}, None, lambda epoch, value: heard.append(epoch) or epoch == 2)
    assert (found.status, heard, process.started) == ("pruned", [1, 2], 2)
    pid = int(found.value)
    del process
    assert wait_for_the_end_of(pid)  # no process is left behind


class Telling(ht.FunctionObjective):
    def evaluate(self, params, epochs=None, *, on_epoch=None):
        if self.trial is None:
            raise ArgumentError("no trial")
        return ht.Evaluation(params, float(self.trial))


def test_a_trial_keeps_its_number_and_what_cannot_work_is_told():
    process = TrainingProcess(Telling(len), 9)
    assert process.evaluate({}, None, trial=4).value == 4
    with pytest.raises(ArgumentError, match="no trial"):
        process.evaluate({}, None, trial=None)
