"""What a step needs of memory, computed from its graph before it is made."""

import dataclasses
import os
import re
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf import device_properties_pb2
from tensorflow.python.client import device_lib
from tensorflow.python.framework import meta_graph
from tensorflow.python.framework.func_graph import func_graph_from_py_func
from tensorflow.python.grappler import cluster, item

from d3d_tf.distill.train_step import StreamTrainer, inner_optimizer


@dataclasses.dataclass(frozen=True)
class StepMemory:
    """Of one device.

    Attributes:
      clips: that it computes together.
      fixed: bytes of weights, gradients and the optimiser's state.
      moving: bytes of what is kept of so many clips.
    """

    clips: int
    fixed: int
    moving: int

    def of(self, clips: int) -> int:
        """The bytes of a step with so many clips together."""
        return self.fixed + self.moving * clips // self.clips

    def most(self, available: int) -> int:
        """How many clips together need no more than so many bytes; from 0."""
        left = max(available - self.fixed, 0)
        return left * self.clips // max(self.moving, 1)


def step_memory(trainer: StreamTrainer, specs, clips: int) -> StepMemory:
    """Computes it; nothing is run, and no variable changes.

    TensorFlow's own analysis of the graph: the sizes of all tensors that are
    there at the same time, in the order in which one core would make them. The
    work space of libraries (cuDNN's, say) and what TensorFlow takes by itself
    are not in it, nor is what a loop keeps (DNR's over groups, LSTMs').

    Args:
      trainer: compiled; its optimiser has its variables.
      specs: the structure of a batch of its data, as `element_spec`; the first
        axis of each is the clips.
      clips: that are computed together.
    """
    shapes = tf.nest.map_structure(
        lambda spec: tf.TensorSpec([clips, *spec.shape[1:]], spec.dtype), specs
    )

    def gradients(*data):
        found, *_ = trainer.slopes(data, tf.cast(clips, tf.float32))
        return [slope for slope in found if slope is not None]

    graph = func_graph_from_py_func(
        "step", gradients, shapes, {}, add_control_dependencies=False
    )
    names = [slope.op.name for slope in tf.nest.flatten(graph.outputs)]
    learned = _bytes_of(trainer.trainable_variables)
    fixed = _bytes_of(graph.variables) + learned  # Of a teacher, too.
    fixed += _bytes_of(inner_optimizer(trainer.optimizer).variables)
    if trainer.passes > 1:
        fixed += learned  # The sum of the gradients so far.
    return StepMemory(clips, fixed, _peak(graph, names))


def available_memory() -> int:
    """The bytes that each device of this process may take.

    Of GPUs it is TensorFlow's limit, else what the machine has free (where it
    does not say, as macOS, all that it has).
    """
    limits = [
        device.memory_limit
        for device in device_lib.list_local_devices()
        if device.device_type == "GPU"
    ]
    if limits:
        return min(limits)
    status = Path("/proc/meminfo")
    if status.exists():
        (kib,) = re.findall(r"MemAvailable:\s+(\d+) kB", status.read_text())
        available = 1024 * int(kib)
    else:
        available = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return available // len(tf.config.list_logical_devices("CPU"))


def _peak(graph, names: Sequence[str]) -> int:
    """The most bytes of tensors at a time until these operations are done.

    Neither what they find, the gradients, nor weights are counted.
    """
    fixed = set(names)
    found = graph.as_graph_def(add_shapes=True)
    found = tf.compat.v1.graph_util.extract_sub_graph(found, names)
    for node in found.node:
        if node.op == "ReadVariableOp":
            fixed.add(node.name)
            # The shape is known of the variable, which is not in the graph.
            shape = graph.get_operation_by_name(node.name).outputs[0].shape
            dtype = node.attr["dtype"].type
            node.op = "Placeholder"
            del node.input[:]
            node.attr.clear()
            node.attr["dtype"].type = dtype
            node.attr["shape"].shape.CopyFrom(shape.as_proto())
    alone = tf.Graph()
    with alone.as_default():
        tf.import_graph_def(found, name="")
    meta = meta_graph.create_meta_graph_def(graph=alone)
    meta.collection_def["train_op"].node_list.value.extend(names)
    properties = device_properties_pb2.DeviceProperties(
        type="CPU", frequency=1000, num_cores=1
    )
    device = device_properties_pb2.NamedDevice(
        name="/job:localhost/replica:0/task:0/device:CPU:0",
        properties=properties,
    )
    machine = cluster.Cluster(devices=[device])
    usage = machine.DeterminePeakMemoryUsage(item.Item(meta))
    ((peak, tensors),) = usage.values()
    return peak - sum(size for name, _, size, *_ in tensors if name in fixed)


def _bytes_of(variables) -> int:
    return sum(v.dtype.size * v.shape.num_elements() for v in variables)
