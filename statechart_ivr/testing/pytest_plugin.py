"""The plugin for pytest: ``--flow TARGET``, and what is loaded when it is used.

pytest imports this module in every run of an environment where the package is installed; so it
imports nothing but pytest.
"""

from __future__ import annotations

import pytest

_HELP = (
    "TARGET, with options as `statechart-ivr check` takes them: 'flow.py --prompt-seconds 30'. "
    "One test for each kind of finding, and one for each file of example calls beside the flow. "
    "May be repeated. Without paths, nothing else is tested."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what can be typed, and what can be written into the settings."""
    group = parser.getgroup("flows", "phone trees (statechart-ivr)")
    group.addoption("--flow", action="append", default=[], metavar="TARGET", help=_HELP)
    group.addoption(
        "--flow-prove",
        action="store_true",
        help="Fail where a flow is not proved: something is wrong, or not everything was tried.",
    )
    parser.addini("flows", "Flows to be tested, as for --flow, one a line.", "linelist", default=[])
    parser.addini("flows_prove", "As --flow-prove.", "bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Load the rest, if any flow is named."""
    typed, written = config.getoption("flow"), config.getini("flows")
    if not typed and not written:
        return
    from statechart_ivr.testing.flow_items import FlowPlugin

    if typed and config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args[:] = []
    must_prove = config.getoption("flow_prove") or config.getini("flows_prove")
    config.pluginmanager.register(FlowPlugin(config, typed, written, must_prove=must_prove))
