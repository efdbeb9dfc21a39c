"""What the recipe's section `network` says of networks of features."""

from typing import Annotated

from annotated_types import Ge

from d3d_tf.models.network_recipe import NetworkRecipe
from d3d_tf.sections import Expected, Later, PositiveWhole, Whole, section
from d3d_tf.streams import FEATURES


@section
class FeatureNetworkRecipe(NetworkRecipe):
    """A network that looks at features of frames, and how many they are.

    Those of YouTube-8M unless said otherwise; with `--data` of other ones, as
    many as these have.
    """

    rgb_features: Annotated[PositiveWhole, Later()] = FEATURES["rgb"]
    """Of a picture."""
    audio_features: Annotated[
        Whole, Ge(0), Expected("0 (no sound) or more"), Later()
    ] = FEATURES["audio"]
    """Of its second of sound; 0: none."""

    @property
    def streams(self) -> tuple[str, ...]:
        return ("features",)

    @property
    def channels(self) -> int:
        """Features of a frame, of picture and sound."""
        return self.rgb_features + self.audio_features

    @property
    def widths(self) -> dict[str, int]:
        """Features of a frame, as `d3d_tf.streams.FEATURES`."""
        return {"rgb": self.rgb_features, "audio": self.audio_features}
