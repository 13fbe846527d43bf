import { setTimeout as sleep } from 'node:timers/promises';

/** A request of this process that waits for its turn. */
interface Waiter {
  readonly position: number;
  readonly wake: () => void;
}

/** The requests of this process that wait, by provider, each until it is time to ask again. */
export class Waiters {
  readonly #waiting = new Map<string, Set<Waiter>>();

  /** Ends after `ms`, when it is woken, or when its caller goes. */
  async wait(
    provider: string,
    { position, ms, gone }: { readonly position: number; readonly ms: number; readonly gone: AbortSignal },
  ): Promise<void> {
    const woken = new AbortController();
    const waiter = {
      position,
      wake: () => {
        woken.abort();
      },
    };
    const waiting = this.#waiting.get(provider) ?? new Set();
    this.#waiting.set(provider, waiting.add(waiter));
    await sleep(ms, undefined, { signal: AbortSignal.any([gone, woken.signal]) }).catch(() => undefined);
    waiting.delete(waiter);
  }

  count(provider: string): number {
    return this.#waiting.get(provider)?.size ?? 0;
  }

  /** Wakes whoever stands first: a call became free earlier than could be told. */
  wakeFirst(provider: string): void {
    const waiting = this.#waiting.get(provider) ?? new Set();
    const [first] = [...waiting].toSorted((a, b) => a.position - b.position);
    if (!first) return;
    waiting.delete(first);
    first.wake();
  }
}
