"""One number for every plane and pixel, none shared."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from d3d_tf.config import FlowRecipe
from d3d_tf.tfrecords.flow import layout
from d3d_tf.tfrecords.flow.solver import Solver


@pytest.mark.parametrize("current", [0, 1])
def test_a_plane_of_the_solver_is_where_the_layout_says(current):
    """`state[(row * PLANES + plane) * pitch + MARGIN + x]`, row y + 1."""
    scale = Solver(16, 20, FlowRecipe(scales=1)).scales[0]
    scale.state[:] = np.arange(len(scale.state))
    scale.current = current
    rows = scale.rows()
    assert rows.shape == (16, 6, 20)
    for y, plane, x in [(0, layout.U, 0), (3, layout.P22, 19), (15, 4, 7)]:
        place = (y + 1) * 16 + 10 * current + plane
        place = place * scale.pitch + layout.MARGIN + x
        assert rows[y, plane, x] == scale.state[place]
    start = (16 + 10 * current + 3) * scale.pitch + 16
    assert scale.plane_start(3) == start
    # The first pixel of every plane begins a vector of 64 bytes.
    assert rows[:, :, 0].ctypes.data % 64 == 0
    assert scale.pitch % 16 == 0 and layout.MARGIN % 16 == 0


@pytest.mark.skipif(
    "avx512f" not in Path("/proc/cpuinfo").read_text()
    or bool(numba.config.CPU_NAME),
    reason="no AVX-512",
)
def test_vectors_are_as_wide_as_the_processors():
    """The names of its widest registers are zmm0 to zmm31."""

    def double(x):
        layout.tune()
        for i in range(len(x)):
            x[i] += x[i]

    compiled = numba.njit(double)
    x = np.arange(99, dtype=np.float32)
    compiled(x)
    np.testing.assert_array_equal(x, 2 * np.arange(99))
    (code,) = compiled.inspect_asm().values()
    assert "zmm" in code


ROOTS = """
import numba, numpy as np
from d3d_tf.tfrecords.flow import layout
def plain(x):
    for i in range(len(x)):
        x[i] = np.sqrt(x[i])
def tuned(x):
    layout.tune()
    for i in range(len(x)):
        x[i] = np.sqrt(x[i])
for function in plain, tuned:
    compiled = layout.compile_kernel(cache=False)(function)
    compiled(np.ones(9, np.float32))
    (code,) = compiled.inspect_asm().values()
    print("vsqrtps" in code, "vrsqrtps" in code)
"""


@pytest.mark.skipif(
    platform.machine() != "x86_64", reason="names an x86 processor"
)
def test_roots_are_not_estimated():
    """For Haswell LLVM does so by itself."""
    done = subprocess.run(
        [sys.executable, "-c", ROOTS],
        env=os.environ
        | {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ""},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == ["False True", "True False"], done.stderr


COMPILED = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("layout", sys.argv[1])
layout = importlib.util.module_from_spec(spec)
spec.loader.exec_module(layout)
sys.path.insert(0, sys.argv[2])
sys.modules["layout"] = layout
import kernel
print(kernel.twice(21))
"""
KERNEL = """
import layout
@layout.compile_kernel
def twice(x):
    return 2 * x
"""


@pytest.mark.parametrize(
    "place, home, mode, given",
    [
        ("home", "home", 0o700, ""),
        ("tmp", "/dev/null/x", 0o700, ""),
        (None, "/dev/null/x", 0o755, ""),  # Others may look into it.
        ("tmp", "/dev/null/x", 0o700, "/dev/null/y"),  # Nor is that one.
    ],
)
def test_compiled_code_is_kept_where_it_can_be(
    tmp_path, small_disk, place, home, mode, given
):
    """The sources lie where nobody may write; with a home and without."""
    sources = small_disk("size=1m")
    shutil.copy(layout.__file__, sources / "layout.py")
    (sources / "kernel.py").write_text(KERNEL)
    small_disk("remount,ro")
    (tmp_path / "home").mkdir()
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / f"d3d_tf-{os.geteuid()}").mkdir(mode)
    done = subprocess.run(
        [sys.executable, "-c", COMPILED, sources / "layout.py", sources],
        env=os.environ
        | {
            "HOME": str(tmp_path / home),
            "TMPDIR": str(tmp_path / "tmp"),
            "NUMBA_CACHE_DIR": given,
        },
        capture_output=True,
        text=True,
    )
    assert done.stdout == "42\n", done.stderr
    kept = {
        path.relative_to(tmp_path).parts[0]
        for folder in ("home", "tmp")
        for path in (tmp_path / folder).rglob("*.nbi")
    }
    assert kept == ({place} if place else set())
