/** The look of the page: light and dark, wide and narrow, nothing loaded from elsewhere. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --line: #d9dee5; --soft: #5b6675; --card: #fff; --back: #f4f6f8;
  --text: #17202b; --hit: #12794a; --miss: #a8480b; --accent: #1f5fbf; }
@media (prefers-color-scheme: dark) { :root { --line: #333d49; --soft: #9aa7b6; --card: #1a212a;
  --back: #11161c; --text: #e4e9ef; --hit: #4cc38a; --miss: #f0995c; --accent: #7fb0f5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header, main, footer { max-width: 70rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { margin: 0 0 .25rem; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 0 0 .75rem; font-size: 1.05rem; }
p { margin: 0 0 1rem; max-width: 42rem; }
main { display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 1.25rem; min-width: 0; }
section:last-child { grid-column: 1 / -1; }
@media (max-width: 52rem) { main { grid-template-columns: minmax(0, 1fr); } }
code { font: .86em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  overflow-wrap: anywhere; }
a { color: var(--accent); }
small { display: block; color: var(--soft); }
footer { padding: 1.25rem; color: var(--soft); font-size: .85rem; }
table { width: 100%; border-collapse: collapse; font-size: .92rem; }
th, td { padding: .4rem .5rem; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: baseline; }
th { color: var(--soft); font-weight: 600; font-size: .8rem; }
th:first-child, td:first-child { padding-left: 0; overflow-wrap: anywhere; }
th:last-child, td:last-child { padding-right: 0; }
#log th:first-child { width: 100%; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.empty { color: var(--soft); }
.HIT { color: var(--hit); font-weight: 700; }
.MISS { color: var(--miss); font-weight: 700; }
.try { list-style: none; margin: 1rem 0 0; padding: 0; }
.try li { display: flex; gap: .75rem; align-items: flex-start; padding: .5rem 0;
  border-top: 1px solid var(--line); }
button { font: 600 .8rem/1 inherit; font-family: inherit; min-width: 4rem; padding: .65rem .5rem;
  border: 1px solid var(--accent); border-radius: 6px; background: none; color: var(--accent);
  cursor: pointer; }
button.write { border-color: var(--miss); color: var(--miss); }
button:hover, button:focus-visible { background: color-mix(in srgb, currentColor 12%, transparent); }
.tenants { display: flex; flex-wrap: wrap; gap: .5rem; }
p.tenants { margin: 1rem 0 0; color: var(--soft); }
.tenants label { cursor: pointer; position: relative; }
.tenants input { position: absolute; opacity: 0; }
.tenants span { display: block; padding: .4rem .9rem; border: 1px solid var(--line);
  border-radius: 999px; }
.tenants input:checked + span { border-color: var(--accent); color: var(--accent);
  box-shadow: inset 0 0 0 1px var(--accent); }
.tenants input:focus-visible + span { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 34rem) { .wide { display: none; } section { padding: 1rem; }
  #log { font-size: .8rem; } #log th, #log td { padding-left: .25rem; padding-right: .25rem; } }
`;
