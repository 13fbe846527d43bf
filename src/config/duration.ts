const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

export const durationPattern = /^(0|[1-9]\d{0,8})(ms|s|m|h|d)$/;

/** Reads `500ms`, `15s`, `10m`, `12h` or `1d` as milliseconds; anything else is undefined. */
export function parseDuration(text: string): number | undefined {
  const [, digits = '', unit = ''] = durationPattern.exec(text) ?? [];
  const factor = unitMs[unit];
  return factor === undefined ? undefined : Number(digits) * factor;
}

/** Writes milliseconds with the largest unit that gives a whole number: 60000 is `1m`. */
export function formatDuration(ms: number): string {
  const [unit, factor] = Object.entries(unitMs).findLast(
    ([, factor]) => ms % factor === 0 && ms >= factor,
  ) ?? ['ms', 1];
  return `${ms / factor}${unit}`;
}
