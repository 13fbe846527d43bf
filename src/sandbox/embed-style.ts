import { Html } from './html.ts';

/** The style of every framed page. Colours follow the signed theme through `light-dark()`, and the system's where none was signed. */
export const embedStyle = new Html(`<style>
:root { color-scheme: light dark;
  --page: light-dark(#ffffff, #14161f); --ink: light-dark(#1c2033, #e9ebf5); --soft: light-dark(#676d85, #9ba1bb);
  --line: light-dark(#e4e6ef, #2b2f40); --fill: light-dark(#f7f8fc, #1b1e2a); --shade: light-dark(#1c203366, #8b95ff66);
  --eu: light-dark(#4f5bd5, #8b95ff); --us: light-dark(#17a398, #4fd1c5); }
[data-theme=light] { color-scheme: light }
[data-theme=dark] { color-scheme: dark }
* { box-sizing: border-box }
body { margin: 0; padding: 20px; background: var(--page); color: var(--ink); border: 1px solid var(--line);
  min-height: 100vh; display: flex; flex-direction: column; font: 14px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif }
body.no-padding { padding: 0 }
body.no-outline { border: 0 }
header { display: flex; align-items: baseline; gap: 12px; padding-bottom: 16px; flex-wrap: wrap }
body.no-header-padding header { padding-bottom: 6px }
h1 { font-size: 20px; letter-spacing: -.01em; margin: 0 }
h2 { font-size: 13px; font-weight: 600; margin: 0 0 12px }
.tag { background: var(--fill); border: 1px solid var(--line); border-radius: 99px; padding: 1px 10px; font-size: 12px;
  color: var(--soft) }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 12px; margin-bottom: 12px }
.tile, .cell { border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; background: var(--fill) }
.tile b { display: block; font-size: 22px; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums }
.tile span, .empty, footer, figcaption { color: var(--soft); font-size: 12.5px }
.cells { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 7fr); gap: 12px; flex: 1 }
.cell + .cells { margin-top: 12px }
.cell { display: flex; flex-direction: column }
.scroll { overflow-x: auto; scrollbar-width: thin; background: /* a shade at an edge that hides something */
  linear-gradient(90deg, var(--fill) 50%, transparent) 0 0 / 32px 100% no-repeat local,
  linear-gradient(270deg, var(--fill) 50%, transparent) 100% 0 / 32px 100% no-repeat local,
  linear-gradient(90deg, var(--shade), transparent) 0 0 / 14px 100% no-repeat scroll,
  linear-gradient(270deg, var(--shade), transparent) 100% 0 / 14px 100% no-repeat scroll }
.title { display: flex; justify-content: space-between; align-items: start; gap: 12px }
.empty { margin: 0; padding: 18px 0; text-align: center }
figure { margin: 0; flex: 1; display: flex; flex-direction: column }
svg { display: block; width: 100%; min-height: 210px; flex: 1; overflow: visible }
svg text { fill: var(--soft); font-size: 11px; text-anchor: middle }
svg text.value { fill: var(--ink); font-weight: 600 }
svg line { stroke: var(--line) }
.eu { fill: var(--eu); color: var(--eu) } .us { fill: var(--us); color: var(--us) }
figcaption { display: flex; gap: 16px; justify-content: center; padding-top: 14px }
figcaption i { font-style: normal }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th { text-align: left; white-space: nowrap; font-weight: 500; font-size: 12px; color: var(--soft); padding: 0 12px 8px 0 }
td { padding: 7px 12px 7px 0; border-top: 1px solid var(--line); white-space: nowrap }
th.number, td.number { text-align: right } th:last-child, td:last-child { padding-right: 0 }
.button { color: var(--eu); border: 1px solid var(--line); border-radius: 7px; padding: 3px 10px; font-size: 12.5px;
  text-decoration: none; background: var(--page); white-space: nowrap }
.button:hover, .button:focus-visible { border-color: var(--eu) }
dl { margin: 0; max-width: 46em }
dt { font-weight: 600 } dd { margin: 0 0 12px; color: var(--soft) }
.notice { max-width: 30em; margin: 14vh auto 8vh; text-align: center }
.notice p { color: var(--soft) }
footer { margin-top: auto; padding-top: 14px }
@media (max-width: 720px) {
  body { padding: 14px }
  .cells { grid-template-columns: minmax(0, 1fr) }
  th, td:not(.number) { white-space: normal }
}
@media (max-width: 420px) {
  body { padding: 10px }
  .tile, .cell { padding: 12px }
  table { font-size: 12.5px; line-height: 1.4 }
  th { font-size: 11px; padding-right: 9px; vertical-align: bottom } td { padding-right: 9px }
}
@media (max-width: 340px) { /* too narrow for columns: each name on a line of its own, what belongs to it below */
  thead { display: none }
  tr { display: flex; flex-wrap: wrap; gap: 0 9px; border-top: 1px solid var(--line); padding: 6px 0 }
  td { border: 0; padding: 0 } td:first-child { flex-basis: 100%; font-weight: 600 }
  td:not(.number) + td.number { margin-left: auto }
}
</style>`);
