"""The networks of facts.md once more, in float64 NumPy.

Written from shared/goldens/networks/facts.md and docs/methods.md (non-local
blocks), not from the package; checked against the goldens of the original
graphs in test_restatement.py. Weights are a dict by TF-Slim's names.
"""

import itertools

import numpy as np

ENDPOINTS = {  # facts, 2: kernel and stride, or the filters of a Mixed block.
    "Conv2d_1a_7x7": ((0, 7, 7), (2, 2, 2)),
    "MaxPool_2a_3x3": ((1, 3, 3), (1, 2, 2)),
    "Conv2d_2b_1x1": ((1, 1, 1), (1, 1, 1)),
    "Conv2d_2c_3x3": ((3, 3, 3), (1, 1, 1)),
    "MaxPool_3a_3x3": ((1, 3, 3), (1, 2, 2)),
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "MaxPool_4a_3x3": ((3, 3, 3), (2, 2, 2)),
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "MaxPool_5a_2x2": ((2, 2, 2), (2, 2, 2)),
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}
STEM_FILTERS = {"Conv2d_1a_7x7": 64, "Conv2d_2b_1x1": 64, "Conv2d_2c_3x3": 192}
BRANCHES = (  # Name, entry of the filters, is it a 3 x 3 x 3, is it the end.
    ("Branch_0/Conv2d_0a_1x1", 0, False, True),
    ("Branch_1/Conv2d_0a_1x1", 1, False, False),
    ("Branch_1/Conv2d_0b_3x3", 2, True, True),
    ("Branch_2/Conv2d_0a_1x1", 3, False, False),
    ("Branch_2/Conv2d_0b_3x3", 4, True, True),
    ("Branch_3/Conv2d_0b_1x1", 5, False, True),
)


def shapes(
    *,
    separable=True,
    first=3,
    temporal_from="Conv2d_2c_3x3",
    gates_from="Conv2d_2c_3x3",
    multiplier=1.0,
    min_depth=16,
    classes=400,
    channels=3,
    final="Mixed_5c",
    non_local=(),
) -> dict:
    """`{TF-Slim name: shape}` of every variable."""
    found = {}

    def unit(path, endpoint, kernel, inputs, outputs, gated):
        name = f"InceptionV1/{path}"
        taps, *space = kernel
        cube = kernel == (3, 3, 3)
        if cube and not at_or_after(endpoint, temporal_from):
            taps = 1
        split = separable and cube and taps == 3
        found[f"{name}/weights"] = (
            1 if split else taps,
            *space,
            inputs,
            outputs,
        )
        for each in ("beta", "moving_mean", "moving_variance"):
            found[f"{name}/BatchNorm/{each}"] = (outputs,)
        if split:
            found[f"{name}/temporal/weights"] = (3, 1, 1, outputs, outputs)
            found[f"{name}/temporal/biases"] = (outputs,)
        if gated and at_or_after(endpoint, gates_from):
            gate = f"{name}/self_gating/transformer_W/weights"
            found[gate] = (1, 1, 1, outputs, outputs)
        return outputs

    def depth(filters):
        return max(int(filters * multiplier), min_depth)

    net = channels
    for endpoint, row in ENDPOINTS.items():
        if endpoint in non_local:
            name = f"InceptionV1/{endpoint}/NonLocal"
            for part in ("theta", "phi", "g", "z"):
                ends = (net, net // 2) if part != "z" else (net // 2, net)
                found[f"{name}/{part}/weights"] = (1, 1, 1, *ends)
                found[f"{name}/{part}/biases"] = ends[1:]
        if endpoint in STEM_FILTERS:
            kernel = row[0]
            if endpoint == "Conv2d_1a_7x7":
                kernel = (first, 7, 7)
            filters = depth(STEM_FILTERS[endpoint])
            gated = endpoint == "Conv2d_2c_3x3"
            net = unit(endpoint, endpoint, kernel, net, filters, gated)
        elif endpoint.startswith("Mixed"):
            widths = [depth(filters) for filters in row]
            for path, i, cube, end in BRANCHES:
                inputs = widths[i - 1] if cube else net
                kernel = (3, 3, 3) if cube else (1, 1, 1)
                path = f"{endpoint}/{path}"
                unit(path, endpoint, kernel, inputs, widths[i], end)
            net = sum(widths[i] for _, i, _, end in BRANCHES if end)
        if endpoint == final:
            break
    found["InceptionV1/Logits/Conv2d_0c_1x1/weights"] = (1, 1, 1, net, classes)
    found["InceptionV1/Logits/Conv2d_0c_1x1/biases"] = (classes,)
    return found


def at_or_after(endpoint, start) -> bool:
    names = list(ENDPOINTS)
    return start is not None and names.index(endpoint) >= names.index(start)


def windows(net, kernel, strides, fill):
    """TF's SAME windows: one `[batch, t, h, w, C]` view per tap, in order."""
    pads, outs = [(0, 0)], []
    for n, k, s in zip(net.shape[1:4], kernel, strides, strict=True):
        out = -(-n // s)
        total = max((out - 1) * s + k - n, 0)
        pads.append((total // 2, total - total // 2))
        outs.append(out)
    net = np.pad(net, [*pads, (0, 0)], constant_values=fill)
    for taps in itertools.product(*map(range, kernel)):
        cut = [
            slice(a, a + (out - 1) * s + 1, s)
            for a, out, s in zip(taps, outs, strides, strict=True)
        ]
        yield taps, net[:, cut[0], cut[1], cut[2]]


def convolve(net, kernel, strides=(1, 1, 1)):
    """SAME convolution; kernel `[t, h, w, in, out]`."""
    return sum(
        view @ kernel[taps]
        for taps, view in windows(net, kernel.shape[:3], strides, 0.0)
    )


def max_pool(net, kernel, strides):
    best = None
    for _, view in windows(net, kernel, strides, -np.inf):
        best = view.copy() if best is None else np.maximum(best, view, best)
    return best


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Restatement:
    """A network in float64.

    Args:
      values: `{TF-Slim name: array}`; which of them exist says what the
        network is.
      training: normalise with the batch and note the `updates` (facts, 5).
    """

    def __init__(self, values: dict, *, training: bool = False):
        self.values = {k: np.float64(v) for k, v in values.items()}
        self.training = training
        self.updates = {}
        self.endpoints = {}

    def unit(self, net, path, strides=(1, 1, 1)):
        name = f"InceptionV1/{path}"
        net = convolve(net, self.values[f"{name}/weights"], strides)
        norm = f"{name}/BatchNorm"
        mean = self.values[f"{norm}/moving_mean"]
        variance = self.values[f"{norm}/moving_variance"]
        if self.training:
            seen = {
                f"{norm}/moving_mean": net.mean((0, 1, 2, 3)),
                f"{norm}/moving_variance": net.var((0, 1, 2, 3)),
            }
            for key, value in seen.items():
                self.updates[key] = 0.999 * self.values[key] + 0.001 * value
            mean, variance = seen.values()
        net = (net - mean) / np.sqrt(variance + 1e-3)
        net = np.maximum(net + self.values[f"{norm}/beta"], 0)
        if f"{name}/temporal/weights" in self.values:
            net = convolve(net, self.values[f"{name}/temporal/weights"])
            net = np.maximum(net + self.values[f"{name}/temporal/biases"], 0)
        gate = self.values.get(f"{name}/self_gating/transformer_W/weights")
        if gate is not None:
            means = net.mean((1, 2, 3), keepdims=True)
            net = net * sigmoid(means @ gate[0, 0, 0])
        return net

    def mixed(self, net, name):
        def chain(start, *units):
            for path in units:
                start = self.unit(start, f"{name}/{path}")
            return start

        pooled = max_pool(net, (3, 3, 3), (1, 1, 1))
        return np.concatenate(
            [
                chain(net, "Branch_0/Conv2d_0a_1x1"),
                chain(net, "Branch_1/Conv2d_0a_1x1", "Branch_1/Conv2d_0b_3x3"),
                chain(net, "Branch_2/Conv2d_0a_1x1", "Branch_2/Conv2d_0b_3x3"),
                chain(pooled, "Branch_3/Conv2d_0b_1x1"),
            ],
            axis=-1,
        )

    def non_local(self, net, endpoint):
        """Methods, 2: softmax over all places, scaled, no norm."""
        name = f"InceptionV1/{endpoint}/NonLocal"

        def project(x, part):
            kernel = self.values[f"{name}/{part}/weights"][0, 0, 0]
            return x @ kernel + self.values[f"{name}/{part}/biases"]

        x = net.reshape(len(net), -1, net.shape[-1])
        theta, phi, g = (project(x, part) for part in ("theta", "phi", "g"))
        scores = theta @ phi.transpose(0, 2, 1) / np.sqrt(theta.shape[-1])
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        y = scores / scores.sum(-1, keepdims=True) @ g
        return (x + project(y, "z")).reshape(net.shape)

    def logits(self, clip, *, final="Mixed_5c", pooling="overlapping"):
        """`[batch, classes]`; fills `endpoints`."""
        net = np.float64(clip)
        for endpoint, row in ENDPOINTS.items():
            if f"InceptionV1/{endpoint}/NonLocal/z/weights" in self.values:
                net = self.non_local(net, endpoint)
            if endpoint.startswith("Mixed"):
                net = self.mixed(net, endpoint)
            elif endpoint.startswith("MaxPool"):
                net = max_pool(net, *row)
            else:
                net = self.unit(net, endpoint, row[1])
            self.endpoints[endpoint] = net
            if endpoint == final:
                break
        return self.head(net, pooling)

    def head(self, net, pooling):
        """Facts, 4: 2 x 7 x 7, VALID, stride 1, clipped to the map.

        Several windows in space, which the originals refuse, are averaged.
        """
        if pooling == "global":
            pooled = net.mean((1, 2, 3))
        else:
            size = [
                min(n, m)
                for n, m in zip(net.shape[1:4], (2, 7, 7), strict=True)
            ]
            views = np.lib.stride_tricks.sliding_window_view(
                net, size, axis=(1, 2, 3)
            )
            pooled = views.mean((-3, -2, -1)).mean((1, 2, 3))
        name = "InceptionV1/Logits/Conv2d_0c_1x1"
        kernel = self.values[f"{name}/weights"][0, 0, 0]
        return pooled @ kernel + self.values[f"{name}/biases"]
