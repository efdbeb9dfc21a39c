"""PyTorch and PyTorchVideo, where `make build/torch` has put them."""

import importlib
import sys
import types
from pathlib import Path

import pytest

BUILD = Path(__file__).parents[2] / "build"


def import_built(target: str, name: str):
    """A package that `make build/TARGET` has put beside the environment."""
    folder = BUILD / target
    assert folder.is_dir(), f"{folder} is missing: make build/{target}"
    # Last: what both have is the environment's own.
    sys.path.append(str(folder))
    return importlib.import_module(name)


@pytest.fixture(scope="session")
def torch():
    """The package; large tests only, `make test-large` installs it."""
    return import_built("torch", "torch")


@pytest.fixture(scope="session")
def torchvision_models(torch):
    """Its networks, the original code of ImageNet's checkpoints."""
    # Operators that no network here has, and this PyTorch may not load.
    for name in ("nms", "qnms"):
        schema = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        torch.library.define(f"torchvision::{name}", schema)
    for name in ("torchvision", "torchvision.ops"):
        if not hasattr(sys.modules.get(name), "__path__"):
            sys.modules.pop(name, None)  # That of `pytorchvideo_x3d`.
    return import_built("torchvision", "torchvision").models


@pytest.fixture(scope="session")
def pytorchvideo_x3d(torch):
    """Its module of X3D, the original code of its checkpoints."""
    # Its head imports an operator for detection, which X3D does not use.
    operators = types.ModuleType("torchvision.ops")
    operators.RoIAlign = None
    sys.modules.setdefault("torchvision", types.ModuleType("torchvision"))
    sys.modules.setdefault("torchvision.ops", operators)
    return importlib.import_module("pytorchvideo.models.x3d")
