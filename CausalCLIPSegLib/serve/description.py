"""The description of the API for people, at /docs: one page without scripts, made from the OpenAPI document."""

from __future__ import annotations

from html import escape
from typing import Any

_STYLE = "/docs/style.css"
_METHODS = ("get", "post", "put", "delete")


def describe_api(openapi: dict[str, Any]) -> str:
    """Return a page in HTML about the addresses and documents of an OpenAPI document."""
    operations = [
        _operation(method, path, operations[method])
        for path, operations in openapi["paths"].items()
        for method in _METHODS
        if method in operations
    ]
    schemas = [_schema(name, schema) for name, schema in openapi["components"]["schemas"].items()]
    info = openapi["info"]
    return "\n".join(
        [
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>CausalCLIPSeg: API</title>',
            f'<link rel="stylesheet" href="{_STYLE}"></head><body><main>',
            f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info.get('summary', ''))}</p>",
            '<p>Programs read <a href="/openapi.json">openapi.json</a>. Requests below /api need the header '
            "<code>Authorization: Bearer KEY</code>.</p>",
            "<h2>Addresses</h2>",
            *operations,
            "<h2>Documents</h2>",
            *schemas,
            "</main></body></html>",
        ]
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    parameters = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
    query = "".join(f"<li>?<code>{escape(each['name'])}</code>: {_type(each['schema'])}</li>" for each in parameters)
    body = "".join(
        f"<li>takes {escape(kind)}: {_type(content.get('schema', {}))}</li>"
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
    )
    answers = "".join(
        f"<li>{status}: {escape(kind)} {_type(content.get('schema', {}))}</li>"
        for status, answer in operation["responses"].items()
        if status.startswith("2")
        for kind, content in (answer.get("content") or {"nothing": {}}).items()
    )
    return (
        f"<section><h3><code>{method.upper()} {escape(path)}</code></h3>"
        f"<p>{escape(operation.get('description', ''))}</p><ul>{query}{body}{answers}</ul></section>"
    )


def _schema(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", ())
    fields = "".join(
        f"<li><code>{escape(field)}</code>{'' if field in required else ' (optional)'}: {_type(described)}</li>"
        for field, described in schema.get("properties", {}).items()
    )
    text = escape(schema.get("description", ""))
    return f'<section id="{escape(name)}"><h3>{escape(name)}</h3><pre>{text}</pre><ul>{fields}</ul></section>'


def _type(schema: dict[str, Any]) -> str:
    """Return the type of a value in words, with links to the documents."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return ", ".join(escape(str(value)) for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(schema.get("type", "any value"))
