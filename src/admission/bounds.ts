import { heededMsMax, type Policy } from '../gateway/admission.ts';
import type { Budget, LiveSlot } from './store.ts';
import { bucketsKept, bucketsPerWindow } from './window.ts';

/** The longest queue that a configuration may allow. */
export const queueLengthMax = 100_000;

/** What a shared store says, held to what the configuration allows: others may write there, too. */
export function within(number: number, least: number, most: number): number {
  return Number.isNaN(number) ? least : Math.min(Math.max(number, least), most);
}

/** The longest time for which a call takes its slot. */
export function slotMsMax({ perMs, callMsMax }: Budget): number {
  return perMs + callMsMax;
}

/** The longest wait that the last of a queue of this length may be told. */
export function waitMsMax(budget: Budget, length: number): number {
  const rounds = Math.floor(length / budget.max) + 2;
  return Math.max(heededMsMax, rounds * slotMsMax(budget));
}

/** The longest time until a window has more room. */
export function resetMsMax({ perMs }: Pick<Policy, 'perMs'>): number {
  return Math.ceil((perMs * bucketsKept) / bucketsPerWindow) + 1;
}

/** Slots of a shared store, none held for longer than a slot of this budget can be. */
export function withinBudget(slots: readonly LiveSlot[], budget: Budget): readonly LiveSlot[] {
  return slots.map(({ slot, freedInMs }) => ({ slot, freedInMs: within(freedInMs, 0, slotMsMax(budget)) }));
}
