/**
 * A trailing window is counted in 60 buckets, so its memory does not grow with its limit. A bucket
 * counts until the last moment it covers has left the window: never too much is allowed, and what is
 * freed comes at most 1/60 of the window late.
 */
export const bucketsPerWindow = 60;

/** The bucket that a moment falls into. */
export function bucketAt(nowMs: number, perMs: number): number {
  return Math.floor((nowMs * bucketsPerWindow) / perMs);
}

/** The first moment at which a bucket no longer counts. */
export function bucketEndsMs(bucket: number, perMs: number): number {
  return Math.ceil(((bucket + bucketsPerWindow + 1) * perMs) / bucketsPerWindow);
}

/** Requests counted in one window, by bucket, oldest first. */
export class TrailingWindow {
  readonly #counts = new Map<number, number>();
  readonly #perMs: number;
  #total = 0;

  constructor(perMs: number) {
    this.#perMs = perMs;
  }

  /** Forgets what has left the window; gives what is in it. */
  total(nowMs: number): number {
    for (const [bucket, count] of this.#counts) {
      if (bucketEndsMs(bucket, this.#perMs) > nowMs) break;
      this.#counts.delete(bucket);
      this.#total -= count;
    }
    return this.#total;
  }

  add(nowMs: number): void {
    const bucket = bucketAt(nowMs, this.#perMs);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#total += 1;
  }

  /** How long until `needed` requests have left; 0 when that is now. */
  freesMs(nowMs: number, needed: number): number {
    let freed = 0;
    for (const [bucket, count] of this.#counts) {
      if (freed >= needed) break;
      freed += count;
      if (freed >= needed) return Math.max(0, bucketEndsMs(bucket, this.#perMs) - nowMs);
    }
    return 0;
  }
}
