import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhenResult,
} from 'cockatiel';
import { Pool } from 'undici';
import type { CallGrant } from '../gateway/admission.ts';
import { readCapped } from '../gateway/read-capped.ts';
import { Refusal } from '../gateway/refusal.ts';
import { createConnector } from './connector.ts';
import { said } from './excerpt.ts';

export interface OutboundRequest {
  readonly method: 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Values that must not appear in a log line about this call; asked for when there is one to write. */
  readonly hidden: () => readonly string[];
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

/** All that is sent for one mint: one deadline, and one second attempt at most. */
export interface Call {
  readonly deadline: AbortSignal;
  /** Whether an attempt that got this far may be repeated; true once at most. */
  readonly mayRepeat: (reached: Reached) => Promise<boolean>;
}

/** The one way out to a provider. */
export interface Send {
  /** @param grant asked for another call of the budget before a second attempt */
  readonly open: (grant: CallGrant) => Call;
  /**
   * Sends a request and gives the answer, whatever its status below 500.
   *
   * Connections are kept; redirects are not followed; an answer over 64 kB is none. It is tried again
   * only when nothing was answered (no connection, connection lost, 502 to 504) and the budget has
   * another call, or needs none because the first never left. After five failures in a row to reach the
   * provider nothing is sent for 10 s; an answer of 500 is the request's own matter and closes nothing.
   *
   * @throws {Refusal} `provider_unavailable`, `provider_timeout`
   */
  readonly send: (request: OutboundRequest, call: Call) => Promise<Answer>;
  readonly isReachable: () => boolean;
  readonly close: () => Promise<void>;
}

/** How far an attempt got that gave no usable answer. */
type Reached = 'unsent' | 'unanswered' | 'answered' | 'timed out';

interface Failure {
  readonly reached: Reached;
  readonly refusal: Refusal;
}

const answerBytesMax = 65_536;
const connections = 64;
const failuresInARow = 5;
const circuitOpenMs = 10_000;

/** The connection was lost; before an answer began, nothing says whether the provider counted the call. */
const lostCodes = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

export function createSend({ origin, timeoutMs, observe }: SendOptions): Send {
  const { connect, isUnconnected } = createConnector(timeoutMs);
  const pool = new Pool(origin, {
    connections,
    pipelining: 1,
    // the call's own deadline ends it; these would end it a little earlier, as another failure
    headersTimeout: 0,
    bodyTimeout: 0,
    connect,
  });
  const breaker = circuitBreaker(
    handleWhenResult((result) => isOutage(result as Answer | Failure)),
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
      return failure(isGateway ? 'unanswered' : 'answered', said({ status, text }, hidden()));
    } catch (error) {
      const code = errorCode(error);
      note(signal.aborted ? 'timeout' : code);
      if (signal.aborted) return timedOut(timeoutMs);
      if (isUnconnected(error)) return failure('unsent', code);
      return failure(!isAnswered && lostCodes.has(code) ? 'unanswered' : 'answered', code);
    }
  }

  async function attempts(request: OutboundRequest, call: Call): Promise<Answer | Failure> {
    const first = await attempt(request, call.deadline);
    if (!('refusal' in first) || !(await call.mayRepeat(first.reached))) return first;
    const second = await attempt(request, call.deadline);
    if (!('refusal' in second)) return second;
    return first.reached === 'unsent' ? second : first;
  }

  /** The call's own, and no later than its slot in the budget is held. */
  function deadlineOf({ deadlineMs }: CallGrant): AbortSignal {
    const leftMs = Math.min(timeoutMs, deadlineMs - performance.now());
    return leftMs > 0 ? AbortSignal.timeout(Math.ceil(leftMs)) : AbortSignal.abort();
  }

  return {
    open: (grant) => {
      let isRepeated = false;
      return {
        deadline: deadlineOf(grant),
        mayRepeat: async (reached) => {
          if (isRepeated || reached === 'answered' || reached === 'timed out') return false;
          isRepeated = true;
          return reached === 'unsent' || (await grant.another());
        },
      };
    },
    send: async (request, call) => {
      if (call.deadline.aborted) {
        throw new Refusal('provider_timeout', { reason: 'no time was left to send it', unsent: true });
      }
      const result = await breaker
        .execute(() => attempts(request, call))
        .catch((error: unknown): Failure => {
          if (error instanceof BrokenCircuitError) return failure('unsent', 'circuit open');
          throw error;
        });
      if ('refusal' in result) throw result.refusal;
      return result;
    },
    isReachable: () => breaker.state !== CircuitState.Open,
    close: () => pool.close(),
  };
}

function isOutage(result: Answer | Failure): boolean {
  return 'refusal' in result && result.reached !== 'answered';
}

function failure(reached: Reached, reason: string): Failure {
  return {
    reached,
    refusal: new Refusal('provider_unavailable', { reason, unsent: reached === 'unsent' }),
  };
}

function timedOut(timeoutMs: number): Failure {
  const reason = `no answer within ${timeoutMs} ms`;
  return { reached: 'timed out', refusal: new Refusal('provider_timeout', { reason }) };
}

function errorCode(error: unknown): string {
  const { code, name, cause } = error as { code?: unknown; name?: unknown; cause?: { code?: unknown } };
  // a code is Node's or undici's own word; anything else might be the provider's
  const words = [code, cause?.code, name].filter((word) => typeof word === 'string');
  return words.find((word) => /^[A-Za-z][A-Za-z0-9_]{1,63}$/.test(word)) ?? 'unknown';
}
