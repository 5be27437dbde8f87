"""A process that trains for another one, so that what a training leaves in memory goes with it."""

import contextlib
import math
import os
import pickle
import sys
import time
import weakref
from collections.abc import Callable
from subprocess import PIPE, Popen
from typing import IO, Any

from hpotutor.errors import HpoTutorError
from hpotutor.objectives.base import Evaluation, Objective, OnEpoch, Params


class TrainingProcess:
    """Evaluates for an objective in a process of its own, a fresh one after ``every`` trials.

    One of ``concurrent.futures`` would run the main program again, end by the search's Ctrl-C, and
    not tell with which code it died.
    """

    def __init__(self, objective: Objective, every: int) -> None:
        self.every, self.started = every, 0
        self.objective: Any = objective  # as the next process gets it
        self._left = 0
        self._process: Popen[bytes] | None = None
        self._end: Callable[[], object] = object  # there is nothing to end

    def evaluate(
        self,
        params: Params,
        epochs: int | None,
        on_epoch: OnEpoch | None = None,
        trial: int | None = 0,
    ) -> Evaluation:
        """Evaluate there; a process that dies, for want of memory for instance, is a failure."""
        start = time.perf_counter()
        if self._process is None or self._left == 0 or self._process.poll() is not None:
            self._process = self._start()
        process, self._left = self._process, self._left - 1
        try:
            _send(process.stdin, (params, epochs, on_epoch is not None, trial))
            while isinstance(answer := _receive(process.stdout), tuple):
                _send(process.stdin, on_epoch is not None and bool(on_epoch(*answer)))
            if isinstance(answer, HpoTutorError):  # the call cannot work, for any hyperparameters
                raise answer
            assert isinstance(answer, Evaluation)
            return answer
        except (EOFError, OSError):
            ended = f"the training process ended with code {process.wait()}"
            reason, spent = f"{ended}; was there enough memory?", time.perf_counter() - start
            return Evaluation(params, math.nan, seconds=spent, status="failed", reason=reason)
        except BaseException:  # an interrupt: the process would still be training
            self._end()
            raise

    def _start(self) -> Popen[bytes]:
        import cloudpickle  # comes without hints

        self._end()
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
        command = [sys.executable, "-m", "hpotutor.objectives._subprocess"]
        env = {**os.environ, "PYTHONPATH": paths}  # and Ctrl-C is for the search
        process = Popen(command, stdin=PIPE, stdout=PIPE, env=env, start_new_session=True)
        self._end = weakref.finalize(self, _kill, process)
        self._left = self.every
        self.started += 1
        # A build function that a notebook defines has no name that pickle could find it by.
        _send(process.stdin, self.objective, cloudpickle.dump)
        return process


def _kill(process: Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def _send(pipe: IO[bytes] | None, message: object, dump: Any = pickle.dump) -> None:
    assert pipe is not None
    dump(message, pipe)
    pipe.flush()


def _receive(pipe: IO[bytes] | None) -> Any:
    assert pipe is not None
    return pickle.load(pipe)


def main() -> None:
    """Serve one objective until the standard input ends."""
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the training prints must not get between the answers

    def on_epoch(epoch: int, value: float) -> bool:
        _send(answers, (epoch, value))
        return bool(_receive(questions))

    objective: Objective = _receive(questions)
    with contextlib.suppress(EOFError):
        while True:
            params, epochs, listens, objective.trial = _receive(questions)
            on = on_epoch if listens else None
            try:
                answer: Any = objective.evaluate(params, epochs, on_epoch=on)
            except HpoTutorError as error:
                answer = error
            _send(answers, answer)


if __name__ == "__main__":
    main()
