"""How a process finds the others with which it trains."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator, Sequence

import tensorflow as tf

from d3d_tf.errors import UsageError
from d3d_tf.screen import say
from d3d_tf.training.workers import Workers, begin

_PATIENCE = 20  # Seconds before an absence is reported.


def start(cluster: str) -> Workers | None:
    """Meets the other workers; to be called before TensorFlow computes.

    Args:
      cluster: what names them: `auto`, the variable TF_CONFIG, or `slurm`, the
        variables of Slurm.

    Returns:
      None where there is one only.

    Raises:
      UsageError: the variables make no sense.
    """
    resolver = _resolver(cluster)
    if resolver is None:
        return None
    jobs = resolver.cluster_spec().as_dict()
    kind, number = resolver.task_type, resolver.task_id
    names = [job for job in ("chief", "worker") if job in jobs]
    if kind not in names or set(jobs) - set(names):
        raise UsageError(
            f"TF_CONFIG names {', '.join(jobs)} and this task as {kind}; "
            "networks are trained by workers and maybe a chief alone."
        )
    addresses = tuple(a for job in names for a in jobs[job])
    if len(addresses) == 1:
        return None
    place = number + sum(len(jobs[job]) for job in names[: names.index(kind)])
    with _reporting_absence([a for a in addresses if a != addresses[place]]):
        strategy = tf.distribute.MultiWorkerMirroredStrategy(resolver)
    workers = Workers(strategy, place, addresses)
    begin(workers)
    return workers


@contextlib.contextmanager
def _reporting_absence(others: Sequence[str]) -> Iterator[None]:
    """While entered, reports once for whom it waits."""
    met = threading.Event()

    def report():
        if not met.wait(_PATIENCE):
            absent = [place for place in others if not _answers(place)]
            if absent:
                say(f"waiting for the worker at {' and '.join(absent)}")

    threading.Thread(target=report, daemon=True).start()
    try:
        yield
    finally:
        met.set()


def _answers(place: str) -> bool:
    host, _, port = place.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except (OSError, ValueError):
        return False
    return True


def _resolver(cluster: str):
    if cluster == "slurm":
        return _of_slurm()
    if not os.environ.get("TF_CONFIG"):
        return None
    return tf.distribute.cluster_resolver.TFConfigClusterResolver()


def _of_slurm():
    # Slurm itself shows each task its own GPUs.
    seen = len(tf.config.list_physical_devices("GPU"))
    resolvers = tf.distribute.cluster_resolver
    # It would share these out; as many as tasks are enough for any node.
    enough = int(os.environ.get("SLURM_STEP_NUM_TASKS", 1))
    try:
        found = resolvers.SlurmClusterResolver(
            gpus_per_node=enough, gpus_per_task=1, auto_set_gpu=False
        )
        spec = found.cluster_spec()
    except (KeyError, RuntimeError, ValueError) as error:
        raise UsageError(
            "train.strategy=slurm found no tasks of a step of Slurm "
            f"({error}): start the command with srun."
        ) from error
    return resolvers.SimpleClusterResolver(
        spec,
        task_type=found.task_type,
        task_id=found.task_id,
        num_accelerators={"GPU": seen},
        rpc_layer="grpc",
    )
