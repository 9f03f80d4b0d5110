"""The command ``statechart-ivr``: its subcommands, and what it returns to the shell."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from statechart_ivr.cli.call_out import call_out
from statechart_ivr.cli.check import check
from statechart_ivr.cli.connect import connect
from statechart_ivr.cli.diff import diff
from statechart_ivr.cli.replay import replay
from statechart_ivr.cli.serve import serve
from statechart_ivr.cli.sessions import FindingsError, sessions
from statechart_ivr.cli.sounds import sounds
from statechart_ivr.errors import IvrError, TargetError

#: Everything went as it should.
OK = 0
#: Something failed: a flow that is defined wrongly, or in which the checker finds something; a
#: setting that is missing, a port in use.
FAILURE = 1
#: What was looked for was found: calls that a deploy would strand, or, where a flow was to be
#: proved, that not everything could be tried.
FOUND = 2
#: What was typed makes no sense: an option, or a TARGET that is not there.
USAGE = 3


@click.group(epilog="Example: statechart-ivr serve flow.py --no-validate")
@click.version_option(package_name="statechart-ivr")
def commands() -> None:
    """Phone trees on Twilio, written as statecharts."""


commands.add_command(serve)
commands.add_command(connect)
commands.add_command(call_out)
commands.add_command(check)
commands.add_command(diff)
commands.add_command(replay)
commands.add_command(sounds)
commands.add_command(sessions)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: what follows the command's name; the process's own if left out.

    Returns:
        The exit code: `OK`, `FAILURE`, `FOUND` or `USAGE`.
    """
    try:
        code = commands.main(arguments, prog_name="statechart-ivr", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return USAGE
    except TargetError as error:
        return _complain(error, USAGE)
    except FindingsError as error:
        return _complain(error, FOUND)
    except (click.Abort, click.ClickException, IvrError) as error:
        return _complain(error, FAILURE)
    return int(code or OK)


def _complain(error: Exception, code: int) -> int:
    click.echo(f"Error: {str(error) or 'aborted'}", err=True)
    return code


def reloadable() -> None:
    """Run the command line as the process that hupper starts again on changes."""
    sys.exit(main())
