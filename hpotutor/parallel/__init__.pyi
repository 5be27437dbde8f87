from .dask_objective import WorkerObjective as WorkerObjective
from .dask_objective import on_workers as on_workers
