"""Processes for which no file system has locks, as for some of networks.

`python no_locks.py COMMAND ...` runs a command that way. Not in `preexec_fn`:
that forks, and gRPC's threads, which a process of tests may have, can take the
child down before its command starts.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

import pytest

_FLOCK = {"x86_64": 73, "aarch64": 32}  # Numbers of flock(2).
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _MODE_FILTER = 22, 38, 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06  # Of linux/filter.h.
_ERROR, _ALLOW = 0x00050000, 0x7FFF0000  # Of linux/seccomp.h.


def without_locks(*command: str) -> tuple[str, ...]:
    """The command line that runs another one without locks."""
    return sys.executable, __file__, *command


def _refuse() -> None:
    """The kernel answers flock(2) with ENOLCK from now on.

    As NFS does where the server's lock daemon is not reached.
    """
    filters = (
        (_LOAD, 0, 0, 0),  # The number of the system call.
        (_JUMP_IF_EQUAL, 0, 1, _FLOCK[platform.machine()]),
        (_RETURN, 0, 0, _ERROR | errno.ENOLCK),
        (_RETURN, 0, 0, _ALLOW),
    )
    code = ctypes.create_string_buffer(
        b"".join(struct.pack("HBBI", *line) for line in filters)
    )
    program = struct.pack("HP", len(filters), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        _PR_SET_SECCOMP, _MODE_FILTER, program
    ):
        raise OSError(ctypes.get_errno(), "prctl")


def require_seccomp() -> None:
    """Skips a test where this cannot be done."""
    filters = os.path.exists("/proc/sys/kernel/seccomp/actions_avail")
    if platform.machine() not in _FLOCK or not filters:
        pytest.skip("needs seccomp of Linux on a known processor")


if __name__ == "__main__":
    _refuse()
    os.execvp(sys.argv[1], sys.argv[1:])
