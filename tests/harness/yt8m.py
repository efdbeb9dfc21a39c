"""The goldens of shared/goldens/yt8m, and our networks by their names."""

import functools
import importlib.util
import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from d3d_tf.keras_api import keras
from d3d_tf.tasks import task_of

# Rounding of float32 (the goldens' README, section 10); they are float64.
INFERENCE, TRAINING, LOSSES, SLOPES, AVERAGES = 2e-5, 1e-4, 1e-5, 1e-3, 2e-6


class Goldens:
    """One case.

    Args:
      folder: shared/goldens.
      name: of the case.
    """

    def __init__(self, folder: Path, name: str):
        self.folder = folder / "yt8m"
        self.values = _module(str(self.folder / "yt8m_values.py"))
        text = (self.folder / "networks.json").read_text()
        self.case = json.loads(text)["cases"][name]
        self.arrays = {}
        if "npz" in self.case:
            with np.load(self.folder / self.case["npz"]) as arrays:
                self.arrays = dict(arrays)

    def weights(self) -> dict:
        found = self.values.make_values(
            self.case["variables"], self.case["salt"]
        )
        assert self.values.fingerprint(found) == self.case["fingerprint"]
        return found

    def clip(self) -> np.ndarray:
        """float32 `[videos, 300, channels]`, padded with zeros."""
        case = self.case
        clip = self.values.make_batch(
            case["seed"], case["frames"], case.get("dims", 1152)
        )
        return np.float32(clip)

    def labels(self) -> np.ndarray:
        labels = np.zeros(
            [len(self.case["labels"]), self.case["classes"]], np.float32
        )
        for row, own in zip(labels, self.case["labels"], strict=True):
            row[own] = 1
        return labels


@functools.cache
def _module(path: str):
    spec = importlib.util.spec_from_file_location("yt8m_values", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def put(names: dict, values: dict) -> None:
    """Gives variables their values; there is one for each.

    Args:
      names: by the original's name, a variable.
      values: by the same names.
    """
    assert set(names) == set(values)
    for name, variable in names.items():
        variable.assign(values[name])


def close(found, expected, share: float) -> None:
    """Relative L2."""
    expected = np.asarray(expected, np.float64)
    found = np.asarray(found, np.float64).reshape(expected.shape)
    distance = np.linalg.norm(found - expected)
    assert distance <= share * np.linalg.norm(expected)


def check_slopes(tape, total, names: dict, norms: dict) -> None:
    """L2 norms of gradients, by the original's names.

    A norm below 1e-6 of the largest is rounding, and held to that.
    """
    assert set(names) >= set(norms)
    slopes = tape.gradient(total, [names[name] for name in norms])
    floor = 1e-6 * max(norms.values())
    for slope, (name, norm) in zip(slopes, norms.items(), strict=True):
        found = float(tf.norm(slope))
        assert abs(found - norm) <= SLOPES * norm + floor, name


class _Slopes(keras.optimizers.SGD):
    """Leaves the gradient of each variable in its place."""

    def update_step(self, gradient, variable):
        variable.assign(gradient)


def slopes_of_a_step(lesson, network, recipe, inputs, labels) -> dict:
    """The logs of a step; the network's variables are their gradients then.

    Args:
      lesson: what the network learns from.
      network: with its variables.
      recipe: of the run.
      inputs: of one batch.
      labels: its labels.
    """
    trainer = lesson.trainer(network, recipe)
    loss = task_of(recipe.task).loss(epsilon=recipe.train.log_epsilon)
    trainer.compile(_Slopes(), loss)
    data = tf.data.Dataset.from_tensor_slices((inputs, labels))
    return trainer.fit(data.batch(len(labels)), verbose=0).history


def stream_names(prefix: str, layer) -> dict:
    """Variables of an `Aggregation` by the original's names."""
    first, second = layer.fully_connected, layer.attention
    return {
        f"{prefix}/fully_connected/weights": first.kernel,
        f"{prefix}/fully_connected/biases": first.bias,
        f"{prefix}/fully_connected_1/weights": second.kernel,
        f"{prefix}/fully_connected_1/biases": second.bias,
        f"{prefix}/cluster_weights": layer.cluster_weights.kernel,
        f"{prefix}/cluster_weights2": layer.centres,
        **norm_names(f"{prefix}/cluster_bn", layer.cluster_bn),
        **norm_names(f"{prefix}/vlad_bn", layer.vlad_bn),
    }


def norm_names(prefix: str, norm) -> dict:
    return {
        f"{prefix}/{name}": getattr(norm, name)
        for name in ("gamma", "beta", "moving_mean", "moving_variance")
    }


def branch_names(prefix: str, trunk, head, vlad: str = "vlad") -> dict:
    """Variables of a NeXtVLAD by the original's names."""
    streams, hidden, gate = trunk.units
    return {
        **stream_names(f"{prefix}/video_{vlad}", streams.video),
        **stream_names(f"{prefix}/audio_{vlad}", streams.audio),
        f"{prefix}/hidden1_weights": hidden.dense.kernel,
        **norm_names(f"{prefix}/hidden1_bn", hidden.batch_norm),
        f"{prefix}/gating_weights_1": gate.squeeze.kernel,
        **norm_names(f"{prefix}/gating_bn", gate.batch_norm),
        f"{prefix}/gating_weights_2": gate.excite.kernel,
        f"{prefix}/fully_connected/weights": head.fully_connected.kernel,
        f"{prefix}/fully_connected/biases": head.fully_connected.bias,
    }


def feature_record(
    id_key="id", name="a", labels=(1,), rgb=(b"\0" * 1024,), audio=None
):
    """A serialized frame-level record, of one frame by default."""
    video = tf.train.SequenceExample()
    context = video.context.feature
    context[id_key].bytes_list.value.append(name.encode())
    context["labels"].int64_list.value.extend(labels)
    audio = [bytes([255]) * 128] * len(rgb) if audio is None else audio
    for key, values in (("rgb", rgb), ("audio", audio)):
        for value in values:
            one = video.feature_lists.feature_list[key].feature.add()
            one.bytes_list.value.append(value)
    return video.SerializeToString()


def write_features(folder: Path, counts: dict[str, int], classes: int) -> Path:
    """Frame-level files, as `{"train0000.tfrecord": 5}` counts them.

    Videos have 10 to 300 frames of one of a few kinds, which is the first of
    their two labels; the other one says nothing of what is to be seen.
    """
    rng = np.random.default_rng(classes)
    kinds = rng.integers(64, 192, [classes, 1152])
    folder.mkdir(parents=True, exist_ok=True)
    names = "".join(f"topic {place}\n" for place in range(classes))
    (folder / "label_map.txt").write_text(names)
    for file, count in counts.items():
        with tf.io.TFRecordWriter(str(folder / file)) as writer:
            for number in range(count):
                own, other = rng.choice(classes, 2, replace=False).tolist()
                noise = rng.integers(-32, 32, [rng.integers(10, 301), 1152])
                frames = np.uint8(kinds[own] + noise)
                writer.write(
                    feature_record(
                        name=f"{file}-{number}",
                        labels=(own, other),
                        rgb=[row[:1024].tobytes() for row in frames],
                        audio=[row[1024:].tobytes() for row in frames],
                    )
                )
    return folder
