// One replica: asks at a given moment, with many requests at once, and prints how many were granted.
import { createRedisStore } from '../../dist/admission/redis.js';
import { Secret } from '../../dist/config/secret.js';
import { connectRedis, waitUntilReady } from '../../dist/redis/connect.js';

const { url, requests, startAt, request } = JSON.parse(process.argv[2] ?? '');
const client = connectRedis({ url: new Secret(url), whenDown: 'local' });
if (!(await waitUntilReady(client, 5000))) throw new Error('no Redis');
const store = createRedisStore(client);

await new Promise((resolve) => setTimeout(resolve, startAt - Date.now()));
const decisions = await Promise.all(
  Array.from({ length: requests }, (_, index) =>
    store.decide({ ...request, slot: `${process.pid}-${index}` }),
  ),
);
process.stdout.write(String(decisions.filter(({ kind }) => kind === 'granted').length));
client.disconnect();
