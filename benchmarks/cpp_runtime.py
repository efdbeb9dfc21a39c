"""TensorFlow's C++ run time on a module, without TensorFlow's Python.

What TF Serving does: a Session made from the folder, fed and fetched by tensor
name, with none of the checks that Python makes. Here by TensorFlow's C API, out
of the libraries of the installed wheel, in a process of its own.

`CppRuntime(folder)` starts that process, this file run as a script, which
imports neither TensorFlow nor d3d_tf. A request that kills it is an answer too.
"""

import ctypes
import dataclasses
import importlib.util
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np

DTYPES = {
    np.dtype(np.float32): 1,
    np.dtype(np.float64): 2,
    np.dtype(np.int32): 3,
    np.dtype(np.uint8): 4,
    np.dtype(np.int64): 9,
}
STRING = 7
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
    """

    code: int | None
    message: str = ""
    outputs: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    resident_mib: float = 0.0


class CppRuntime:
    """A module in another process; a context manager.

    Args:
      folder: of the module.
      seconds: that an answer may take; afterwards the process is killed.
    """

    def __init__(self, folder: str | Path, *, seconds: float = 60):
        self._command = [sys.executable, "-P", __file__, str(folder)]
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


class _Output(ctypes.Structure):
    _fields_ = [("oper", ctypes.c_void_p), ("index", ctypes.c_int)]


class _Buffer(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("free", ctypes.c_void_p),
    ]


class _String(ctypes.Structure):
    """TF_TString, 24 bytes, whatever is in them."""

    _fields_ = [("bytes", ctypes.c_char * 24)]


class _Error(Exception):
    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code


def _libraries():
    """The libraries of the wheel; nothing of its Python is run."""
    spec = importlib.util.find_spec("tensorflow")
    (folder,) = spec.submodule_search_locations
    core = ctypes.CDLL(
        os.path.join(folder, "libtensorflow_framework.so.2"), ctypes.RTLD_GLOBAL
    )
    api = ctypes.CDLL(
        os.path.join(folder, "libtensorflow_cc.so.2"), ctypes.RTLD_GLOBAL
    )
    pointers = (
        "TF_NewStatus TF_NewGraph TF_NewSessionOptions TF_NewBuffer "
        "TF_LoadSessionFromSavedModel TF_GraphOperationByName "
        "TF_AllocateTensor TF_TensorData"
    ).split()

    class Functions:
        def __getattr__(self, name):
            function = getattr(api, name, None) or getattr(core, name)
            if name in pointers:
                function.restype = ctypes.c_void_p
            elif name == "TF_Message":
                function.restype = ctypes.c_char_p
            elif name in ("TF_Dim", "TF_TensorByteSize"):
                function.restype = ctypes.c_int64
            setattr(self, name, function)
            return function

    return Functions()


class _Session:
    """A SavedModel in a session of the C++ run time."""

    def __init__(self, folder: str):
        self._tf = tf = _libraries()
        self._status = ctypes.c_void_p(tf.TF_NewStatus())
        self._graph = ctypes.c_void_p(tf.TF_NewGraph())
        options = ctypes.c_void_p(tf.TF_NewSessionOptions())
        meta = ctypes.c_void_p(tf.TF_NewBuffer())
        self._session = ctypes.c_void_p(
            tf.TF_LoadSessionFromSavedModel(
                options,
                None,
                os.fsencode(folder),
                (ctypes.c_char_p * 1)(b"serve"),
                1,
                self._graph,
                meta,
                self._status,
            )
        )
        self._check()
        buffer = ctypes.cast(meta, ctypes.POINTER(_Buffer)).contents
        raw = ctypes.string_at(buffer.data, buffer.length)
        self.signatures = _signatures(raw)

    def run(self, signature: str, inputs: dict) -> dict[str, np.ndarray]:
        tf = self._tf
        if signature not in self.signatures:
            raise _Error(9, f"no signature {signature}")
        names, results = self.signatures[signature]
        if names.keys() != inputs.keys():
            raise _Error(3, f"inputs are {sorted(names)}")
        feeds = (_Output * len(names))(*map(self._output, names.values()))
        fetches = (_Output * len(results))(*map(self._output, results.values()))
        given = [self._tensor(inputs[name]) for name in names]
        there = (ctypes.c_void_p * len(results))()
        tf.TF_SessionRun(
            self._session,
            None,
            feeds,
            (ctypes.c_void_p * len(given))(*given),
            len(given),
            fetches,
            there,
            len(results),
            None,
            0,
            None,
            self._status,
        )
        for tensor in given:
            tf.TF_DeleteTensor(ctypes.c_void_p(tensor))
        self._check()
        return {
            name: self._array(ctypes.c_void_p(tensor))
            for name, tensor in zip(results, there, strict=True)
        }

    def _check(self) -> None:
        code = self._tf.TF_GetCode(self._status)
        if code:
            text = self._tf.TF_Message(self._status)
            raise _Error(code, text.decode(errors="replace"))

    def _output(self, name: str) -> _Output:
        operation, _, index = name.partition(":")
        found = self._tf.TF_GraphOperationByName(
            self._graph, operation.encode()
        )
        return _Output(found, int(index))

    def _tensor(self, array: np.ndarray) -> int:
        tf = self._tf
        dims = (ctypes.c_int64 * array.ndim)(*array.shape)
        text = array.dtype == object
        dtype = STRING if text else DTYPES[array.dtype]
        size = array.size * 24 if text else array.nbytes
        tensor = tf.TF_AllocateTensor(
            dtype, dims, array.ndim, ctypes.c_size_t(size)
        )
        data = tf.TF_TensorData(ctypes.c_void_p(tensor))
        if text:
            places = ctypes.cast(data, ctypes.POINTER(_String))
            for i, value in enumerate(array.ravel()):
                place = ctypes.byref(places[i])
                tf.TF_StringInit(place)
                tf.TF_StringCopy(place, value, ctypes.c_size_t(len(value)))
        elif size:
            ctypes.memmove(data, array.ctypes.data, size)
        return tensor

    def _array(self, tensor) -> np.ndarray:
        tf = self._tf
        kinds = {number: dtype for dtype, number in DTYPES.items()}
        shape = [tf.TF_Dim(tensor, i) for i in range(tf.TF_NumDims(tensor))]
        raw = ctypes.string_at(
            tf.TF_TensorData(tensor), tf.TF_TensorByteSize(tensor)
        )
        array = np.frombuffer(raw, kinds[tf.TF_TensorType(tensor)])
        tf.TF_DeleteTensor(tensor)
        return array.reshape(shape)


def _signatures(meta: bytes) -> dict[str, tuple[dict, dict]]:
    """Of a MetaGraphDef: `{name: ({input: tensor}, {output: tensor})}`."""

    def tensors(signature: dict, field: int) -> dict[str, str]:
        pairs = (_fields(entry) for entry in signature.get(field, []))
        return {
            pair[1][0].decode(): _fields(pair[2][0])[1][0].decode()
            for pair in pairs
            if 1 in _fields(pair[2][0])
        }

    found = {}
    for entry in _fields(meta)[5]:  # signature_def
        pair = _fields(entry)
        signature = _fields(pair[2][0])
        name = pair[1][0].decode()
        if not name.startswith("__"):
            found[name] = (tensors(signature, 1), tensors(signature, 2))
    return found


def _fields(message: bytes) -> dict[int, list]:
    """A protocol buffer by field number, undecoded."""
    found: dict[int, list] = {}
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = message[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while place < len(message):
        key = varint()
        field, kind = key >> 3, key & 7
        if kind == 0:
            value: int | bytes = varint()
        else:
            length = {1: 8, 5: 4}.get(kind) or varint()
            value = message[place : place + length]
            place += length
        found.setdefault(field, []).append(value)
    return found


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _serve(folder: str) -> None:
    """Answers requests from standard input until it ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # What TensorFlow prints is no answer.
    session = _Session(folder)
    assert "tensorflow" not in sys.modules
    while True:
        try:
            signature, inputs = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer = (0, "", session.run(signature, inputs))
        except _Error as error:
            answer = (error.code, str(error), {})
        pickle.dump((*answer, _resident_mib()), answers)
        answers.flush()


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    _serve(sys.argv[1])
