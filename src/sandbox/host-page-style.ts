/** The host page's style sheet; light and dark follow the system. */
export const hostPageStyle = `
:root { color-scheme: light dark;
  --page: light-dark(#f5f6fa, #0f1118); --card: light-dark(#ffffff, #171a24); --ink: light-dark(#1c2033, #e9ebf5);
  --soft: light-dark(#636983, #9aa0ba); --line: light-dark(#e2e4ee, #2a2e3e); --accent: light-dark(#4f5bd5, #8b95ff);
  --amber: light-dark(#8a5200, #f2c063); --amber-fill: light-dark(#fff6e5, #2a2213); --amber-line: light-dark(#f1d9a8, #57451f) }
* { box-sizing: border-box }
[hidden] { display: none !important }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif }
h1 { font-size: 24px; letter-spacing: -.02em; margin: 0 }
.mark { fill: var(--accent) } .bars { stroke: #fff; stroke-width: 2.4; stroke-linecap: round }
button, select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 9px;
  padding: 6px 12px; cursor: pointer }
button:hover, select:hover { border-color: var(--accent) }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }

body > header { display: flex; align-items: center; gap: 20px; padding: 10px 28px; background: var(--card);
  border-bottom: 1px solid var(--line) }
.brand { display: flex; align-items: center; gap: 10px; font-weight: 650; color: inherit; text-decoration: none }
nav { display: flex; gap: 4px; flex: 1; min-width: 0; overflow-x: auto; scrollbar-width: none; padding: 3px }
nav a { color: var(--soft); text-decoration: none; padding: 5px 12px; border-radius: 8px; font-size: 14px; white-space: nowrap }
nav a:hover { color: var(--ink) }
nav a[aria-current] { color: var(--ink); background: var(--page); font-weight: 550 }
.who { display: flex; align-items: center; gap: 9px; font-size: 14px }
.quiet { font-size: 14px; padding: 4px 12px; color: var(--soft) }
.exit { display: none; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round }
.avatar { display: inline-grid; place-items: center; width: 30px; height: 30px; border-radius: 50%; flex: none; color: #fff;
  font-weight: 600; font-size: 13px; background: #767c96 }
.avatar.acme { background: #4f5bd5 } .avatar.globex { background: #12857c }

main { width: 100%; max-width: 1180px; margin: 0 auto; padding: 28px 28px 14px; flex: 1; display: flex; flex-direction: column }
.title { display: flex; justify-content: space-between; align-items: center; gap: 16px; margin-bottom: 18px; flex-wrap: wrap }
.title form { display: flex; gap: 8px }
label { color: var(--soft); font-size: 14px }
select { color: var(--ink); margin-left: 6px; padding: 6px 8px }
select:disabled { opacity: .5; cursor: default; border-color: var(--line) }
iframe { display: block; width: 100%; min-height: 660px; max-height: 800px; flex: 1; border: none; border-radius: 14px; background: var(--card);
  box-shadow: 0 0 0 1px var(--line), 0 12px 32px -20px rgb(20 24 60 / .35) }
[aria-busy=true] iframe { opacity: .55; transition: opacity .2s .15s }
main.wide { max-width: 1760px }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 18px; flex: 1 }
.panels section { display: flex; flex-direction: column; min-width: 0 }
.panels h2 { font-size: 15px; margin: 0 0 10px } .panels h2 small { color: var(--soft); font-weight: 400 }
.panels iframe { min-height: 480px }
metabase-dashboard, metabase-question { flex: 1; display: flex; flex-direction: column }
.facts { color: var(--soft); font-size: 13px; margin: 14px 2px; min-height: 1.5em; overflow-wrap: anywhere }
.problem, [role=alert] { display: grid; margin: 0; gap: 6px; justify-items: start; padding: 22px 24px; border-radius: 14px; background: var(--amber-fill);
  border: 1px solid var(--amber-line) }
:is(.problem, [role=alert]) b { font-size: 17px }
.problem a { color: inherit }
:is(.problem, [role=alert]) code { color: var(--amber); font: 600 13px ui-monospace, Menlo, Consolas, monospace }
:is(.problem, [role=alert]) small { color: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }

main.sign-in { display: block; flex: none; max-width: 460px; margin: 4vh auto; text-align: center }
.sign-in > svg { width: 44px; height: 44px; margin-bottom: 14px }
.sign-in p { color: var(--soft); margin: 8px auto 22px; max-width: 24em }
.sign-in form { background: var(--card); border: 1px solid var(--line); border-radius: 16px; padding: 6px 20px 20px; text-align: left;
  box-shadow: 0 18px 40px -28px rgb(20 24 60 / .4) }
fieldset { border: 0; margin: 0; padding: 0; display: grid; gap: 8px }
legend { padding: 16px 2px 8px; font-size: 12.5px; font-weight: 600; color: var(--soft) }
.sign-in button { display: flex; align-items: center; gap: 12px; padding: 9px 12px; text-align: left }
.sign-in button b { display: block; font-weight: 600; line-height: 1.3 } .sign-in button small { color: var(--soft); font-size: 13px }

@media (max-width: 640px) {
  body > header { gap: 6px; padding: 8px 10px; flex-wrap: wrap }
  .brand { margin-right: auto }
  .brand span, .who span:last-child, .quiet span { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
    white-space: nowrap }
  nav { order: 1; flex-basis: 100%; gap: 0; padding: 3px 0; justify-content: space-between } nav a { padding: 4px 2px; font-size: 12px }
  .who { gap: 0 }
  .exit { display: block } .quiet:has(.exit) { padding: 5px }
  main { padding: 16px 12px 8px }
}
`;
