import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { framePage, handbookPage, salesPage, sideBySidePage } from './embed-pages.ts';
import { guestConfigScript, guestPage, type GuestPeers } from './guest-page.ts';
import { signOutAtGateway } from './gateway-sign-out.ts';
import { hostPageScript } from './host-page-script.ts';
import { hostPageStyle } from './host-page-style.ts';
import type { Html } from './html.ts';
import { problemCardScript } from './problem-card-script.ts';
import { createServer, listen, type Binding } from './server.ts';
import { readSession } from './session-cookie.ts';
import { createSessionSigner, type SessionSigner } from './session-signer.ts';
import { signInPage } from './sign-in-page.ts';
import { signInRoutes } from './sign-in.ts';

export interface HostPage {
  readonly origin: string;
  readonly signer: SessionSigner;
  close(): Promise<void>;
}

const regionQuery = z.object({ region: z.enum(['EU', 'US']).optional().catch(undefined) });

/** Only what the page needs: its own files, the gateway, and the frames that the gateway's URLs open. */
function contentSecurityPolicy(
  gatewayUrl: string,
  embedOrigins: readonly string[],
  scripts = "'self'",
): string {
  return [
    "default-src 'none'",
    `script-src ${scripts}`,
    "style-src 'self'",
    'img-src data:',
    `connect-src ${gatewayUrl}`,
    // A frame's redirects are checked too, so the gateway's /frame route needs both.
    `frame-src ${[gatewayUrl, ...embedOrigins].join(' ')}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Starts the sign-in and the host page, on one origin as in a customer's own application. */
export async function startHostPage(
  binding: Binding,
  peers: GuestPeers & { readonly embedOrigins: readonly string[] },
): Promise<HostPage> {
  const app = createServer();
  let origin = '';
  const signer = await createSessionSigner(() => origin);
  const gatewayUrl = new URL(peers.gatewayUrl).origin;
  const { metabaseUrl, embedOrigins } = peers;
  const ownPolicy = contentSecurityPolicy(gatewayUrl, embedOrigins);
  const guestPolicy = contentSecurityPolicy(gatewayUrl, embedOrigins, `'self' ${metabaseUrl}`);

  const send = (reply: FastifyReply, page: Html, policy = ownPolicy) =>
    reply
      .headers({
        'cache-control': 'no-store',
        'content-security-policy': policy,
        'referrer-policy': 'strict-origin-when-cross-origin',
        'x-content-type-options': 'nosniff',
      })
      .type('text/html; charset=utf-8')
      .send(page.text);

  signInRoutes(app, {
    signer,
    issuer: () => origin,
    endSession: (token) => signOutAtGateway(gatewayUrl, token),
  });
  app.get('/', async (request, reply) => {
    const person = await signer.personOf(readSession(request.headers.cookie));
    return send(reply, person ? salesPage(person, gatewayUrl) : signInPage());
  });
  app.get('/side-by-side', async (request, reply) => {
    const person = await signer.personOf(readSession(request.headers.cookie));
    return person ? send(reply, sideBySidePage(person, gatewayUrl)) : reply.redirect('/', 303);
  });
  app.get('/without-script', async (request, reply) => {
    const person = await signer.personOf(readSession(request.headers.cookie));
    if (!person) return reply.redirect('/', 303);
    return send(reply, framePage(person, gatewayUrl, regionQuery.parse(request.query).region));
  });
  app.get('/handbook', async (request, reply) => {
    const person = await signer.personOf(readSession(request.headers.cookie));
    return person ? send(reply, handbookPage(person, gatewayUrl)) : reply.redirect('/', 303);
  });
  app.get('/embed-js', async (request, reply) => {
    const person = await signer.personOf(readSession(request.headers.cookie));
    if (!person) return reply.redirect('/', 303);
    return send(reply, guestPage(person, { gatewayUrl, metabaseUrl }), guestPolicy);
  });
  const sendScript = (reply: FastifyReply, script: string) =>
    reply.type('text/javascript; charset=utf-8').send(script);
  app.get('/host-page.js', (_request, reply) => sendScript(reply, hostPageScript));
  app.get('/guest-config.js', (_request, reply) =>
    sendScript(reply, guestConfigScript({ gatewayUrl, metabaseUrl })),
  );
  app.get('/problem-card.js', (_request, reply) => sendScript(reply, problemCardScript));
  app.get('/host-page.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(hostPageStyle));

  origin = await listen(app, binding);
  return { origin, signer, close: () => app.close() };
}
