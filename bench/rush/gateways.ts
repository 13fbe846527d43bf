import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { startRedis } from '../../test/support/redis.ts';
import type { Contender } from './contender.ts';
import { projectId } from './provider.ts';
import type { Scenario } from './scenario.ts';
import { audience, issuer, sessionSecret } from './sessions.ts';

export interface GatewayOptions {
  readonly scenario: Scenario;
  /** The provider's origin. */
  readonly provider: string;
  /** The expression that names a session's tenant: the queue is fair between these. */
  readonly tenant: string;
}

const listening = z.object({ publicUrl: z.string() });

/** Starts two gateways, each a process as it is deployed, over a Redis of their own. */
export async function startGateways(options: GatewayOptions): Promise<Contender> {
  const folder = await mkdtemp(join(tmpdir(), 'embed-gateway-rush-'));
  const redis = await startRedis();
  const file = join(folder, 'gateway.yaml');
  const stops = [() => redis.stop(), () => rm(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    await Promise.all(stops.map((end) => end()));
  };
  try {
    await writeFile(file, configuration(options, redis.url));
    const urls = await Promise.all([serve(file, stops), serve(file, stops)]);
    return { urls, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Resolves with the gateway's origin; what stops it is added to `stops` at once. */
function serve(file: string, stops: (() => Promise<void>)[]): Promise<string> {
  // the build is looked for in the working folder: the package's, where npm starts scripts
  const child = spawn(process.execPath, ['dist/cli/main.js', 'serve', '--config', file], {
    env: { HEX_TOKEN: 'hxtw_rush', SESSION_SECRET: sessionSecret },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  stops.push(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  return new Promise((resolve, reject) => {
    closed.then(() => {
      reject(new Error('a gateway ended'));
    }, reject);
    createInterface(child.stdout).on('line', (line) => {
      if (line.includes('"msg":"listening"')) resolve(listening.parse(JSON.parse(line)).publicUrl);
    });
  });
}

/** Only the provider's budget limits: everybody comes from one address, and comes often. */
function configuration({ scenario, provider, tenant }: GatewayOptions, redisUrl: string): string {
  const { budget, maxWaitMs } = scenario;
  return `
listen: { port: 0 }
operations: { port: 0 }
redis: { url: "${redisUrl}", whenDown: refuse }
sessions:
  - issuer: ${issuer}
    audience: ${audience}
    tokens: [bearer]
    keys: { secret: "\${env:SESSION_SECRET}" }
    algorithms: [HS256]
    tenant: ${tenant}
limits:
  client: { max: 1000000, per: 1m }
  user: [{ max: 1000000, per: 1m }]
  tenant: [{ allow: [{ max: 1000000, per: 1m }] }]
providers:
  hex:
    kind: hex
    baseUrl: ${provider}/api/v1
    token: \${env:HEX_TOKEN}
    budget: { max: ${budget.max}, per: ${budget.perMs}ms }
    queue: { maxWait: ${maxWaitMs}ms }
embeds:
  sales:
    provider: hex
    project: ${projectId}
    attributes: { orgId: claims.org_id }
`;
}
