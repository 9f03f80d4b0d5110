"""What ``pytest --flow`` names: a flow, explored once however many tests ask what was found."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from statechart_ivr.checker import Finding, Limits, Report
from statechart_ivr.checker.line import board_for, silenced
from statechart_ivr.checker.pasteable import as_module
from statechart_ivr.checker.sounds import board_with_sounds
from statechart_ivr.cli.check import check, explore_for
from statechart_ivr.cli.exploring import Explored, Surroundings, check_entries, load_explored
from statechart_ivr.cli.pasting import TOLD, imports_for, setting_for
from statechart_ivr.cli.replay import is_by_hand, made
from statechart_ivr.cli.report_view import near
from statechart_ivr.cli.target import import_place, split_target
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.errors import ConfigurationError, IvrError
from statechart_ivr.flow import spec_of
from statechart_ivr.runners.inline import InlineRunner
from statechart_ivr.testing.call_files import ExampleCall
from statechart_ivr.testing.phone import Phone
from statechart_ivr.testing.transcript import MASK

#: What can be wrong with a target, and is no fault of the plugin's.
WRONG = (IvrError, click.ClickException)

#: Options of ``check`` that say how it prints.
_PRINTING = {"alphabet": False, "tests": False, "calls": None, "form": "text", "output": None}
_AROUND = ("at", "services", "folder", "mount_path")
_LIMITS = tuple(vars(Limits()))
_HIDDEN = (
    f"{MASK} stands for what may be a secret, which this prints nowhere. "
    "`statechart-ivr check {}` prints a call in full."
)


def in_lines(lines: Iterable[str]) -> list[str]:
    """Return what each target is written as; a line that begins with an option goes on.

    >>> in_lines(["flow.py", "--entry /reminder", "phones.flow:Shop"])
    ['flow.py --entry /reminder', 'phones.flow:Shop']
    """
    found: list[str] = []
    for line in lines:
        if line.startswith("-") and found:
            found[-1] += f" {line}"
        else:
            found.append(line)
    return found


@contextmanager
def standing_in(folder: Path) -> Iterator[None]:
    """Make a folder the current one for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@dataclass(frozen=True)
class Loaded:
    """A target that is imported, and what is to be done with it.

    Attributes:
        explored: its flows, or its application.
        around: in what surroundings calls are made.
        limits: what counts as too long.
        must_prove: whether its options say that it has to be proved.
        wanted: the other options.
    """

    explored: Explored
    around: Surroundings
    limits: Limits
    must_prove: bool
    wanted: dict[str, Any]


class FlowTarget:
    """A flow, or several of one application, with options.

    Args:
        text: TARGET, and options as ``check`` takes them.
        base: the folder as seen from which it is written.

    Attributes:
        name: the TARGET alone.

    Raises:
        ConfigurationError: no TARGET stands at the beginning.
    """

    def __init__(self, text: str, base: Path) -> None:
        self.base = base
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise ConfigurationError(f"{text!r}: {error}; write TARGET --option value") from None
        if not words or words[0].startswith("-"):
            raise ConfigurationError(f"{text!r}: TARGET stands first; write flow.py {text}")
        self.name, *self._options = words

    @property
    def place(self) -> str:
        """The module or file."""
        return split_target(self.name)[0]

    @property
    def path(self) -> Path | None:
        """The file; None if a module is named."""
        return (self.base / self.place).resolve() if self.place.endswith(".py") else None

    @property
    def where(self) -> Path | str:
        """The file, or the module."""
        return self.path or self.place

    @cached_property
    def loaded(self) -> Loaded:
        """The target, imported.

        Raises:
            IvrError: it leads to nothing of use, or the flow is defined wrongly.
            click.ClickException: its options mean nothing.
        """
        with standing_in(self.base):
            told = self._told()
            around = Surroundings(*(told.pop(name) for name in _AROUND))
            explored = load_explored(self.name, around.folder)
            check_entries(told["entries"], explored)
            limits = Limits(**{name: told.pop(name) for name in _LIMITS})
            return Loaded(explored, around, limits, told.pop("prove"), told)

    def _told(self) -> dict[str, Any]:
        try:
            told = dict(check.make_context("--flow", [self.name, *self._options]).params)
        except click.exceptions.Exit:  # --help
            raise click.UsageError("options for tests are wanted; write some of check's") from None
        del told["target"]
        for name, usual in _PRINTING.items():
            if told.pop(name) != usual:
                raise click.UsageError(f"--{name.replace('form', 'format')} has no use in tests")
        return told

    @property
    def names(self) -> str:
        """Names of its flows."""
        return "+".join(flow.__name__ for flow in self.loaded.explored.flows)

    @cached_property
    def folder(self) -> Path:
        """Where the flow's file is."""
        with standing_in(self.base):
            return Path(str(import_place(self.place).__file__)).resolve().parent

    @cached_property
    def report(self) -> Report:
        """What was found, by a check that is made when it is first asked for.

        Raises:
            IvrError: an entry that is no way in, for one.
        """
        loaded = self.loaded
        with standing_in(self.base):
            return explore_for(
                loaded.explored, loaded.around, limits=loaded.limits, **loaded.wanted
            )

    def shown(self, finding: Finding) -> str:
        """Return all there is to say of a finding."""
        loaded = self.loaded
        with standing_in(self.base):
            told = {name: loaded.wanted[name] for name in TOLD}
            setting = setting_for(
                self.name, loaded.explored, loaded.around, limits=loaded.limits, **told
            )
            imports = imports_for(self.name, loaded.explored, loaded.around)
            where = ".".join(filter(None, (finding.flow, finding.state)))
            lines = [
                f"{finding.severity.value} {finding.code}: {where} ({near(finding.place)})",
                finding.message,
                f"-> {finding.advice}",
            ]
        if finding.call:
            lines += [f"call: {finding.call}", "", f"    {self.replay_line(finding.call)}"]
        lines += ["", as_module([finding], imports, setting)]
        examples = {one for one in self._secrets if len(one) > 1}
        begun = {step.what for step in finding.steps if _is_begun(step.what, examples)}
        return self.hidden("\n".join(lines), {*examples, *begun})

    def replay_line(self, call: str) -> str:
        """Return the command that makes a call."""
        words = ["statechart-ivr", "replay", self.name, call, *self.loaded.around.words]
        return shlex.join(words)

    @cached_property
    def _secrets(self) -> frozenset[str]:
        """What flows name as examples of a secret."""
        handlers = [
            handler
            for flow in self.loaded.explored.flows
            for handler in spec_of(flow).handlers.values()
        ]
        return frozenset(one for handler in handlers if handler.secret for one in handler.examples)

    @cached_property
    def has_secrets(self) -> bool:
        """Whether some input of its flows may be a secret."""
        flows = self.loaded.explored.flows
        return any(one.secret for flow in flows for one in spec_of(flow).handlers.values())

    def hidden(self, text: str, words: Iterable[str]) -> str:
        """Return a text in which nobody can read these words, and which says so."""
        shown = text
        for word in sorted(words, key=len, reverse=True):
            shown = re.sub(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", MASK, shown)
        return shown if shown == text else f"{shown}\n\n{_HIDDEN.format(self.name)}"

    def made(self, example: ExampleCall) -> tuple[str, str]:
        """Make a call of a file.

        Returns:
            What is not as it should be, or nothing; and the transcript.
        """
        around, explored = self.loaded.around, self.loaded.explored
        at, steps = around.at, list(example.steps)
        while steps[0].verb == "at":
            at = steps.pop(0).what
        by_hand = is_by_hand(explored, steps, around.services)
        with standing_in(self.base):
            like = explored.app
            sounds = around.folder
            board = board_for(
                explored.flows,
                SimulatedClock(at),
                around.known_services,
                board_with_sounds(explored.flows, sounds, around.mount_path) if sounds else like,
                runner=None if by_hand else InlineRunner(),
            )
            with closing(board), silenced():
                phone = Phone(board)
                wrong = made(phone, steps, explored.flows) or _complaints(example, phone)
                return wrong, phone.transcript


def _complaints(example: ExampleCall, phone: Phone) -> str:
    return "; ".join(filter(None, (one.complaint(phone) for one in example.expectations)))


def _is_begun(what: str, examples: Iterable[str]) -> bool:
    """Return whether keys are the first of an example, with the one that ends the input or not."""
    keys = what.rstrip("#*")
    return len(keys) > 1 and any(one.startswith(keys) for one in examples)


def entered_in(text: str) -> set[str]:
    """Return what callers enter in a text of example calls, as far as it may be a secret.

    >>> sorted(entered_in("dial 1 4711# say 'open sesame' -> ended"))
    ['4711', '4711#', 'open sesame']
    """
    keys = re.findall(r"(?<!\S)[\"']?([0-9*#]{2,})[\"']?(?!\S)", text)
    words = re.findall(r"""\bsay\s+(?:'([^']*)'|"([^"]*)"|(\S+))""", text)
    said = ("".join(forms) for forms in words)
    found = {*keys, *said}
    return {one for word in found for one in (word, word.rstrip("#*")) if len(one) > 1 and word}


def target_of(call_file: Path, targets: Sequence[FlowTarget]) -> FlowTarget:
    """Return the flow that a file of example calls belongs to.

    Those in its own folder come first; of several, the one whose file has the same name up to the
    first dot.

    Raises:
        ConfigurationError: that does not say which.
    """
    known = {target.place: target for target in reversed(targets)}
    near_by = [one for one in known.values() if one.folder == call_file.parent]
    among = near_by or list(known.values())
    name = call_file.name.partition(".")[0]
    named = [one for one in among if _stem(one.place) == name]
    chosen = named or among
    if len(chosen) > 1:
        names = " or ".join(sorted(f"{_stem(one.place)}.call" for one in chosen))
        raise ConfigurationError(
            f"which flow {call_file.name} is for is not known; name it {names}"
        )
    return chosen[0]


def _stem(place: str) -> str:
    return Path(place).stem if place.endswith(".py") else place.rpartition(".")[2]
