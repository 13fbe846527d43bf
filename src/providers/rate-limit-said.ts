import { heededMsMax, type Heeded } from '../gateway/admission.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Where a provider says nothing of time: "429 until reset, 60 seconds after the first request". */
const waitMsDefault = 60_000;

/**
 * What a provider says of its own count. The names of its headers are unknown, so `Retry-After`,
 * `RateLimit`, `RateLimit-*` and `X-RateLimit-*` are all read, leniently.
 *
 * @returns undefined when it says nothing; after a 429 never: then nothing is left
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10
 */
export function rateLimitSaid(
  { status, headers }: { readonly status: number; readonly headers: Headers },
  nowMs = Date.now(),
): Heeded | undefined {
  const field = text(headers.ratelimit);
  const remaining =
    status === 429
      ? 0
      : firstNumber([
          /;\s*r=(\d+)/.exec(field)?.[1],
          text(headers['ratelimit-remaining']),
          text(headers['x-ratelimit-remaining']),
        ]);
  if (remaining === undefined) return undefined;
  const times = [
    text(headers['retry-after']),
    /;\s*t=(\d+)/.exec(field)?.[1] ?? '',
    text(headers['ratelimit-reset']),
    text(headers['x-ratelimit-reset']),
  ];
  const forMs = times.map((time) => untilMs(time, nowMs)).find((ms) => ms !== undefined) ?? waitMsDefault;
  return { remaining, forMs: Math.min(forMs, heededMsMax) };
}

/** Seconds from now, seconds or milliseconds since the epoch (told apart by size), or a date. */
function untilMs(time: string, nowMs: number): number | undefined {
  const seconds = /^\d{1,13}(\.\d+)?$/.test(time) ? Number(time) : undefined;
  if (seconds === undefined) return positive(Date.parse(time) - nowMs);
  if (seconds < 1e9) return positive(seconds * 1000);
  return positive(seconds < 1e11 ? seconds * 1000 - nowMs : seconds - nowMs);
}

function positive(ms: number): number | undefined {
  return ms > 0 ? ms : undefined;
}

function firstNumber(texts: readonly (string | undefined)[]): number | undefined {
  const found = texts.find((one) => one !== undefined && /^\d{1,9}$/.test(one));
  return found === undefined ? undefined : Number(found);
}

function text(header: string | string[] | undefined): string {
  return [header].flat()[0]?.trim() ?? '';
}
