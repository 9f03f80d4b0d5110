"""What the commands that ask Twilio for something are told: an account, a number, a public URL."""

from __future__ import annotations

import os
import re

import click

from statechart_ivr.errors import ConfigurationError
from statechart_ivr.rest import RestClient
from statechart_ivr.web.app import IvrApp
from statechart_ivr.web.mounting import checked_base_url

_E164 = re.compile(r"\+[1-9][0-9]{1,14}")


def phone_number(_: click.Context, __: click.Parameter, value: str) -> str:
    """Check a number that was typed.

    Raises:
        click.BadParameter: it is not in E.164.
    """
    if not _E164.fullmatch(value):
        raise click.BadParameter(
            f"{value!r} is not in E.164: a plus, the country and the number, such as +14158675309"
        )
    return value


def public_root(app: IvrApp | None, given: str | None) -> str:
    """Return the public URL of the application's root: the one typed, or its own, or the set one.

    Raises:
        ConfigurationError: nobody says what it is, or it is no URL.
    """
    root = given or (app and app.base_url) or os.environ.get("IVR_BASE_URL")
    if callable(root):
        raise ConfigurationError("base_url= depends on the request; say which one with --base-url")
    if not root:
        raise ConfigurationError("the public URL is not known; set IVR_BASE_URL, or add --base-url")
    return str(checked_base_url(root))


def client_of_account() -> RestClient:
    """Return what asks Twilio, with the credentials of the environment.

    Raises:
        ConfigurationError: there are none.
    """
    names = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
    account_sid, tokens = (os.environ.get(name, "") for name in names)
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise ConfigurationError(
            f"Twilio cannot be asked; set {' and '.join(missing)}, from Twilio's console, "
            "or name a file that does: --env-file FILE"
        )
    # While one token replaces another, both are set; the first is the one that is valid.
    return RestClient(account_sid=account_sid, auth_token=tokens.split(",")[0].strip())
