import type { FastifyInstance } from 'fastify';
import { utf8Text } from '../config/text.ts';

/**
 * Takes JSON alone, as text: the gateway parses it once the session is believed. What is not UTF-8 is
 * handed on as no text at all, hence as broken JSON, where a lenient decoder would put other characters.
 */
export function addJsonBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, utf8Text(body));
  });
}
