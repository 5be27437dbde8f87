"""A cluster on this machine, as ``client="local"`` starts it but for how a worker begins."""

import multiprocessing
from contextlib import contextmanager

from hpotutor.parallel.dask_objective import LOCAL

# Where that is possible, a worker is forked from a process that has imported what it needs: many
# are killed.
FORKED = (
    {"distributed.worker.multiprocessing-method": "forkserver"}
    if "forkserver" in multiprocessing.get_all_start_methods()
    else {}
)
NEEDED = ["distributed", "pytest", "hpotutor.study.storage"]
_open: list[int] = []  # the clusters that there are now, by how many workers they have


@contextmanager
def forks(workers):
    """Have workers forked while a cluster is open, from a server that no other module uses.

    Python has one such server a process, and it imports what it is told before it starts.
    """
    if not FORKED:
        yield
        return
    from multiprocessing import forkserver

    import distributed

    if not _open:
        forkserver._forkserver._stop()
        distributed.utils.get_mp_context()  # asks for Dask's own imports, once
        multiprocessing.set_forkserver_preload(NEEDED)
    _open.append(workers)
    try:
        yield
    finally:
        _open.pop()
        if not _open:
            forkserver._forkserver._stop()


@contextmanager
def local_client(workers):
    """Yield the client of a new cluster with so many worker processes."""
    import dask  # here, so that without Dask the tests are skipped, not broken
    import distributed

    with (
        dask.config.set(LOCAL | FORKED),
        forks(workers),
        distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=50,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client
