"""oneDNN, the library of TensorFlow's fast convolutions on x86 processors.

TensorFlow turns it on by itself only where the processor has AVX-512 VNNI,
AVX-512 BF16, AVX-VNNI or AMX (`DefaultOneDnnPolicy` in
tensorflow/core/util/port.cc, TensorFlow 2.9 to 2.21): not on AMD Zen 1 to 3 or
on Xeons of the first generation, say. It decides while it is loaded, so the
variable that turns oneDNN on must be set before.

Imports nothing that a plain Python has not loaded: `import d3d_tf` runs it.
"""

import os
import sys

# bool tensorflow::IsMklEnabled(), which networks are computed by.
_LIBRARY = "libtensorflow_framework.so.2"
_DECIDED = "_ZN10tensorflow12IsMklEnabledEv"
VARIABLE = "TF_ENABLE_ONEDNN_OPTS"
TOO_LATE = (
    "d3d_tf: TensorFlow was imported first and leaves oneDNN off on this "
    "processor: networks are many times slower than they need be. Import "
    f"d3d_tf before TensorFlow, or set {VARIABLE}=1 before Python starts (0: "
    "off, without this line)."
)


def turn_on() -> None:
    """Sets `TF_ENABLE_ONEDNN_OPTS=1` for this process and its children.

    A setting of the user's stays, and processors that are not x86 are left to
    TensorFlow: its oneDNN computes in another way there. Where TensorFlow was
    imported before, and it is too late, a line says so.
    """
    if not is_x86():
        return
    if not os.environ.get(VARIABLE):
        os.environ[VARIABLE] = "1"
    wanted = os.environ[VARIABLE].lower() in ("1", "true")
    if wanted and "tensorflow" in sys.modules and is_on() is False:
        import logging

        # Not `warnings`: it would stop programs that make them errors.
        logging.getLogger("d3d_tf").warning(TOO_LATE)


def is_x86() -> bool:
    """Whether the processor is a 64-bit x86, under Linux or macOS.

    On Windows TensorFlow turns oneDNN on by itself.
    """
    return hasattr(os, "uname") and os.uname().machine == "x86_64"


def is_on() -> bool | None:
    """Whether TensorFlow computes with oneDNN; imports it.

    Returns:
      None: there is no TensorFlow, or one that does not say.
    """
    # Not TensorFlow's own `_pywrap_util_port.IsMklEnabled`: that of 2.15 reads
    # the variable for itself, when it is first called.
    import ctypes

    try:
        import tensorflow as tf

        path = os.path.join(tf.sysconfig.get_lib(), _LIBRARY)
        decided = getattr(ctypes.CDLL(path), _DECIDED)
    except (AttributeError, ImportError, OSError):
        return None
    decided.restype = ctypes.c_bool
    return decided()
