import type { Policy } from '../../src/gateway/admission.ts';
import type { Budget, Decision, Store } from '../../src/admission/store.ts';

let numbers = 0;

/** A name that no other test uses, since one Redis serves them all. */
export function unique(prefix: string): string {
  numbers += 1;
  return `${prefix}-${process.pid}-${numbers}`;
}

export function policy(fields: Partial<Policy> = {}): Policy {
  return { name: 'user', subject: unique('subject'), max: 1, perMs: 60_000, ...fields };
}

export const wide: Budget = { max: 100_000, perMs: 60_000, callMsMax: 10_000 };

export interface Asker {
  /** One decision under these policies; each takes a slot of its own. */
  readonly decide: (policies?: readonly Policy[], slot?: string) => Promise<Decision>;
  readonly settle: (slot: string, unsent?: boolean) => Promise<void>;
}

/** One provider of a store, with its budget. */
export function asker(store: Store, budget: Budget = wide): Asker {
  const provider = unique('provider');
  return {
    decide: (policies = [], slot = unique('slot')) => store.decide({ policies, provider, budget, slot }),
    settle: (slot, unsent = false) => store.settle({ provider, budget, slot, unsent }),
  };
}

export async function kinds(decisions: readonly Promise<Decision>[]): Promise<readonly string[]> {
  return (await Promise.all(decisions)).map(({ kind }) => kind);
}

export function count(kinds: readonly string[], kind: string): number {
  return kinds.filter((one) => one === kind).length;
}
