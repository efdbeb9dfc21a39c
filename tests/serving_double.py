"""A stand-in for TensorFlow Serving. It is NOT TensorFlow Serving.

No tensorflow_model_server can be had where the tests run. This speaks, over
real sockets, the part of its two languages that clients of our modules use
(gRPC: Predict, GetModelMetadata, GetModelStatus; REST: predict, metadata,
status), with the original's messages (tensorflow-serving-api), status codes and
texts, as far as they were read in its source (tensorflow/serving, 2026-07).
It takes the flags of tensorflow_model_server that our files use.

Like the original, and unlike TensorFlow's Python, it does not compare a
request's shapes with the signature's: they reach the graph as they are.

What it lacks: batching, version labels, Classify and Regress, TLS, reloading.
"""

import argparse
import base64
import contextlib
import functools
import http.server
import json
import re
import sys
import threading
import time
from concurrent import futures
from pathlib import Path

import google.protobuf
import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import json_format, text_format
from tensorflow.core.protobuf import config_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)
from tensorflow_serving.config import model_server_config_pb2

# tensorflow_serving/model_servers/http_rest_api_util.cc.
HTTP = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "NOT_FOUND": 404,
    "DEADLINE_EXCEEDED": 504,
    "UNAVAILABLE": 503,
}
# Protobuf 5 renamed it; the original prints such fields too.
PRINT_ALL = {
    "including_default_value_fields"
    if google.protobuf.__version__ < "5"
    else "always_print_fields_with_no_presence": True,
    "preserving_proto_field_name": True,
}


class Status(Exception):
    """An error with gRPC's code."""

    def __init__(self, code: str, text: str):
        super().__init__(text)
        self.code = code


class Version:
    """One version of a model in a session, as C++ has it."""

    def __init__(self, path: Path):
        self.calls: dict = {}
        graph = tf.Graph()
        self.session = tf.compat.v1.Session(graph=graph)
        with graph.as_default():
            self.meta = tf.compat.v1.saved_model.load(
                self.session, ["serve"], str(path)
            )

    def _call(self, found, values: dict, outputs: list) -> list:
        """Past the lines of Python that compare shapes."""
        options = config_pb2.CallableOptions(
            feed=[found.inputs[key].name for key in values],
            fetch=[found.outputs[key].name for key in outputs],
        )
        key = options.SerializeToString()
        if key not in self.calls:
            self.calls[key] = self.session._make_callable_from_options(options)
        return self.calls[key](*values.values())

    def signature(self, name: str, missing: str):
        if name not in self.meta.signature_def:
            raise Status(
                missing,
                f'Serving signature name: "{name}" not found in signature def',
            )
        return self.meta.signature_def[name]

    def predict(self, name, values: dict, wanted=()) -> dict:
        found = self.meta.signature_def[name]
        if values.keys() != found.inputs.keys():
            raise Status(
                "INVALID_ARGUMENT",
                f"input size does not match signature: {len(values)}!="
                f"{len(found.inputs)}",
            )
        for key, value in values.items():
            dtype = tf.as_dtype(found.inputs[key].dtype)
            if tf.as_dtype(value.dtype) != dtype:
                raise Status(
                    "INVALID_ARGUMENT",
                    f"Expects arg[0] to be {dtype.name} but "
                    f"{tf.as_dtype(value.dtype).name} is provided",
                )
        if set(wanted) - set(found.outputs):
            raise Status(
                "INVALID_ARGUMENT",
                "output tensor alias not found in signature: "
                f"{sorted(set(wanted) - set(found.outputs))[0]}",
            )
        outputs = list(wanted or found.outputs)
        try:
            answers = self._call(found, values, outputs)
            return dict(zip(outputs, answers, strict=True))
        except tf.errors.OpError as error:
            code = grpc_code(error.error_code)
            raise Status(code, error.message) from error


def grpc_code(number: int) -> str:
    return next(c.name for c in grpc.StatusCode if c.value[0] == number)


class Server:
    """Models by name and version, and what is to go wrong next."""

    def __init__(self, bases: dict[str, Path]):
        self.models = {
            name: {
                int(path.name): Version(path)
                for path in base.iterdir()
                if path.name.isdigit()
            }
            for name, base in bases.items()
        }
        self.unavailable = 0
        self.delay = 0.0
        self.requests = 0

    def find(self, name: str, version: int | None) -> tuple[int, Version]:
        self.requests += 1
        if self.unavailable:
            self.unavailable -= 1
            raise Status(
                "UNAVAILABLE",
                "The batch scheduling queue to which this task was submitted "
                "is full",
            )
        time.sleep(self.delay)
        versions = self.models.get(name, {})
        if version is None and versions:
            version = max(versions)
        if version not in versions:
            sought = (
                f"Latest({name})"
                if version is None
                else f"Specific({name}, {version})"
            )
            raise Status(
                "NOT_FOUND", f"Servable not found for request: {sought}"
            )
        return version, versions[version]

    def metadata(self, spec, number: int, version: Version):
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.name = spec
        response.model_spec.version.value = number
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for name, found in version.meta.signature_def.items():
            signatures.signature_def[name].CopyFrom(found)
        response.metadata["signature_def"].Pack(signatures)
        return response, signatures

    def status(self, name: str, version: int | None):
        self.find(name, version)
        response = get_model_status_pb2.GetModelStatusResponse()
        for number in self.models[name]:
            if version in (None, number):
                entry = response.model_version_status.add()
                entry.version = number
                entry.state = get_model_status_pb2.ModelVersionStatus.AVAILABLE
                entry.status.SetInParent()
        return response


def of_spec(spec) -> tuple[str, int | None]:
    number = spec.version.value if spec.HasField("version") else None
    return spec.name, number


def aborting(method):
    @functools.wraps(method)
    def call(self, request, context):
        try:
            return method(self, request)
        except Status as status:
            context.abort(grpc.StatusCode[status.code], str(status))

    return call


class Grpc(
    prediction_service_pb2_grpc.PredictionServiceServicer,
    model_service_pb2_grpc.ModelServiceServicer,
):
    def __init__(self, server: Server):
        self.server = server

    @aborting
    def Predict(self, request):
        number, version = self.server.find(*of_spec(request.model_spec))
        name = request.model_spec.signature_name or "serving_default"
        version.signature(name, "FAILED_PRECONDITION")
        outputs = version.predict(
            name,
            {k: tf.make_ndarray(t) for k, t in request.inputs.items()},
            request.output_filter,
        )
        response = predict_pb2.PredictResponse()
        response.model_spec.CopyFrom(request.model_spec)
        response.model_spec.version.value = number
        response.model_spec.signature_name = name
        for key, value in outputs.items():
            # In `float_val`, not in `tensor_content`, as the original does.
            tensor = response.outputs[key]
            tensor.dtype = tf.as_dtype(value.dtype).as_datatype_enum
            for size in value.shape:
                tensor.tensor_shape.dim.add(size=size)
            tensor.float_val.extend(value.ravel().tolist())
        return response

    @aborting
    def GetModelMetadata(self, request):
        if list(request.metadata_field) != ["signature_def"]:
            raise Status(
                "INVALID_ARGUMENT",
                "GetModelMetadataRequest must specify at least one "
                "metadata_field",
            )
        name, number = of_spec(request.model_spec)
        return self.server.metadata(name, *self.server.find(name, number))[0]

    @aborting
    def GetModelStatus(self, request):
        return self.server.status(*of_spec(request.model_spec))


class Rest(http.server.BaseHTTPRequestHandler):
    serving: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._answer(self._get)

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        self.body = self.rfile.read(length)
        self._answer(self._post)

    def _answer(self, method):
        try:
            code, content = 200, method()
        except Status as status:
            code, content = HTTP.get(status.code, 500), {"error": str(status)}
        body = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):  # It waited long enough.
            self.wfile.write(body)

    def _path(self, ending: str) -> tuple[str, int | None]:
        pattern = rf"/v1/models/([^/:]+)(?:/versions/(\d+))?{ending}"
        match = re.fullmatch(pattern, self.path)
        if not match:
            raise Status(
                "INVALID_ARGUMENT",
                f"Malformed request: {self.command} {self.path}",
            )
        return match[1], int(match[2]) if match[2] else None

    def _get(self):
        if not self.path.endswith("/metadata"):
            status = self.serving.status(*self._path(""))
            return json_format.MessageToDict(status, **PRINT_ALL)
        name, number = self._path("/metadata")
        number, version = self.serving.find(name, number)
        _, signatures = self.serving.metadata(name, number, version)
        return {
            "model_spec": {
                "name": name,
                "signature_name": "",
                "version": str(number),
            },
            "metadata": {
                "signature_def": json_format.MessageToDict(
                    signatures, **PRINT_ALL
                )
            },
        }

    def _post(self):
        if self.path == "/double":  # The one path that no server has.
            for name, value in json.loads(self.body).items():
                setattr(self.serving, name, value)
            return {"requests": self.serving.requests}
        _, version = self.serving.find(*self._path(":predict"))
        try:
            request = json.loads(self.body)
        except ValueError as error:
            raise Status("INVALID_ARGUMENT", "JSON Parse error") from error
        name = request.get("signature_name", "serving_default")
        found = version.signature(name, "INVALID_ARGUMENT")
        rows = "instances" in request
        if rows == ("inputs" in request):
            raise Status(
                "INVALID_ARGUMENT",
                "JSON Value: must have either `instances` or `inputs`",
            )
        given = request["instances" if rows else "inputs"]
        if rows and isinstance(given[0], dict) and "b64" not in given[0]:
            given = {key: [row[key] for row in given] for key in given[0]}
        elif not isinstance(given, dict):
            given = {next(iter(found.inputs)): given}
        values = {
            key: to_array(value, found.inputs[key].dtype)
            for key, value in given.items()
            if key in found.inputs
        }
        outputs = {
            key: value.tolist()
            for key, value in version.predict(name, values).items()
        }
        if rows:
            size = len(next(iter(outputs.values())))
            row = [{k: v[i] for k, v in outputs.items()} for i in range(size)]
            bare = [next(iter(r.values())) for r in row]
            return {"predictions": bare if len(outputs) == 1 else row}
        bare = next(iter(outputs.values()))
        return {"outputs": bare if len(outputs) == 1 else outputs}


def to_array(value, dtype) -> np.ndarray:
    def decoded(item):
        if isinstance(item, dict):
            return base64.b64decode(item["b64"])
        if isinstance(item, list):
            return [decoded(inner) for inner in item]
        return item.encode() if isinstance(item, str) else item

    kind = tf.as_dtype(dtype)
    try:
        return np.array(
            decoded(value), object if kind == tf.string else kind.as_numpy_dtype
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise Status("INVALID_ARGUMENT", f"JSON Value: {error}") from error


def models(arguments) -> dict[str, Path]:
    """From models.config; paths inside a container, mounted from ours."""
    source, _, target = arguments.mount.partition(":")

    def outside(path: str) -> Path:
        assert path.startswith(target), path
        return Path(source, path.removeprefix(target).lstrip("/"))

    config = text_format.Parse(
        outside(arguments.model_config_file).read_text(),
        model_server_config_pb2.ModelServerConfig(),
    )
    if arguments.batching_parameters_file:
        assert outside(arguments.batching_parameters_file).is_file()
    found = {
        c.name: outside(c.base_path) for c in config.model_config_list.config
    }
    return found | {
        name: Path(path)
        for name, path in (given.split("=", 1) for given in arguments.add)
    }


def listen(servicer, options=()) -> tuple[grpc.Server, int]:
    server = grpc.server(futures.ThreadPoolExecutor(4), options=options)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        servicer, server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def main() -> None:
    """Serves until its standard input is closed; says on which ports."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model_config_file", required=True)
    parser.add_argument("--batching_parameters_file")
    parser.add_argument("--enable_batching", default="false")
    parser.add_argument("--file_system_poll_wait_seconds")
    parser.add_argument("--mount", required=True, help="SOURCE:TARGET")
    parser.add_argument("--add", action="append", default=[], help="NAME=BASE")
    serving = Server(models(parser.parse_args()))
    servicer = Grpc(serving)
    Rest.serving = serving
    rest = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Rest)
    threading.Thread(target=rest.serve_forever, daemon=True).start()
    unlimited = [("grpc.max_receive_message_length", -1)]
    # Servers end with the last name that they have.
    whole, port = listen(servicer, unlimited)
    # gRPC's own limit, which Python servers and proxies have.
    limited, limited_port = listen(servicer)
    ports = {"grpc": port, "grpc_4mb": limited_port, "rest": rest.server_port}
    print(json.dumps(ports), flush=True)
    sys.stdin.read()
    for server in (whole, limited):
        server.stop(None).wait()


if __name__ == "__main__":
    main()
