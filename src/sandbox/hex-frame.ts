import type { PresignRequest } from './hex-request.ts';
import { hexStyle } from './hex-style.ts';
import { html, type Html } from './html.ts';

type Display = PresignRequest['displayOptions'];

/**
 * The document around an app: theme, outline and paddings as signed, and a footer unless it was switched off.
 *
 * Without a signed theme the reader's system decides; Hex itself is light then.
 */
export function frame(title: string, body: Html, display?: Display): Html {
  const classes = [
    display?.noEmbedBasePadding === true ? 'no-padding' : '',
    display?.noEmbedOutline === true ? 'no-outline' : '',
    display?.noEmbedHeaderPadding === true ? 'no-header-padding' : '',
  ];
  const footer = html`<footer>Sandbox stand-in for Hex. The numbers are made up.</footer>`;
  return html`<!doctype html>
    <html lang="en" data-theme="${display?.theme ?? 'system'}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${hexStyle}
      </head>
      <body class="${classes.join(' ')}">
        ${body} ${display?.noEmbedFooter === true ? undefined : footer}
      </body>
    </html>`;
}
