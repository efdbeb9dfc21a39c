"""What times were measured on."""

import platform
from pathlib import Path


def processor_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Such as `AMD EPYC`; where no one knows it, the architecture.

    Args:
      cpuinfo: Linux' description of the processor. Python's own name is empty
        on Debian and the architecture on other systems.
    """
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        # "cpu" on POWER; ARM says neither.
        if key.strip() in ("model name", "cpu") and _says(value):
            return value.strip()
    return platform.processor() or platform.machine() or "unknown processor"


def describe_processor() -> str:
    """Its name and its architecture, such as `AMD EPYC x86_64`."""
    name, machine = processor_name(), platform.machine()
    return name if machine in name else f"{name} {machine}"


def _says(value: str) -> bool:
    # Sandboxes that hide it.
    return value.strip().lower() not in ("", "unknown")
