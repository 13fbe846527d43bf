import { onServer, type RedisClient } from '../redis/connect.ts';
import { errorWord } from '../redis/error-word.ts';
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
      reason = errorWord(error) ?? reason;
    }
  };
  const note = (error: unknown): void => {
    reason = errorWord(error) ?? reason;
  };
  client.on('error', note).on('node error', note);
  onServer(client, () => void probe());
  return { isUp: () => client.status === 'ready' && isAnswering, reason: () => reason, probe };
}
