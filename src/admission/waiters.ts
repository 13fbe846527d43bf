import { setTimeout as sleep } from 'node:timers/promises';

/** A request of this process that waits for its turn. */
interface Waiter {
  readonly position: number;
  readonly wake: () => void;
}

/** The requests of this process that wait for one provider, each until it is time to ask again. */
export class Waiters {
  readonly #waiting = new Set<Waiter>();

  /** Ends after the time given, when it is woken, or when its caller goes. */
  async wait(position: number, ms: number, gone: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const waiter = {
      position,
      wake: () => {
        woken.abort();
      },
    };
    this.#waiting.add(waiter);
    await sleep(ms, undefined, { signal: AbortSignal.any([gone, woken.signal]) }).catch(() => undefined);
    this.#waiting.delete(waiter);
  }

  /** Wakes whoever stands first: a call became free earlier than could be told. */
  wakeFirst(): void {
    const [first] = [...this.#waiting].toSorted((a, b) => a.position - b.position);
    if (!first) return;
    this.#waiting.delete(first);
    first.wake();
  }
}
