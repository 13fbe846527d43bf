import { avatar, documentOf, exit, logo } from './host-page-frame.ts';
import { html, type Html } from './html.ts';
import type { Person } from './people.ts';

const tabs = [
  ['/', 'With script'],
  ['/side-by-side', 'Side by side'],
  ['/without-script', 'Without script'],
  ['/embed-js', 'embed.js'],
  ['/handbook', 'Handbook'],
] as const;

/** A page of somebody who is signed in: the tabs, who that is, and a way out. */
export function page(person: Person, current: (typeof tabs)[number][0], title: string, main: Html): Html {
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
