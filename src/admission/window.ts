/**
 * A trailing window is counted in 60 buckets, so its memory does not grow with its limit. A bucket
 * counts until the last moment it covers has left the window: never too much is allowed, and what is
 * freed comes at most 1/60 of the window late.
 */
export const bucketsPerWindow = 60;

/** Besides the 60 of the window there is the one that is leaving it. */
export const bucketsKept = bucketsPerWindow + 1;

/** The bucket that a moment falls into. */
export function bucketAt(nowMs: number, perMs: number): number {
  return Math.floor((nowMs * bucketsPerWindow) / perMs);
}

/** The first moment at which a bucket no longer counts. */
export function bucketEndsMs(bucket: number, perMs: number): number {
  return Math.ceil(((bucket + bucketsKept) * perMs) / bucketsPerWindow);
}

/** Requests counted in one window, in a ring of buckets. Moments must not go back. */
export class TrailingWindow {
  readonly #counts = new Uint32Array(bucketsKept);
  readonly #perMs: number;
  #newest = 0;
  #total = 0;

  constructor(perMs: number) {
    this.#perMs = perMs;
  }

  /** Forgets what has left the window; gives what is in it. */
  total(nowMs: number): number {
    const newest = Math.max(this.#newest, bucketAt(nowMs, this.#perMs));
    for (let bucket = Math.max(this.#newest + 1, newest - bucketsPerWindow); bucket <= newest; bucket += 1) {
      this.#total -= this.#count(bucket);
      this.#counts[bucket % bucketsKept] = 0;
    }
    this.#newest = newest;
    return this.#total;
  }

  add(nowMs: number): void {
    this.total(nowMs);
    this.#counts[this.#newest % bucketsKept] = this.#count(this.#newest) + 1;
    this.#total += 1;
  }

  /** How long until `needed` requests have left; 0 when fewer were counted. */
  freesMs(nowMs: number, needed: number): number {
    this.total(nowMs);
    let freed = 0;
    for (let bucket = this.#newest - bucketsPerWindow; bucket <= this.#newest; bucket += 1) {
      if (bucket < 0) continue;
      freed += this.#count(bucket);
      if (freed >= needed) return Math.max(0, bucketEndsMs(bucket, this.#perMs) - nowMs);
    }
    return 0;
  }

  #count(bucket: number): number {
    return this.#counts[bucket % bucketsKept] ?? 0;
  }
}
