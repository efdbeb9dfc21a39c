"""The process behind `cpp_runtime`: a SavedModel in TensorFlow's C API.

Run as a script, in a process of its own that imports neither TensorFlow's
Python nor d3d_tf: pickled requests come by standard input, answers go to
standard output.
"""

import ctypes
import importlib.util
import os
import pickle
import sys
import time
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


class _Output(ctypes.Structure):
    _fields_ = [("oper", ctypes.c_void_p), ("index", ctypes.c_int)]


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
        "TF_NewStatus TF_NewGraph TF_NewSessionOptions "
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

    def __init__(self, folder: str, signatures: dict):
        self._signatures = signatures
        self._tf = tf = _libraries()
        self._status = ctypes.c_void_p(tf.TF_NewStatus())
        self._graph = ctypes.c_void_p(tf.TF_NewGraph())
        options = ctypes.c_void_p(tf.TF_NewSessionOptions())
        self._session = ctypes.c_void_p(
            tf.TF_LoadSessionFromSavedModel(
                options,
                None,
                os.fsencode(folder),
                (ctypes.c_char_p * 1)(b"serve"),
                1,
                self._graph,
                None,
                self._status,
            )
        )
        self._check()

    def run(self, signature: str, inputs: dict) -> dict[str, np.ndarray]:
        tf = self._tf
        if signature not in self._signatures:
            raise _Error(9, f"no signature {signature}")
        names, results = self._signatures[signature]
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


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _serve(folder: str) -> None:
    """Reads the signatures, then answers requests until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # What TensorFlow prints is no answer.
    session = _Session(folder, pickle.load(sys.stdin.buffer))
    assert "tensorflow" not in sys.modules
    while True:
        try:
            signature, inputs = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        start = time.perf_counter()
        try:
            answer = (0, "", session.run(signature, inputs))
        except _Error as error:
            answer = (error.code, str(error), {})
        spent = 1000 * (time.perf_counter() - start)
        pickle.dump((*answer, _resident_mib(), spent), answers)
        answers.flush()


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    _serve(sys.argv[1])
