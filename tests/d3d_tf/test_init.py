"""`import d3d_tf` is instant; the public names load on use."""

import subprocess
import sys

import pytest

import d3d_tf

# Contract, section 7.
PUBLIC = (
    "S3DG",
    "I3D",
    "S3D",
    "NonLocalS3DG",
    "Distiller",
    "tvl1_flow",
    "make_dataset",
    "export_module",
    "load_checkpoint",
)


def test_import_imports_nothing_else(tmp_path):
    """Of what a plain Python has not loaded, only `d3d_tf` itself is new."""
    code = (
        "import sys; before = set(sys.modules); import d3d_tf; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "d3d_tf d3d_tf.onednn\n"


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_listed_and_loads(name):
    assert name in dir(d3d_tf)
    assert name in d3d_tf.__all__
    value = getattr(d3d_tf, name)
    assert callable(value)
    assert value.__name__ == name
    assert value.__module__.startswith("d3d_tf.")


def test_unknown_names_are_attribute_errors():
    assert not hasattr(d3d_tf, "S3DGG")
    with pytest.raises(AttributeError, match="'d3d_tf' has no .*'S3DGG'"):
        _ = d3d_tf.S3DGG
