"""TensorFlow's C++ run time on a module, without TensorFlow's Python.

What TF Serving does: a Session made from the folder, fed and fetched by tensor
name, with none of the checks that Python makes. Here by TensorFlow's C API, out
of the libraries of the installed wheel, in a process of its own.

`CppRuntime(folder)` starts that process (`cpp_session`). A request that kills
it is an answer too.
"""

import dataclasses
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from benchmarks import cpp_session

INVALID_ARGUMENT = 3


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
      code: TensorFlow's; 0 is success, 3 INVALID_ARGUMENT; None: the process
        died of the request.
      message: of an error.
      outputs: by name.
      resident_mib: memory of the process afterwards.
      milliseconds: in the process; the way there and back is not counted.
    """

    code: int | None
    message: str = ""
    outputs: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    resident_mib: float = 0.0
    milliseconds: float = 0.0


class CppRuntime:
    """A module in another process; a context manager.

    Args:
      folder: of the module.
      seconds: that an answer may take; afterwards the process is killed.
    """

    def __init__(self, folder: str | Path, *, seconds: float = 60):
        program = str(cpp_session.__file__)
        self._command = [sys.executable, "-I", program, str(folder)]
        self._signatures = _signatures(Path(folder))
        self._seconds = seconds
        self._process: subprocess.Popen | None = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self) -> None:
        """Ends the process; the next request starts another one."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def ask(self, signature: str, **inputs) -> Answer:
        """Runs a signature.

        Args:
          signature: its name.
          **inputs: arrays; strings as object arrays of bytes.
        """
        if self._process is None:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            pickle.dump(self._signatures, self._process.stdin)
        process = self._process
        late = threading.Timer(self._seconds, process.kill)
        late.start()
        try:
            pickle.dump((signature, inputs), process.stdin)
            process.stdin.flush()
            return Answer(*pickle.load(process.stdout))
        except (EOFError, BrokenPipeError):
            self.stop()
            return Answer(None, f"exit status {process.returncode}")
        finally:
            late.cancel()


def _signatures(folder: Path) -> dict[str, tuple[dict, dict]]:
    """`{name: ({input: tensor}, {output: tensor})}` of a module."""
    (graph,) = SavedModel.FromString(
        (folder / "saved_model.pb").read_bytes()
    ).meta_graphs
    return {
        name: (_tensors(signature.inputs), _tensors(signature.outputs))
        for name, signature in graph.signature_def.items()
        if not name.startswith("__")
    }


def _tensors(infos) -> dict[str, str]:
    return {name: info.name for name, info in infos.items()}
