"""PyTorch and PyTorchVideo, where `make build/torch` has put them."""

import importlib
import sys
import types
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "build" / "torch"


@pytest.fixture(scope="session")
def torch():
    """The package; large tests only, `make test-large` installs it."""
    assert FOLDER.is_dir(), f"{FOLDER} is missing: make build/torch"
    # Last: what both have is the environment's own.
    sys.path.append(str(FOLDER))
    return importlib.import_module("torch")


@pytest.fixture(scope="session")
def pytorchvideo_x3d(torch):
    """Its module of X3D, the original code of its checkpoints."""
    # Its head imports an operator for detection, which X3D does not use.
    operators = types.ModuleType("torchvision.ops")
    operators.RoIAlign = None
    sys.modules.setdefault("torchvision", types.ModuleType("torchvision"))
    sys.modules.setdefault("torchvision.ops", operators)
    return importlib.import_module("pytorchvideo.models.x3d")
