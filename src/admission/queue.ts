import { aroundMs, type Waiting } from './store.ts';

/** A place in the queue. */
export interface Place {
  readonly ticket: string;
  readonly owner: string;
  readonly embed: string;
  readonly tenant: string;
  readonly weight: number;
  /** Its number in the order of arrival. */
  readonly arrival: number;
  /** The virtual time when it joined. */
  readonly joinedAt: number;
  /** Its round among the places of its tenant: who holds fewer places comes first. */
  round: number;
  /** When the request would finish in virtual time: the order of the queue. */
  finish: number;
  /** The moment at which the place is given up unless it was asked about. */
  leaseUntilMs: number;
  /** The moment at which its caller was told to be back; left out while it is here. */
  backAtMs?: number | undefined;
}

/**
 * Weighted fair queuing by tenant: a tenant's next request finishes at max(now, its last finish) +
 * 1/weight in virtual time, which is the finish of what was served last. Equal finishes are served in
 * the order of arrival.
 *
 * Within a tenant its turns go round its owners: a place's round is the one its tenant is in, plus the
 * places its owner has, plus 1. Within a round places are served in the order of arrival.
 *
 * @see Golestani, A Self-Clocked Fair Queueing Scheme (INFOCOM 1994)
 */
export class FairQueue {
  /** In the order in which they are served. */
  #waiting: Place[] = [];
  readonly #lastFinish = new Map<string, number>();
  /** The round that each tenant is in. */
  readonly #rounds = new Map<string, number>();
  #virtual = 0;
  #arrivals = 0;

  get length(): number {
    return this.#waiting.length;
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

  #finishOfNext({ tenant, weight }: Pick<Waiting, 'tenant' | 'weight'>): number {
    return Math.max(this.#virtual, this.#lastFinish.get(tenant) ?? 0) + 1 / weight;
  }

  #roundOf(tenant: string): number {
    return this.#rounds.get(tenant) ?? 0;
  }

  #roundOfNext({ owner, tenant }: Pick<Waiting, 'owner' | 'tenant'>): number {
    return this.#roundOf(tenant) + this.countOf(owner) + 1;
  }

  /** The place that would be last if this request joined; undefined when that is the request itself. */
  lastBehind(waiting: Waiting): Place | undefined {
    const last = this.#waiting.at(-1);
    if (!last || this.#finishOfNext(waiting) < last.finish) return last;
    const own = this.#placesOf(waiting.tenant).at(-1);
    return own && own.round > this.#roundOfNext(waiting) ? own : undefined;
  }

  join(waiting: Waiting): Place {
    const { freshTicket: ticket, owner, embed, tenant, weight } = waiting;
    const round = this.#roundOfNext(waiting);
    const isPassing = this.#placesOf(tenant).some((place) => place.round > round);
    if (isPassing) this.#renewTurns(tenant);
    const finish = this.#finishOfNext(waiting);
    this.#arrivals += 1;
    const times = { arrival: this.#arrivals, joinedAt: this.#virtual, round, finish, leaseUntilMs: 0 };
    const place = { ticket, owner, embed, tenant, weight, ...times };
    this.#lastFinish.set(tenant, finish);
    this.#waiting.push(place);
    if (isPassing) this.#takeTurns(tenant);
    else this.#sort();
    return place;
  }

  /** Gives a tenant's turns to its places by their rounds. */
  #takeTurns(tenant: string): void {
    const places = this.#placesOf(tenant);
    const turns = places.map(({ finish }) => finish).toSorted((a, b) => a - b);
    const order = places.toSorted((a, b) => a.round - b.round || a.arrival - b.arrival);
    for (const [index, place] of order.entries()) place.finish = turns[index] ?? place.finish;
    this.#sort();
  }

  /**
   * Takes the place out because it is served: virtual time goes on. It is its tenant's first turn that is
   * taken, whichever of its places is here for it; those that it was served past get the later ones.
   */
  serve(place: Place): void {
    const ahead = this.#placesOf(place.tenant).filter(({ finish }) => finish < place.finish);
    const { round } = ahead.find(({ owner }) => owner === place.owner) ?? place;
    this.#rounds.set(place.tenant, Math.max(this.#roundOf(place.tenant), round));
    let turn = place.finish;
    for (const passed of ahead.toReversed()) [passed.finish, turn] = [turn, passed.finish];
    this.#virtual = Math.max(this.#virtual, turn);
    this.#remove(place);
    this.#sort();
  }

  /**
   * Notes that an absent caller is back. What its tenant let pass is no credit: of its places only the
   * first may still be served as if it had never been away; and likewise of its owner's.
   */
  comeBack(place: Place): void {
    if (place.backAtMs === undefined) return;
    place.backAtMs = undefined;
    this.#renewRounds(place);
    this.#renewTurns(place.tenant);
  }

  /** Turns that a tenant let pass start from now: whoever takes them has no credit of them. */
  #renewTurns(tenant: string): void {
    const [first] = this.#waiting;
    if (!first || first.finish >= this.#virtual) return;
    let before: number | undefined;
    for (const one of this.#placesOf(tenant)) {
      const earliest = before === undefined ? this.#virtual : before + 1 / one.weight;
      one.finish = Math.max(one.finish, earliest);
      before = one.finish;
    }
    this.#lastFinish.set(tenant, Math.max(this.#lastFinish.get(tenant) ?? 0, before ?? 0));
    this.#sort();
  }

  /** Likewise for the rounds that an owner let pass, but for its first. */
  #renewRounds({ owner, tenant, round }: Place): void {
    let before = this.#roundOf(tenant);
    if (round > before || this.countOf(owner) < 2) return;
    const own = this.#placesOf(tenant).filter((place) => place.owner === owner);
    for (const later of own.slice(1)) {
      later.round = Math.max(later.round, before + 1);
      before = later.round;
    }
    this.#takeTurns(tenant);
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
    /** Of each tenant, the finish of its last place that stays. */
    const staying = new Map<string, number>();
    for (const place of this.#waiting) {
      const { tenant, joinedAt, weight } = place;
      const before = last.get(tenant);
      if (leaving.has(place)) {
        last.set(tenant, before ?? Math.max(staying.get(tenant) ?? 0, place.finish - 1 / weight));
        continue;
      }
      if (before !== undefined) {
        // it may have the turn of one that joined earlier: it moves up, never back
        place.finish = Math.min(place.finish, Math.max(joinedAt, before) + 1 / weight);
        last.set(tenant, place.finish);
      }
      staying.set(tenant, place.finish);
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
    this.#rounds.clear();
  }
}
