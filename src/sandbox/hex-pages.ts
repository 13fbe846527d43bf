import { handbookPage } from './hex-handbook-page.ts';
import { frame } from './hex-frame.ts';
import { hexProjects } from './hex-projects.ts';
import { salesPage } from './hex-sales-page.ts';
import type { Opening } from './hex-tickets.ts';
import { html, type Html } from './html.ts';

export interface Page {
  readonly status: number;
  readonly markup: Html;
}

function notice(status: number, title: string, text: string): Page {
  const body = html`<div class="notice" data-testid="notice">
    <h1>${title}</h1>
    <p>${text}</p>
  </div>`;
  return { status, markup: frame(title, body) };
}

/** What a browser sees that opens an embed URL. */
export function openingPage(opening: Opening): Page {
  switch (opening) {
    case 'viewed':
      return notice(
        410,
        'Already viewed',
        'This embed URL has already been viewed. Each URL can be viewed once; ask for a new one.',
      );
    case 'expired':
      return notice(
        410,
        'Expired',
        'This embed URL has expired. It was not opened within its expiresIn; ask for a new one.',
      );
    case 'unknown':
      return notice(404, 'Not found', 'This embed URL is not known here.');
    default: {
      const body = opening.project.id === hexProjects.sales.id ? salesPage(opening) : handbookPage();
      return { status: 200, markup: frame(opening.project.title, body, opening.display) };
    }
  }
}

/** What the unsigned URL of test mode shows to somebody without an account. */
export function testModePage(): Page {
  return notice(
    401,
    'Log in to continue',
    'Test mode gives a standard, unsigned URL, which needs an account.',
  );
}
