import { pipeline } from './cube-deals.ts';
import type { CubeFrame } from './cube-frames.ts';
import { embedDocument, notice, type EmbedPage } from './embed-document.ts';
import { html } from './html.ts';

export const cubePageScriptPath = '/embed/frame.js';

/** What each kind of frame says above the rows. */
const headings = {
  dashboard: [pipeline.title, 'Open deals'],
  chat: ['Chat', 'You: which deals are open?'],
  app: ['Workspace', 'Open deals, a draft'],
} as const;

export function notFoundPage(): EmbedPage {
  const body = notice('Not found', 'There is nothing published here.');
  return { status: 404, markup: embedDocument({ title: 'Not found', body, product: 'Cube' }) };
}

/** A frame's page: the same for everybody, since its script fetches the rows. */
export function cubePage({ kind, sessionIn }: CubeFrame): EmbedPage {
  const [title, heading] = headings[kind];
  const body = html`<header>
      <h1>${title}</h1>
      <span class="tag" data-testid="workspace" hidden></span>
      <span class="tag" data-testid="org" hidden></span>
    </header>
    <section class="cell" data-kind="${kind}" data-session-in="${sessionIn}">
      <div class="title">
        <h2>${heading}</h2>
        <button class="button" data-testid="refresh" hidden>Refresh</button>
      </div>
      <p class="empty" data-testid="state" role="status">Loading …</p>
      <div class="scroll" role="region" aria-label="Open deals" tabindex="0" hidden>
        <table>
          <thead>
            <tr></tr>
          </thead>
          <tbody></tbody>
        </table>
      </div>
    </section>`;
  return { status: 200, markup: embedDocument({ title, body, product: 'Cube', script: cubePageScriptPath }) };
}
