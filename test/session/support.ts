import { createHmac } from 'node:crypto';
import { stringify } from 'yaml';
import { readConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problems.ts';
import type { SessionConfig } from '../../src/config/sessions.ts';
import type { Credentials, Session, VerifySession } from '../../src/gateway/session.ts';
import { Refusal } from '../../src/gateway/refusal.ts';
import { createSealedSessions } from '../../src/session/sealed.ts';
import { createIssuers, createVerifySession } from '../../src/session/verify.ts';
import { authSecret, authSecretOld } from '../support/seal.ts';

export const issuer = 'https://login.example.com/';
export const secret = 'qV7mZr4LwX2tNy9HjKd3Fs6GpUc8BaTe';

/** An entry of `sessions` as an operator writes it, with a shared secret unless told otherwise. */
export function entry(fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    issuer,
    audience: 'analytics',
    tokens: ['bearer', 'cookie:session'],
    keys: { secret: '${env:SESSION_SECRET}' },
    tenant: 'claims.org',
    ...fields,
  };
}

/** An entry for sealed cookies as an operator writes it. */
export function sealedEntry(
  fields: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    ...(fields.issuer === undefined ? { name: 'storefront' } : {}),
    tokens: ['cookie:authjs.session-token'],
    keys: { sealed: { format: 'authjs', secret: '${env:AUTH_SECRET}' } },
    tenant: 'claims.tenant',
    ...fields,
  };
}

const environment = {
  SESSION_SECRET: secret,
  AUTH_SECRET: authSecret,
  AUTH_SECRET_OLD: authSecretOld,
};

/** `sessions` read by the real loader. */
export function readSessions(
  entries: readonly unknown[],
  env: Readonly<Record<string, string>> = environment,
): readonly SessionConfig[] {
  const text = stringify({
    sessions: entries,
    providers: { hex: { kind: 'hex', token: 'token' } },
    embeds: { a: { provider: 'hex', project: '5a8591dd-4039-49df-9202-96385ba3eff8', public: true } },
  });
  const loaded = readConfig('gateway.yaml', text, env);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return loaded.config.sessions;
}

export function verifier(
  entries: readonly unknown[] = [entry()],
  allowedOrigins: readonly string[] = [],
): VerifySession {
  const configs = readSessions(entries);
  return verifierOf(configs, allowedOrigins);
}

/** As {@link verifier}, for entries of which {@link sealedEntry} gives what is left out. */
export function sealedVerifier(
  entries: readonly Readonly<Record<string, unknown>>[],
  env?: Readonly<Record<string, string>>,
): VerifySession {
  const configs = readSessions(entries.map(sealedEntry), env);
  return verifierOf(configs, []);
}

function verifierOf(configs: readonly SessionConfig[], allowedOrigins: readonly string[]): VerifySession {
  const issuers = createIssuers(configs, () => undefined);
  return createVerifySession(issuers, allowedOrigins, createSealedSessions(configs));
}

export function credentials(parts: Partial<Credentials>): Credentials {
  return { authorization: [], cookie: '', ...parts };
}

export function bearer(token: string): Credentials {
  return credentials({ authorization: [`Bearer ${token}`] });
}

/** A cookie as a browser sends it to its own site. */
export function cookie(value: string): Credentials {
  return credentials({ cookie: value, fetchSite: 'same-origin' });
}

/** `believed`, or the code of the refusal. */
export async function outcome(session: Promise<Session>): Promise<string> {
  try {
    await session;
    return 'believed';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Good claims; undefined leaves one out. */
export function claims(fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const now = nowSeconds();
  return { iss: issuer, aud: 'analytics', sub: 'ada', org: 'acme', iat: now, exp: now + 300, ...fields };
}

export function encode(part: string | Uint8Array): string {
  return Buffer.from(part).toString('base64url');
}

/** Signs a payload as it stands, however broken, with the shared secret; a header as text or bytes too. */
export function signBytes(
  payload: string | Uint8Array,
  {
    header = { alg: 'HS256' },
    key = secret,
  }: { readonly header?: object | string; readonly key?: string | Buffer } = {},
): string {
  const bytes = typeof header === 'string' || header instanceof Uint8Array ? header : JSON.stringify(header);
  const input = `${encode(bytes)}.${encode(payload)}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}

export function sign(fields: Readonly<Record<string, unknown>> = {}): string {
  return signBytes(JSON.stringify(claims(fields)));
}
