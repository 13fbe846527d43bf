import { performance } from 'node:perf_hooks';
import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen } from 'cockatiel';
import { Pool } from 'undici';
import type { Grant } from '../gateway/admission.ts';
import { readCapped } from '../gateway/read-capped.ts';
import { Refusal } from '../gateway/refusal.ts';
import { excerpt } from './excerpt.ts';

export interface OutboundRequest {
  readonly method: 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Values that must not appear in a log line about this call. */
  readonly hidden: readonly string[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface SendOptions {
  readonly origin: string;
  /** One deadline for the whole call, retry included. */
  readonly timeoutMs: number;
  /** Told of every attempt: its status, or why there is none. */
  readonly observe: (outcome: string, durationMs: number) => void;
}

/** The one way out to a provider. */
export interface Send {
  /**
   * Sends a request and gives the answer, whatever its status below 500.
   *
   * Connections are kept; redirects are not followed; an answer over 64 kB is none. It is tried twice
   * at most, and again only when nothing was answered (no connection, connection lost, 502 to 504) and
   * the budget has another call, or needs none because the first never left. After five failures in a
   * row nothing is sent for 10 s.
   *
   * @param deadline default: the time-out, from now
   * @throws {Refusal} `provider_unavailable`, `provider_timeout`
   */
  readonly send: (
    request: OutboundRequest,
    grant: Pick<Grant, 'another'>,
    deadline?: AbortSignal,
  ) => Promise<Answer>;
  readonly isReachable: () => boolean;
  readonly close: () => Promise<void>;
}

/** An attempt that gave no usable answer, and how far it got: that says whether it may be repeated. */
interface Failure {
  readonly reached: 'unsent' | 'unanswered' | 'answered';
  readonly refusal: Refusal;
}

const answerBytesMax = 65_536;
const connections = 64;
const failuresInARow = 5;
const circuitOpenMs = 10_000;

/** Failures before a byte was sent: the provider cannot have counted the call. */
const unsentCodes = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The connection was lost; before an answer began, nothing says whether the provider counted the call. */
const lostCodes = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

export function createSend({ origin, timeoutMs, observe }: SendOptions): Send {
  const pool = new Pool(origin, {
    connections,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: timeoutMs },
  });
  const breaker = circuitBreaker(
    handleWhen((error) => error instanceof Refusal),
    { halfOpenAfter: circuitOpenMs, breaker: new ConsecutiveBreaker(failuresInARow) },
  );

  async function attempt(request: OutboundRequest, signal: AbortSignal): Promise<Answer | Failure> {
    const { method, path, headers, body, hidden } = request;
    const startedAt = performance.now();
    let isAnswered = false;
    const note = (outcome: string): void => {
      observe(outcome, performance.now() - startedAt);
    };
    try {
      const response = await pool.request({ method, path, headers, body, signal });
      isAnswered = true;
      const { statusCode: status } = response;
      const text = await readCapped(response.body, answerBytesMax);
      note(String(status));
      if (text === undefined) return failure('answered', 'the answer is over 64 kB or not UTF-8');
      if (status < 500) return { status, headers: response.headers, text };
      const isGateway = status >= 502 && status <= 504;
      return failure(isGateway ? 'unanswered' : 'answered', `status ${status}: ${excerpt(text, hidden)}`);
    } catch (error) {
      const code = errorCode(error);
      note(signal.aborted ? 'timeout' : code);
      if (signal.aborted) return { reached: 'answered', refusal: new Refusal('provider_timeout') };
      return failure(isAnswered ? 'answered' : reachedBefore(code), code);
    }
  }

  async function attempts(
    request: OutboundRequest,
    grant: Pick<Grant, 'another'>,
    deadline: AbortSignal,
  ): Promise<Answer> {
    const first = await attempt(request, deadline);
    if (!('refusal' in first)) return first;
    const mayRepeat =
      first.reached === 'unsent' || (first.reached === 'unanswered' && (await grant.another()));
    if (!mayRepeat) throw first.refusal;
    const second = await attempt(request, deadline);
    if (!('refusal' in second)) return second;
    throw first.reached === 'unsent' ? second.refusal : first.refusal;
  }

  return {
    send: async (request, grant, deadline = AbortSignal.timeout(timeoutMs)) => {
      try {
        return await breaker.execute(() => attempts(request, grant, deadline));
      } catch (error) {
        if (error instanceof BrokenCircuitError) throw unavailable('circuit open', true);
        throw error;
      }
    },
    isReachable: () => breaker.state !== CircuitState.Open,
    close: () => pool.close(),
  };
}

function reachedBefore(code: string): Failure['reached'] {
  if (unsentCodes.has(code)) return 'unsent';
  return lostCodes.has(code) ? 'unanswered' : 'answered';
}

function failure(reached: Failure['reached'], reason: string): Failure {
  return { reached, refusal: unavailable(reason, reached === 'unsent') };
}

function unavailable(reason: string, unsent = false): Refusal {
  return new Refusal('provider_unavailable', { reason, unsent });
}

function errorCode(error: unknown): string {
  const { code, name, cause } = error as { code?: string; name?: string; cause?: { code?: string } };
  return code ?? cause?.code ?? name ?? 'unknown';
}
