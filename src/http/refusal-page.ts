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

/** What may pass by itself; anything else fails again the same way. */
const passingStatuses: readonly number[] = [429, 502, 503, 504];

export interface PageParts {
  /** What `Retry-After` says. */
  readonly waitSeconds?: number | undefined;
  /** Where the page tries again by itself after that time, with its place in the queue. */
  readonly again?: string | undefined;
}

/**
 * A refusal as a small page, for a frame that has no script to read JSON or headers with: it shows what
 * the problem's members and `Retry-After` say. One that has a place in the queue shows the place and
 * tries again by itself.
 */
export function refusalPage(problem: Problem, { waitSeconds, again }: PageParts = {}): string {
  const { title, status, code, requestId } = problem;
  const isWaiting = again !== undefined && waitSeconds !== undefined;
  const lines = linesOf(problem, waitSeconds).map((line) => `<p>${escapeHtml(line)}</p>`);
  if (isWaiting) lines.push('<p>This page tries again by itself.</p>');
  if (passingStatuses.includes(status)) {
    lines.push(`<p><a href="${escapeHtml(again ?? '')}">Try again</a></p>`);
  }
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
${isWaiting ? `<meta http-equiv="refresh" content="${waitSeconds}; url=${escapeHtml(again)}">\n` : ''}<title>${escapeHtml(title)}</title>
<style>${style}</style>
<main>
  <h1>${escapeHtml(title)}</h1>
  ${lines.join('\n  ')}
  <small>${escapeHtml(code ?? '')} · request ${escapeHtml(requestId)}</small>
</main>
</html>
`;
}

function linesOf(
  { status, detail, errors, position }: Problem,
  waitSeconds: number | undefined,
): readonly string[] {
  if (errors !== undefined) return errors.map(({ name, reason }) => `${name} ${reason}`);
  const wait =
    waitSeconds === undefined ? [] : [`Wait ${waitSeconds} second${waitSeconds === 1 ? '' : 's'}.`];
  const place = typeof position === 'number' ? [`Your place in the queue: ${position}.`] : [];
  // the detail of a 429 points to the header that this page writes out
  return status === 429 || detail === undefined ? wait : [detail, ...place, ...wait];
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
