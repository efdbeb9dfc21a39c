"""The manifest of docs/clusters.md, against the schemas of Kubernetes."""

import json
import re
from pathlib import Path

import pytest
import yaml

PAGE = Path(__file__).parents[2] / "docs" / "clusters.md"

kubernetes = pytest.importorskip("kubernetes_validate")
pytestmark = pytest.mark.card


def manifest() -> list[dict]:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [*yaml.safe_load_all(block)]


def test_it_is_valid():
    parts = manifest()
    assert [part["kind"] for part in parts] == ["Service", "Job"]
    for part in parts:
        kubernetes.validate(part, "1.30", strict=True)


def test_a_wrong_key_is_found():
    """By the same check."""
    service, _ = manifest()
    service["spec"]["clusterIPP"] = "None"
    with pytest.raises(kubernetes.ValidationError):
        kubernetes.validate(service, "1.30", strict=True)


def test_every_pod_is_a_worker():
    """Kubernetes replaces $(INDEX), and calls a job's pods JOB-INDEX."""
    service, job = manifest()
    spec = job["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    env = {entry["name"]: entry for entry in container["env"]}
    assert [*env] == ["INDEX", "TF_CONFIG"]  # A value needs what is before it.
    text = env["TF_CONFIG"]["value"]
    for index in range(spec["completions"]):
        told = json.loads(text.replace("$(INDEX)", str(index)))
        assert told["task"] == {"type": "worker", "index": index}
        (port,) = (p["containerPort"] for p in container["ports"])
        assert told["cluster"]["worker"] == [
            f"{job['metadata']['name']}-{k}.{service['metadata']['name']}"
            f":{port}"
            for k in range(spec["completions"])
        ]
    assert spec["template"]["spec"]["subdomain"] == service["metadata"]["name"]
    assert spec["parallelism"] == spec["completions"]
