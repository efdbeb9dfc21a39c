"""PyTorch's files: what is in them, and what is not run."""

import subprocess
import sys
import zipfile

import numpy as np
import pytest

from d3d_tf.errors import UserError
from d3d_tf.models.torch_file import (
    is_torch_file,
    open_torch_file,
)

large = pytest.mark.large


@pytest.mark.parametrize(
    "name, content, expected",
    [
        ("model.ckpt", b"PK\x03\x04....", True),
        # torch.save before PyTorch 1.6.
        ("model", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", True),
        ("x3d_s.pyth", b"damaged", True),
        ("model.ckpt", b"\x00\x0dsomething", False),
        ("nothing.pth", None, True),
        ("nothing.ckpt", None, False),
    ],
)
def test_which_files_are_pytorch_s(tmp_path, name, content, expected):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert is_torch_file(tmp_path / name) is expected


def test_no_such_file(tmp_path):
    with pytest.raises(UserError, match="There is no file .*x3d_s.pyth"):
        open_torch_file(tmp_path / "x3d_s.pyth")


def test_without_pytorch(tmp_path):
    """In a process of its own: large tests may have made it importable."""
    path = tmp_path / "x3d_s.pyth"
    path.write_bytes(b"PK\x03\x04")
    code = (
        "import sys\n"
        "from d3d_tf.models.torch_file import open_torch_file\n"
        "try: open_torch_file(sys.argv[1])\n"
        "except Exception as error: print(error)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, path],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "Reading x3d_s.pyth needs torch: run `pip install" in shown
    assert "d3d_tf[torch]" in shown


# ------------------------------------------------------------ with PyTorch


@pytest.fixture
def saved(torch, tmp_path):
    """`saved(content)`: the path of what PyTorch saved."""

    def save(content, **options):
        torch.save(content, tmp_path / "model.pyth", **options)
        return tmp_path / "model.pyth"

    return save


@large
@pytest.mark.parametrize(
    "place", ["model_state", "state_dict", "model_state_dict", "model", None]
)
@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("legacy", [False, True])
def test_weights_wherever_they_are(torch, saved, place, prefix, legacy):
    state = {
        f"{prefix}a.weight": torch.tensor([[1.0, 2.0]]),
        f"{prefix}bn.num_batches_tracked": torch.tensor(7),
    }
    content = {"epoch": 3, "cfg": "DATA: {}", place: state} if place else state
    path = saved(content, _use_new_zipfile_serialization=not legacy)
    assert is_torch_file(path)
    found = open_torch_file(path)
    assert [*found.values] == ["a.weight", "bn.num_batches_tracked"]
    assert [*found.weights] == ["a.weight"]
    np.testing.assert_array_equal(found.values["a.weight"], [[1, 2]])
    assert found.settings == ("DATA: {}" if place else "")


class Malice:
    """Unpickled, it would write a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


@large
def test_objects_are_not_made(torch, saved, tmp_path):
    path = saved({"model_state": {"a": torch.ones(1)}, "x": Malice("/tmp/no")})
    with pytest.raises(UserError, match="save its weights alone"):
        open_torch_file(path)
    trace = tmp_path / "trace"
    path = saved({"model_state": {"a": torch.ones(1)}, "x": Malice(trace)})
    with pytest.raises(UserError):
        open_torch_file(path)
    assert not trace.exists()


@large
@pytest.mark.parametrize("keep", [0, 4, 100, -100])
def test_damaged_files(torch, saved, keep):
    path = saved({"model_state": {"a": torch.ones(1000)}})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match="damaged"):
        open_torch_file(path)


@large
def test_a_damaged_byte(torch, saved):
    """The zip has a checksum of each tensor."""
    path = saved({"model_state": {"a": torch.ones(1000)}})
    with zipfile.ZipFile(path) as content:
        (entry,) = (i for i in content.infolist() if i.filename.endswith("/0"))
    whole = bytearray(path.read_bytes())
    whole[entry.header_offset + 2000] ^= 1
    path.write_bytes(whole)
    with pytest.raises(UserError, match="damaged"):
        open_torch_file(path)


@large
@pytest.mark.parametrize("content", [[1, 2], {"epoch": 3}, {"model_state": {}}])
def test_files_without_weights(saved, content):
    with pytest.raises(UserError, match="holds no weights"):
        open_torch_file(saved(content))


@large
def test_half_precision_is_refused(torch, saved):
    path = saved({"a.weight": torch.ones(2).half()})
    with pytest.raises(UserError, match="a.weight is torch.float16; float32"):
        open_torch_file(path)
