"""NeXtVLAD without its classifier."""

from pathlib import Path

import numpy as np

from d3d_tf.errors import UserError
from d3d_tf.models.backbone import up_to_name
from d3d_tf.models.feature_clip import FeatureBackbone, features_and_mask
from d3d_tf.models.nextvlad.config import NeXtVLADRecipe
from d3d_tf.models.nextvlad.layers import ContextGate, Hidden, Streams
from d3d_tf.streams import FEATURES


class NeXtVLADTrunk(FeatureBackbone):
    """Endpoints `vlad` (what is distilled), `hidden` and `gated`.

    Each is `[batch, 1, C]`: one vector for the whole video.

    Args:
      recipe: of the network.

    Attributes:
      units: the layers, one for each endpoint.
    """

    def __init__(self, recipe: NeXtVLADRecipe, **kwargs):
        super().__init__(**kwargs)
        self.units: list = [
            Streams(recipe, name="vlad"),
            Hidden(recipe, name="hidden"),
            ContextGate(recipe, name="gated"),
        ]

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(unit.name for unit in self.units)

    @property
    def channels(self) -> int:
        return sum(self.units[0].widths)

    def up_to(self, endpoint: str, inputs, training=None) -> dict:
        features = {}
        net = features_and_mask(inputs)
        for unit in self.layers_up_to(endpoint):
            net = features[unit.name] = unit(net, training=training)
        return features

    def layers_up_to(self, endpoint: str) -> list:
        return up_to_name(self.units, endpoint)


def read_eigenvalues(path: str, count: int = FEATURES["rgb"]) -> np.ndarray:
    """The eigenvalues of the PCA of YouTube-8M, or of one's own features.

    Args:
      path: of a .npy file, as the kit's `eigenvals.npy`.
      count: of the features of a picture; the file has as many or more.

    Returns:
      float32 `[count]`, largest first.

    Raises:
      UserError: the file is missing, or something else.
    """
    try:
        values = np.load(Path(path), allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(
            f"network.eigenvalues={path} cannot be read ({error}): name the "
            "file eigenvals.npy of YouTube-8M's PCA, or null."
        ) from error
    good = (
        isinstance(values, np.ndarray)
        and values.dtype.kind == "f"
        and values.size >= count
    )
    first = values.ravel()[:count] if good else np.zeros(1)
    if not good or not (np.isfinite(first) & (first >= 0)).all():
        raise UserError(
            f"network.eigenvalues={path} must hold {count} or more "
            "eigenvalues, floats from 0 on: name the file eigenvals.npy of "
            "YouTube-8M's PCA, or null."
        )
    return first.astype(np.float32)
