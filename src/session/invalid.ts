import { Refusal } from '../gateway/refusal.ts';

/** @param reason for the log alone: nothing of the token */
export function invalid(reason: string): Refusal {
  return new Refusal('session_invalid', { reason });
}
