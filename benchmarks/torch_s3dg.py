"""S3D-G once more, plainly, in PyTorch: what the speed of ours is held against.

The layers, widths, gates and the head are those of the released network, and so
are parameters and multiply-adds. Padding is symmetric, as PyTorch has it: the
grid is shifted against TensorFlow's, at no difference in cost.
"""

import torch
from torch import nn
from torch.nn import functional as F

from d3d_tf.models.inception.table import TRUNK, Conv, Pool


def conv(channels, filters, kernel, stride=1, bias=False):
    """A convolution that keeps the size, but for its stride."""
    padding = tuple(k // 2 for k in kernel)
    return nn.Conv3d(channels, filters, kernel, stride, padding, bias=bias)


class Gate(nn.Module):
    """x * sigmoid(W mean(x)), one mean per clip and channel."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Linear(channels, channels, bias=False)

    def forward(self, x):
        gate = torch.sigmoid(self.weight(x.mean(dim=(2, 3, 4))))
        return x * gate[:, :, None, None, None]


class Unit(nn.Module):
    """Convolution, batch normalisation, ReLU; temporal half; gate."""

    def __init__(self, channels, filters, kernel, *, stride=1, split, gated):
        super().__init__()
        split = split and kernel[0] > 1
        if split:
            self.conv = conv(channels, filters, (1, *kernel[1:]), stride)
        else:
            self.conv = conv(channels, filters, kernel, stride)
        self.norm = nn.BatchNorm3d(filters, eps=1e-3, momentum=1e-3)
        self.norm.weight.requires_grad_(False)
        self.temporal = (
            conv(filters, filters, (kernel[0], 1, 1), bias=True)
            if split
            else nn.Identity()
        )
        self.split = split
        self.gate = Gate(filters) if gated else nn.Identity()

    def forward(self, x):
        x = F.relu(self.norm(self.conv(x)))
        if self.split:
            x = F.relu(self.temporal(x))
        return self.gate(x)


class Mixed(nn.Module):
    """Four branches side by side."""

    def __init__(self, channels, filters):
        super().__init__()
        b0, b1a, b1b, b2a, b2b, b3 = filters
        point, cube = (1, 1, 1), (3, 3, 3)

        def unit(channels, filters, kernel, gated=True):
            return Unit(channels, filters, kernel, split=True, gated=gated)

        self.branches = nn.ModuleList(
            [
                unit(channels, b0, point),
                nn.Sequential(
                    unit(channels, b1a, point, gated=False),
                    unit(b1a, b1b, cube),
                ),
                nn.Sequential(
                    unit(channels, b2a, point, gated=False),
                    unit(b2a, b2b, cube),
                ),
                nn.Sequential(nn.MaxPool3d(3, 1, 1), unit(channels, b3, point)),
            ]
        )

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class S3DG(nn.Module):
    """`[batch, 3, time, height, width]` to `[batch, num_classes]` logits."""

    def __init__(self, num_classes=400):
        super().__init__()
        channels, layers = 3, []
        for name, row in TRUNK.items():
            if isinstance(row, Pool):
                padding = tuple((k - 1) // 2 for k in row.kernel)
                layers.append(nn.MaxPool3d(row.kernel, row.strides, padding))
            elif isinstance(row, Conv):
                first = name == "Conv2d_1a_7x7"
                kernel = (3, 7, 7) if first else row.kernel
                layers.append(
                    Unit(
                        channels,
                        row.channels,
                        kernel,
                        stride=row.strides,
                        split=not first,
                        gated=name == "Conv2d_2c_3x3",
                    )
                )
                channels = row.channels
            else:
                b0, _, b1, _, b2, b3 = row.channels
                layers.append(Mixed(channels, row.channels))
                channels = b0 + b1 + b2 + b3
        self.trunk = nn.Sequential(*layers)
        self.dropout = nn.Dropout(0.2)
        self.logits = nn.Conv3d(channels, num_classes, 1)
        for part in self.modules():
            if isinstance(part, nn.Conv3d):
                nn.init.kaiming_normal_(part.weight)

    def forward(self, x):
        x = self.trunk(x)
        window = (min(2, x.shape[2]), min(7, x.shape[3]), min(7, x.shape[4]))
        x = self.dropout(F.avg_pool3d(x, window, 1))
        return self.logits(x).mean(dim=(2, 3, 4))
