"""What ``train_many`` trains: each network once, however many requests it answers."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from hpotutor.fused.data import Curve, StackData, Trained
from hpotutor.fused.member import Member, identity
from hpotutor.fused.planner import member_bytes, shrunk
from hpotutor.fused.shape import StackShape
from hpotutor.fused.stack import Stack

Finished = list[tuple[int, Trained]]  # positions in what was asked


@dataclass
class Run:
    """One network to train, and the requests that it answers: position -> epochs."""

    member: Member
    readings: dict[int, int] = field(default_factory=dict)


def gather_runs(asked: Sequence[Member]) -> list[Run]:
    """Put requests together that train alike and differ in their length at most."""
    runs: dict[tuple, Run] = {}
    for position, member in enumerate(asked):
        depends_on_length = member.patience is not None or member.restore_best
        run = runs.setdefault(identity(member, with_epochs=depends_on_length), Run(member))
        run.readings[position] = member.length
        if member.length > run.member.length:
            run.member = member
    return list(runs.values())


@dataclass
class Job:
    """A stack on its way; each step returns the requests that it has finished."""

    data: StackData
    shape: StackShape
    runs: list[Run]
    keep_weights: bool
    curves: dict[int, Curve] = field(default_factory=dict)
    busy: bool = True

    @cached_property
    def stack(self) -> Stack:
        """The stack, made when its turn comes, so that few are held at a time."""
        stack = Stack(self.data, [run.member for run in self.runs], self.shape)
        stack.positions = [min(run.readings) for run in self.runs]
        return stack

    @property
    def bytes(self) -> int:
        """About what it takes while it trains."""
        return self.shape.members * member_bytes(self.shape, self.runs[0].member.batch_size)

    def run(self) -> Iterator[Finished]:
        """Train to the end, epoch by epoch, then give the memory back."""
        while self.busy:
            yield self.advance()
        del self.stack

    def advance(self) -> Finished:
        """Train one epoch."""
        self.stack.train_epoch()
        finished: Finished = []
        for k, run in enumerate(self.runs):
            for position, epochs in list(run.readings.items()):
                self.curves[position] = self.stack.curves[k]
                if not self.stack.live[k] or epochs == self.stack.epoch:
                    finished.append(self._finish(k, run, position))
        self.busy = bool(self.stack.live.any())
        if self.busy:  # in a smaller stack, when half are done and it pays for a trace
            stack = self.stack
            alive = np.flatnonzero(stack.live).tolist()
            left = max(stack.members[k].length for k in alive) - stack.epoch
            if shrunk(stack.shape, stack.members, alive, self.data.rows, left) != stack.shape:
                self.stack = stack.select(alive)
                self.runs = [self.runs[k] for k in alive]
        return finished

    def stop(self, positions: set[int]) -> Finished:
        """Stop requests; a network trains on while another request still needs it."""
        finished: Finished = []
        for k, run in enumerate(self.runs):
            for position in positions & set(run.readings):
                finished.append(self._finish(k, run, position))
                finished[-1][1].status = "stopped"
            if not run.readings:
                self.stack.stop(k)
        self.busy = bool(self.stack.live.any())
        return finished

    def _finish(self, k: int, run: Run, position: int) -> tuple[int, Trained]:
        trained = self.stack.result(k, self.keep_weights)
        trained.member = dataclasses.replace(run.member, epochs=run.readings.pop(position))
        self.curves[position] = trained.curve
        return position, trained
