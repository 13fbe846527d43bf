import { parseArgs } from 'node:util';
import { installMissing } from '../../test/support/machine.ts';
import type { Contender } from './contender.ts';
import { startGateways } from './gateways.ts';
import { startHandler } from './handler.ts';
import { usableShare } from './measure.ts';
import { missedTargets, table } from './report.ts';
import { rush, type Outcome } from './rush.ts';
import { mondayMorning } from './scenario.ts';

const { values } = parseArgs({ options: { minute: { type: 'string', default: '6' } } });
const minuteSeconds = Number(values.minute);
if (!(minuteSeconds >= 1 && minuteSeconds <= 60)) {
  throw new RangeError('--minute takes 1 to 60: how many seconds a minute of the scenario lasts');
}
installMissing(['redis-server']);

const scenario = mondayMorning(minuteSeconds * 1000);
const { budget, callMs, maxWaitMs } = scenario;
const usable = (usableShare(scenario) * 100).toFixed(1);
const scale = 60 / minuteSeconds;
print(`A minute lasts ${minuteSeconds} s: ${budget.max} calls per ${budget.perMs} ms, a call takes ${callMs} ms, maxWait ${maxWaitMs} ms.
Retry-After is in whole seconds all the same: ${scale.toFixed(1)} times as coarse as in a real minute.
Whoever never passes the limit can use ${usable} %: a slot is taken for the call and the window after it.
`);

const outcomes = await play({
  'embed-gateway': (provider) => startGateways({ scenario, provider, tenant: 'claims.org_id' }),
  // one tenant for everybody leaves nothing of the queue but its order of arrival
  'first come, first served': (provider) => startGateways({ scenario, provider, tenant: `'"everyone"'` }),
  'no queue': startHandler,
});
print(table(outcomes));

const missed = missedTargets(outcomes['embed-gateway']);
for (const target of missed) print(`missed: ${target}`);
if (missed.length > 0) process.exitCode = 1;

/**
 * All at the same time, so that the run stays short: a contender waits for its own provider nearly
 * always, and takes next to nothing from the others. The first failure and Ctrl-C end all.
 */
async function play<Name extends string>(
  contenders: Readonly<Record<Name, (providerOrigin: string) => Promise<Contender>>>,
): Promise<Readonly<Record<Name, Outcome>>> {
  const over = new AbortController();
  const end = (reason: unknown): void => {
    over.abort(reason);
  };
  process.once('SIGINT', end).once('SIGTERM', end);
  const entries = Object.entries<(providerOrigin: string) => Promise<Contender>>(contenders);
  const rushes = entries.map(
    async ([name, start]) => [name, await rush(scenario, start, over.signal)] as const,
  );
  for (const one of rushes) one.catch(end);
  await Promise.allSettled(rushes);
  return Object.fromEntries(await Promise.all(rushes)) as Record<Name, Outcome>;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
