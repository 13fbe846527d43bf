import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { resource, type Client } from './identity-provider.ts';
import { startServer } from './server.ts';

/** A web application that signs readers in by the code flow, and makes one of the tokens its cookie session. */
export interface HostApplication {
  /** Such as `http://localhost:41234`. */
  readonly origin: string;
  /** What its readers brought back from the provider, newest last. */
  readonly signIns: readonly Tokens[];
  /** Says who the others are; to be called before anyone comes. */
  readonly connect: (peers: Peers) => void;
}

export interface Peers {
  readonly issuer: string;
  readonly client: Client;
  /** What its page frames. */
  readonly frameUrl: string;
}

const tokens = z.object({ id_token: z.string(), access_token: z.string() });
export type Tokens = z.output<typeof tokens>;

/** Starts the application on a free port; it is gone when the test ends. */
export async function startHostApplication(session: keyof Tokens): Promise<HostApplication> {
  let connected: Peers | undefined;
  const signIns: Tokens[] = [];
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    if (!connected) throw new Error('the host application is not connected');
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    switch (pathname) {
      case '/':
        return page(cookie(request, 'session') === '' ? signedOut : signedIn(connected));
      case '/sign-in':
        return startSignIn(connected);
      case '/signed-in': {
        const received = await finishSignIn(connected, searchParams, cookie(request, 'sign-in'));
        signIns.push(received);
        return redirect('/', setCookie('session', received[session]), setCookie('sign-in', ''));
      }
      case '/sign-out':
        return signOut(connected);
      default:
        return { status: 404, headers: {}, body: '' };
    }
  };
  const port = await startServer((request, _body, response) => {
    answer(request).then(
      ({ status, headers, body }) => response.writeHead(status, headers).end(body),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  return {
    origin: `http://localhost:${port}`,
    signIns,
    connect: (peers) => {
      connected = peers;
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string;
}

function page(body: string): Answer {
  const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };
  return { status: 200, headers, body: `<!doctype html><title>Host</title>${body}` };
}

const signedOut = '<a href="/sign-in">Sign in</a>';

function signedIn({ frameUrl }: Peers): string {
  return `<form method="post" action="/sign-out"><button>Sign out</button></form>
    <iframe src="${frameUrl}" referrerpolicy="origin"></iframe>`;
}

/** @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest with PKCE (RFC 7636) */
async function startSignIn({ issuer, client }: Peers): Promise<Answer> {
  const { authorization_endpoint } = await discover(issuer);
  const state = randomBytes(32).toString('base64url');
  const verifier = randomBytes(32).toString('base64url');
  const location = withQuery(authorization_endpoint, {
    response_type: 'code',
    client_id: client.id,
    redirect_uri: client.redirectUri,
    scope: 'openid',
    resource,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  return redirect(location, setCookie('sign-in', `${state}.${verifier}`));
}

/** Trades the code for tokens. They come from the provider itself, so their signature need not be checked here. */
async function finishSignIn(
  { issuer, client }: Peers,
  query: URLSearchParams,
  begun: string,
): Promise<Tokens> {
  const [state, verifier = ''] = begun.split('.');
  if (query.get('state') !== state) throw new Error('this browser did not begin the sign-in');
  const { token_endpoint } = await discover(issuer);
  const response = await fetch(token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: query.get('code') ?? '',
      redirect_uri: client.redirectUri,
      code_verifier: verifier,
      resource,
      client_id: client.id,
      client_secret: client.secret,
    }),
  });
  return tokens.parse(await response.json());
}

/** @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout */
async function signOut({ issuer, client }: Peers): Promise<Answer> {
  const { end_session_endpoint } = await discover(issuer);
  const location = withQuery(end_session_endpoint, {
    client_id: client.id,
    post_logout_redirect_uri: client.afterSignOut,
  });
  return redirect(location, setCookie('session', ''));
}

const metadata = z.object({
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  end_session_endpoint: z.url(),
});

async function discover(issuer: string): Promise<z.output<typeof metadata>> {
  const response = await fetch(`${issuer}/.well-known/openid-configuration`);
  return metadata.parse(await response.json());
}

function withQuery(url: string, query: Readonly<Record<string, string>>): string {
  return `${url}?${new URLSearchParams(query).toString()}`;
}

function redirect(location: string, ...cookies: string[]): Answer {
  return { status: 303, headers: { location, 'set-cookie': cookies }, body: '' };
}

function setCookie(name: string, value: string): string {
  return `${name}=${value}; HttpOnly; SameSite=Lax; Path=/${value === '' ? '; Max-Age=0' : ''}`;
}

function cookie({ headers }: IncomingMessage, name: string): string {
  const pairs = (headers.cookie ?? '').split('; ');
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
}
