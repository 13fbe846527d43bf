const windowMs = 60_000;

/**
 * Hex's request limit: the window starts at its first request and everything is free again 60 s later.
 *
 * Hex's page says "429 until reset, 60 seconds after the first request".
 */
export class HexWindow {
  readonly #max: number;
  #startedMs = -Infinity;
  #taken = 0;

  /** @param max requests in one window */
  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Counts one request.
   *
   * @param nowMs a clock that never goes back
   * @returns 0 when the request passes, else the milliseconds until the window resets
   */
  take(nowMs: number): number {
    if (nowMs - this.#startedMs >= windowMs) {
      this.#startedMs = nowMs;
      this.#taken = 0;
    }
    if (this.#taken >= this.#max) return this.#startedMs + windowMs - nowMs;
    this.#taken += 1;
    return 0;
  }
}
