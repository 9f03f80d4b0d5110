"""The applications that are compared; ``python -m benchmarks.static.served TARGET FOLDER``."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import waitress
from bottle import Bottle, HTTPResponse, static_file
from whitenoise import WhiteNoise

from examples.catalogue import EXAMPLES
from examples.servers import ROOT, TOKEN
from statechart_ivr.web import IvrApp
from statechart_ivr.web.static import FingerprintPlugin

#: What is compared, by the names of the functions here that make them.
APPLICATIONS: Mapping[str, str] = {
    "FingerprintPlugin": "benchmarks.static.served:fingerprint_plugin",
    "FingerprintPlugin, watch=True": "benchmarks.static.served:watching_fingerprint_plugin",
    "WhiteNoise": "benchmarks.static.served:whitenoise",
    "Bottle's static_file": "benchmarks.static.served:bottle_static_file",
}

#: How many requests run at a time, as with ``statechart-ivr serve``.
THREADS = 8

# What all of them say of a file, so that they say as much.
_FOR_EVER = "public, max-age=31536000, immutable"


class Served(NamedTuple):
    """An application that serves a folder.

    Attributes:
        app: takes WSGI requests.
        url_for: returns path and query of a file by its name.
    """

    app: Any
    url_for: Callable[[str], str]


def fingerprint_plugin(folder: Path, *, watch: bool = False) -> Served:
    """Return a phone line with the plugin, as a user would serve it."""
    line = IvrApp(EXAMPLES[0].flow, auth_token=TOKEN, base_url=ROOT, store="memory:")
    plugin = line.install(FingerprintPlugin(folder, mount_path="/static", watch=watch))
    return Served(line, lambda name: str(plugin.url_for(f"/static/{name}")))


def watching_fingerprint_plugin(folder: Path) -> Served:
    """Return the same with a plugin that notices changed files."""
    return fingerprint_plugin(folder, watch=True)


def whitenoise(folder: Path) -> Served:
    """Return WhiteNoise, in its mode for production, around an application that knows nothing."""
    app = WhiteNoise(
        _nothing_else,
        root=folder,
        prefix="static/",
        autorefresh=False,
        allow_all_origins=False,
        immutable_file_test=r"\.[0-9a-f]{12}\.",
    )
    return Served(app, "/static/{}".format)


def bottle_static_file(folder: Path) -> Served:
    """Return a Bottle application with one route."""
    app = Bottle()

    @app.get("/static/<name:path>")
    def serve(name: str) -> HTTPResponse:
        return static_file(name, root=folder, headers={"Cache-Control": _FOR_EVER})

    return Served(app, "/static/{}".format)


def _nothing_else(_: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("404 Not Found", [("Content-Length", "0")])
    return []


def serve(target: str, folder: Path) -> None:
    """Serve on a free port, and print in a line of JSON where, until killed.

    Args:
        target: ``module:function``; the function takes the folder and returns a `Served`.
        folder: with the files.
    """
    # More connections than threads are no news here.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    module, _, function = target.partition(":")
    served: Served = getattr(import_module(module), function)(folder)
    server = waitress.create_server(served.app, listen="127.0.0.1:0", threads=THREADS)
    paths = {file.name: served.url_for(file.name) for file in folder.iterdir()}
    told = {"url": f"http://127.0.0.1:{server.effective_port}", "paths": paths}
    print(json.dumps(told), flush=True)  # noqa: T201 - it is read by who started us
    server.run()


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]))
