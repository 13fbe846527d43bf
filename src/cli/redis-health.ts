import { onServer, type RedisClient } from '../redis/connect.ts';
import { createProbe } from '../redis/probe.ts';

/** Whether a Redis answers, known without any request having asked it. */
export interface RedisHealth {
  readonly isUp: () => boolean;
  /** Why it is down: an error's code, Redis's own error word such as WRONGPASS, or that nothing answers. */
  readonly reason: () => string;
  /** Asks for a sign of life. A connection may be open to a server that hangs. */
  readonly probe: () => Promise<void>;
}

const noAnswer = 'no answer';

export function createRedisHealth(client: RedisClient): RedisHealth {
  const askForSign = createProbe(client);
  let isAnswering = false;
  let reason = noAnswer;

  const probe = async (): Promise<void> => {
    try {
      await askForSign();
      isAnswering = true;
      reason = noAnswer;
    } catch (error) {
      isAnswering = false;
      // without a connection the connection's own error says more than the command's
      reason = wordOf(error) ?? reason;
    }
  };
  const note = (error: unknown): void => {
    reason = wordOf(error) ?? reason;
  };
  client.on('error', note).on('node error', note);
  onServer(client, () => void probe());
  return { isUp: () => client.status === 'ready' && isAnswering, reason: () => reason, probe };
}

/** The code of an error, or the word in capitals in its message; never an address. */
function wordOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  // what a user may not do within a script is an ERR, in words that depend on Redis's version
  if (/^ERR (?:ACL failure|The user executing the script)/.test(error.message)) return 'NOPERM';
  return /\b[A-Z_]{3,}\b/.exec(error.message)?.[0];
}
