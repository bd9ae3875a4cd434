"""The description of the API at /openapi.json, and whether the server keeps to it."""

from __future__ import annotations

import re

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import booleans
from running_server import TOKEN
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

EXAMPLES = 12
"""For each address; so many that the file stays quick. A release may take more."""


CHECKS = [not_a_server_error, response_schema_conformance, status_code_conformance]


def test_the_server_keeps_to_its_description(shared_server, opened, done):
    """Requests are made from the description; half of those about a session are about one that exists."""
    schema = schemathesis.openapi.from_url(f"{shared_server.address}/openapi.json")
    existing = {"session": opened.rpartition("/")[2].partition("/")[0], "run": done.rpartition("/")[2]}
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) == 20

    for operation in operations:

        @given(case=operation.as_strategy(), exists=booleans())
        @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        def keeps_to_it(case, exists):
            if exists and case.method != "DELETE":
                parameters = case.path_parameters or {}
                case.path_parameters = {
                    **parameters,
                    **{name: existing[name] for name in existing if name in parameters},
                }
            case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, checks=CHECKS)

        keeps_to_it()


def test_every_address_below_the_api_is_described_with_its_key(shared_server):
    document = shared_server.ask("GET", "/openapi.json", None).json
    operations = [
        (path, operation)
        for path, methods in document["paths"].items()
        for operation in methods.values()
        if path.startswith("/api/")
    ]
    assert len(operations) == 18
    for path, operation in operations:
        assert operation["security"] == [{"key": []}], path
        assert operation["description"].endswith("."), path
        assert "default" in str(operation["responses"]) or "422" in operation["responses"], path


def test_the_page_about_the_api_names_every_address_and_loads_nothing_from_elsewhere(shared_server):
    page = shared_server.ask("GET", "/docs", None).content.decode()
    document = shared_server.ask("GET", "/openapi.json", None).json
    for path in document["paths"]:
        assert f" {path}</code>" in page
    assert not re.search(r"https?://|<script|style=", page)
    assert shared_server.ask("GET", "/docs/style.css", None).status == 200
    for target in re.findall(r'href="#(\w+)"', page):
        assert f'id="{target}"' in page
