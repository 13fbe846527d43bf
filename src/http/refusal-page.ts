import { createHash } from 'node:crypto';
import type { Problem } from './problem.ts';

const style = `
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
  body { display: grid; place-items: center; min-height: 90vh; margin: 0; padding: 1rem; text-align: center }
  h1 { font-size: 1.1rem; margin: 0 }
  p { margin: .4rem 0; opacity: .75 }
  small { opacity: .55 }
`;

/** For `style-src`: this style and no other. */
export const refusalStyleHash = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;

/** A refusal as a small page, for a frame that has no script to read JSON with. */
export function refusalPage({ title, detail, code, requestId }: Problem): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
<main>
  <h1>${escapeHtml(title)}</h1>
  <p>${escapeHtml(detail ?? '')}</p>
  <p><a href="">Try again</a></p>
  <small>${escapeHtml(code ?? '')} · request ${escapeHtml(requestId)}</small>
</main>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
