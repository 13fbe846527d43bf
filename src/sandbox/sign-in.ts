import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { findPerson } from './people.ts';
import { clearSession, readSession, setSession } from './session-cookie.ts';
import type { SessionSigner } from './session-signer.ts';

const signInForm = z.object({ person: z.string() });

export interface SignInParts {
  readonly signer: SessionSigner;
  readonly issuer: () => string;
  /** Told before the cookie goes. */
  readonly endSession: (token: string | undefined) => Promise<void>;
}

/** The identity provider: keys, discovery, a sign-in that asks for no password, and the sign-out. */
export function signInRoutes(app: FastifyInstance, { signer, issuer, endSession }: SignInParts): void {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))));
    },
  );

  app.get('/.well-known/jwks.json', () => signer.jwks);

  app.get('/.well-known/openid-configuration', () => ({
    issuer: issuer(),
    jwks_uri: `${issuer()}/.well-known/jwks.json`,
    authorization_endpoint: `${issuer()}/`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  }));

  app.post('/sign-in', async (request, reply) => {
    const person = findPerson(signInForm.safeParse(request.body).data?.person);
    if (!person) return reply.code(400).send('Nobody of that name can sign in here');
    const token = await signer.sign({ sub: person.id });
    return reply.header('set-cookie', setSession(token)).redirect('/', 303);
  });

  app.post('/sign-out', async (request, reply) => {
    await endSession(readSession(request.headers.cookie));
    return reply.header('set-cookie', clearSession()).redirect('/', 303);
  });
}
