"""Static files by several applications: the benchmark, made small."""

from __future__ import annotations

import pytest

from benchmarks.static.figures import Figures, Memory, Report, Spell
from benchmarks.static.files import REQUESTS, SIZES, Case, Exchange, exchanges
from benchmarks.static.markdown import tables
from benchmarks.static.run import Plan, WrongAnswerError, run
from benchmarks.static.served import APPLICATIONS
from statechart_ivr.call import Answer

# As long as it takes each connection to get an answer.
SMALL = Plan(
    seconds=0.0,
    rounds=2,
    connections=3,
    sizes={"small": 80, "prompt": 2_000, "large": 1_000_000},
    settling=0.0,
)
CONTENT = bytes(range(100))


@pytest.mark.server
@pytest.mark.slow
def test_each_application_is_asked_each_thing():
    """Each gets its turn in each round, at each file and request, and all they send is right."""
    report = run(SMALL)
    assert list(report.figures) == [(file, request) for file in SIZES for request in REQUESTS]
    for (file, request), by_name in report.figures.items():
        size = {"whole": SMALL.sizes[file], "unchanged": 0, "range": SMALL.sizes[file] // 2}
        assert list(by_name) == list(APPLICATIONS)
        for figures in by_name.values():
            assert len(figures.spells) == SMALL.rounds
            assert figures.requests == SMALL.rounds * SMALL.connections
            assert sum(one.body_bytes for one in figures.spells) == figures.requests * size[request]
    for memory in report.memory.values():
        assert 1_000_000 < memory.after_start <= memory.after_run


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.parametrize(
    ("bug", "message"),
    [
        ("wrong_byte", "small file, whole: status 200 with 80 bytes, wrong from byte 40 on"),
        ("short_body", "small file, whole: status 200 with 79 bytes, not status 200 with 80 bytes"),
        ("wrong_status", "small file, whole: status 203 with 80 bytes, not status 200"),
        ("not_for_ever", "'no-cache', the others for ever"),
    ],
)
def test_a_single_wrong_answer_ends_it(bug: str, message: str):
    """One wrong answer among right ones leaves no figures, and is told from what it should be."""
    with pytest.raises(WrongAnswerError, match=message):
        run(SMALL, {"mistaken": f"tests.load.mistaken:{bug}"})


def test_what_is_asked():
    """All of a file, whether the client's is still the one, and half of it, each once."""
    asked = dict(exchanges("/static/a.mp3?v=1", '"tag"', CONTENT))
    assert tuple(asked) == REQUESTS
    assert asked["whole"].wanted == Answer(200, CONTENT)
    assert asked["unchanged"].wanted == Answer(304, b"")
    assert b'\r\nIf-None-Match: "tag"\r\n' in asked["unchanged"].request
    assert asked["range"].wanted == Answer(206, CONTENT[25:75])
    assert b"\r\nRange: bytes=25-74\r\n" in asked["range"].request
    for exchange in asked.values():
        assert exchange.request.startswith(b"GET /static/a.mp3?v=1 HTTP/1.1\r\n")
        assert exchange.request.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(206, CONTENT),
        Answer(200, CONTENT[:-1]),
        Answer(200, CONTENT + b"\0"),
        Answer(200, CONTENT[:-1] + b"\0"),
        Answer(200, b"\1" + CONTENT[1:]),
    ],
)
def test_what_a_wrong_answer_is(answer: Answer):
    """Status, length and each byte count."""
    exchange = Exchange(b"", Answer(200, CONTENT))
    assert exchange.difference(exchange.wanted) == ""
    assert exchange.difference(answer) != ""


def test_what_the_figures_mean():
    """Rounds count by what was done in them, not by how many there were."""
    figures = Figures(
        [Spell([0.1] * 30, 3_000_000, 1.0, 0.5), Spell([0.2] * 10, 1_000_000, 3.0, 0.7)]
    )
    assert figures.requests == 40
    assert figures.per_second == pytest.approx(10)
    assert figures.megabytes_per_second == pytest.approx(1)
    assert figures.cpu_per_thousand == pytest.approx(30)
    assert figures.core_share == pytest.approx(0.3)
    assert figures.latencies.p50 == pytest.approx(100)
    assert figures.latencies.p99 == pytest.approx(200)


def test_the_tables_of_the_readme():
    """A column for each application; requests per second, CPU seconds per 1,000, megabytes."""
    case = Case("small", "whole")
    by_name = {
        "one": Figures([Spell([0.1] * 3000, 0, 2.0, 1.5)]),
        "other": Figures([Spell([0.1] * 10, 0, 4.0, 0.04)]),
    }
    memory = {"one": Memory(36_300_000, 103_400_000), "other": Memory(1_000_000, 2_000_000)}
    assert tables(Report({case: by_name}, memory)).splitlines() == [
        "| requests/s · CPU s/1,000 | one | other |",
        "|---|---:|---:|",
        "| small, whole | 1,500 · 0.50 | 2 · 4.00 |",
        "",
        "| most memory, MB | one | other |",
        "|---|---:|---:|",
        "| after the start | 36 | 1 |",
        "| after the run | 103 | 2 |",
    ]
