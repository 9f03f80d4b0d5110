"""``statechart-ivr check``: a flow is proved, or what is wrong with it is said."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from statechart_ivr.checker import (
    Coverage,
    Entry,
    Limits,
    Report,
    Verdict,
    check_flow,
)
from statechart_ivr.checker.page import as_page
from statechart_ivr.checker.pasteable import Setting, as_module, as_test
from statechart_ivr.cli.covering import cover, read_calls, write_out
from statechart_ivr.cli.exploring import (
    Explored,
    Services,
    Surroundings,
    check_entries,
    explores,
    load_explored,
    progress_bar,
)
from statechart_ivr.cli.pasting import TOLD, imports_for, setting_for
from statechart_ivr.cli.report_view import print_report
from statechart_ivr.cli.target import HELP

EPILOG = """\b
Examples:
  statechart-ivr check flow.py
  statechart-ivr check flow.py --prove --seconds-to-choice 20 --prompt-seconds 30
  statechart-ivr check phones.wsgi:app --services doubles.py:SERVICES --format json
  statechart-ivr check flow.py --tests > test_found.py
  statechart-ivr check flow.py --calls calls.txt --format html -o report.html
"""

#: Something is wrong with the flow.
FINDINGS = 1
#: With --prove: nothing was found, and not everything was tried.
NOT_EXHAUSTED = 2

_LIMITS = ("seconds_to_choice", "seconds_to_person", "prompt_seconds", "turns")


@click.command(
    epilog=EPILOG,
    help="Make every call there can be, and say what is wrong: each finding with the shortest call "
    "that shows it. A flow with a finite number of sessions is proved, for the alphabet that is "
    "printed. Exit code 1 if something is wrong.\n\n"
    f"{HELP}",
)
@click.argument("target")
@explores
@click.option(
    "--seconds-to-choice", type=click.FloatRange(min=0), metavar="SECONDS",
    help="Say so where it takes longer until the first choice has been said.",
)  # fmt: skip
@click.option(
    "--seconds-to-person", type=click.FloatRange(min=0), metavar="SECONDS",
    help="Say so where the quickest caller takes longer to reach a person.",
)  # fmt: skip
@click.option(
    "--prompt-seconds", type=click.FloatRange(min=0), metavar="SECONDS",
    help="Say so where a caller has to listen for longer at a stretch.",
)  # fmt: skip
@click.option("--turns", type=click.IntRange(min=1), default=Limits().turns, show_default=True,
              metavar="NUMBER", help="After how many turns a caller who does nothing sensible "
              "has to be let go.")  # fmt: skip
@click.option(
    "--max-takeovers", type=click.IntRange(min=0), metavar="NUMBER",
    help="How often one call is taken over at most; any number of times if left out.",
)  # fmt: skip
@click.option("--prove", is_flag=True, help="Exit code 2 if not everything could be tried.")
@click.option("--alphabet", is_flag=True, help="Print the alphabet without leaving anything out.")
@click.option("--tests", is_flag=True,
              help="Print a file of tests instead, one for each finding.")  # fmt: skip
@click.option("--calls", callback=read_calls, metavar="FILE",
              type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Say what these calls cover, one in a line, and what they leave out; lines that "
              "begin with # are comments.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text",
              help="For people, for programs, or for browsers.")  # fmt: skip
@click.option("--output", "-o", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="Write what is not text there, and print the verdict alone.")  # fmt: skip
@click.pass_context
def check(
    context: click.Context,
    /,
    target: str,
    at: str,
    services: Services | None,
    folder: str | None,
    mount_path: str,
    prove: bool,
    alphabet: bool,
    tests: bool,
    calls: list[str] | None,
    form: str,
    output: Path | None,
    **wanted: Any,
) -> None:
    """Check a flow."""
    if output is not None and (form == "text" or tests):
        raise click.UsageError("--output is for --format html and json; write > FILE")
    if calls is not None and tests:
        raise click.UsageError("--tests are for findings; leave --calls out")
    around = Surroundings(at, services, folder, mount_path)
    explored = load_explored(target, folder)
    limits = Limits(**{name: wanted.pop(name) for name in _LIMITS})
    report = explore_for(explored, around, limits=limits, **wanted)
    told = {name: wanted[name] for name in TOLD}
    coverage = None if calls is None else cover(calls, report, explored, around, told["event_data"])
    setting = setting_for(target, explored, around, limits=limits, **told)
    made = _Made(report, coverage, setting, imports_for(target, explored, around), target, around)
    if tests:
        made.print_tests()
    elif form == "text":
        print_report(report, made.replayed, all_of_it=alphabet, coverage=coverage)
    else:
        write_out(made.as_json() if form == "json" else made.as_html(), report, output)
    is_broken = coverage is not None and bool(coverage.broken)
    context.exit(FINDINGS if is_broken else _code(report, prove=prove))


@dataclass(frozen=True)
class _Made:
    """What a check came to, and what goes with it."""

    report: Report
    coverage: Coverage | None
    setting: Setting
    imports: list[str]
    target: str
    around: Surroundings

    def replayed(self, call: str) -> str:
        """Return the command that plays a call."""
        return shlex.join(["statechart-ivr", "replay", self.target, call, *self.around.words])

    def print_tests(self) -> None:
        """Print a file of tests."""
        click.echo(self.report.summary, err=True)
        if self.report.findings:
            click.echo(as_module(self.report.findings, self.imports, self.setting), nl=False)

    def as_json(self) -> str:
        """Return all of it for programs."""
        content = self.report.to_json()
        for one, finding in zip(content["findings"], self.report.findings, strict=True):
            one["replay"] = self.replayed(finding.call) if finding.call else ""
            one["test"] = as_test(finding, setting=self.setting)
        if self.coverage is not None:
            content["coverage"] = self.coverage.to_json()
        return json.dumps({**content, "imports": self.imports}, indent=2)

    def as_html(self) -> str:
        """Return all of it for browsers."""
        return as_page(
            self.report,
            coverage=self.coverage,
            test=lambda one: as_module([one], self.imports, self.setting),
            replay=self.replayed,
        )


def explore_for(
    explored: Explored, around: Surroundings, *, entries: list[Entry], **options: Any
) -> Report:
    """Check what a command was told to, with a progress bar."""
    check_entries(entries, explored)
    with progress_bar() as progress:
        return check_flow(
            *explored.flows,
            services=around.known_services,
            entries=entries,
            at=around.at,
            like=explored.app,
            sounds=around.folder,
            mount_path=around.mount_path,
            progress=progress,
            **options,
        )


def _code(report: Report, *, prove: bool) -> int:
    if report.verdict is Verdict.FINDINGS:
        return FINDINGS
    return NOT_EXHAUSTED if prove and not report.is_exhausted else 0
