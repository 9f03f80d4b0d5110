"""The figures as they stand in ``benchmarks/README.md``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.static.figures import Figures, Report


def tables(report: Report) -> str:
    """Return a table of speeds and one of memory."""
    return "\n".join((*_speeds(report), "", *_memory(report)))


def _speeds(report: Report) -> Iterator[str]:
    names = list(report.memory)
    yield from _head("requests/s · CPU s/1,000", names)
    for case, by_name in report.figures.items():
        cells = [_speed(by_name[name]) for name in names]
        yield _row(f"{case.file}, {case.request}", cells)


def _speed(figures: Figures) -> str:
    return f"{figures.per_second:,.0f} · {figures.cpu_per_thousand:.2f}"


def _memory(report: Report) -> Iterator[str]:
    yield from _head("most memory, MB", list(report.memory))
    yield _row("after the start", [_megabytes(one.after_start) for one in report.memory.values()])
    yield _row("after the run", [_megabytes(one.after_run) for one in report.memory.values()])


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.0f}"


def _head(title: str, names: Sequence[str]) -> Iterator[str]:
    yield _row(title, names)
    yield f"|---|{'---:|' * len(names)}"


def _row(title: str, cells: Sequence[str]) -> str:
    return f"| {' | '.join((title, *cells))} |"
