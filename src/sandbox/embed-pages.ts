import { avatar, documentOf, logo } from './host-page-frame.ts';
import { html, type Html } from './html.ts';
import type { Person } from './people.ts';

function chrome(person: Person, tab: 'script' | 'frame', main: Html): Html {
  const link = (href: string, label: string, current: boolean) =>
    current ? html`<a href="${href}" aria-current="page">${label}</a>` : html`<a href="${href}">${label}</a>`;
  const organisation = person.organisation?.name ?? 'no organisation';
  return html`<header>
      <a class="brand" href="/">${logo} Orchard</a>
      <nav>
        ${link('/', 'With script', tab === 'script')}
        ${link('/without-script', 'Without script', tab === 'frame')}
      </nav>
      <span class="who" data-testid="who">${avatar(person)} ${person.name}, ${organisation}</span>
      <form method="post" action="/sign-out">
        <button class="quiet" data-testid="sign-out">Sign out</button>
      </form>
    </header>
    ${main}`;
}

function regionSelect(chosen?: string): Html {
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
    <select name="region" data-testid="region">
      ${choices}
    </select></label
  >`;
}

/** The embed as the page's script opens it: fetch a URL from the gateway, put it into the frame. */
export function embedPage(person: Person, gatewayUrl: string): Html {
  const main = html`<main id="embed" data-gateway="${gatewayUrl}">
    <div class="title">
      <h1>Sales</h1>
      ${regionSelect()}
    </div>
    <div class="problem" data-testid="problem" role="status" hidden></div>
    <iframe data-testid="embed" title="Sales overview" allow="clipboard-write" hidden></iframe>
    <p class="facts" data-testid="facts"></p>
    <noscript><p>This tab needs JavaScript; the other one does not.</p></noscript>
  </main>`;
  return documentOf('Sales · Orchard', chrome(person, 'script', main));
}

/** The embed with no script at all: the frame asks the gateway itself and is redirected to a fresh URL. */
export function framePage(person: Person, gatewayUrl: string, region?: string): Html {
  const src = `${gatewayUrl}/embeds/sales/frame${region === undefined ? '' : `?region=${region}`}`;
  const main = html`<main>
    <div class="title">
      <h1>Sales</h1>
      <form>${regionSelect(region)} <button class="quiet">Show</button></form>
    </div>
    <iframe
      data-testid="embed"
      title="Sales overview"
      allow="clipboard-write"
      referrerpolicy="origin"
      src="${src}"
    ></iframe>
    <p class="facts">${src}</p>
  </main>`;
  return documentOf('Sales without script · Orchard', chrome(person, 'frame', main));
}
