"""What a machine gives, as a container, a cloud or a small system tells it."""

from __future__ import annotations

import errno
import math
import os
import sys

import pytest

from hpotutor import _system as machine


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "this computer"),
        ({"COLAB_RELEASE_TAG": "x", "JUPYTERHUB_USER": "a"}, "Colab"),
        ({"BINDER_SERVICE_HOST": "h", "JUPYTERHUB_USER": "a"}, "Binder"),
        ({"BINDER_REPO_URL": "h"}, "Binder"),
        ({"JUPYTERHUB_USER": "a"}, "JupyterHub"),
    ],
)
def test_clouds_are_recognized(variables, expected):
    assert machine.environment(variables) == expected


@pytest.mark.parametrize(
    ("limit", "used"),
    [
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ],
)
def test_a_containers_limit_counts(tmp_path, monkeypatch, limit, used):
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    (tmp_path / "memory").mkdir()
    (tmp_path / limit).write_text("300000000\n")
    (tmp_path / used).write_text("100000000\n")
    assert machine.memory() == (3e8, 2e8)


def test_no_limit_leaves_the_machines_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    monkeypatch.delenv("MEM_LIMIT", raising=False)
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("100\n")
    assert machine.memory().total == machine._system_memory().total


def test_a_hubs_limit_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    monkeypatch.setenv("MEM_LIMIT", "250000000")
    assert machine.memory().total == 2.5e8


def test_memory_is_not_known_without_psutil(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert all(math.isnan(size) for size in machine._system_memory())


@pytest.mark.parametrize(("quota", "expected"), [("100000 100000", 1), ("max 100000", None)])
def test_a_containers_share_of_processors_counts(tmp_path, monkeypatch, quota, expected):
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    (tmp_path / "cpu.max").write_text(quota)
    assert machine.cores() == (expected or 8)


def test_a_folder_that_cannot_be_written_says_why(tmp_path, monkeypatch):
    assert machine.unwritable(tmp_path) is None
    assert list(tmp_path.iterdir()) == []

    def full(**named):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(machine.tempfile, "TemporaryFile", full)
    assert machine.unwritable(tmp_path).errno == errno.ENOSPC
    assert math.isnan(machine.free_disk(tmp_path / "nowhere"))
