"""``statechart-ivr replay``: a call that is written down is made, and what is heard is printed."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Sequence
from contextlib import closing

import click

from statechart_ivr.checker.line import silenced
from statechart_ivr.checker.notation import Step, parse_call
from statechart_ivr.checker.playing import board_to_play, says_work
from statechart_ivr.checker.sounds import board_with_sounds
from statechart_ivr.cli.exploring import (
    Explored,
    Services,
    Surroundings,
    load_explored,
    plays_a_call,
)
from statechart_ivr.cli.report_view import near
from statechart_ivr.cli.tables import print_line
from statechart_ivr.cli.target import HELP
from statechart_ivr.errors import NotationError, PhoneError
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.phone import Phone

EPILOG = """\b
Examples:
  statechart-ivr replay flow.py 'dial 2 . * 5 hangup'
  statechart-ivr replay flow.py "at 2026-01-05T22:00 dial /incoming-call say 'opening hours'"
  statechart-ivr replay flow.py "dial /remind '{\\"session\\": {\\"when\\": \\"nine\\"}}' 1"
"""

_ALLOWED = (
    "a call begins with dial or dial /path; then come KEYS such as 2 or 123#, . for silence, "
    "say WORDS, record, dial.busy, queue.leave, hangup, again, late, go /path, work EVENT, "
    "deliver EVENT; docs/reference/notation.md has them all"
)


def _steps(_: click.Context, __: click.Parameter, value: str) -> list[Step]:
    try:
        return parse_call(value)
    except NotationError as error:
        raise click.BadParameter(f"{error}\n{_ALLOWED}") from None


@click.command(
    epilog=EPILOG,
    help="Make a call that is written down, and print what is heard. CALL is what `statechart-ivr "
    "check` prints: 'dial 2 . * 5 hangup'. Nothing is stored, and Twilio is not asked. Work "
    "in the background is done at once, unless CALL says what it comes to; an application's only "
    "with --services. Exit code 1 if the flow raises, or Twilio would refuse a document.\n\n"
    f"{HELP}",
)
@click.argument("target")
@click.argument("call", callback=_steps)
@plays_a_call
@click.option("--by-hand", is_flag=True,
              help="Leave all background work to CALL, also if it says nothing of it.")  # fmt: skip
@click.pass_context
def replay(
    context: click.Context,
    target: str,
    call: list[Step],
    at: str,
    services: Services | None,
    folder: str | None,
    mount_path: str,
    by_hand: bool,
) -> None:
    """Make a call."""
    around = Surroundings(at, services, folder, mount_path)
    explored = load_explored(target, folder)
    while call[0].verb == "at":
        at = call.pop(0).what
    like = board_with_sounds(explored.flows, folder, mount_path) if folder else explored.app
    by_hand = by_hand or is_by_hand(explored, call, services)
    board = board_to_play(explored.flows, at, around.known_services, like, by_hand=by_hand)
    with closing(board), silenced():
        phone = Phone(board)
        failure = made(phone, call, explored.flows)
        for line in phone.transcript.splitlines():
            print_line(line)
        print_line("")
        _conclude(board, phone)
    if failure:
        click.echo(f"Error: {failure}", err=True)
        context.exit(1)


def is_by_hand(explored: Explored, call: Sequence[Step], services: Services | None) -> bool:
    """Return whether background work is left to the call; an application's has effects."""
    return says_work(call) or (explored.app is not None and not services)


def made(phone: Phone, call: Sequence[Step], flows: Sequence[type[CallFlow]]) -> str:
    """Make the call, and return what went wrong; nothing if nothing did."""
    for number, step in enumerate(call, 1):
        try:
            step.apply(phone)
        except PhoneError as error:
            return f"step {number} of {len(call)}: {error}"
        except Exception as error:  # noqa: BLE001 - flow code may raise anything
            what = f"{type(error).__name__}: {error}"
            return f"step {number} of {len(call)}: {what} ({_place(error, flows)})"
    return ""


def _place(error: Exception, flows: Sequence[type[CallFlow]]) -> str:
    """Return the last line of the flows' own files that an error came through."""
    files = {inspect.getsourcefile(flow) for flow in flows}
    frames = traceback.extract_tb(error.__traceback__)
    last = next((one for one in reversed(frames) if one.filename in files), frames[-1])
    return near(f"{last.filename}:{last.lineno}")


def _conclude(board: Switchboard, phone: Phone) -> None:
    record = board.peek(phone.call_sid)
    if record is not None:
        flow = board.environment.flows[record.flow]
        leaves = spec_of(flow).chart.leaves(list(record.conf)) if record.conf else []
        print_line(f"state: {flow.__name__}.{', '.join(leaves)}")
    if phone.ended:
        print_line("the call is over")
    elif phone.waiting_for:
        print_line(f"waiting for: {phone.waiting_for}")
