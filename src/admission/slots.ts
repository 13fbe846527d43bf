import type { Budget, LiveSlot } from './store.ts';

/** A call's slot in the budget. */
interface Slot {
  readonly freedAtMs: number;
  /** Granted by the shared store, which every process counts. */
  readonly isShared: boolean;
  /** Of another process. */
  readonly isElsewhere?: true;
}

/**
 * The slots in one provider's budget, and the moments at which they are freed.
 *
 * What the shared store granted, to this process or another, is the same for all; of what that leaves of
 * the budget each process takes its share, and never more than its share of the whole. So together they
 * do not pass it, whoever had spent how much.
 */
export class Slots {
  readonly #own = new Map<string, Slot>();
  #elsewhere = new Map<string, Slot>();
  #averageCallMs: number | undefined;
  #heeded = { untilMs: 0, left: 0 };

  /** How many may be granted now: what is free, and no more than the provider says is left. */
  free(budget: Budget, nowMs: number): number {
    const unheeded = this.#unheeded(budget, nowMs);
    return this.#heeded.untilMs > nowMs ? Math.min(unheeded, this.#heeded.left) : unheeded;
  }

  #unheeded(budget: Budget, nowMs: number): number {
    return freeBeside(countOf(this.#taken(nowMs)), budget);
  }

  #taken(nowMs: number): readonly Slot[] {
    this.#forgetFreed(nowMs);
    const elsewhere = [...this.#elsewhere].filter(([slot]) => !this.#own.has(slot)).map(([, slot]) => slot);
    return [...this.#own.values(), ...elsewhere];
  }

  /** Called wherever slots come in, too: while another store grants them nothing else is asked here. */
  #forgetFreed(nowMs: number): void {
    for (const slots of [this.#own, this.#elsewhere]) {
      for (const [slot, { freedAtMs }] of slots) if (freedAtMs <= nowMs) slots.delete(slot);
    }
  }

  take(slot: string, { perMs, callMsMax }: Budget, nowMs: number): void {
    this.#heeded.left -= 1;
    this.#own.set(slot, { freedAtMs: nowMs + callMsMax + perMs, isShared: false });
  }

  /** Notes that the shared store counts these of this process's slots. */
  noteShared(slots: readonly LiveSlot[], nowMs: number): void {
    this.#forgetFreed(nowMs);
    for (const { slot, freedInMs } of slots) {
      const { freedAtMs } = this.#own.get(slot) ?? { freedAtMs: nowMs + freedInMs };
      this.#own.set(slot, { freedAtMs, isShared: true });
    }
  }

  /** Notes what the shared store counts; this process knows its own slots better. */
  mirror(slots: readonly LiveSlot[], nowMs: number): void {
    this.#elsewhere = new Map(
      slots.map(({ slot, freedInMs }) => [
        slot,
        { freedAtMs: nowMs + freedInMs, isShared: true, isElsewhere: true },
      ]),
    );
  }

  /** All that are taken, as far as this process knows. */
  live(nowMs: number): readonly LiveSlot[] {
    this.#forgetFreed(nowMs);
    return liveOf([...this.#elsewhere, ...this.#own], nowMs);
  }

  /** Those granted here that the shared store does not count yet. */
  untold(nowMs: number): readonly LiveSlot[] {
    this.#forgetFreed(nowMs);
    return liveOf(
      [...this.#own].filter(([, { isShared }]) => !isShared),
      nowMs,
    );
  }

  settle(slot: string, unsent: boolean, { perMs, callMsMax }: Budget, nowMs: number): void {
    this.#forgetFreed(nowMs);
    const held = this.#own.get(slot);
    if (unsent) {
      this.#own.delete(slot);
      this.#elsewhere.delete(slot);
      return;
    }
    if (held !== undefined) {
      const took = Math.min(callMsMax, Math.max(0, nowMs - (held.freedAtMs - callMsMax - perMs)));
      this.#averageCallMs = (this.#averageCallMs ?? took) + (took - (this.#averageCallMs ?? took)) / 5;
    }
    this.#own.set(slot, { freedAtMs: nowMs + perMs, isShared: held?.isShared ?? false });
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
    const average = this.#averageCallMs ?? 0;
    const round = budget.perMs + average;
    const perRound = Math.max(1, freeBeside(countOf([]), budget));
    const freed = this.#freedAtMs(budget, average, nowMs)[needed % perRound] ?? nowMs + round;
    return Math.max(this.#heeded.untilMs, freed + Math.floor(needed / perRound) * round);
  }

  /** The moments at which one more call becomes free, in order. */
  #freedAtMs(budget: Budget, averageCallMs: number, nowMs: number): readonly number[] {
    const taken = this.#taken(nowMs).toSorted((a, b) => a.freedAtMs - b.freedAtMs);
    const moments: number[] = [];
    let left = countOf(taken);
    let free = freeBeside(left, budget);
    for (const slot of taken) {
      left = without(left, slot);
      const then = freeBeside(left, budget);
      for (; free < then; free += 1) {
        moments.push(expected(slot.freedAtMs, { budget, averageCallMs, nowMs }));
      }
    }
    return moments;
  }
}

interface Count {
  readonly own: number;
  readonly shared: number;
  /** Granted while the shared store was out of reach. */
  readonly local: number;
}

function countOf(slots: readonly Slot[]): Count {
  const shared = slots.filter(({ isShared }) => isShared).length;
  const elsewhere = slots.filter(({ isElsewhere }) => isElsewhere).length;
  return { own: slots.length - elsewhere, shared, local: slots.length - shared };
}

function without({ own, shared, local }: Count, { isShared, isElsewhere }: Slot): Count {
  return {
    own: isElsewhere ? own : own - 1,
    shared: isShared ? shared - 1 : shared,
    local: isShared ? local : local - 1,
  };
}

function liveOf(slots: readonly (readonly [string, Slot])[], nowMs: number): readonly LiveSlot[] {
  const last = new Map(slots.map(([slot, { freedAtMs }]) => [slot, Math.ceil(freedAtMs - nowMs)]));
  return [...last].map(([slot, freedInMs]) => ({ slot, freedInMs }));
}

function freeBeside({ own, shared, local }: Count, { max, replicas = 1 }: Budget): number {
  const shareOfLeft = Math.floor(Math.max(0, max - shared) / replicas);
  return Math.min(shareOfLeft - local, Math.floor(max / replicas) - own);
}

/** A call under way holds its place up to its deadline; it will end earlier. */
function expected(
  freedAtMs: number,
  { budget, averageCallMs, nowMs }: { budget: Budget; averageCallMs: number; nowMs: number },
): number {
  const { perMs, callMsMax } = budget;
  if (freedAtMs <= nowMs + perMs) return freedAtMs;
  return Math.max(nowMs + perMs, freedAtMs - callMsMax + averageCallMs);
}
