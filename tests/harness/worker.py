"""One of several processes that train together: `worker.py DEVICES FLAGS...`.

The variable TF_CONFIG says which it is. Of CPUs, TensorFlow takes one device
for each worker of a cluster, here it is to take DEVICES. Graphs are left as
they are: TensorFlow rewrites those of one process and those of several in
different ways, which moves the last bits.
"""

import os
import sys

import d3d_tf  # noqa: F401  # Before TensorFlow: it turns oneDNN on.

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf
from tensorflow.python.distribute import (
    collective_all_reduce_strategy as of_cluster,
)

from d3d_tf import main


def run(devices: int, flags: list[str]) -> int:
    """The exit code of the command."""
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * devices,
    )
    tf.config.optimizer.set_experimental_options(
        {"disable_meta_optimizer": True}
    )

    def local_devices(self, resolver, worker):
        names = (f"{worker}/device:CPU:{k}" for k in range(devices))
        return tuple(names), "CPU"

    extended = of_cluster.CollectiveAllReduceExtended
    extended._initialize_local_devices = local_devices
    return main.main(main.parse(["d3d_tf", *flags]))


if __name__ == "__main__":
    sys.exit(run(int(sys.argv[1]), sys.argv[2:]))
