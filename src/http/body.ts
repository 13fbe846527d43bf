import type { FastifyInstance } from 'fastify';

/** A byte order mark stays, and is no JSON. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Takes JSON alone, as text: the gateway parses it once the session is believed. What is not UTF-8 is
 * handed on as no text at all, hence as broken JSON, where a lenient decoder would put other characters.
 */
export function addJsonBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, textOf(body));
  });
}

function textOf(body: Buffer): string | undefined {
  try {
    return utf8.decode(body);
  } catch {
    return undefined;
  }
}
