import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import { issuer, secret, sign } from '../session/support.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { startGateway, type RunningGateway } from '../support/gateway.ts';
import { authSecret } from '../support/seal.ts';
import { exchange, type RawAnswer } from './exchange.ts';
import { mark } from './hostile.ts';

export const allowedOrigin = 'http://localhost:4000';
export const supabaseCookie = 'sb-abcdefghijkl-auth-token';
export const sealedCookie = 'next-auth.session-token';

/** What came of one request. */
export interface Exchanged {
  readonly answer: RawAnswer;
  /** Bodies of the calls that the provider saw for it. */
  readonly sent: readonly SentBody[];
}

const sentSchema = z.object({
  hexUserAttributes: z.object({ orgId: z.string() }),
  inputParameters: z.record(z.string(), z.unknown()).default({}),
});
type SentBody = z.output<typeof sentSchema>;

/** A gateway to throw things at, in a process of its own, and what the provider behind it saw. */
export interface Target {
  readonly gateway: RunningGateway;
  /** Bodies of all calls that the provider saw. */
  readonly minted: () => readonly string[];
  /** Sends one whole request, whose answer ends its connection. */
  readonly ask: (request: string) => Promise<Exchanged>;
  /** Fails unless it is the same process, in good health, that has nothing unexpected in its log. */
  readonly expectUnharmed: () => Promise<void>;
}

const plenty = '{ max: 1000000, per: 1m }';

/** Every place that a token may stand in. */
export const everyPlace = `
  - issuer: ${issuer}
    audience: analytics
    tokens: [bearer, "cookie:session", "supabase:abcdefghijkl"]
    keys: { secret: "\${env:SESSION_SECRET}" }
    tenant: claims.org
  - name: storefront
    tokens: ["cookie:${sealedCookie}"]
    keys: { sealed: { format: next-auth, secret: "\${env:AUTH_SECRET}" } }
    tenant: claims.org`;

/**
 * With limits that nothing here reaches.
 *
 * @param sessions YAML entries
 * @param mintMs time that the provider takes for an answer
 */
export async function startTarget(
  sessions = everyPlace,
  environment: Readonly<Record<string, string>> = {},
  mintMs = 0,
): Promise<Target> {
  const provider = await startFakeProvider();
  onTestFinished(() => provider.stop());
  provider.answer({
    status: 200,
    body: JSON.stringify({ url: `${provider.origin}/embedded` }),
    delayMs: mintMs,
  });
  const gateway = await startGateway(
    `
listen: { port: 0, allowedOrigins: ["${allowedOrigin}"] }
operations: { port: 0 }
limits: { client: ${plenty}, user: [${plenty}], tenant: [{ allow: [${plenty}] }] }
sessions:${sessions}
providers:
  hex: { kind: hex, baseUrl: "${provider.origin}", token: "\${env:HEX_TOKEN}", budget: ${plenty} }
  metabase: { kind: metabase, siteUrl: "https://metabase.example.com", secretKey: "\${env:METABASE_KEY}" }
embeds:
  sales:
    provider: hex
    project: d148ce6e-fc3b-40cb-9bdc-52b02d470061
    attributes: { orgId: tenant }
    inputs:
      region: { type: string, oneOf: [EU, US] }
      topN: { type: integer, min: 1, max: 100 }
      detailed: { type: boolean }
      note: { type: string }
  churn: { provider: metabase, dashboard: 12, locked: { org: tenant } }
`,
    {
      ...environment,
      SESSION_SECRET: secret,
      AUTH_SECRET: authSecret,
      HEX_TOKEN: 'hxtw_test',
      METABASE_KEY: '9f86d081884c7d659a2feaa0c55ad015',
    },
  );
  const alive = (): void => {
    process.kill(gateway.pid, 0);
  };
  return {
    gateway,
    minted: () => provider.calls.map(({ body }) => body),
    ask: async (request) => {
      const before = provider.calls.length;
      const answers = await exchange(gateway.url, request);
      const [answer, ...others] = answers;
      if (!answer || others.length > 0) throw new Error(`${answers.length} answers to one request`);
      const sent = provider.calls.slice(before).map(({ body }) => sentSchema.parse(JSON.parse(body)));
      return { answer, sent };
    },
    expectUnharmed: async () => {
      expect(alive).not.toThrow();
      expect((await fetch(`${gateway.operationsUrl}/livez`)).status).toBe(200);
      const metrics = await (await fetch(`${gateway.operationsUrl}/metrics`)).text();
      expect(metrics).toMatch(/^embed_gateway_faults_total 0$/m);
      // parsing fails on anything that is not a line of the log
      const lines = gateway.lines();
      expect(lines.filter(({ level }) => level !== 'info' && level !== 'warn')).toEqual([]);
      expect(lines.map(withoutNames).filter((line) => line.includes(mark))).toEqual([]);
    },
  };
}

/** A session that is believed. */
export function genuine(org = 'acme'): string {
  return sign({ org });
}

/** A line of the log without what a believed session says of itself. */
function withoutNames(line: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...line, tenant: undefined, user: undefined });
}
