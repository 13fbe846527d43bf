import { html, type Html } from './html.ts';
import type { Person } from './people.ts';

export const logo = html`<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
  <rect width="24" height="24" rx="7" class="mark" />
  <path d="M7 17V11M12 17V7M17 17v-4" class="bars" />
</svg>`;

export const exit = html`<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" class="exit">
  <path d="M10 4H5v16h5M14 8l4 4-4 4M18 12H9" />
</svg>`;

/** The document around every page of the host's. */
export function documentOf(title: string, body: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/host-page.css" />
        <script type="module" src="/host-page.js"></script>
      </head>
      <body>
        ${body}
      </body>
    </html>`;
}

/** A round initial in the colour of the person's organisation. */
export function avatar(person: Person): Html {
  return html`<span class="avatar ${person.organisation?.id ?? 'nowhere'}" aria-hidden="true"
    >${person.name.slice(0, 1)}</span
  >`;
}
