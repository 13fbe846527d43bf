import { onTestFinished } from 'vitest';
import type { EmbedUrl, MintOrder } from '../../src/gateway/embed.ts';
import { Refusal } from '../../src/gateway/refusal.ts';
import type { Session } from '../../src/gateway/session.ts';
import { createHexProvider } from '../../src/providers/hex.ts';
import { createSend, type OutboundRequest, type Send } from '../../src/providers/send.ts';
import { hexProject, readOne, secrets, type OneEmbed, type Settings } from '../support/one-embed.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';

export const tokens = secrets.hex;
export const project = hexProject;

/** A provider answering to a test, gone when the test ends. */
export async function openProvider(): Promise<FakeProvider> {
  const fake = await startFakeProvider();
  onTestFinished(() => fake.stop());
  return fake;
}

export interface Sending extends Omit<Send, 'send'> {
  readonly raw: Send;
  /** Sends in a call of its own. */
  readonly send: (request: OutboundRequest, grant: Parameters<Send['open']>[0]) => ReturnType<Send['send']>;
  /** What became of each attempt. */
  readonly outcomes: readonly string[];
}

export function openSend(origin: string, timeoutMs = 2000): Sending {
  const outcomes: string[] = [];
  const send = createSend({ origin, timeoutMs, observe: (outcome) => outcomes.push(outcome) });
  onTestFinished(() => send.close());
  return { ...send, outcomes, raw: send, send: (request, leave) => send.send(request, send.open(leave)) };
}

/** A place in the budget for another call, or none; counts how often it was asked for. */
export function grant(
  hasAnother = true,
  deadlineMs = Infinity,
): { readonly deadlineMs: number; another(): Promise<boolean>; asked: number } {
  return {
    deadlineMs,
    asked: 0,
    another() {
      this.asked += 1;
      return Promise.resolve(hasAnother);
    },
  };
}

export interface HexOptions {
  readonly provider?: Settings;
  readonly embed?: Settings;
}

export function readHex({ provider, embed }: HexOptions): OneEmbed<'hex'> {
  return readOne('hex', { provider: provider ?? {}, embed: { attributes: { orgId: 'tenant' }, ...embed } });
}

export interface Hex {
  readonly outcomes: readonly string[];
  mint(order?: Partial<MintOrder>, leave?: ReturnType<typeof grant>): Promise<EmbedUrl>;
}

export function openHex(baseUrl: string, options: HexOptions = {}): Hex {
  const { provider, embed } = readHex({ ...options, provider: { baseUrl, ...options.provider } });
  const send = openSend(provider.baseUrl.origin, provider.timeout);
  const bound = createHexProvider(provider, () => send.raw).bind(embed);
  return {
    outcomes: send.outcomes,
    mint: async (parts = {}, leave = grant()) => bound.prepare({ ...order, ...parts })(leave),
  };
}

export const session: Session = {
  issuer: 'x',
  tenant: 'acme',
  user: 'ada',
  claims: new Map<string, Session['claims'] extends ReadonlyMap<string, infer Item> ? Item : never>([
    ['permissions', ['export']],
  ]),
};

export const order: MintOrder = {
  session,
  attributes: new Map([['orgId', 'acme']]),
  inputs: new Map(),
};

export async function refusalOf(promise: Promise<unknown>): Promise<Refusal> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('was not refused');
}
