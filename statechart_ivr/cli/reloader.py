"""``--reload``: the server is started again when a source file changes."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from statechart_ivr.cli.server import DRAIN_SECONDS
from statechart_ivr.cli.target import split_target
from statechart_ivr.errors import MissingExtraError


def start_reloader(target: str, env_file: str | None) -> Any:
    """Watch the files of a TARGET.

    Args:
        target: as on the command line.
        env_file: watched too.

    Returns:
        hupper's proxy, in the worker process; its monitor process never returns.

    Raises:
        MissingExtraError: hupper is not installed.
    """
    try:
        import hupper
    except ImportError:
        raise MissingExtraError("--reload", "reload") from None
    reloader = hupper.start_reloader(
        "statechart_ivr.cli.main.reloadable", shutdown_interval=DRAIN_SECONDS + 1
    )
    # Modules are found by hupper, once they are imported.
    place, _ = split_target(target)
    reloader.watch_files([file for file in (place, env_file) if file and Path(file).is_file()])
    return reloader


def files_named(error: BaseException | None) -> list[str]:
    """Return the files an error came through: a change in one of them may mend it."""
    files: list[str] = []
    while error is not None:
        files += [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
        files += [error.filename] if isinstance(error, SyntaxError) and error.filename else []
        error = error.__cause__
    return files
