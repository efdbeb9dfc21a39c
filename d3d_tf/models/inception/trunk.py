"""I3D, S3D, S3D-G and Non-Local S3D-G trunks from one architecture table.

I3D inflates Inception-v1 in time; S3D splits its 3x3x3 convolutions into
space and time; S3D-G gates the branches (Xie et al., ECCV 2018). All of them
are argument sets of one class here, as three are in the released TF-Slim code.
"""

import dataclasses

from d3d_tf.layers.convolution import MaxPool3D
from d3d_tf.layers.recompute import recompute
from d3d_tf.models.backbone import Backbone, product
from d3d_tf.models.inception.blocks import ConvUnit, InceptionBlock, UnitOptions
from d3d_tf.models.inception.non_local import NonLocalBlock
from d3d_tf.models.inception.table import (
    ENDPOINTS,
    TRUNK,
    Mixed,
    Pool,
    Triple,
)


def _starts(start_at: str | None) -> set[str]:
    """Endpoints from `start_at` on; none for None."""
    if start_at is None:
        return set()
    if start_at not in ENDPOINTS:
        raise ValueError(
            f"No endpoint is called {start_at!r}; choose None or one of "
            f"{', '.join(ENDPOINTS)}."
        )
    return set(ENDPOINTS[ENDPOINTS.index(start_at) :])


class Inception3D(Backbone):
    """The trunk of I3D, S3D and S3D-G: a clip in, named features out.

    `trunk(clip, training)` takes `[batch, time, height, width, channels]`
    float in [-1, 1] (RGB, or flow in units of 20 px per frame) and returns
    `{endpoint: [batch, time', height', width', C]}` for all endpoints up to
    `final_endpoint`, in order. Batch, time, height and width are free; the
    released code fixes all but the batch and works on square frames only.

    Args:
      options: see `UnitOptions`; `separable` tells S3D from I3D.
      first_temporal_kernel: taps in time of Conv2d_1a_7x7, one of 1, 3, 5, 7
        (3 in S3D-G as released, 7 in I3D). It is never separated.
      temporal_conv_start_at: endpoint from which 3x3 convolutions span three
        frames; before it they see one. None: nowhere.
      gating_start_at: endpoint from which units are gated. None: nowhere.
      depth_multiplier: all channel counts are multiplied by it,
      min_depth: but are at least this (TF-Slim's rule).
      final_endpoint: where the trunk ends.
      non_local_before: endpoints that see their input through a
        `NonLocalBlock`. What goes into them is no endpoint.
      recompute: in training, keep only what passes between segments, and
        compute the inside of a segment again in the backward pass. A segment
        is a `ConvUnit` or an `InceptionBlock` with the pooling behind it; a
        training call returns the last endpoint of each. Takes effect once the
        variables are made.
    """

    def __init__(
        self,
        options: UnitOptions,
        *,
        first_temporal_kernel: int = 3,
        temporal_conv_start_at: str | None = "Conv2d_2c_3x3",
        gating_start_at: str | None = "Conv2d_2c_3x3",
        depth_multiplier: float = 1.0,
        min_depth: int = 16,
        final_endpoint: str = "Mixed_5c",
        non_local_before: tuple[str, ...] = (),
        recompute: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.recompute = recompute
        if first_temporal_kernel not in (1, 3, 5, 7):
            raise ValueError(
                "first_temporal_kernel must be 1, 3, 5 or 7; got "
                f"{first_temporal_kernel!r}."
            )
        if depth_multiplier <= 0:
            raise ValueError(
                f"depth_multiplier must be above 0; got {depth_multiplier!r}."
            )
        temporal = _starts(temporal_conv_start_at)
        gated = _starts(gating_start_at)
        after_final = _starts(final_endpoint) - {final_endpoint}

        def depth(channels: int) -> int:
            return max(int(channels * depth_multiplier), min_depth)

        def make(name: str):
            row = TRUNK[name]
            if isinstance(row, Pool):
                return MaxPool3D(row.kernel, row.strides, "same", name=name)
            taps = 3 if name in temporal else 1
            if isinstance(row, Mixed):
                b0, b1a, b1b, b2a, b2b, b3 = map(depth, row.channels)
                return InceptionBlock(
                    (b0, b1a, b1b, b2a, b2b, b3),
                    options,
                    temporal_kernel=taps,
                    gating=name in gated,
                    name=name,
                )
            kernel, unit_options = row.kernel, options
            if name == "Conv2d_1a_7x7":
                kernel = (first_temporal_kernel, 7, 7)
                unit_options = dataclasses.replace(options, separable=False)
            elif name == "Conv2d_2c_3x3":
                kernel = (taps, 3, 3)
            return ConvUnit(
                depth(row.channels),
                kernel,
                unit_options,
                strides=row.strides,
                gating=name == "Conv2d_2c_3x3" and name in gated,
                name=name,
            )

        self.units = [
            make(name) for name in ENDPOINTS if name not in after_final
        ]

        self._non_local_before = [
            name for name in non_local_before if name not in after_final
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
        names = [unit.name for unit in self.units]
        if endpoint not in names:
            raise ValueError(
                f"No endpoint is called {endpoint!r}; this trunk has "
                f"{', '.join(names)}."
            )
        return self.units[: names.index(endpoint) + 1]

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
