"""I3D, S3D, S3D-G and Non-Local S3D-G trunks from one architecture table.

I3D inflates Inception-v1 in time; S3D splits its 3x3x3 convolutions into
space and time; S3D-G gates the branches (Xie et al., ECCV 2018). All of them
are argument sets of one class here, as three are in the released TF-Slim code.
"""

import dataclasses

from d3d_tf.layers.convolution import MaxPool3D
from d3d_tf.layers.recompute import recompute
from d3d_tf.models.backbone import Backbone, product, up_to_name
from d3d_tf.models.inception.blocks import ConvUnit, InceptionBlock, UnitOptions
from d3d_tf.models.inception.config import InceptionRecipe
from d3d_tf.models.inception.non_local import NonLocalBlock
from d3d_tf.models.inception.table import (
    ENDPOINTS,
    TRUNK,
    Mixed,
    Pool,
    Triple,
)


def _starts(start_at: str | None) -> tuple[str, ...]:
    """Endpoints from `start_at` on; none for None."""
    return () if start_at is None else ENDPOINTS[ENDPOINTS.index(start_at) :]


def _make(name: str, recipe: InceptionRecipe, options: UnitOptions):
    """The layer of an endpoint."""

    def depth(channels: int) -> int:
        return max(int(channels * recipe.depth_multiplier), recipe.min_depth)

    row = TRUNK[name]
    if isinstance(row, Pool):
        return MaxPool3D(row.kernel, row.strides, "same", name=name)
    taps = 3 if name in _starts(recipe.temporal_conv_start_at) else 1
    gated = name in _starts(recipe.gating_start_at)
    if isinstance(row, Mixed):
        b0, b1a, b1b, b2a, b2b, b3 = map(depth, row.channels)
        return InceptionBlock(
            (b0, b1a, b1b, b2a, b2b, b3),
            options,
            temporal_kernel=taps,
            gating=gated,
            name=name,
        )
    kernel = row.kernel
    if name == "Conv2d_1a_7x7":
        kernel = (recipe.first_kernel, 7, 7)
        options = dataclasses.replace(options, separable=False)
    elif name == "Conv2d_2c_3x3":
        kernel = (taps, 3, 3)
    return ConvUnit(
        depth(row.channels),
        kernel,
        options,
        strides=row.strides,
        gating=name == "Conv2d_2c_3x3" and gated,
        name=name,
    )


class Inception3D(Backbone):
    """The trunk of I3D, S3D and S3D-G: a clip in, named features out.

    `trunk(clip, training)` takes `[batch, time, height, width, channels]`
    float in [-1, 1] (RGB, or flow in units of 20 px per frame) and returns
    `{endpoint: [batch, time', height', width', C]}` for all endpoints up to
    `final_endpoint`, in order. Batch, time, height and width are free; the
    released code fixes all but the batch and works on square frames only.

    Args:
      recipe: the arguments of `InceptionNetwork`, of which a trunk has no
        dropout and no pooling of the head.
      separable: tells S3D from I3D, see `UnitOptions`.
      non_local_before: endpoints that see their input through a
        `NonLocalBlock`. What goes into them is no endpoint.
    """

    def __init__(
        self,
        recipe: InceptionRecipe,
        *,
        separable: bool = True,
        non_local_before: tuple[str, ...] = (),
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.recompute = recipe.recompute
        options = UnitOptions(
            weight_decay=recipe.weight_decay,
            batch_norm_momentum=recipe.batch_norm_momentum,
            synchronized_batch_norm=recipe.synchronized_batch_norm,
            separable=separable,
            relays=recipe if recipe.is_dynamic else None,
            fan_in_initializer=recipe.fan_in_initializer,
        )
        self.units = [_make(name, recipe, options) for name in recipe.endpoints]
        self._non_local_before = [
            name for name in non_local_before if name in recipe.endpoints
        ]
        self.non_locals = [
            NonLocalBlock(options, name=f"{name}/NonLocal")
            for name in self._non_local_before
        ]

    def call(self, inputs, training=None):
        made = all(unit.built for unit in self.units)
        if self.recompute and training and made:
            return self._call_with_recompute(inputs)
        return self.up_to(self.units[-1].name, inputs, training)

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(unit.name for unit in self.units)

    @property
    def channels(self) -> int:
        return int(self.units[0].conv.kernel.shape[-2])

    def up_to(self, endpoint: str, inputs, training=None) -> dict:
        features = {}
        net = inputs
        for unit in self.units_up_to(endpoint):
            net = features[unit.name] = self._pass(unit, net, training)
        return features

    def layers_up_to(self, endpoint: str) -> list:
        units = self.units_up_to(endpoint)
        before = zip(self._non_local_before, self.non_locals, strict=True)
        names = {unit.name for unit in units}
        return units + [block for name, block in before if name in names]

    def strides(self, endpoint: str) -> Triple:
        units = self.units_up_to(endpoint)
        rows = [TRUNK[unit.name] for unit in units]
        return product(
            [row.strides for row in rows if not isinstance(row, Mixed)]
        )

    def units_up_to(self, endpoint: str) -> list:
        """Units and poolings in order, `endpoint` the last."""
        return up_to_name(self.units, endpoint)

    def before(self, unit, net):
        """What `unit` is given: `net`, through a non-local block or not."""
        if unit.name not in self._non_local_before:
            return net
        place = self._non_local_before.index(unit.name)
        return self.non_locals[place](net)

    def _pass(self, unit, net, training):
        net = self.before(unit, net)
        if isinstance(unit, MaxPool3D):
            return unit(net)
        return unit(net, training=training)

    def _call_with_recompute(self, inputs):
        segments: list[list] = []
        for unit in self.units:
            if isinstance(unit, MaxPool3D):
                segments[-1].append(unit)
            else:
                segments.append([unit])
        features = {}
        net = inputs
        for segment in segments:

            def run(net, segment=segment):
                for unit in segment:
                    net = self._pass(unit, net, training=True)
                return net

            net = features[segment[-1].name] = recompute(run, net)
        return features
