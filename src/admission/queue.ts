import { aroundMs, type Waiting } from './store.ts';

/** A place in the queue. */
export interface Place {
  readonly ticket: string;
  readonly owner: string;
  readonly tenant: string;
  readonly weight: number;
  /** Its number in the order of arrival. */
  readonly arrival: number;
  /** When the request would finish in virtual time: the order of the queue. */
  finish: number;
  /** The moment at which the place is given up unless it was asked about. */
  leaseUntilMs: number;
  /** The moment at which its caller was told to be back; left out while it is here. */
  backAtMs?: number | undefined;
}

/**
 * Weighted fair queuing by tenant: a tenant's next request finishes at max(now, its last finish) +
 * 1/weight in virtual time, which is the finish of what was served last. Among equals, and within a
 * tenant, whoever came first is first.
 *
 * @see Golestani, A Self-Clocked Fair Queueing Scheme (INFOCOM 1994)
 */
export class FairQueue {
  /** In the order in which they are served. */
  readonly #waiting: Place[] = [];
  readonly #lastFinish = new Map<string, number>();
  #virtual = 0;
  #arrivals = 0;

  get length(): number {
    return this.#waiting.length;
  }

  get last(): Place | undefined {
    return this.#waiting.at(-1);
  }

  find(ticket: string | undefined, owner: string): Place | undefined {
    return this.#waiting.find((place) => place.ticket === ticket && place.owner === owner);
  }

  /** From 0. */
  rankOf(place: Place): number {
    return this.#waiting.indexOf(place);
  }

  /**
   * Whether the place is served when so many calls are free. An absent caller holds up those behind it
   * only around the moment at which it was told to be back.
   */
  isServed(place: Place, free: number, nowMs: number): boolean {
    const ahead = this.#waiting
      .slice(0, this.rankOf(place))
      .filter(({ backAtMs = nowMs }) => Math.abs(backAtMs - nowMs) <= aroundMs);
    return ahead.length < free;
  }

  finishOfNext({ tenant, weight }: Pick<Waiting, 'tenant' | 'weight'>): number {
    return Math.max(this.#virtual, this.#lastFinish.get(tenant) ?? 0) + 1 / weight;
  }

  join({ freshTicket: ticket, owner, tenant, weight }: Waiting): Place {
    const finish = this.finishOfNext({ tenant, weight });
    this.#arrivals += 1;
    const place = { ticket, owner, tenant, weight, arrival: this.#arrivals, finish, leaseUntilMs: 0 };
    this.#lastFinish.set(tenant, finish);
    const behind = this.#waiting.findIndex((other) => other.finish > finish);
    this.#waiting.splice(behind === -1 ? this.length : behind, 0, place);
    return place;
  }

  /** Takes the place out because it is served: virtual time goes on. */
  serve(place: Place): void {
    this.#virtual = Math.max(this.#virtual, place.finish);
    this.#remove(place);
  }

  /** Gives a place up: what its tenant asked for later moves up, as if the place had never been taken. */
  leave(place: Place): void {
    const step = 1 / place.weight;
    for (const later of this.#waiting) {
      if (later.tenant === place.tenant && later.finish > place.finish) later.finish -= step;
    }
    this.#lastFinish.set(place.tenant, (this.#lastFinish.get(place.tenant) ?? step) - step);
    this.#remove(place);
    this.#waiting.sort((a, b) => a.finish - b.finish || a.arrival - b.arrival);
  }

  leaveAbandoned(nowMs: number): void {
    for (const place of this.#waiting.filter(({ leaseUntilMs }) => leaseUntilMs <= nowMs)) this.leave(place);
  }

  #remove(place: Place): void {
    this.#waiting.splice(this.rankOf(place), 1);
    if (this.length > 0) return;
    this.#virtual = 0;
    this.#lastFinish.clear();
  }
}
