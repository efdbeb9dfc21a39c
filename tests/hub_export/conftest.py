"""One exported module for all tests of this folder; they leave it as it is."""

import pytest

from benchmarks.cpp_runtime import CppRuntime
from tests.hub_export.practice import export, made


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """The network and the path of its first version."""
    network = made()
    folder = tmp_path_factory.mktemp("run") / "export"
    return network, export(network, folder, info={"recipe": "practice"})


@pytest.fixture(scope="session")
def runtime(exported):
    """The module in the C++ run time."""
    with CppRuntime(exported[1]) as process:
        yield process
