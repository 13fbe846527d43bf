import { notice, type EmbedPage } from './embed-document.ts';
import { handbookPage } from './hex-handbook-page.ts';
import { frame } from './hex-frame.ts';
import { hexProjects } from './hex-projects.ts';
import { salesPage } from './hex-sales-page.ts';
import type { Opening } from './hex-tickets.ts';

function noticePage(status: number, title: string, text: string): EmbedPage {
  return { status, markup: frame(title, notice(title, text)) };
}

/** What a browser sees that opens an embed URL. */
export function openingPage(opening: Opening): EmbedPage {
  switch (opening) {
    case 'viewed':
      return noticePage(
        410,
        'Already viewed',
        'This embed URL has already been viewed. Each URL can be viewed once; ask for a new one.',
      );
    case 'expired':
      return noticePage(
        410,
        'Expired',
        'This embed URL has expired. It was not opened within its expiresIn; ask for a new one.',
      );
    case 'unknown':
      return noticePage(404, 'Not found', 'This embed URL is not known here.');
    default: {
      const body = opening.project.id === hexProjects.sales.id ? salesPage(opening) : handbookPage();
      return { status: 200, markup: frame(opening.project.title, body, opening.display) };
    }
  }
}

/** What the unsigned URL of test mode shows to somebody without an account. */
export function testModePage(): EmbedPage {
  return noticePage(
    401,
    'Log in to continue',
    'Test mode gives a standard, unsigned URL, which needs an account.',
  );
}
