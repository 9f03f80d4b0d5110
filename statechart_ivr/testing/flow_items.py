"""What pytest collects for ``--flow``: a test for each kind of finding, and for each call file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from statechart_ivr.checker import RULES, Severity, Verdict
from statechart_ivr.errors import ConfigurationError, NotationError
from statechart_ivr.testing.call_files import parse_calls
from statechart_ivr.testing.flow_targets import (
    WRONG,
    FlowTarget,
    entered_in,
    in_lines,
    target_of,
)


class FlowPlugin:
    """Collects flows, and files of example calls.

    Args:
        config: pytest's.
        typed: targets on the command line, as seen from the current folder.
        written: targets in the settings, as seen from their folder.
        must_prove: whether all of them have to be proved.

    Raises:
        pytest.UsageError: something is no target.

    Attributes:
        targets: all that are named.
        must_prove: as above.
        collected: files and modules that were collected; pytest makes nodes of more than it wants.
    """

    def __init__(
        self,
        config: pytest.Config,
        typed: Sequence[str],
        written: Sequence[str],
        *,
        must_prove: bool,
    ) -> None:
        here = config.invocation_params.dir
        root = config.inipath.parent if config.inipath else config.rootpath
        try:
            self._typed = [FlowTarget(text, here) for text in typed]
            self.targets = [
                *self._typed,
                *(FlowTarget(text, root) for text in in_lines(written)),
            ]
        except ConfigurationError as error:
            raise pytest.UsageError(f"flows: {error}") from None
        self.must_prove = must_prove
        # Whoever names paths means these; the settings' flows are tested where they are among them.
        are_all_wanted = config.args_source is not pytest.Config.ArgsSource.ARGS
        self._wanted = self.targets if are_all_wanted and not typed else self._typed
        self.collected: set[Path | str] = set()

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """Collect what pytest comes across: files of flows that are named, and of calls."""
        path = file_path.resolve()
        if path.suffix == ".call":
            return self._call_file(path, parent)
        targets = [one for one in self.targets if one.path == path]
        return self._flow_file(targets, parent) if targets else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Add what pytest did not come across."""
        for target in self._wanted:
            if target.where not in self.collected:
                alike = [one for one in self._wanted if one.where == target.where]
                items.extend(session.genitems(self._flow_file(alike, session)))
        for path in self._calls_near_by():
            if path not in self.collected:
                items.extend(session.genitems(self._call_file(path, session)))

    def _calls_near_by(self) -> Iterator[Path]:
        """Go through the files of calls beside the flows that are wanted."""
        for target in self._wanted:
            try:
                folder = target.folder
            except WRONG:
                continue  # which has been said where the flow was collected
            yield from sorted(folder.glob("*.call"))

    def _flow_file(self, targets: list[FlowTarget], parent: pytest.Collector) -> FlowFile:
        target = targets[0]
        if target.path is not None:
            node = FlowFile.from_parent(parent, path=target.path)
        else:
            folder = parent.config.rootpath
            node = FlowFile.from_parent(parent, path=folder, name=target.place, nodeid=target.place)
        node.targets, node.plugin = targets, self
        return node

    def _call_file(self, path: Path, parent: pytest.Collector) -> CallFile:
        node = CallFile.from_parent(parent, path=path)
        node.targets, node.plugin = self.targets, self
        return node


class FlowFile(pytest.File):
    """A file, or a module, with flows.

    Attributes:
        targets: what is named of it.
        plugin: who has made it.
    """

    targets: list[FlowTarget]
    plugin: FlowPlugin

    def collect(self) -> Iterator[pytest.Collector]:
        """Import it, and go through what is named of it."""
        self.plugin.collected.add(self.targets[0].where)
        counts: dict[str, int] = {}
        for target in self.targets:
            try:
                names = target.names
            except WRONG as error:
                raise self.CollectError(_said(error)) from None
            counts[names] = counts.get(names, 0) + 1
            name = f"{names}-{counts[names]}" if counts[names] > 1 else names
            node = FlowNode.from_parent(self, name=name)
            node.target = target
            node.must_prove = self.plugin.must_prove or target.loaded.must_prove
            yield node


class FlowNode(pytest.Collector):
    """A flow, or several that are checked together.

    Attributes:
        target: what is checked.
        must_prove: whether everything has to be tried.
    """

    target: FlowTarget
    must_prove: bool
    has_failed: bool = False

    def collect(self) -> Iterator[pytest.Item]:
        """Go through the kinds of findings; nothing is explored yet."""
        for code in RULES:
            yield FindingItem.from_parent(self, name=code)
        yield ProvedItem.from_parent(self, name="proved")


class FlowItem(pytest.Item):
    """A test of a flow."""

    @property
    def node(self) -> FlowNode:
        """The flow."""
        assert isinstance(self.parent, FlowNode)  # noqa: S101 - who has made it
        return self.parent

    def setup(self) -> None:
        """Make the check, if no other test has."""
        if self.node.has_failed:
            pytest.skip("the check of this flow broke off, as was said before")
        try:
            _ = self.node.target.report
        except WRONG as error:
            self.node.has_failed = True
            pytest.fail(_said(error), pytrace=False)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where it is, and what it is called in the summary."""
        return self.path, None, f"{self.node.name}: {self.name}"


class FindingItem(FlowItem):
    """Fails with the findings of one kind."""

    def runtest(self) -> None:
        """Look for them."""
        found = self.node.target.report.having(self.name)
        if not found:
            return
        text = "\n\n".join(self.node.target.shown(one).rstrip() for one in found)
        if RULES[self.name].severity is Severity.NOTE:
            pytest.skip(text)
        pytest.fail(text, pytrace=False)


class ProvedItem(FlowItem):
    """Passes if nothing is wrong, and everything was tried."""

    def runtest(self) -> None:
        """Look at the verdict, which is a failure only where a proof was asked for."""
        report = self.node.target.report
        if report.verdict is not Verdict.PROVED:
            give_up = pytest.fail if self.node.must_prove else pytest.skip
            give_up(report.summary)


class CallFile(pytest.File):
    """A file of example calls.

    Attributes:
        targets: the flows it may belong to.
        plugin: who has made it.
    """

    targets: list[FlowTarget]
    plugin: FlowPlugin

    def collect(self) -> Iterator[pytest.Item]:
        """Find its flow."""
        self.plugin.collected.add(self.path)
        try:
            target = target_of(self.path, self.targets)
            item = CallItem.from_parent(self, name=target.names)
        except WRONG as error:
            raise self.CollectError(_said(error)) from None
        item.target = target
        yield item


class CallItem(pytest.Item):
    """Makes the calls of a file.

    Attributes:
        target: the flow that is called.
    """

    target: FlowTarget

    def runtest(self) -> None:
        """Make all of them, and say which do not go as they should."""
        text = self.path.read_text("utf-8")
        found = "\n\n".join(self._wrong(text))
        if found:
            words = entered_in(text) if self.target.has_secrets else ()
            pytest.fail(self.target.hidden(found, words), pytrace=False)

    def _wrong(self, text: str) -> Iterator[str]:
        try:
            examples = parse_calls(text)
        except NotationError as error:
            yield f"{self.path.name}: {error}"
            return
        if not examples:
            yield f"{self.path.name}: there is no call in it; write one a line: dial 1 -> ended"
        for example in examples:
            wrong, transcript = self.target.made(example)
            if wrong:
                line = self.target.replay_line(example.call)
                yield f"{self.path.name}:{example.line}: {wrong}\n{transcript}\n\n    {line}"

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where it is, and what it is called in the summary."""
        return self.path, None, f"{self.path.name}: {self.name}"


def _said(error: Exception) -> str:
    """Return what an error says; click's tell it by a method."""
    return getattr(error, "format_message", lambda: str(error))()
