import { avatar, documentOf, exit, logo } from './host-page-frame.ts';
import { html, type Html } from './html.ts';
import type { Person } from './people.ts';

const tabs = [
  ['/', 'With script'],
  ['/without-script', 'Without script'],
  ['/handbook', 'Handbook'],
] as const;

function page(person: Person, current: (typeof tabs)[number][0], title: string, main: Html): Html {
  const links = tabs.map(([href, label]) =>
    href === current
      ? html`<a href="${href}" aria-current="page">${label}</a>`
      : html`<a href="${href}">${label}</a>`,
  );
  const who = `${person.name}, ${person.organisation?.name ?? 'no organisation'}`;
  return documentOf(
    `${title} · Orchard`,
    html`<header>
        <a class="brand" href="/">${logo} <span>Orchard</span></a>
        <nav>${links}</nav>
        <span class="who" title="${who}" data-testid="who">${avatar(person)} <span>${who}</span></span>
        <form method="post" action="/sign-out">
          <button class="quiet" data-testid="sign-out">${exit} <span>Sign out</span></button>
        </form>
      </header>
      ${main}`,
  );
}

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

/** An embed as the page's script opens it: fetch a URL from the gateway, put it into the frame. */
function scripted(gatewayUrl: string, embed: string, title: string, controls?: Html): Html {
  return html`<main id="embed" data-gateway="${gatewayUrl}" data-embed="${embed}">
    <div class="title">
      <h1>${title}</h1>
      ${controls}
    </div>
    <noscript>
      <div class="problem">
        <b>JavaScript is switched off</b>
        <span>This tab needs it; <a href="/without-script">the tab beside it</a> does not.</span>
      </div>
    </noscript>
    <div class="problem" data-testid="problem" role="status" hidden></div>
    <iframe data-testid="embed" title="${title}" allow="clipboard-write" hidden></iframe>
    <p class="facts" data-testid="facts"></p>
  </main>`;
}

/** The embed whose rows depend on who is signed in. */
export function salesPage(person: Person, gatewayUrl: string): Html {
  return page(person, '/', 'Sales', scripted(gatewayUrl, 'sales', 'Sales', regionSelect('disabled')));
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
