"""A small exported module whose answers depend on all that it is shown."""

import dataclasses
import functools
from pathlib import Path

import pytest

from d3d_tf.doctor.module.served import Module, open_module
from tests.hub_export.practice import export, made


@dataclasses.dataclass(frozen=True)
class Served:
    """A version folder."""

    path: Path

    @functools.cached_property
    def module(self) -> Module:
        return open_module(self.path)


@pytest.fixture(scope="session")
def served(tmp_path_factory) -> Served:
    """For all tests; they leave it as it is."""
    folder = tmp_path_factory.mktemp("run") / "export"
    return Served(export(made(), folder, info={"frame_rate": 25.0}))
