import { expect, onTestFinished } from 'vitest';
import { getEmbedUrl, type RunningGateway } from './gateway.ts';

/** Requests that come one after the other at a steady pace, whether answers come or not. */
export interface Load {
  /** Asks with these tokens from now on, in turn. */
  readonly use: (...tokens: readonly string[]) => void;
  /** Waits until so many more requests were answered. */
  readonly answered: (count: number) => Promise<void>;
  /** Ends it. @returns how many answers there were of each status */
  readonly stop: () => Promise<ReadonlyMap<number, number>>;
}

/** Asks a gateway for an embed twenty times a second. */
export function startLoad(gateway: RunningGateway, token: string): Load {
  let tokens: readonly string[] = [token];
  const asked: Promise<void>[] = [];
  const statuses: number[] = [];
  const ask = async (): Promise<void> => {
    const { status } = await getEmbedUrl(gateway, tokens[asked.length % tokens.length] ?? '');
    statuses.push(status);
  };
  const timer = setInterval(() => asked.push(ask()), 50);
  onTestFinished(() => {
    clearInterval(timer);
  });
  return {
    use: (...next) => {
      tokens = next;
    },
    answered: async (count) => {
      const needed = statuses.length + count;
      await expect.poll(() => statuses.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(needed);
    },
    stop: async () => {
      clearInterval(timer);
      await Promise.all(asked);
      return countEach(statuses);
    },
  };
}

function countEach(statuses: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}
