"""``statechart-ivr serve``: an application on waitress."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

import click

from statechart_ivr.cli.env_file import load_env_file
from statechart_ivr.cli.logs import FORMATS, configure_logs
from statechart_ivr.cli.reloader import files_named, start_reloader
from statechart_ivr.cli.server import Server, listening_url, open_listener
from statechart_ivr.cli.summary import print_summary
from statechart_ivr.cli.target import HELP, Target, ivr_apps, load_target
from statechart_ivr.errors import IvrError, MissingSettingError
from statechart_ivr.web.app import IvrApp

EPILOG = """\b
Examples:
  statechart-ivr serve flow.py --no-validate
  statechart-ivr serve phones.flow:FrontDesk --env-file .env --listen 0.0.0.0:80
  statechart-ivr serve phones.wsgi:app --log-format json
"""


_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:/@\[\]]+):(?P<port>[0-9]{1,5})")


def _address(_: click.Context, __: click.Parameter, value: str) -> tuple[str, int]:
    match = _ADDRESS.fullmatch(value)
    if match is None or int(match["port"]) > 65535:
        raise click.BadParameter(f"{value!r} is not HOST:PORT, such as 127.0.0.1:8080")
    return match["host"].strip("[]"), int(match["port"])


@click.command(epilog=EPILOG, help=f"Serve flows or an application to Twilio.\n\n{HELP}")
@click.argument("target")
@click.option(
    "--listen", callback=_address, default="127.0.0.1:8080", metavar="HOST:PORT",
    show_default=True, help="Where to listen; port 0 takes any that is free.",
)  # fmt: skip
@click.option("--store", metavar="URL", help="Where sessions are kept.  [IVR_STORE]")
@click.option("--base-url", metavar="URL", help="Public URL of the root.  [IVR_BASE_URL]")
@click.option(
    "--no-validate", "unsigned", is_flag=True,
    help="Take unsigned requests; only on a loopback address.",
)  # fmt: skip
@click.option("--reload", is_flag=True, help="Start again when a source file changes.")
@click.option(
    "--env-file", type=click.Path(exists=True, dir_okay=False), metavar="FILE",
    help="Set environment variables that are not set yet, such as TWILIO_AUTH_TOKEN.",
)  # fmt: skip
@click.option(
    "--threads", type=click.IntRange(1, 256), default=8, show_default=True,
    help="How many requests run at a time.",
)  # fmt: skip
@click.option("--log-format", type=click.Choice(FORMATS), default="text", show_default=True)
def serve(
    target: str,
    listen: tuple[str, int],
    store: str | None,
    base_url: str | None,
    unsigned: bool,
    reload: bool,
    env_file: str | None,
    threads: int,
    log_format: str,
) -> None:
    """Serve flows or an application."""
    if unsigned and not _is_loopback(listen[0]):
        raise click.UsageError(
            f"--no-validate on {listen[0]} would let anybody play Twilio; listen on 127.0.0.1, "
            "or serve an IvrApp(validate=False) of your own behind something that checks"
        )
    reloader = start_reloader(target, env_file) if reload else None
    configure_logs(log_format)
    if env_file:
        load_env_file(env_file)
    options = {"store": store, "base_url": base_url, "validate": False if unsigned else None}
    try:
        app = _application(load_target(target), _given(options))
    except IvrError as error:
        if reloader:
            reloader.watch_files(files_named(error))
        raise
    _run(app, listen, threads)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _application(target: Target, options: dict[str, Any]) -> Any:
    """Return what is served; an application is taken as it is."""
    if target.app is None:
        try:
            return IvrApp.from_env(*target.flows, **options)
        except MissingSettingError as error:
            raise MissingSettingError(error.missing, "add --no-validate") from None
    if options:
        names = {"store": "--store", "base_url": "--base-url", "validate": "--no-validate"}
        given = ", ".join(names[name] for name in options)
        raise click.UsageError(
            f"TARGET is an application, which is served as it is: {given} would not apply; "
            "leave it out, or name a flow"
        )
    return target.app


def _run(app: Any, listen: tuple[str, int], threads: int) -> None:
    try:
        listener = open_listener(*listen)
        url = listening_url(listener)
        boards = [ivr_app.switchboard for ivr_app in ivr_apps(app)]

        def look_after_work() -> None:
            for board in boards:
                board.look_after_work()

        server = Server(app, listener, threads=threads)
        server.run(lambda: print_summary(app, url), look_after_work)
    finally:
        for ivr_app in ivr_apps(app):
            ivr_app.close()
