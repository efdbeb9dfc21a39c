"""What the processor is called and what it can do, as Linux tells it."""

import platform
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
# What the kernels of TensorFlow and oneDNN differ by: x86's, then Arm's.
_SETS = (
    "avx",
    "avx2",
    "fma",
    "avx_vnni",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_bf16",
    "amx_int8",
    "asimd",
    "sve",
    "bf16",
    "i8mm",
)


def name() -> str:
    """The processor's name, or its architecture where it has none.

    Python's own name is empty on Debian and the architecture elsewhere.
    """
    # POWER calls it "cpu"; sandboxes hide it.
    names = [_field("model name"), _field("cpu"), platform.processor()]
    known = (name for name in names if name.lower() not in ("", "unknown"))
    return next(known, platform.machine() or "unknown processor")


def description() -> str:
    """Name and architecture, such as `AMD EPYC x86_64`."""
    machine = platform.machine()
    return name() if machine in name() else f"{name()} {machine}"


def instruction_sets() -> list[str]:
    """Those that the speed of a network depends on, in Linux's words."""
    flags = {*_field("flags").split(), *_field("Features").split()}
    return [name for name in _SETS if name in flags]


def _field(key: str) -> str:
    """What is told of the first core; nothing where there is no such line."""
    if _CPUINFO.exists():
        for line in _CPUINFO.read_text(errors="replace").splitlines():
            found, _, value = line.partition(":")
            if found.strip() == key:
                return value.strip()
    return ""
