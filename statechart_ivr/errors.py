"""Every error of the package, in one tree.

::

    IvrError
    ├── FlowDefinitionError         the class of a flow is wrong; .problems lists everything
    ├── ConfigurationError          the application is put together wrongly
    │   ├── MissingExtraError       an optional package is not installed
    │   ├── MissingSettingError     requests cannot be validated without it
    │   ├── TargetError             the command line's TARGET leads to nothing it can use
    │   └── UnknownUrlError         url_for() was asked for a route or scheme there is not
    │       └── UnknownFileError    … for a sound that is not in the folder
    ├── FlowError                   a flow's own code did something impossible
    │   ├── RenderingError          what a renderer returned cannot be said
    │   │   └── DocumentTooLargeError
    │   ├── UnknownEventError       an event id the chart does not know
    │   ├── TransitionLoopError     eventless transitions that never come to rest
    │   ├── SessionValueError       a session value that is not JSON
    │   ├── LostAttributeError      an attribute that would not outlive the request
    │   └── DetachedError           background work touched the call itself
    ├── RecordError                 a stored record cannot be used
    │   ├── DamagedRecordError      not what this package writes
    │   └── SessionMismatchError    names states this version of the flow does not have
    ├── StoreError
    │   ├── StaleSessionError       somebody else saved first
    │   └── StoreUnavailableError   no answer, full, locked, read-only
    │       └── WrongKeyError       none of the keys opens an encrypted session
    ├── RunnerError                 background work was not taken on
    │   ├── RunnerFullError         as much is under way or waits as may
    │   └── RunnerUnavailableError  nobody can take it now; its lease will run out
    │       └── RunnerClosedError   the process is about to end
    ├── NotationError               a call that is written down cannot be read
    ├── RestError                   Twilio's REST API refuses, or does not answer
    ├── CallFailedError             a call in a test of a flow did not go as it has to
    └── PhoneError                  a test asked the phone for something a caller cannot do
        ├── EndlessRedirectsError   documents lead to one another, and nobody gets to do anything
        ├── OutOfSightError         a document leads out of the application
        └── TwimlRefusedError       Twilio would refuse the answer; .number is its error number
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class IvrError(Exception):
    """The root of all errors that this package raises."""


class FlowDefinitionError(IvrError):
    """The class body of a flow is wrong.

    Attributes:
        problems: one string per problem, each
            ``Class.state.method (file:line): what is wrong; what to write``.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        count = f"{len(self.problems)} problem" + "s" * (len(self.problems) != 1)
        super().__init__("\n  ".join([f"{count} in the definition of a flow:", *self.problems]))


class ConfigurationError(IvrError):
    """The application is put together wrongly: a missing setting, two flows with one path."""


class MissingExtraError(ConfigurationError):
    """An optional package is needed and not installed.

    Attributes:
        extra: the name of the extra that brings it.
    """

    def __init__(self, what: str, extra: str) -> None:
        self.extra = extra
        super().__init__(
            f"{what} needs a package that is not installed; "
            f"type: pip install 'statechart-ivr[{extra}]'"
        )


class MissingSettingError(ConfigurationError):
    """Requests are to be validated, and the auth token or the base URL is missing.

    Attributes:
        missing: what to set, each in words.
    """

    def __init__(self, missing: Sequence[str], otherwise: str) -> None:
        self.missing = tuple(missing)
        super().__init__(
            f"requests cannot be validated; set {' and '.join(missing)}; "
            f"or {otherwise} where only you can reach the application"
        )


class TargetError(ConfigurationError):
    """A TARGET of the command line leads to no flow and no application."""


class UnknownUrlError(ConfigurationError, LookupError):
    """``url_for`` was asked for a route that no flow has, or an absolute URL without a base."""


class UnknownFileError(UnknownUrlError):
    """``url_for`` was asked for a file that is not in the folder of sounds.

    Attributes:
        path: what it was asked for.
    """

    def __init__(self, path: str, folder: object, hint: str) -> None:
        self.path = path
        super().__init__(f"no file for {path!r} in {folder}; {hint}")


class FlowError(IvrError):
    """A flow's own code did something that cannot be carried out."""


class RenderingError(FlowError):
    """What a rendering returned cannot be turned into TwiML."""


class DocumentTooLargeError(RenderingError):
    """The document is larger than Twilio reads (its error 11750).

    Attributes:
        size: bytes of the document.
        limit: bytes Twilio reads.
    """

    def __init__(self, size: int, limit: int, states: Iterable[str]) -> None:
        self.size = size
        self.limit = limit
        super().__init__(
            f"the document of {', '.join(states) or 'no state'} is {size} bytes > {limit} bytes, "
            "the most Twilio reads (11750); say less at once, or play a recording"
        )


class UnknownEventError(FlowError, LookupError):
    """An event id that no transition of the chart is declared for.

    Attributes:
        event: the id; nothing where it may hold a secret.
    """

    def __init__(self, event: str, message: str) -> None:
        self.event = event
        super().__init__(message)


class TransitionLoopError(FlowError):
    """Eventless transitions went on and on within one turn.

    Attributes:
        limit: how many were taken before the chart was stopped.
    """

    def __init__(self, limit: int, last: str) -> None:
        self.limit = limit
        super().__init__(
            f"more than {limit} eventless transitions in one turn, the last one {last}; "
            "give one of them a guard that becomes false"
        )


class SessionValueError(FlowError, TypeError):
    """A value that cannot be kept in the session, because it is not JSON."""


class LostAttributeError(FlowError, AttributeError):
    """An attribute set on a flow would be lost with the request, or reach another caller."""


class DetachedError(FlowError):
    """Background work tried to change the call, which goes on meanwhile."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(f"{what} is not possible in a @background method; {instead}")


class RecordError(IvrError):
    """A stored record cannot be used."""


class DamagedRecordError(RecordError):
    """The stored bytes are not a record this version of the package writes."""


class SessionMismatchError(RecordError):
    """The record names states that this version of the flow does not have.

    Attributes:
        missing: ids of the states that are gone; empty when the states are known but cannot
            be active together.
    """

    def __init__(self, message: str, missing: Sequence[str] = ()) -> None:
        self.missing = tuple(missing)
        super().__init__(message)


class StoreError(IvrError):
    """A session store did not do what it was asked for."""


class StaleSessionError(StoreError):
    """Somebody else saved the session since it was loaded.

    Attributes:
        call_sid: the call.
        expected: the revision the save was based on; None when none was expected.
    """

    def __init__(self, call_sid: str, expected: int | None) -> None:
        self.call_sid = call_sid
        self.expected = expected
        based = "no session" if expected is None else f"revision {expected}"
        super().__init__(f"the session of {call_sid} is no longer at {based}; load it again")


class StoreUnavailableError(StoreError):
    """The store gave no answer, or could not write: away, full, locked, read-only."""


class WrongKeyError(StoreUnavailableError):
    """A session was encrypted with none of the keys there are, or changed by somebody.

    It stays in the store as it is, for whoever has the key.

    Attributes:
        call_sid: the call.
        revision: how often it was saved.
    """

    def __init__(self, call_sid: str, revision: int, *, keys: int) -> None:
        self.call_sid = call_sid
        self.revision = revision
        several = "the key does not open" if keys == 1 else f"none of the {keys} keys opens"
        super().__init__(
            f"{several} the session of {call_sid}; keep a key that was replaced, behind the new "
            "one, until no session is left that was written with it"
        )


class RunnerError(IvrError):
    """A runner did not take a job on: it is not carried out, unless it is submitted again.

    Attributes:
        call_sid: the call.
        job_id: the job.
    """

    def __init__(self, call_sid: str, job_id: str, why: str) -> None:
        self.call_sid = call_sid
        self.job_id = job_id
        super().__init__(f"job {job_id} of {call_sid} is not taken on: {why}")


class RunnerFullError(RunnerError):
    """As many jobs are under way or wait as the runner allows.

    Attributes:
        limit: how many.
    """

    def __init__(self, call_sid: str, job_id: str, *, limit: int, advice: str) -> None:
        self.limit = limit
        super().__init__(call_sid, job_id, f"{limit} are not done yet, the most allowed; {advice}")


class RunnerUnavailableError(RunnerError):
    """Nobody can take the job now: the broker gives no answer, or no thread can be started."""


class RunnerClosedError(RunnerUnavailableError):
    """The runner has been closed, as it is when its process is about to end."""

    def __init__(self, call_sid: str, job_id: str) -> None:
        super().__init__(call_sid, job_id, "the runner has been closed")


class RestError(IvrError):
    """Twilio's REST API refused a request, or did not answer it.

    Attributes:
        status: HTTP status of the answer; None if there was none.
        code: Twilio's number of the error, explained at ``https://www.twilio.com/docs/errors``;
            None if it gave none.
        maybe_done: whether what was asked for may have been done all the same.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: int | None = None,
        maybe_done: bool = False,
    ) -> None:
        self.status = status
        self.code = code
        self.maybe_done = maybe_done
        doubt = "; it may have been done all the same" if maybe_done else ""
        super().__init__(message + doubt)


class NotationError(IvrError, ValueError):
    """A call that is written down, such as ``dial 2 . hangup``, cannot be read."""


class CallFailedError(IvrError, AssertionError):
    """A call that a test of a flow has made did not go as it has to.

    Attributes:
        call: the shortest one that was found, in the notation.
    """

    def __init__(self, message: str, call: str) -> None:
        self.call = call
        super().__init__(message)


class PhoneError(IvrError, AssertionError):
    """A test asked the phone for something that a caller cannot do at this moment."""


class EndlessRedirectsError(PhoneError):
    """Documents lead to one another, and nobody gets to do anything in between."""


class OutOfSightError(PhoneError):
    """A document leads out of the application that the phone calls."""


class TwimlRefusedError(PhoneError):
    """Twilio would refuse this answer, or warn about it.

    Attributes:
        number: Twilio's error number, as its console shows it.
    """

    def __init__(self, number: int, message: str) -> None:
        self.number = number
        super().__init__(f"Twilio error {number}: {message}")
