import { embedDocument } from './embed-document.ts';
import type { PresignRequest } from './hex-request.ts';
import type { Html } from './html.ts';

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
  const product = display?.noEmbedFooter === true ? undefined : 'Hex';
  return embedDocument({ title, body, theme: display?.theme, classes, product });
}
