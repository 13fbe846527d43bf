const waitMsMax = 3_600_000;

/**
 * How long a provider asks to be left alone, read from `Retry-After` in seconds or as a date.
 *
 * @returns milliseconds, at most an hour; undefined when it does not say
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterMs(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  nowMs = Date.now(),
): number | undefined {
  const value = [headers['retry-after']].flat()[0]?.trim() ?? '';
  const ms = /^\d{1,9}(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, waitMsMax) : undefined;
}
