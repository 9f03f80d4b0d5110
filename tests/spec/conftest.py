"""What the tests of definition errors share."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import pytest

from statechart_ivr.errors import FlowDefinitionError

Problems = Callable[[Callable[[], object]], list[str]]


@pytest.fixture
def problems() -> Problems:
    """Return what makes a flow and lists its problems, their places checked and left out."""

    def find(define: Callable[[], object]) -> list[str]:
        with pytest.raises(FlowDefinitionError) as caught:
            define()
        here = rf"{re.escape(inspect.stack()[1].filename)}:\d+"
        found = []
        for problem in caught.value.problems:
            text, count = re.subn(rf" \({here}\): ", ": ", problem)
            assert count == 1, problem
            found.append(re.sub(here, "here", text))
        return found

    return find
