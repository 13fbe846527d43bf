import type { FastifyReply } from 'fastify';
import { embedStyle } from './embed-style.ts';
import { html, type Html } from './html.ts';

/** A page to be framed, and its status. */
export interface EmbedPage {
  readonly status: number;
  readonly markup: Html;
}

export interface EmbedDocument {
  readonly title: string;
  readonly body: Html;
  /** Default: the reader's system decides. */
  readonly theme?: 'light' | 'dark' | undefined;
  readonly classes?: readonly string[];
  /** Whom the page stands in for, told in a footer; without it there is none. */
  readonly product?: string | undefined;
  /** Path of a script of the stand-in's own. */
  readonly script?: string;
}

/** The document around every page that the stand-ins show in a frame. */
export function embedDocument({ title, body, theme, classes = [], product, script }: EmbedDocument): Html {
  return html`<!doctype html>
    <html lang="en" data-theme="${theme ?? 'system'}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${embedStyle}
        ${script === undefined ? undefined : html`<script type="module" src="${script}"></script>`}
      </head>
      <body class="${classes.join(' ')}">
        ${body}
        ${
          product === undefined
            ? undefined
            : html`<footer>Sandbox stand-in for ${product}. The numbers are made up.</footer>`
        }
      </body>
    </html>`;
}

/** What a page says in place of rows. */
export function notice(title: string, text: string): Html {
  return html`<div class="notice" data-testid="notice">
    <h1>${title}</h1>
    <p>${text}</p>
  </div>`;
}

/**
 * Sends a page to be framed: no X-Frame-Options and no frame-ancestors, since being framed is what it is for.
 *
 * @param scripts whether scripts of the stand-in's own may run and call it
 */
export async function sendEmbedPage(
  reply: FastifyReply,
  { status, markup }: EmbedPage,
  { scripts = false } = {},
): Promise<void> {
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
  await reply
    .code(status)
    .headers({
      'cache-control': 'no-store',
      'content-security-policy': scripts ? `${policy}; script-src 'self'; connect-src 'self'` : policy,
      'content-type': 'text/html; charset=utf-8',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    .send(markup.text);
}
