import type { Budget, LiveSlot } from './store.ts';

/** The places in one provider's budget, and the moments at which they are freed. */
export class Slots {
  readonly #freedAtMs = new Map<string, number>();
  #averageCallMs: number | undefined;
  #heeded = { untilMs: 0, left: 0 };

  /** How many may be granted now: what is free, and no more than the provider says is left. */
  free(budget: Budget, nowMs: number): number {
    const unheeded = this.#unheeded(budget, nowMs);
    return this.#heeded.untilMs > nowMs ? Math.min(unheeded, this.#heeded.left) : unheeded;
  }

  #unheeded(budget: Budget, nowMs: number): number {
    for (const [slot, freedAtMs] of this.#freedAtMs) if (freedAtMs <= nowMs) this.#freedAtMs.delete(slot);
    return budget.max - this.#freedAtMs.size;
  }

  take(slot: string, { perMs, callMsMax }: Budget, nowMs: number): void {
    this.#heeded.left -= 1;
    this.#freedAtMs.set(slot, nowMs + callMsMax + perMs);
  }

  /** Takes slots that were granted elsewhere. */
  restore(slots: readonly LiveSlot[], nowMs: number): void {
    for (const { slot, freedInMs } of slots) {
      if (!this.#freedAtMs.has(slot)) this.#freedAtMs.set(slot, nowMs + freedInMs);
    }
  }

  live(nowMs: number): readonly LiveSlot[] {
    return [...this.#freedAtMs]
      .map(([slot, freedAtMs]) => ({ slot, freedInMs: Math.ceil(freedAtMs - nowMs) }))
      .filter(({ freedInMs }) => freedInMs > 0);
  }

  settle(slot: string, unsent: boolean, { perMs, callMsMax }: Budget, nowMs: number): void {
    const held = this.#freedAtMs.get(slot);
    if (unsent) {
      this.#freedAtMs.delete(slot);
      return;
    }
    if (held !== undefined) {
      const took = Math.max(0, nowMs - (held - callMsMax - perMs));
      this.#averageCallMs = (this.#averageCallMs ?? took) + (took - (this.#averageCallMs ?? took)) / 5;
    }
    this.#freedAtMs.set(slot, nowMs + perMs);
  }

  /** Grants no more than the provider says is left, where that is less than counted here. */
  heed(remaining: number, forMs: number, budget: Budget, nowMs: number): void {
    if (remaining > 0 && remaining >= this.#unheeded(budget, nowMs)) return;
    const { untilMs, left } = this.#heeded;
    this.#heeded = {
      untilMs: Math.max(untilMs, nowMs + Math.ceil(forMs)),
      left: untilMs > nowMs ? Math.min(left, remaining) : remaining,
    };
  }

  /** The moment from which the place at a rank of the queue is served, if nobody else arrives. */
  servedAtMs(rank: number, budget: Budget, nowMs: number): number {
    if (rank < this.free(budget, nowMs)) return nowMs;
    const needed = rank - this.#unheeded(budget, nowMs);
    if (needed < 0) return this.#heeded.untilMs;
    const { max, perMs, callMsMax } = budget;
    const average = this.#averageCallMs ?? 0;
    const freed = [...this.#freedAtMs.values()].toSorted((a, b) => a - b)[needed % max];
    const rounds = Math.floor(needed / max);
    const expected = this.#expected(freed, { perMs, callMsMax, average, nowMs }) + rounds * (perMs + average);
    return Math.max(this.#heeded.untilMs, expected);
  }

  /** A call under way holds its place up to its deadline; it will end earlier. */
  #expected(
    freedAtMs: number | undefined,
    {
      perMs,
      callMsMax,
      average,
      nowMs,
    }: Readonly<Record<'perMs' | 'callMsMax' | 'average' | 'nowMs', number>>,
  ): number {
    if (freedAtMs === undefined) return nowMs + average + perMs;
    return freedAtMs > nowMs + perMs ? Math.max(nowMs + perMs, freedAtMs - callMsMax + average) : freedAtMs;
  }
}
