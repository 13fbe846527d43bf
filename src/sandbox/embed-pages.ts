import { html, type Html } from './html.ts';
import type { Person } from './people.ts';
import { page } from './tabbed-page.ts';

/** @param state of the control; the script enables it once there is something to see */
function regionSelect(state: 'enabled' | 'disabled', chosen?: string): Html {
  const options = [
    ['', 'All regions'],
    ['EU', 'EU'],
    ['US', 'US'],
  ] as const;
  const choices = options.map(([value, label]) =>
    value === (chosen ?? '')
      ? html`<option value="${value}" selected>${label}</option>`
      : html`<option value="${value}">${label}</option>`,
  );
  return html`<label
    >Region
    <select name="region" data-testid="region" ${state === 'disabled' ? html`disabled` : undefined}>
      ${choices}
    </select></label
  >`;
}

export const withoutScript = html`<noscript>
  <div class="problem">
    <b>JavaScript is switched off</b>
    <span>This tab needs it; <a href="/without-script">one of the others</a> does not.</span>
  </div>
</noscript>`;

/** What the page's script fills: the reason why there is nothing to see, or the frame and facts about it. */
function scriptedFrame(title: string): Html {
  return html`<div class="problem" data-testid="problem" role="status" hidden></div>
    <iframe data-testid="embed" title="${title}" allow="clipboard-write" hidden></iframe>
    <p class="facts" data-testid="facts"></p>`;
}

/** An embed as the page's script opens it: fetch a URL from the gateway, put it into the frame. */
function scripted(gatewayUrl: string, embed: string, title: string, controls?: Html): Html {
  return html`<main data-gateway="${gatewayUrl}" data-embed="${embed}">
    <div class="title">
      <h1>${title}</h1>
      ${controls}
    </div>
    ${withoutScript} ${scriptedFrame(title)}
  </main>`;
}

/** The embed whose rows depend on who is signed in. */
export function salesPage(person: Person, gatewayUrl: string): Html {
  return page(person, '/', 'Sales', scripted(gatewayUrl, 'sales', 'Sales', regionSelect('disabled')));
}

/** One embed of each product, side by side. */
const products = [
  ['sales', 'Sales', 'Hex'],
  ['pipeline', 'Pipeline', 'Cube'],
  ['churn', 'Churn', 'Metabase'],
] as const;

/** The three products side by side, each filtered by who is signed in. */
export function sideBySidePage(person: Person, gatewayUrl: string): Html {
  const panels = products.map(
    ([embed, title, product]) =>
      html`<section data-gateway="${gatewayUrl}" data-embed="${embed}" data-testid="panel-${embed}">
        <h2>${title} <small>${product}</small></h2>
        ${scriptedFrame(title)}
      </section>`,
  );
  const main = html`<main class="wide">
    <div class="title"><h1>Side by side</h1></div>
    ${withoutScript}
    <div class="panels">${panels}</div>
  </main>`;
  return page(person, '/side-by-side', 'Side by side', main);
}

/** The embed that is the same for everybody. */
export function handbookPage(person: Person, gatewayUrl: string): Html {
  return page(person, '/handbook', 'Handbook', scripted(gatewayUrl, 'handbook', 'Handbook'));
}

/** The embed with no script at all: the frame asks the gateway itself and is redirected to a fresh URL. */
export function framePage(person: Person, gatewayUrl: string, region?: string): Html {
  const src = `${gatewayUrl}/embeds/sales/frame${region === undefined ? '' : `?region=${region}`}`;
  const main = html`<main>
    <div class="title">
      <h1>Sales</h1>
      <form>${regionSelect('enabled', region)} <button class="quiet">Show</button></form>
    </div>
    <iframe
      data-testid="embed"
      title="Sales"
      allow="clipboard-write"
      referrerpolicy="origin"
      src="${src}"
    ></iframe>
    <p class="facts">${src}</p>
  </main>`;
  return page(person, '/without-script', 'Sales without script', main);
}
