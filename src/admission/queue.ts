import { aroundMs, type Waiting } from './store.ts';

/** A place in the queue. */
export interface Place {
  readonly ticket: string;
  readonly owner: string;
  readonly tenant: string;
  readonly weight: number;
  /** Its number in the order of arrival. */
  readonly arrival: number;
  /** The virtual time when it joined. */
  readonly joinedAt: number;
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
  #waiting: Place[] = [];
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

  /** How many places an owner has. */
  countOf(owner: string): number {
    return this.#waiting.filter((place) => place.owner === owner).length;
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
    const times = { arrival: this.#arrivals, joinedAt: this.#virtual, finish, leaseUntilMs: 0 };
    const place = { ticket, owner, tenant, weight, ...times };
    this.#lastFinish.set(tenant, finish);
    const behind = this.#waiting.findIndex((other) => other.finish > finish);
    this.#waiting.splice(behind === -1 ? this.length : behind, 0, place);
    return place;
  }

  /**
   * Takes the place out because it is served: virtual time goes on. It is its tenant's first turn that is
   * taken, whichever of its places is here for it; those that it was served past get the later ones.
   */
  serve(place: Place): void {
    let turn = place.finish;
    for (const ahead of this.#placesOf(place.tenant)
      .filter(({ finish }) => finish < place.finish)
      .toReversed()) {
      [ahead.finish, turn] = [turn, ahead.finish];
    }
    this.#virtual = Math.max(this.#virtual, turn);
    this.#remove(place);
    this.#sort();
  }

  /**
   * Notes that an absent caller is back. What its tenant let pass is no credit: of its places only the
   * first may still be served as if it had never been away.
   */
  comeBack(place: Place): void {
    if (place.backAtMs === undefined) return;
    place.backAtMs = undefined;
    const [first] = this.#waiting;
    if (!first || first.finish >= this.#virtual) return;
    let before: number | undefined;
    for (const one of this.#placesOf(place.tenant)) {
      const earliest = before === undefined ? this.#virtual : before + 1 / one.weight;
      one.finish = Math.max(one.finish, earliest);
      before = one.finish;
    }
    this.#lastFinish.set(place.tenant, Math.max(this.#lastFinish.get(place.tenant) ?? 0, before ?? 0));
    this.#sort();
  }

  #placesOf(tenant: string): readonly Place[] {
    return this.#waiting.filter((place) => place.tenant === tenant);
  }

  #sort(): void {
    this.#waiting.sort((a, b) => a.finish - b.finish || a.arrival - b.arrival);
  }

  /** Gives places up, as if they had never been taken: what their tenants asked for later moves up. */
  leave(places: readonly Place[]): void {
    const leaving = new Set(places);
    /** Of each tenant, the finish of what it asked for last, from the first place that leaves on. */
    const last = new Map<string, number>();
    for (const place of this.#waiting) {
      const step = 1 / place.weight;
      const before = last.get(place.tenant);
      if (leaving.has(place)) last.set(place.tenant, before ?? place.finish - step);
      else if (before !== undefined) {
        place.finish = Math.max(place.joinedAt, before) + step;
        last.set(place.tenant, place.finish);
      }
    }
    for (const [tenant, finish] of last) this.#lastFinish.set(tenant, finish);
    this.#waiting = this.#waiting.filter((place) => !leaving.has(place));
    this.#sort();
    this.#forgetWhenEmpty();
  }

  leaveAbandoned(nowMs: number): void {
    const abandoned = this.#waiting.filter(({ leaseUntilMs }) => leaseUntilMs <= nowMs);
    if (abandoned.length > 0) this.leave(abandoned);
  }

  #remove(place: Place): void {
    this.#waiting.splice(this.rankOf(place), 1);
    this.#forgetWhenEmpty();
  }

  #forgetWhenEmpty(): void {
    if (this.length > 0) return;
    this.#virtual = 0;
    this.#lastFinish.clear();
  }
}
