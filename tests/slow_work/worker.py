"""What the worker imports: ``IVR_APP=tests.slow_work.worker:app``."""

from __future__ import annotations

from tests.slow_work.serving import from_environment

app = from_environment()
