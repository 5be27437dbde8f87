"""A cluster on this machine, as ``client="local"`` starts it."""

from contextlib import contextmanager

from hpotutor.parallel.dask_objective import LOCAL


@contextmanager
def local_client(workers):
    """Yield the client of a new cluster with so many worker processes."""
    import dask  # here, so that without Dask the tests are skipped, not broken
    import distributed

    with (
        dask.config.set(LOCAL),
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
