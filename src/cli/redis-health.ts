import type { RedisClient } from '../redis/connect.ts';

/** Whether a Redis answers, known without any request having asked it. */
export interface RedisHealth {
  readonly isUp: () => boolean;
  /** Why it last failed: an error's code or name, or Redis's own error word such as WRONGPASS. */
  readonly reason: () => string | undefined;
  /** Asks for a sign of life. A connection may be open to a server that hangs. */
  readonly probe: () => Promise<void>;
}

export function createRedisHealth(client: RedisClient): RedisHealth {
  let isAnswering = false;
  let reason: string | undefined;
  client.on('ready', () => {
    isAnswering = true;
  });
  client.on('error', (error: unknown) => {
    reason = reasonOf(error);
  });
  return {
    isUp: () => client.status === 'ready' && isAnswering,
    reason: () => reason,
    probe: async () => {
      // without a connection the command fails at once and its error says less than the connection's own
      if (client.status !== 'ready') return;
      try {
        await client.ping();
        isAnswering = true;
      } catch {
        isAnswering = false;
        reason = 'no answer to PING';
      }
    },
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  const [word] = /^[A-Z]{3,}(?= )/.exec(error.message) ?? [];
  return word ?? error.name;
}
