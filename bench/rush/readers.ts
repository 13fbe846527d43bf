import { setTimeout as after } from 'node:timers/promises';
import { z } from 'zod';
import { signSession } from './sessions.ts';

/** One reader from asking for an embed to having it. */
export interface Visit {
  readonly tenant: string;
  readonly waitMs: number;
  readonly requests: number;
}

/** An embed, or a wait. */
const answerSchema = z.union([
  z.object({ url: z.string() }),
  z.object({ retryAfterSeconds: z.number(), ticket: z.string().optional() }),
]);

type Answer = z.output<typeof answerSchema>;

/**
 * Sends all readers at the same moment, and resolves when each has its embed. They do what the README
 * tells a browser to do: ask; while the answer names a wait, wait that long and ask again with the ticket.
 *
 * @param urls origins that answer `/embed-url`, asked in turn, as a load balancer would
 * @param tenants the tenant of each reader, in the order in which they come
 * @throws on an answer that is neither an embed nor a wait, and when the signal ends the rush
 */
export async function sendReaders(
  urls: readonly string[],
  tenants: readonly string[],
  signal: AbortSignal,
): Promise<readonly Visit[]> {
  let turn = 0;
  const failed = new AbortController();
  const over = AbortSignal.any([signal, failed.signal]);

  async function ask(session: string, ticket: string | undefined): Promise<Answer> {
    const headers = {
      authorization: `Bearer ${session}`,
      ...(ticket !== undefined && { 'queue-ticket': ticket }),
    };
    const url = `${urls[turn++ % urls.length] ?? ''}/embed-url?embed=sales`;
    const response = await fetch(url, { headers, signal: over });
    const body: unknown = await response.json();
    const answer = answerSchema.safeParse(body);
    if (answer.success) return answer.data;
    throw new Error(`a reader was answered ${response.status}: ${JSON.stringify(body)}`);
  }

  async function visit(tenant: string, session: string): Promise<Visit> {
    const startedAt = performance.now();
    let ticket: string | undefined;
    for (let requests = 1; ; requests += 1) {
      const answer = await ask(session, ticket);
      if ('url' in answer) return { tenant, waitMs: performance.now() - startedAt, requests };
      ticket = answer.ticket;
      await after(answer.retryAfterSeconds * 1000, undefined, { signal: over });
    }
  }

  const sessions = await Promise.all(
    tenants.map((tenant, index) => signSession({ tenant, user: `reader-${index}` })),
  );
  try {
    return await Promise.all(tenants.map((tenant, index) => visit(tenant, sessions[index] ?? '')));
  } finally {
    failed.abort();
  }
}
