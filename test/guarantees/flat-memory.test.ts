import { once } from 'node:events';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import {
  everyPlace,
  genuine,
  sealedCookie,
  startTarget,
  supabaseCookie,
  type Target,
} from '../fuzz/target.ts';
import { openRaw, sendRaw } from '../http/raw.ts';
import { encode, sign, signBytes } from '../session/support.ts';
import { startKeyServer } from '../support/key-server.ts';
import { sealBytes } from '../support/seal.ts';

const garbageCollector = join(import.meta.dirname, '../support/collect-garbage.mjs');
const concurrent = 20;
const mebibyte = 2 ** 20;
/** Makes what is kept of the requests of one kind alone add up to more than may be held. */
const filling = 'x'.repeat(2500);

it(
  'whatever is sent, and never twice the same, memory and metrics stay as they were',
  { timeout: 180_000 },
  async () => {
    const keyServer = await startKeyServer();
    onTestFinished(() => keyServer.stop());
    const fetched = `\n  - { issuer: "${keyServer.issuer}", audience: analytics, keys: { jwks: "${keyServer.jwksUrl}" }, algorithms: [RS256], tenant: claims.org }`;
    const target = await startTarget(everyPlace + fetched, { NODE_OPTIONS: `--import=${garbageCollector}` });
    const agent = new Agent({ connections: concurrent });
    onTestFinished(() => agent.close());
    const send = sender(target.gateway.url, agent, keyServer.issuer);

    await flood(send, 'warm', 10_000);
    const before = await held(target);
    await flood(send, 'flood', 20_000);
    const after = await held(target);

    expect(after.heap - before.heap).toBeLessThan(2 * mebibyte);
    expect(after.outside - before.outside).toBeLessThan(2 * mebibyte);
    expect(after.resident - before.resident).toBeLessThan(48 * mebibyte);
    expect(after.lines).toBe(before.lines);
    await target.expectUnharmed();
  },
);

type Send = (name: string, at: number) => Promise<void>;

/** One hostile request of each kind in turn; each holds its name and number in all that a caller may choose. */
function sender(url: string, dispatcher: Agent, issuer: string): Send {
  const believed = genuine();
  const ask = async (
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<void> => {
    const method = body === undefined ? 'GET' : 'POST';
    const reply = await request(url + path, {
      method,
      headers,
      dispatcher,
      ...(body !== undefined && { body }),
    });
    await reply.body.dump();
    expect(reply.statusCode).toBeGreaterThanOrEqual(400);
    expect(reply.statusCode).toBeLessThan(500);
  };
  const bearer = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });
  const json = { ...bearer(believed), 'content-type': 'application/json' };
  const ownPage = { 'sec-fetch-site': 'same-origin' };
  const kinds: readonly ((id: string) => Promise<unknown>)[] = [
    (id) => ask('/embed-url?embed=sales', bearer(`${id}.`.repeat(5))),
    (id) =>
      ask('/embed-url?embed=sales', bearer(foreign({ kid: id, alg: 'RS256' }, { iss: issuer, org: id }))),
    (id) => ask('/embeds', bearer(foreign({ alg: 'HS256', kid: id }, { iss: id, org: id, sub: id }))),
    (id) => ask('/embeds', bearer(signBytes(JSON.stringify({ org: id, sub: id }), { key: id }))),
    (id) => ask('/sign-out', bearer(sign({ sub: id, exp: 1 })), ''),
    (id) => ask('/embeds', { ...ownPage, cookie: `${id}=${id}; session=${id}; session.0=${id}` }),
    (id) => ask('/embeds', { ...ownPage, cookie: `${sealedCookie}=${sealBytes(id)}` }),
    (id) =>
      ask('/embeds', {
        ...ownPage,
        cookie: `${supabaseCookie}=base64-${encode(JSON.stringify({ access_token: id }))}`,
      }),
    (id) =>
      ask('/embeds', {
        ...bearer(believed),
        origin: `https://${id}.example`,
        referer: `https://${id}.example/`,
      }),
    (id) => ask(`/${id}/${id}?${id}`, { 'user-agent': id, 'x-request-id': id, 'x-forwarded-for': id }),
    (id) => ask(`/embed-url?embed=${id}`, { ...bearer(believed), 'queue-ticket': ticket(id) }),
    (id) => ask(`/embed-url?embed=sales&${id}=${id}`, bearer(believed)),
    (id) => ask(`/embeds/${id.slice(-20)}/frame?queue-ticket=${ticket(id)}`, bearer(believed)),
    (id) => ask('/embed-url', json, JSON.stringify({ embed: 'sales', inputs: { [id]: id }, [id]: id })),
    (id) => ask('/embed-url', json, `{"${id}":`),
    (id) => ask('/metabase/guest-token', json, JSON.stringify({ entityType: 'dashboard', entityId: id })),
    (id) => ask('/embed-url', { ...json, 'content-type': `text/${id}` }, id),
    (id) => sendRaw(url, `${id}\r\n\r\n`),
    (id) => sendRaw(url, `GET /${id}\\ HTTP/1.1\r\nhost: ${id}\r\n${id}: ${id}\r\n\r\n`),
    async (id) => {
      const socket = await openRaw(url);
      socket.write(`POST /embed-url HTTP/1.1\r\nhost: x\r\n${id}: x\r\ncontent-length: 900\r\n\r\n${id}`);
      socket.resetAndDestroy();
      if (!socket.closed) await once(socket, 'close');
    },
  ];
  return async (name, at) => {
    await kinds[at % kinds.length]?.(`${filling}${name}-${at}`);
  };
}

function foreign(header: object, claims: object): string {
  return `${[header, claims].map((part) => encode(JSON.stringify(part))).join('.')}.AAAA`;
}

function ticket(id: string): string {
  return id.padEnd(22, '_').slice(-22);
}

async function flood(send: Send, name: string, count: number): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await send(name, next++);
  };
  await Promise.all(Array.from({ length: concurrent }, worker));
}

interface Held {
  readonly heap: number;
  /** Buffers and the like, beside the heap. */
  readonly outside: number;
  readonly resident: number;
  /** Our own in `/metrics`. */
  readonly lines: number;
}

/** What the process holds once garbage was collected: the least of some looks, since a signal takes its time. */
async function held({ gateway }: Target): Promise<Held> {
  const looks: Held[] = [];
  for (let count = 0; count < 10; count += 1) {
    gateway.kill('SIGUSR2');
    await (await fetch(`${gateway.operationsUrl}/livez`)).text();
    looks.push(lookAt(await (await fetch(`${gateway.operationsUrl}/metrics`)).text()));
  }
  const least = (pick: (look: Held) => number): number => Math.min(...looks.map(pick));
  return {
    heap: least(({ heap }) => heap),
    outside: least(({ outside }) => outside),
    resident: least(({ resident }) => resident),
    lines: looks.at(-1)?.lines ?? 0,
  };
}

function lookAt(metrics: string): Held {
  const value = (name: string): number => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(metrics)?.[1]);
  return {
    heap: value('nodejs_heap_size_used_bytes'),
    outside: value('nodejs_external_memory_bytes'),
    resident: value('process_resident_memory_bytes'),
    lines: metrics.match(/^embed_gateway_/gm)?.length ?? 0,
  };
}
