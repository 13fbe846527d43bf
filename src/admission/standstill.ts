/** A process that has not looked for so long has stood still. */
const stoodStillMs = 3000;

/** Notices that this process stood still, and knows nothing of what happened meanwhile. */
export class Standstill {
  #lookedAtMs = performance.now();

  /** To be called every second or so. @returns true the first time after the process stood still */
  look(): boolean {
    const nowMs = performance.now();
    const stoodStill = nowMs - this.#lookedAtMs > stoodStillMs;
    this.#lookedAtMs = nowMs;
    return stoodStill;
  }
}
