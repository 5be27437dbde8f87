"""A process that trains for another one, so that what a training leaves in memory goes with it."""

from __future__ import annotations

import copy
import math
import os
import pickle
import subprocess
import sys
import time
import weakref
from typing import TYPE_CHECKING, Any

from hpotutor.objectives.base import Evaluation, OnEpoch, Params

if TYPE_CHECKING:
    from hpotutor.objectives.training import TrainObjective


class TrainingProcess:
    """Evaluates for an objective in a process of its own, a fresh one every so many trials.

    Parameters
    ----------
    objective : TrainObjective
        What is evaluated there.
    every : int
        Trials before the process is replaced. Starting one imports TensorFlow, which takes some
        seconds.

    Notes
    -----
    The process is ``python -m hpotutor.objectives._subprocess``, and speaks pickles over its
    standard input and output: unlike one of ``multiprocessing`` it never runs the main program
    again.
    """

    def __init__(self, objective: TrainObjective, every: int) -> None:
        self._objective = copy.copy(objective)
        self._objective.process_every = self._objective.process = None
        self.every = every
        self.started = 0
        self._left = 0
        self._process: subprocess.Popen | None = None

    def evaluate(
        self, params: Params, epochs: int | None, on_epoch: OnEpoch | None = None
    ) -> Evaluation:
        """Evaluate there; a process that dies, for want of memory for instance, is a failure."""
        start = time.perf_counter()
        if self._left == 0 or self._process.poll() is not None:
            self._start()
        self._left -= 1
        try:
            self._send((params, epochs, on_epoch is not None))
            kind, content = self._receive()
            while kind == "epoch":
                self._send(bool(on_epoch(*content)))
                kind, content = self._receive()
        except (EOFError, OSError):
            code = self._process.wait()
            reason = f"the training process ended with code {code}; was there enough memory?"
            spent = time.perf_counter() - start
            return Evaluation(params, math.nan, seconds=spent, status="failed", reason=reason)
        except BaseException:  # an interrupt: the process would still be training
            self._stop()
            raise
        return content

    def _start(self) -> None:
        import cloudpickle  # a build function that a notebook defines has no name to pickle it by

        self._stop()
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hpotutor.objectives._subprocess"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
            start_new_session=True,  # Ctrl-C is for the search
        )
        weakref.finalize(self, self._process.kill)
        self._left = self.every
        self.started += 1
        cloudpickle.dump(self._objective, self._process.stdin)
        self._process.stdin.flush()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._left = 0

    def _send(self, message: Any) -> None:
        pickle.dump(message, self._process.stdin)
        self._process.stdin.flush()

    def _receive(self) -> tuple[str, Any]:
        return pickle.load(self._process.stdout)


def main() -> None:
    """Serve one objective until the standard input ends."""
    questions = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the training prints must not get between the answers

    def answer(message: tuple[str, Any]) -> None:
        pickle.dump(message, answers)
        answers.flush()

    def on_epoch(epoch: int, value: float) -> bool:
        answer(("epoch", (epoch, value)))
        return pickle.load(questions)

    objective = pickle.load(questions)
    while True:
        try:
            params, epochs, listens = pickle.load(questions)
        except EOFError:
            return
        on = on_epoch if listens else None
        answer(("done", objective.evaluate(params, epochs, on_epoch=on)))


if __name__ == "__main__":
    main()
