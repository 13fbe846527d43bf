import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { readConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problems.ts';
import type { EmbedConfig, ProviderConfig } from '../../src/config/schema.ts';
import type { EmbedUrl, MintOrder } from '../../src/gateway/embed.ts';
import { Refusal } from '../../src/gateway/refusal.ts';
import type { Session } from '../../src/gateway/session.ts';
import { createHexProvider } from '../../src/providers/hex.ts';
import { createSend, type OutboundRequest, type Send } from '../../src/providers/send.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';

export const project = 'd148ce6e-fc3b-40cb-9bdc-52b02d470061';
export const tokens = [`hxtw_${'1a'.repeat(48)}`, `hxtw_${'2b'.repeat(48)}`] as const;

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
export function grant(hasAnother = true): { another(): Promise<boolean>; asked: number } {
  return {
    asked: 0,
    another() {
      this.asked += 1;
      return Promise.resolve(hasAnother);
    },
  };
}

export interface HexOptions {
  readonly provider?: Readonly<Record<string, unknown>>;
  readonly embed?: Readonly<Record<string, unknown>>;
}

/** A provider and an embed of Hex read by the real loader. */
export function readHex({ provider, embed }: HexOptions): {
  readonly provider: ProviderConfig;
  readonly embed: EmbedConfig;
} {
  const session = { issuer: 'x', keys: { secret: '${env:S}' }, require: ['true'], tenant: 'claims.org' };
  const text = stringify({
    sessions: [session],
    providers: { hex: { kind: 'hex', token: tokens[0], ...provider } },
    embeds: { sales: { provider: 'hex', project, attributes: { orgId: 'tenant' }, ...embed } },
  });
  const loaded = readConfig('gateway.yaml', text, { S: 's'.repeat(32) });
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const found = { provider: loaded.config.providers.get('hex'), embed: loaded.config.embeds.get('sales') };
  if (!found.provider || !found.embed) throw new Error('the loader lost an entry');
  return { provider: found.provider, embed: found.embed };
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
