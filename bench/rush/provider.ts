import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';
import { z } from 'zod';
import { countIn, type CountedCall } from './measure.ts';
import type { Scenario } from './scenario.ts';

export interface StandInProvider {
  /** Such as `http://127.0.0.1:41234`, which takes createPresignedUrl as Hex does. */
  readonly origin: string;
  /** The calls within the budget, in the order in which they were counted. */
  readonly accepted: readonly CountedCall[];
  /** Calls beyond the budget. */
  readonly tooMany: () => number;
  readonly stop: () => Promise<void>;
}

/** The project that everybody opens. */
export const projectId = 'd148ce6e-fc3b-40cb-9bdc-52b02d470061';

const presignBody = z.object({ hexUserAttributes: z.object({ orgId: z.string() }) });

/**
 * A provider over HTTP that keeps its budget strictly: never more than `max` calls in any trailing
 * window. The excess is answered 429 with a Retry-After in whole seconds, and is not counted.
 *
 * Nobody outside can know at which moment between request and answer a provider counts a call, so this
 * one changes it from call to call, over the whole length.
 */
export async function startProvider({ budget, callMs }: Scenario): Promise<StandInProvider> {
  const accepted: CountedCall[] = [];
  let calls = 0;
  let tooMany = 0;

  async function presign(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = presignBody.parse(JSON.parse(await text(request)));
    // multiples of the golden ratio: spread evenly, the same in every run
    const beforeMs = callMs * ((calls++ * 0.618) % 1);
    await after(beforeMs);
    const nowMs = performance.now();
    const moments = accepted.map(({ atMs }) => atMs);
    if (countIn(moments, budget.perMs, nowMs) >= budget.max) {
      tooMany += 1;
      const freedMs = (moments.at(-budget.max) ?? nowMs) + budget.perMs - nowMs;
      response.writeHead(429, { 'retry-after': String(Math.ceil(freedMs / 1000)) }).end('Too Many Requests');
      return;
    }
    accepted.push({ atMs: nowMs, tenant: body.hexUserAttributes.orgId });
    await after(callMs - beforeMs);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ url: `${origin}/embed/${accepted.length}` }));
  }

  const server = createServer((request, response) => {
    presign(request, response).catch(() => response.writeHead(400).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    accepted,
    tooMany: () => tooMany,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
