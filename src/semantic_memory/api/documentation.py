"""The interactive documentation, from files in a package: it works without a network, and no other site sees who reads it."""

import json
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse

from semantic_memory.core.errors import NotFoundError

ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
STARTER = "start.js"

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>semantic-memory API</title>
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
</head>
<body>
<div id="documentation"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/assets/start.js"></script>
</body>
</html>
"""

OPTIONS = json.dumps({"url": "openapi.json", "dom_id": "#documentation", "deepLinking": True, "validatorUrl": None})
START = f"SwaggerUIBundle({OPTIONS})\n"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'"
)
"""Swagger UI sets style attributes and draws its icons from data URLs."""

CACHED = "public, max-age=86400"


def add_documentation(app: FastAPI) -> None:
    app.add_api_route("/docs", _page, include_in_schema=False, methods=["GET"])
    app.add_api_route("/docs/assets/{name}", _asset, include_in_schema=False, methods=["GET"], response_model=None)


async def _page() -> HTMLResponse:
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})


async def _asset(name: str) -> FileResponse | HTMLResponse:
    headers = {"Cache-Control": CACHED}
    if name == STARTER:
        return HTMLResponse(START, headers=headers, media_type="text/javascript")
    if name not in ASSETS:
        raise NotFoundError
    return FileResponse(Path(str(files("fastapi_swagger"))) / "resources" / name, media_type=ASSETS[name], headers=headers)
