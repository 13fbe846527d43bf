import { randomBytes } from 'node:crypto';
import { CallerGone, type AdmissionRequest, type Caller } from '../gateway/admission.ts';
import type { Counts } from './fallback.ts';
import { rulesOf, type Rules } from './rules.ts';
import type { Decision } from './store.ts';
import type { Waiters } from './waiters.ts';

/** How the wait ended. */
export interface Turn {
  readonly decision: Exclude<Decision, { readonly kind: 'queued' }>;
  /** `performance.now()` until which the slot of a call that is granted is surely held. */
  readonly deadlineMs: number;
}

/** Longest time between two questions about a place: a call may be free earlier than was told. */
const askAgainMs = 500;
/** Likewise about the first place: what is free is its. */
const askFirstMs = 250;
/** Nobody who has waited is sent away for this last moment. */
const lastMomentMs = 500;

/** Asks until the place is served or refused. @throws {CallerGone} and nothing is spent or waited for */
export async function waitForTurn(
  { counts, rules, waiters }: { readonly counts: Counts; readonly rules: Rules; readonly waiters: Waiters },
  request: AdmissionRequest,
  { caller, slot }: { readonly caller: Caller; readonly slot: string },
): Promise<Turn> {
  const { provider, policies, ...who } = request;
  const { budget, queue } = rulesOf(rules, provider);
  const freshTicket = randomBytes(16).toString('base64url');
  const untilMs = performance.now() + queue.maxWaitMs + Math.min(lastMomentMs, queue.maxWaitMs / 4);
  let ticket = caller.ticket;
  let patienceMs = queue.maxWaitMs;
  for (;;) {
    const waiting = { ...who, ticket, freshTicket, patienceMs, lengthMax: queue.maxLength };
    const deadlineMs = performance.now() + budget.callMsMax;
    const decision = await counts.decide({ provider, policies, budget, slot, waiting });
    if (decision.kind === 'queued') {
      ticket = decision.ticket;
      const { position, retryAfterMs } = decision;
      const askAgain = position === 1 ? askFirstMs : askAgainMs;
      await waiters.wait(provider, { position, ms: Math.min(retryAfterMs, askAgain), gone: caller.signal });
    }
    if (caller.signal.aborted) {
      await giveUp(decision);
      throw new CallerGone();
    }
    if (decision.kind !== 'queued') return { decision, deadlineMs };
    patienceMs = Math.max(0, Math.floor(untilMs - performance.now()));
  }

  /** Best done at once, though leases and slots see to it in time. */
  async function giveUp(decision: Decision): Promise<void> {
    const ended =
      decision.kind === 'granted'
        ? counts.settle({ provider, budget, slot: decision.slot ?? slot, unsent: true })
        : 'ticket' in decision && decision.ticket !== undefined
          ? counts.leave({ provider, budget, ticket: decision.ticket, owner: request.owner })
          : Promise.resolve();
    await ended.catch(() => undefined);
    waiters.wakeFirst(provider);
  }
}
