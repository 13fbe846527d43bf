import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { claimsOf, defaultPerson, people } from '../../src/sandbox/people.ts';

const program = join(import.meta.dirname, 'identity-provider-process.mjs');

export type Algorithm = 'RS256' | 'ES256';

export interface IdentityProviderOptions {
  /** Signs ID tokens and access tokens. */
  readonly algorithm: Algorithm;
  /** The first signs; all are published. */
  readonly keys: readonly JWK[];
  /** Origin of the host application, the only client. Default: one that nobody is sent to. */
  readonly hostOrigin?: string;
}

/** A real OpenID Provider in a process of its own. It knows the people of the sandbox, by any password. */
export interface IdentityProvider {
  /** Its origin, the same after each start. */
  readonly issuer: string;
  readonly client: Client;
  /** Ends the process: its port refuses connections. */
  readonly stop: () => Promise<void>;
  /** Starts it again, with these keys or with those that it had. */
  readonly start: (keys?: readonly JWK[]) => Promise<void>;
  /** After SIGSTOP it takes connections and never answers, until SIGCONT. */
  readonly kill: (signal: 'SIGSTOP' | 'SIGCONT') => void;
  /** Asks it for an access token for the gateway, with the claims of the sandbox's default person. */
  readonly accessToken: () => Promise<string>;
}

export interface Client {
  readonly id: string;
  readonly secret: string;
  readonly redirectUri: string;
  readonly afterSignOut: string;
}

/** Names the gateway where an access token for it is asked for (RFC 8707). */
export const resource = 'urn:example:analytics';
/** `aud` of such a token. */
export const audience = 'analytics';

/** A private key to sign with. */
export async function createSigningKey(algorithm: Algorithm, kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: algorithm, use: 'sig' };
}

/** Starts the provider on a free port; it is gone when the test ends. */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  const { algorithm, hostOrigin = 'http://localhost' } = options;
  const client: Client = {
    id: 'host-application',
    secret: 'secret-of-a-client-that-lives-for-one-test',
    redirectUri: `${hostOrigin}/signed-in`,
    afterSignOut: `${hostOrigin}/`,
  };
  let { keys } = options;
  const run = (port: number): Promise<Running> =>
    spawnProvider({
      port,
      keys,
      algorithm,
      audience,
      accounts: accountsOf(client),
      client: toMetadata(client),
    });
  let running = await run(0);
  onTestFinished(() => running.stop());
  const { issuer } = running;
  return {
    issuer,
    client,
    stop: () => running.stop(),
    start: async (next = keys) => {
      keys = next;
      running = await run(Number(new URL(issuer).port));
    },
    kill: (signal) => {
      running.kill(signal);
    },
    accessToken: () => requestAccessToken(issuer, client),
  };
}

function accountsOf(client: Client): Readonly<Record<string, object>> {
  const accounts = people.map((person) => [person.id, claimsOf(person)] as const);
  return Object.fromEntries([...accounts, [client.id, claimsOf(defaultPerson)]]);
}

/** @see https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata */
function toMetadata({ id, secret, redirectUri, afterSignOut }: Client): object {
  return {
    client_id: id,
    client_secret: secret,
    token_endpoint_auth_method: 'client_secret_post',
    redirect_uris: [redirectUri],
    post_logout_redirect_uris: [afterSignOut],
  };
}

interface Running extends Pick<IdentityProvider, 'issuer' | 'stop'> {
  readonly kill: (signal: NodeJS.Signals) => void;
}

const started = z.object({ issuer: z.url() });

async function spawnProvider(settings: object): Promise<Running> {
  const child = spawn(process.execPath, [program, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const issuer = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      // beside its own notices about what is not for production
      if (line.startsWith('{')) resolve(started.parse(JSON.parse(line)).issuer);
    });
    void closed.then(() => {
      reject(new Error(`the identity provider did not start:\n${complaints}`));
    });
  });
  return {
    issuer,
    kill: (signal) => child.kill(signal),
    stop: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

const tokenAnswer = z.object({ access_token: z.string() });

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4 Client Credentials Grant */
async function requestAccessToken(issuer: string, { id, secret }: Client): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: id,
      client_secret: secret,
      resource,
    }),
  });
  return tokenAnswer.parse(await response.json()).access_token;
}
