"""Servers that answer a module's example rightly, and some that do not."""

import json
import shutil

import numpy as np
import pytest

from d3d_tf.hub_export.client.__main__ import main
from d3d_tf.hub_export.client.example import ANSWER, FOLDER, REQUEST
from d3d_tf.hub_export.export import export_module
from d3d_tf.keras_api import keras
from d3d_tf.sealed import sealed
from tests.hub_export.client.conftest import (
    FRAMES,
    LABELS,
    SIZE,
    serving,
)
from tests.hub_export.client.test_main import TENSORFLOW, alone
from tests.hub_export.practice import made

EXAMPLE = f"{FOLDER}/{REQUEST}"


def colours(order=(0, 1, 2)):
    """Logits are 9 times the means of red, green and blue."""
    weights = 9 * np.eye(3, dtype=np.float32)[list(order)]
    clip = keras.Input([None, None, None, 3])
    means = keras.layers.GlobalAveragePooling3D()(clip)
    network = keras.Model(clip, keras.layers.Dense(3, use_bias=False)(means))
    network.set_weights([weights])
    return network


def export(network, folder, **kwargs):
    return export_module(
        network,
        folder,
        **{"labels": LABELS, "frames": FRAMES, "size": SIZE, "short_side": 18}
        | kwargs,
    )


def run(capsys, server, module, *more) -> tuple[int, str]:
    """The exit code and the one line of output."""
    flags = [f"--server={server}", f"--module={module}", "--retries=0"]
    code = main(["--check", *flags, *more])
    out, err = capsys.readouterr()
    (line,) = (out + err).splitlines()
    return code, line


@pytest.mark.parametrize("way, refused", [("grpc", []), ("rest", ["grpc"])])
def test_the_module_itself(double, way, refused):
    """In a process without TensorFlow."""
    server = getattr(double, way)
    flags = [f"--server={server}", f"--module={double.module}"]
    result = alone([*TENSORFLOW, *refused], ["--check", *flags])
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(
        f"d3d at {server}: equal: the largest difference of 3 probabilities is "
    )
    assert not result.stderr


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory):
    """A module, and a server with others.

    `d3d` has version 1, the module, and 2, which takes BGR for RGB; `brighter`
    has other weights; `reordered` has its outputs in another order.
    """
    folder = tmp_path_factory.mktemp("spoiled")
    module = export(colours(), folder / "export")
    export(colours([2, 1, 0]), folder / "export")
    weaker = colours()
    weaker.set_weights([0.5 * weaker.get_weights()[0]])
    export(weaker, folder / "weaker")
    reordered = colours()
    reordered.set_weights([reordered.get_weights()[0][:, [1, 2, 0]]])
    export(reordered, folder / "reordered")
    more = [f"--add={n}={folder / n}" for n in ("weaker", "reordered")]
    with serving(module, *more) as double:
        yield double


def test_a_version_is_asked_for(spoiled, capsys):
    code, line = run(capsys, spoiled.grpc, spoiled.module, "--version=1")
    assert code == 0 and "equal" in line


@pytest.mark.parametrize("way", ["grpc", "rest"])
def test_another_version_with_another_order_of_colours(spoiled, capsys, way):
    """Of the picture red is the largest share and blue the smallest.

    The newest version exchanges them, so the right values are
    there in another order.
    """
    code, line = run(capsys, getattr(spoiled, way), spoiled.module)
    assert code == 1
    assert ": DIFFERS: the largest difference is 0." in line
    assert "the values are right and their order is not" in line
    assert line.endswith("; it is the answer of version 2")


def test_other_weights(spoiled, capsys):
    code, line = run(capsys, spoiled.grpc, spoiled.module, "--model=weaker")
    assert code == 1
    assert "other weights, or other pixels: docs/input.md" in line
    assert "version" not in line
    # All probabilities are in [0, 1].
    flags = ["--model=weaker", "--allowed=1"]
    code, line = run(capsys, spoiled.grpc, spoiled.module, *flags)
    assert code == 0 and "1.0e+00 is allowed" in line


def test_another_order_of_outputs(spoiled, capsys):
    code, line = run(capsys, spoiled.rest, spoiled.module, "--model=reordered")
    assert code == 1
    assert "the largest value is " in line
    assert "the values are right and their order is not" in line


@pytest.mark.large
def test_features(tmp_path, capsys):
    module = export(
        made(), tmp_path / "export", labels=[], kind="feature_vector"
    )
    with serving(module) as double:
        for server in (double.grpc, double.rest):
            code, line = run(capsys, server, module)
            assert code == 0 and " features is " in line


@pytest.fixture
def copy(double, tmp_path):
    return shutil.copytree(double.module, tmp_path / "1")


def test_a_module_without_an_example(double, copy, capsys):
    shutil.rmtree(copy / FOLDER)
    code, line = run(capsys, double.grpc, copy)
    assert code == 1
    assert line == (
        f"error: {copy} has no example clip, as an older version of d3d_tf "
        "exported it: export it again with --mode=export."
    )


def edited(folder, **changes):
    file = folder / FOLDER / ANSWER
    answer = json.loads(file.read_text()) | changes
    file.write_text(sealed(answer))


@pytest.mark.parametrize(
    "damage, words",
    [
        (lambda f: (f / EXAMPLE).write_text("{}"), "not the one that was exp"),
        (lambda f: (f / EXAMPLE).unlink(), "No such file"),
        (lambda f: edited(f, content="1" * 64), "made for another module"),
        (lambda f: edited(f, values=["much"]), "'much' must be a number"),
        (
            lambda f: (f / FOLDER / ANSWER).write_text('{"values": [1]'),
            "delimiter",
        ),
    ],
)
def test_damage(double, copy, capsys, damage, words):
    damage(copy)
    code, line = run(capsys, double.grpc, copy)
    assert code == 1
    assert line.startswith(f"error: The example in {copy / FOLDER} (req")
    assert words in line


def test_it_needs_a_module(double, capsys):
    with pytest.raises(SystemExit) as error:
        main(["--check", f"--server={double.grpc}"])
    assert error.value.code == 2
    assert "--check needs --module=" in capsys.readouterr().err


def test_a_video_or_the_example(double, video, capsys):
    with pytest.raises(SystemExit):
        main([str(video), "--check", f"--server={double.grpc}"])
    assert "not allowed with" in capsys.readouterr().err
