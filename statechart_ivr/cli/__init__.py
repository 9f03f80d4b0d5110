"""The command line, ``statechart-ivr``."""
