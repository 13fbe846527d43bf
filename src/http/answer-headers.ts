import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { refusalStyleHash } from './refusal-page.ts';

/** What every answer says, those included that are given before any plugin is asked. */
export function answerHeaders(requestId: string): Readonly<Record<string, string>> {
  return {
    'x-request-id': requestId,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    vary: 'authorization, cookie, origin',
  };
}

/** @param frameOrigins browser origins whose pages may show our refusal pages in a frame */
export async function addSecurityHeaders(
  app: FastifyInstance,
  frameOrigins: readonly string[],
): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        styleSrc: [refusalStyleHash],
        frameAncestors: ["'self'", ...frameOrigins],
      },
    },
    // whoever terminates TLS decides for the host, and for its subdomains
    strictTransportSecurity: false,
    // frames are ruled by frame-ancestors, which can name other origins
    frameguard: false,
    referrerPolicy: { policy: 'no-referrer' },
  });
}
