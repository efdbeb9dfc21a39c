"""A ResNet of Keras Applications, in the HDF5 file of its weights.

It is He et al.'s: a bottleneck has its stride in the first convolution
(`style: caffe`), pixels are BGR from which only a mean is taken, convolutions
have biases, and 1.001e-5 is added to variances. The first convolution is turned
to RGB; biases and what exceeds 1e-5 are put into the norms' moving averages,
which changes nothing in inference. In training a norm takes away any bias.
"""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from d3d_tf.errors import UserError
from d3d_tf.file_digests import digest_file
from d3d_tf.keras_api import keras
from d3d_tf.models.network_recipe import NetworkRecipe
from d3d_tf.models.original import (
    Filled,
    assign,
    require_fit,
    require_one_network,
)
from d3d_tf.models.resnet.checkpoints.names import by_name
from d3d_tf.models.resnet.config import ResNetRecipe

_START = b"\x89HDF\r\n\x1a\n"
# keras.applications.imagenet_utils, mode "caffe", red first.
_MEAN = (123.68 / 255, 116.779 / 255, 103.939 / 255)
_STD = (1 / 255, 1 / 255, 1 / 255)
_EPSILON = 1.001e-5
# By the number of layers with weights, without the classifier.
_DEPTHS = {106: "50", 208: "101"}
_NORM = {"weight": "gamma", "bias": "beta"} | {
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}
_HEAD = {"fc_cls.weight": "predictions/kernel"} | {
    "fc_cls.bias": "predictions/bias"
}


def is_keras_file(path: str | Path) -> bool:
    """Whether a file is HDF5, or its name says so."""
    path = Path(path)
    if not path.is_file():
        return path.suffix in (".h5", ".hdf5")
    with open(path, "rb") as file:
        return file.read(len(_START)) == _START or path.suffix == ".h5"


class KerasOriginal:
    """See `d3d_tf.models.original.Original`.

    Args:
      path: of the file.
      stated: of no use here.
      scope, averages: of other formats; there is nothing of the kind here.

    Raises:
      UserError: it cannot be read, or holds no such ResNet.
    """

    free: tuple[str, ...] = ()
    stream = "frames"
    kind = "keras_applications"
    title = "Keras Applications' ResNet"
    trained_by: str | None = None

    def __init__(
        self, path, *, stated: dict, scope: str | None, averages: bool
    ):
        require_one_network("Keras", scope, averages)
        self.path = Path(path)
        depth, self.num_classes = _contents(self.path)
        self.network: NetworkRecipe = ResNetRecipe(
            model=f"tsn_r{depth}",
            style="caffe",
            pixel_mean=_MEAN,
            pixel_std=_STD,
        )
        self._values = _loaded(self.path, depth, self.num_classes)
        wrong = [n for n, v in self._values.items() if not np.isfinite(v).all()]
        require_fit(self.path, {"with values that are not finite": wrong})

    def digests(self) -> dict[str, dict]:
        return {self.path.name: digest_file(self.path)}

    def fill(self, network) -> Filled:
        variables = self.variables(network)
        used: dict[str, str] = {}
        values = {}
        for name, variable in variables.items():
            value = self._value(name, used).astype(np.float32)
            values[name] = np.ascontiguousarray(value.reshape(variable.shape))
        surplus = [name for name in self._values if name not in used]
        require_fit(self.path, {"surplus": surplus})
        return assign(variables, values, self._values, used, "")

    def variables(self, network) -> dict[str, Any]:
        return by_name(network, classifier=self.num_classes is not None)

    def _value(self, name: str, used: dict[str, str]) -> np.ndarray:
        """That of one of our variables; adds whence it is to `used`."""

        def take(theirs: str) -> np.ndarray:
            used[theirs] = name
            return self._values[theirs].astype(np.float64)

        if name in _HEAD:
            return take(_HEAD[name])
        place, leaf = name.rsplit(".", 1)
        conv, norm = _layers(place)
        if norm is None:
            kernel = take(f"{conv}/kernel")
            return kernel[:, :, ::-1] if place == "conv1" else kernel
        value = take(f"{norm}/{_NORM[leaf]}")
        if leaf == "running_mean":
            return value - take(f"{conv}/bias")
        return value + (_EPSILON - 1e-5) if leaf == "running_var" else value


def _layers(place: str) -> tuple[str, str | None]:
    """Keras' convolution, and its norm if ours is one, of a layer of ours.

    `layer1.0.bn2` is `conv2_block1_2_bn`, after `conv2_block1_2_conv`.
    """
    *path, last = place.replace("downsample.", "downsample").split(".")
    stem = "conv1"
    if path:
        stage, block = int(path[0].removeprefix("layer")), int(path[1])
        number = 0 if last.startswith("downsample") else last[-1]
        stem = f"conv{stage + 1}_block{block + 1}_{number}"
    normed = last.startswith("bn") or last == "downsample1"
    return f"{stem}_conv", f"{stem}_bn" if normed else None


def _contents(path: Path) -> tuple[str, int | None]:
    """Depth and number of classes; None: the file has no classifier.

    Raises:
      UserError: it is not a file of a ResNet's weights.
    """
    if not path.is_file():
        raise UserError(f"There is no file {path}.")
    try:
        with h5py.File(path, "r") as file:
            group = file.get("model_weights", file)
            layers = [
                [group[layer][name].shape for name in names]
                for layer in group.attrs.get("layer_names", ())
                if len(names := group[layer].attrs["weight_names"])
            ]
    except (OSError, KeyError) as error:
        raise UserError(
            f"{path} is damaged, or is not a file of Keras ({error}): get it "
            "again."
        ) from error
    dense = [shapes[0][-1] for shapes in layers if len(shapes[0]) == 2]
    depth = _DEPTHS.get(len(layers) - len(dense))
    if depth is None or len(dense) > 1:
        raise UserError(
            f"{path} has {len(layers)} layers with weights; of Keras' files, "
            "those of keras.applications.ResNet50 and ResNet101 are read, with "
            "107 and 209 layers, or 106 and 208 without the classifier "
            "(model.save_weights of Keras 2, HDF5)."
        )
    return depth, dense[0] if dense else None


def _loaded(
    path: Path, depth: str, num_classes: int | None
) -> dict[str, np.ndarray]:
    """Values by names of Keras' network: its own loader knows the file's.

    Raises:
      UserError: the file is of another network, or damaged.
    """
    network = getattr(keras.applications, f"ResNet{depth}")(
        include_top=num_classes is not None,
        weights=None,
        input_shape=(32, 32, 3),
        classes=num_classes or 1,
    )
    try:
        network.load_weights(str(path))
    except (OSError, KeyError, ValueError) as error:
        first = (str(error).strip().splitlines() or ["?"])[0][:200]
        raise UserError(
            f"{path} does not fit keras.applications.ResNet{depth} ({first})."
        ) from error
    return {
        variable.name.removesuffix(":0"): variable.numpy()
        for variable in network.weights
    }
