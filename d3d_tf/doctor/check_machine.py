"""Whether this machine can do the work."""

import importlib.metadata
import os
import platform
import shutil
from pathlib import Path

from d3d_tf import onednn, processor
from d3d_tf.doctor.findings import Finding, judge
from d3d_tf.errors import UserError
from d3d_tf.rights import may

# What Kinetics, UCF-101 and HMDB-51 hold (H.264, MPEG-4 in AVI) and what
# YouTube hands out.
CODECS = ("h264", "mpeg4", "vp8", "vp9", "av1", "hevc")
FREE_GB = 20


def check_machine(folder: Path) -> list[Finding]:
    """What is installed and what there is room for.

    Args:
      folder: where records and runs would go.
    """
    return [
        _packages(),
        _devices(),
        _processor(),
        _opencv(),
        _numba(),
        _codecs(),
        _disk(folder),
    ]


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _packages() -> Finding:
    errors, versions = [], [f"Python {platform.python_version()}"]
    try:
        import tensorflow as tf

        from d3d_tf.keras_api import keras

        kind = "tf_keras" if keras.__name__.startswith("tf_keras") else "keras"
        versions.append(f"TensorFlow {tf.__version__}")
        versions.append(f"{kind} {_version(kind)}")
    except ImportError as error:
        errors.append(str(error))
    for package, purpose in (
        ("tensorflow-hub", "exported modules"),
        ("apache-beam", "--mode=prepare"),
        ("matplotlib", "reports"),
        ("jinja2", "reports"),
    ):
        version = _version(package)
        versions.append(f"{package} {version}")
        if version is None:
            errors.append(f"no {package}, needed for {purpose}: pip install it")
    return judge("packages", ", ".join(versions), errors=errors)


def _devices() -> Finding:
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    cores = len(os.sched_getaffinity(0))
    errors, warnings = [], []
    if not gpus and Path("/dev/nvidia0").exists():
        errors.append(
            "there is an NVIDIA card, and TensorFlow does not see it: pip "
            "install 'tensorflow[and-cuda]' of this version"
        )
    elif not gpus:
        warnings.append("enough for `toy`, too slow to train on real videos")
    return judge(
        "devices",
        f"{len(gpus)} GPUs, {cores} cores",
        errors=errors,
        warnings=warnings,
    )


def _processor() -> Finding:
    is_on, limit = onednn.is_on(), os.environ.get("ONEDNN_MAX_CPU_ISA")
    said = {True: "on", False: "off", None: "unknown"}[is_on]
    if is_on and limit:
        said += f" (ONEDNN_MAX_CPU_ISA={limit})"
    warnings = []
    if is_on is False and onednn.is_x86():
        given = os.environ.get(onednn.VARIABLE)
        warnings.append(
            "networks are many times slower on it than they need be: "
            + (
                f"import d3d_tf before TensorFlow, or set {onednn.VARIABLE}=1"
                if given == "1"
                else f"unset {onednn.VARIABLE}, which is {given}"
            )
        )
    sets = " ".join(processor.instruction_sets()) or "instruction sets unknown"
    return judge(
        "processor",
        f"{processor.name()}, {sets}, oneDNN {said}",
        warnings=warnings,
    )


def _opencv() -> Finding:
    from d3d_tf.tfrecords.flow.opencv import import_optflow

    try:
        return judge("opencv", f"{import_optflow().__version__} with TV-L1")
    except UserError as error:
        return judge("opencv", "needed to prepare videos", errors=[str(error)])


def _numba() -> Finding:
    version = _version("numba")
    try:
        import numba  # noqa: F401
    except Exception as error:  # It refuses a NumPy that is too new.
        return judge(
            "numba",
            str(version),
            errors=[
                f"cannot be imported ({error}): pip install -U numba, or --set "
                "flow.backend=opencv"
            ],
        )
    return judge("numba", str(version))


def _codecs() -> Finding:
    try:
        import av
        from av.codec import codecs_available
    except ImportError as error:
        return judge(
            "decoding",
            "PyAV",
            errors=[f"cannot be imported ({error}): pip install av"],
        )
    lacking = [name for name in CODECS if name not in codecs_available]
    return judge(
        "decoding",
        f"PyAV {av.__version__}, {len(CODECS) - len(lacking)} of "
        f"{len(CODECS)} usual codecs",
        warnings=[f"FFmpeg lacks {name}" for name in lacking],
    )


def _disk(folder: Path) -> Finding:
    while not folder.exists():
        folder = folder.absolute().parent
    free = shutil.disk_usage(folder).free / 1e9
    errors, warnings = [], []
    if not may(folder, os.W_OK):
        errors.append("you may not write there: choose --run_dir")
    if free < FREE_GB:
        warnings.append(
            "`--mode=prepare --dry_run` estimates what records need"
        )
    return judge(
        "disk",
        f"{free:.0f} GB free in {folder.absolute()}",
        errors=errors,
        warnings=warnings,
    )
