import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the server answers from now on; `hang` never does. */
export type KeyServerBehaviour = 'normal' | 'status 500' | 'hang' | 'redirect' | 'oversized' | 'not JSON';

export interface SignOptions {
  /** `none` for no kid; default: that of the current key. */
  readonly kid?: string;
  /** Default RS256. */
  readonly alg?: 'RS256' | 'PS256' | 'RS384' | 'RS512';
  /** Seconds from now, negative for the past, or `never` for no exp. Default 300. */
  readonly expiresIn?: number | 'never';
  /** Seconds from now, or `never` for no iat. Default 0. */
  readonly issuedIn?: number | 'never';
  /** Default: this server's issuer; `never` for none. */
  readonly issuer?: string;
  readonly audience?: string | string[];
  /** Laid over the protected header. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Signs with a key that this server never published. */
  readonly strangeKey?: boolean;
}

export interface KeyServer {
  /** The server's own origin: the `iss` of its tokens. */
  readonly issuer: string;
  readonly jwksUrl: string;
  /** Requests so far, by path. */
  readonly requests: ReadonlyMap<string, number>;
  sign(claims: JWTPayload, options?: SignOptions): Promise<string>;
  /**
   * Publishes a new key in place of the others, or beside the one before; tokens are signed with it from
   * now on.
   */
  rotate(options?: { readonly keepOld?: boolean }): Promise<void>;
  /** Publishes these keys, whatever they are, instead of its own. */
  publish(keys: readonly object[]): void;
  behave(behaviour: KeyServerBehaviour): void;
  /** Holds the next request's answer, as it would be when asked, until told to give it. */
  holdAnswer(): { readonly asked: Promise<void>; readonly answer: () => void };
  /** Lays fields over the discovery document. */
  discover(fields: Readonly<Record<string, unknown>>): void;
  stop(): Promise<void>;
}

const jwksPath = '/.well-known/jwks.json';
const discoveryPath = '/.well-known/openid-configuration';

/** A real HTTP server in an identity provider's place: discovery, a key set, and the key to sign with. */
export async function startKeyServer(): Promise<KeyServer> {
  let key = await createKey(1);
  let published: readonly object[] = [key.jwk];
  let hold: { readonly onAsked: () => void; readonly released: Promise<void> } | undefined;
  const strange = await createKey(0);
  let behaviour: KeyServerBehaviour = 'normal';
  let extra: Readonly<Record<string, unknown>> = {};
  const requests = new Map<string, number>();

  const { origin, stop } = await listen((request, response) => {
    const path = request.url ?? '';
    requests.set(path, (requests.get(path) ?? 0) + 1);
    const documents: Readonly<Record<string, unknown>> = {
      [jwksPath]: { keys: published },
      [discoveryPath]: { issuer: origin, jwks_uri: `${origin}${jwksPath}`, ...extra },
      '/elsewhere': { keys: published },
    };
    const document = documents[path];
    const give = (): void => {
      if (document === undefined) response.writeHead(404).end();
      else answer(response, document, path === '/elsewhere' ? 'normal' : behaviour);
    };
    if (!hold) {
      give();
      return;
    }
    void hold.released.then(give);
    hold.onAsked();
    hold = undefined;
  });

  return {
    issuer: origin,
    jwksUrl: `${origin}${jwksPath}`,
    requests,
    sign: (claims, options = {}) =>
      sign(claims, options, options.strangeKey === true ? strange : key, origin),
    rotate: async ({ keepOld = false } = {}) => {
      const next = await createKey(key.generation + 1);
      published = keepOld ? [key.jwk, next.jwk] : [next.jwk];
      key = next;
    },
    publish: (keys) => {
      published = keys;
    },
    holdAnswer: () => {
      let answer = (): void => undefined;
      const released = new Promise<void>((resolve) => {
        answer = resolve;
      });
      const asked = new Promise<void>((resolve) => {
        hold = { onAsked: resolve, released };
      });
      return { asked, answer };
    },
    behave: (next) => {
      behaviour = next;
    },
    discover: (fields) => {
      extra = fields;
    },
    stop,
  };
}

interface SigningKey {
  readonly generation: number;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

async function createKey(generation: number): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = `key-${generation}`;
  return { generation, kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } };
}

async function sign(
  claims: JWTPayload,
  options: SignOptions,
  key: SigningKey,
  origin: string,
): Promise<string> {
  const { kid = key.kid, alg = 'RS256', expiresIn = 300, issuedIn = 0, issuer = origin } = options;
  const now = Math.floor(Date.now() / 1000);
  const token = new SignJWT({
    ...(issuer === 'never' ? {} : { iss: issuer }),
    ...(issuedIn === 'never' ? {} : { iat: now + issuedIn }),
    ...(expiresIn === 'never' ? {} : { exp: now + expiresIn }),
    ...(options.audience === undefined ? {} : { aud: options.audience }),
    ...claims,
  });
  const header = { alg, ...(kid === 'none' ? {} : { kid }), ...options.header };
  return token.setProtectedHeader(header).sign(await forAlgorithm(key.privateKey, alg));
}

/** WebCrypto ties a key to one algorithm; the same key is given another by importing it again. */
async function forAlgorithm(key: CryptoKey, alg: string): Promise<CryptoKey> {
  if (alg === 'RS256') return key;
  const name = alg.startsWith('PS') ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5';
  const hash = `SHA-${alg.slice(2)}`;
  const jwk = { ...(await exportJWK(key)), alg };
  return crypto.subtle.importKey('jwk', jwk, { name, hash }, false, ['sign']);
}

function answer(response: ServerResponse, document: unknown, behaviour: KeyServerBehaviour): void {
  switch (behaviour) {
    case 'normal':
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
      return;
    case 'status 500':
      response.writeHead(500).end('{}');
      return;
    case 'hang':
      return;
    case 'redirect':
      response.writeHead(302, { location: '/elsewhere' }).end();
      return;
    case 'oversized':
      response.writeHead(200).end(JSON.stringify({ ...Object(document), padding: 'x'.repeat(300_000) }));
      return;
    case 'not JSON':
      response.writeHead(200).end('<!doctype html>');
      return;
  }
}

async function listen(
  listener: RequestListener,
): Promise<{ readonly origin: string; readonly stop: () => Promise<void> }> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
