"""A cluster on this machine, as ``client="local"`` starts it but for how a worker begins."""

import multiprocessing
from contextlib import contextmanager

from hpotutor.parallel.dask_objective import LOCAL

# A worker is forked from a process that has imported Dask, where that is possible: many are killed.
FORKED = (
    {"distributed.worker.multiprocessing-method": "forkserver"}
    if "forkserver" in multiprocessing.get_all_start_methods()
    else {}
)


@contextmanager
def local_client(workers):
    """Yield the client of a new cluster with so many worker processes."""
    import dask  # here, so that without Dask the tests are skipped, not broken
    import distributed

    with (
        dask.config.set(LOCAL | FORKED),
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
