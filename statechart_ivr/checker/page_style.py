"""How the report looks, on paper and in the dark; nothing in it comes from anywhere else."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #1c2430; --dim: #5b6675; --line: #d9dee6;
  --code: #eef1f5; --link: #1f5fbf;
  --good: #17703b; --good-bg: #e3f4e9; --good-line: #8fcca6;
  --some: #8a5a00; --some-bg: #fdf1d8; --some-line: #e3bd6c;
  --bad: #b3261e; --bad-bg: #fde7e5; --bad-line: #eba39d;
  --note: #1f5fbf; --note-bg: #e4eefc;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11151b; --card: #1a2029; --ink: #e4e9f0; --dim: #9aa6b5; --line: #313b49;
    --code: #232b36; --link: #8ab8ff;
    --good: #7ed9a0; --good-bg: #14301f; --good-line: #2f6b47;
    --some: #f0c061; --some-bg: #33270c; --some-line: #7d6120;
    --bad: #ff9d95; --bad-bg: #3a1613; --bad-line: #8a3a33;
    --note: #8ab8ff; --note-bg: #14263f;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif;
}
main { max-width: 1120px; margin: 0 auto; padding: 24px 20px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 8px; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 40px 0 12px; }
h3 { font-size: 16px; margin: 24px 0 8px; }
h4 { font-size: 14px; margin: 0; overflow-wrap: anywhere; }
a { color: var(--link); }
p { margin: 4px 0; }
code, pre, kbd { font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", "Liberation Mono", monospace; }
code { background: var(--code); border-radius: 4px; padding: 1px 5px; overflow-wrap: anywhere; }
pre { background: var(--code); border-radius: 6px; padding: 10px 12px; margin: 6px 0;
  overflow-x: auto; }
.dim { color: var(--dim); }
.pill { display: inline-block; border-radius: 99px; padding: 2px 12px; font-weight: 600; }
.pill.proved { color: var(--good); background: var(--good-bg); }
.pill.findings { color: var(--bad); background: var(--bad-bg); }
.pill.not-exhausted { color: var(--some); background: var(--some-bg); }
.summary { overflow-wrap: anywhere; margin-top: 8px; }
.finding, .card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 12px 16px; margin: 0 0 12px; }
.finding { border-left: 5px solid var(--note); }
.finding.error { border-left-color: var(--bad); }
.finding.warning { border-left-color: var(--some); }
.finding h3 { margin: 0 0 4px; display: flex; flex-wrap: wrap; gap: 2px 10px; }
.finding.error .code { color: var(--bad); }
.finding.warning .code { color: var(--some); }
.finding.note .code { color: var(--note); }
.finding p { overflow-wrap: anywhere; }
.finding .text { white-space: pre-line; }
.call { user-select: all; -webkit-user-select: all; }
details { margin-top: 6px; }
summary { cursor: pointer; color: var(--link); }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; }
td.number { white-space: nowrap; }
.scroll + .card { margin-top: 12px; }
.by-state th[colspan] { color: var(--ink); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 6px 12px; border-bottom: 1px solid var(--line);
  vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th { font-weight: 600; color: var(--dim); font-size: 13px; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.full { color: var(--good); }
td.part { color: var(--some); font-weight: 600; }
td.none { color: var(--bad); font-weight: 600; }
.bar { display: block; height: 8px; border-radius: 4px; background: var(--bad-line);
  min-width: 90px; margin-top: 7px; overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--good); }
.chart, .inside { display: flex; flex-wrap: wrap; gap: 12px; align-items: flex-start; }
.inside { margin-top: 10px; }
.state { flex: 1 1 230px; min-width: 0; max-width: 100%; background: var(--card);
  border: 1px solid var(--line); border-top-width: 4px; border-radius: 8px;
  padding: 8px 12px 10px; }
.state.nest { flex-basis: 100%; }
.state.full { border-color: var(--good-line); }
.state.part { border-color: var(--some-line); }
.state.none { border-color: var(--bad-line); border-style: dashed; border-top-style: solid; }
.state.nest > .inside > .state { background: var(--page); }
.state:target { outline: 3px solid var(--link); outline-offset: 2px; }
.state > header { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; }
.state .mark { font-weight: 700; }
.full > header .mark { color: var(--good); }
.part > header .mark { color: var(--some); }
.none > header .mark { color: var(--bad); }
.badge { font-size: 11px; color: var(--dim); border: 1px solid var(--line); border-radius: 99px;
  padding: 0 7px; }
.count { margin-left: auto; color: var(--dim); font-size: 12px;
  font-variant-numeric: tabular-nums; }
.ways { list-style: none; margin: 8px 0 0; padding: 0; }
.ways li { display: flex; flex-wrap: wrap; gap: 3px 6px; align-items: baseline; padding: 2px 0; }
.ways .to { overflow-wrap: anywhere; }
kbd, .guard, .chips span { border-radius: 5px; padding: 0 6px; font-size: 12px;
  border: 1px solid var(--good-line); background: var(--good-bg); color: var(--good);
  overflow-wrap: anywhere; }
kbd.no, .guard.no, .chips .no { border: 1px dashed var(--bad-line); background: var(--bad-bg);
  color: var(--bad); }
.guard { font-style: italic; }
.chips { display: flex; flex-wrap: wrap; gap: 4px; margin: 8px 0 0; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; color: var(--dim); font-size: 13px;
  margin: 0 0 10px; }
.words code { display: inline-block; margin: 2px 2px 2px 0; }
dl.words { margin: 0; }
dl.words dt { font-weight: 600; margin-top: 8px; }
dl.words dt:first-child { margin-top: 0; }
dl.words dd { margin: 0; }
@media (max-width: 600px) {
  main { padding: 16px 12px 48px; }
  th, td { padding: 6px 8px; }
  .by-state th, .by-state td { padding: 5px 6px; font-size: 13px; }
  .by-state td:first-child { overflow-wrap: anywhere; }
  .by-state th.number { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left;
    vertical-align: bottom; white-space: nowrap; }
  .left tr, .left td { display: block; }
  .left tr:first-child { display: none; }
  .left td { border: 0; padding: 2px 12px; }
  .left tr { border-bottom: 1px solid var(--line); padding: 6px 0; }
}
@media print { .state, .finding { break-inside: avoid; } }
"""
