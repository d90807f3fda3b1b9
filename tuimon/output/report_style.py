"""How the HTML report looks: light and dark, narrow and wide, on screens and on paper."""

from __future__ import annotations

from tuimon.output.svg_style import FONT, INK, chart_style

_LAYOUT = """
*{box-sizing:border-box}
body{margin:0 auto;max-width:1180px;padding:24px 20px 48px;background:var(--ground);color:var(--ink)}
h1{font-size:22px;margin:0 0 4px}
h2{font-size:20px;margin:40px 0 8px}
h3{font-size:15px;margin:24px 0 8px}
h1,h2,h3,td,th,p,li,dd,dt{overflow-wrap:anywhere}
.made,.note,.muted{color:var(--muted);font-size:12px}
a{color:var(--info)}
nav{margin:12px 0;display:flex;flex-wrap:wrap;gap:4px 14px}
.status{display:inline-block;font-size:12px;font-weight:600;padding:1px 9px;margin-left:8px;
 border:1px solid currentColor;border-radius:9px;vertical-align:middle}
.running,.done{color:var(--good)}
.failed,.sev-critical{color:var(--critical)}
.waiting,.stopped,.sev-warning{color:var(--warning)}
.unknown{color:var(--muted)}
.sev-info{color:var(--info)}
.verdict{margin:6px 0 12px;padding:0;list-style:none;font-size:15px}
.progress{height:8px;border-radius:4px;background:var(--grid);overflow:hidden;margin:8px 0 0}
.progress i{display:block;height:100%;background:currentColor}
.progress+p{margin:2px 0}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:8px;margin:12px 0}
.facts div{background:var(--panel);border-radius:6px;padding:6px 10px}
.facts dt{color:var(--muted);font-size:12px}
.facts dd{margin:0;font-weight:600}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(460px,100%),1fr));gap:16px}
.charts svg{width:100%;height:auto;display:block;max-width:640px}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;margin:0 0 8px;padding:0;list-style:none;font-size:12px}
.legend svg{width:22px;height:10px;margin-right:5px;vertical-align:middle}
.finding{border-left:4px solid currentColor;padding:2px 0 2px 12px;margin:12px 0;break-inside:avoid}
.finding{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(400px,100%),1fr));gap:4px 20px}
.finding .text{color:var(--ink)}
.finding .head{font-weight:600}
.finding .word{text-transform:uppercase;font-weight:600}
.finding ul{margin:2px 0 6px;padding-left:18px;color:var(--ink)}
.finding svg{width:100%;max-width:540px;height:auto;display:block}
.table{overflow-x:auto}
table{border-collapse:collapse;font-size:13px}
th,td{text-align:left;padding:3px 14px 3px 0;border-bottom:1px solid var(--grid);vertical-align:top}
th{color:var(--muted);font-weight:600}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td:not(.n){min-width:8em}
@media print{
body{padding:0;max-width:none;font-size:11px}
nav{display:none}
.charts,.finding{grid-template-columns:1fr 1fr}
.charts svg,.finding,tr{break-inside:avoid}
h2,h3{break-after:avoid}
.chapter+.chapter{break-before:page}
.table{overflow:visible}
table{font-size:10px}
}
@page{margin:14mm}
"""


def page_style() -> str:
    """Return the style sheet of a report: that of its page and that of its charts."""
    light = "".join(f"--{name}:{pair[0]};" for name, pair in INK.items())
    dark = "".join(f"--{name}:{pair[1]};" for name, pair in INK.items())
    themes = (
        f":root{{{light}color-scheme:light}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}color-scheme:dark}}}}"
    )
    return f"{themes}body{{font:14px/1.5 {FONT}}}{_LAYOUT}{chart_style()}"
