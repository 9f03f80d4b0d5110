"""Background work in processes of its own, by way of Dramatiq."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import inf
from typing import Any

from statechart_ivr.errors import (
    ConfigurationError,
    MissingExtraError,
    RunnerClosedError,
    RunnerFullError,
    RunnerUnavailableError,
)
from statechart_ivr.redis_access import (
    NO_PERMISSION,
    OUT_OF_MEMORY,
    checked_name,
    explained,
    open_pool,
)
from statechart_ivr.runners.base import PATIENCE, Job, log_failure

try:
    import dramatiq
    from dramatiq.brokers.redis import RedisBroker
    from dramatiq.middleware import AgeLimit, TimeLimit
    from redis import Redis, RedisError
except ImportError as error:
    raise MissingExtraError("DramatiqRunner", "dramatiq") from error

Perform = Callable[[str, str], object]

#: More than a worker has threads, and a server that submits.
_CONNECTIONS = 64

#: In front of all keys.
_NAMESPACE = "dramatiq"

#: Seconds for which Dramatiq keeps what was too old when a worker got to it, for whoever looks.
_KEPT_FOR = 3600

_HINTS: Mapping[str, str] = {
    NO_PERMISSION: "the user needs ~dramatiq* and +@read +@write +evalsha +script|load",
    OUT_OF_MEMORY: "raise maxmemory, and see that workers are running",
}


class DramatiqRunner:
    """Sends jobs to Dramatiq's workers, over a Redis or any other broker of Dramatiq's.

    A message says which job of which call, and nothing else. Workers import the same
    application, and load the call from the store it shares with them::

        IVR_APP=package.module:app dramatiq statechart_ivr.runners.worker

    A job is tried once per message. One that fails, or whose worker dies, still lies in its
    call's record, and is found there when its lease runs out; retries of Dramatiq's would come
    on top of that.

    Two applications with one Redis need two names of queues. Give the broker a database of its
    own: Dramatiq sometimes goes through all keys of the one it is in.

    >>> runner = DramatiqRunner("redis://jobs.internal/1")  # connects when there is a job
    >>> runner.close()
    ()

    Args:
        broker: a URL as that of `~statechart_ivr.stores.RedisStore`; or a broker of your own,
            which goes by its own middleware and time-outs.
        queue_name: letters, digits, dots, dashes and underscores.
        queue: at most so many jobs may wait or be under way, all workers together: without a
            worker, messages would fill the Redis. With a broker of your own this is its affair.
        timeout: seconds to wait for a connection to the Redis, and for each answer.
        max_age: seconds after which a message is dropped unread: the job's lease has run out by
            then, and others have taken it up. For brokers whose middleware has ``AgeLimit``.
        time_limit: seconds after which work is broken off wherever it is, so that the worker is
            free again. More than the longest ``timeout`` of a background method. For brokers
            whose middleware has ``TimeLimit``.

    Attributes:
        broker: for more middleware, and for tests.

    Raises:
        ConfigurationError: the URL or another argument cannot be meant.
        MissingExtraError: Dramatiq is not installed.
    """

    broker: dramatiq.Broker

    def __init__(
        self,
        broker: str | dramatiq.Broker,
        *,
        queue_name: str = "ivr",
        queue: int = 10_000,
        timeout: float = 1.0,
        max_age: float = 600.0,
        time_limit: float = 600.0,
    ) -> None:
        _check(queue=queue, max_age=max_age, time_limit=time_limit)
        self._limit = queue
        self._is_closed = False
        self._perform: Perform = _not_a_worker
        self._redis: Redis | None = None
        self._name = type(broker).__name__
        if isinstance(broker, str):
            self._name = checked_name(broker, "DramatiqRunner")
            self._redis = _client(broker, timeout)
            broker = _broker(self._redis)
        self.broker = broker
        self._actor = self._declared(queue_name, max_age=max_age, time_limit=time_limit)

    def submit(self, job: Job) -> None:
        """Send a job to the workers.

        Raises:
            RunnerFullError: too many are not done yet.
            RunnerUnavailableError: the broker gives no answer, or takes nothing more.
            RunnerClosedError: after `close`.
        """
        if self._is_closed:
            raise RunnerClosedError(job.call_sid, job.id)
        try:
            unfinished = self._unfinished()
            if unfinished < self._limit:
                self._actor.send(job.call_sid, job.id)
        except (RedisError, dramatiq.BrokerError, UnicodeError) as error:
            # The last one is of a host there cannot be.
            why = explained(self._name, error, _HINTS)
            raise RunnerUnavailableError(job.call_sid, job.id, why) from error
        if unfinished >= self._limit:
            advice = "start more workers, or raise queue"
            raise RunnerFullError(job.call_sid, job.id, limit=self._limit, advice=advice)

    def close(self, *, patience: float = PATIENCE) -> tuple[Job, ...]:
        """Send nothing more, and give connections back.

        Args:
            patience: nobody is waited for: what was sent is with the broker.
        """
        del patience
        self._is_closed = True
        if self._redis is not None:
            self._redis.connection_pool.disconnect()
        return ()

    def serve(self, perform: Perform) -> None:
        """Say what this process does with a job, if it is a worker.

        Args:
            perform: called with call SID and job id, in several threads.
        """
        self._perform = perform

    def _unfinished(self) -> int:
        if self._redis is None:
            return 0  # as far as can be seen from here
        # What is in work, too: a message stays there until it is acknowledged.
        return int(self._redis.hlen(f"{_NAMESPACE}:{self._actor.queue_name}.msgs"))

    def _declared(self, queue_name: str, *, max_age: float, time_limit: float) -> Any:
        options: dict[str, Any] = {
            "max_age": int(max_age * 1000),
            "time_limit": int(time_limit * 1000),
            "max_retries": 0,
        }
        try:
            declare = dramatiq.actor(
                actor_name=f"{queue_name}.carry_out",
                queue_name=queue_name,
                broker=self.broker,
                **{name: options[name] for name in options.keys() & self.broker.actor_options},
            )
            return declare(self._carry_out)
        except ValueError as error:  # the name, or somebody has it
            raise ConfigurationError(f"queue_name={queue_name!r}: {error}") from error

    def _carry_out(self, call_sid: str, job_id: str) -> None:
        """Do what a message asks for; nothing is raised, for Dramatiq would log and keep it."""
        job = Job(call_sid, job_id, run=partial(self._perform, call_sid, job_id))
        try:
            job.run()
        except BaseException as error:  # noqa: BLE001 - the time limit's, and sys.exit(), too
            log_failure(job, error)


def _check(**numbers: float) -> None:
    for name, number in numbers.items():
        if not 0 < number < inf:
            raise ConfigurationError(f"{name} is more than 0 and has an end, not {number}")


def _client(url: str, timeout: float) -> Redis:
    return Redis(connection_pool=open_pool(url, timeout=timeout, max_connections=_CONNECTIONS))


def _broker(client: Redis) -> dramatiq.Broker:
    kind: Any = RedisBroker  # it has no annotations
    broker: dramatiq.Broker = kind(
        client=client,
        namespace=_NAMESPACE,
        dead_message_ttl=_KEPT_FOR * 1000,
        # Neither retries, nor results, nor anything that listens on a port.
        middleware=[AgeLimit(), TimeLimit()],
    )
    return broker


def _not_a_worker(*_: str) -> None:
    raise ConfigurationError(
        "this process does not know what to do with jobs; start workers by "
        "IVR_APP=package.module:app dramatiq statechart_ivr.runners.worker"
    )
