"""The addresses and documents of the HTTP API, compared with the golden file: see README.md."""

from __future__ import annotations

import pytest


def test_the_http_api_equals_the_golden_file(golden, tmp_path, monkeypatch):
    pytest.importorskip("fastapi", reason="the extra [serve] is not installed")
    from CausalCLIPSegLib.serve.application import create_application
    from CausalCLIPSegLib.serve.keys import Keys
    from CausalCLIPSegLib.serve.settings import Settings

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _, api = create_application(Settings(keys=Keys({})))
    document = api.openapi()
    api.state.server.root.remove()
    addresses = {
        f"{method.upper()} {path}": {
            "query": sorted(each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"),
            "body": sorted(operation.get("requestBody", {}).get("content", {})),
            "answers": sorted(status for status in operation["responses"] if status.startswith("2")),
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    fields = {
        f"{name}.{field}": "required" if field in schema.get("required", ()) else "optional"
        for name, schema in document["components"]["schemas"].items()
        for field in schema.get("properties", ())
        if "Validation" not in name  # FastAPI's own
    }
    golden.check_json("http_api.json", {"addresses": addresses, "fields": fields})
