"""Many calls at once on two processes that are killed over and over: the benchmark, made small."""

from __future__ import annotations

import math
from dataclasses import replace
from email.parser import BytesHeaderParser
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from benchmarks.latencies import Latencies
from benchmarks.load.callers import Sample
from benchmarks.load.figures import Report, Restart
from benchmarks.load.known import known_calls
from benchmarks.load.run import Load, run
from examples.servers import ROOT, TOKEN
from statechart_ivr.testing.parameters import new_sid
from tests.services.postgres import PostgresServer
from tests.services.redis import RedisServer

SMALL = Load(calls=60, think=1.0, seconds=4.0, restart_every=1.5, twice=0.2)


def _assert_all_went_well(report: Report, load: Load = SMALL) -> None:
    assert report.differences == ()
    assert report.calls > load.calls
    assert report.turns > 2 * load.calls
    assert report.doubles > 0
    assert report.sent_again > 0
    assert len(report.restarts) == 1 + 2
    assert report.records == min(load.records, report.calls)


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.parametrize("keep_alive", [False, True])
def test_no_call_comes_out_differently_on_sqlite(keep_alive: bool, tmp_path: Path):
    """Whatever is killed or sent twice, each call hears its bytes and leaves its record."""
    load = replace(SMALL, keep_alive=keep_alive)
    _assert_all_went_well(run(f"sqlite:///{tmp_path}/calls.db", load))


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.service
def test_no_call_comes_out_differently_on_redis(redis_server: RedisServer):
    """The same on Redis."""
    _assert_all_went_well(run(redis_server.fresh_url(), SMALL))


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.service
def test_no_call_comes_out_differently_on_postgresql(postgres_server: PostgresServer):
    """The same on PostgreSQL."""
    _assert_all_went_well(run(postgres_server.fresh_url(), SMALL))


@pytest.mark.server
@pytest.mark.slow
def test_processes_that_share_no_store_are_found_out():
    """A call that goes on in a process that does not know it sounds different."""
    report = run("memory:", replace(SMALL, seconds=3.0, records=0))
    assert len(report.differences) > 10
    assert all("webhook " in difference for difference in report.differences)


@pytest.mark.server
@pytest.mark.slow
def test_records_that_miss_something_are_found_out(tmp_path: Path):
    """Records are compared, too: what a call has heard so far may not depend on all of it."""
    load = replace(SMALL, seconds=2.0, twice=0.0, restart_every=10.0, records=20)
    url = f"sqlite:///{tmp_path}/calls.db"
    report = run(url, load, target="tests.load.forgetful:app")
    found = [difference for difference in report.differences if ": the record: " in difference]
    assert len(found) == report.records == 20


def test_requests_are_signed_as_twilio_signs_them():
    """Every request of every known call, whatever the call's SID, passes Twilio's own check."""
    validator = RequestValidator(TOKEN)
    for call in known_calls():
        for number, _ in enumerate(call.webhooks):
            sid = new_sid("CA")
            line, _, rest = call.request(number, sid).partition(b"\r\n")
            head, _, body = rest.partition(b"\r\n\r\n")
            headers = BytesHeaderParser().parsebytes(head)
            form = dict(parse_qsl(body.decode(), keep_blank_values=True))
            assert form["CallSid"] == sid
            assert int(headers["Content-Length"]) == len(body)
            url = ROOT + line.decode().split(" ")[1]
            assert validator.validate(url, form, headers["X-Twilio-Signature"])


def test_what_the_figures_mean():
    """A percentile is a latency that so many requests did not exceed; none is made up between."""
    summed_up = Latencies.of((number + 1) / 1000 for number in range(1000))
    assert summed_up == (1000, *map(pytest.approx, (500, 990, 999, 1000)))
    assert math.isnan(Latencies.of([]).p99)


def test_what_is_away_from_the_restarts():
    """A request counts if it was due neither shortly before a kill nor shortly after the return."""
    dues = [0.0, 1.9, 2.1, 3.0, 3.5, 6.4, 6.6, 9.0]
    report = Report(
        calls=1,
        turns=1,
        seconds=10.0,
        doubles=0,
        sent_again=0,
        restarts=[Restart(0.0, 0.0), Restart(4.0, 4.5)],
        samples=[Sample(due, due) for due in dues],
        records=0,
        differences=(),
    )
    assert report.all.requests == 8
    assert report.away.requests == 3
    assert report.away.longest == pytest.approx(9000)
    assert report.away.p50 == pytest.approx(6600)
