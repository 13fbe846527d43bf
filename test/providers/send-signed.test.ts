import { expect, test } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import { createSendSigned } from '../../src/providers/send-signed.ts';
import type { OutboundRequest } from '../../src/providers/send.ts';
import { grant, openProvider, openSend, refusalOf } from './support.ts';

const request: OutboundRequest = { method: 'POST', path: '/', headers: {}, body: '', hidden: () => [] };

test('an order is unsent only if nothing was sent with any secret', async () => {
  const fake = await openProvider();
  fake.answer('reset', { status: 401, headers: { connection: 'close' } });
  const [first, second] = [new Secret('first'), new Secret('second')];
  const sendSigned = createSendSigned(openSend(fake.origin).raw, [first, second]);
  const build = (secret: Secret): OutboundRequest => {
    if (secret === second) void fake.refuse();
    return request;
  };
  expect(await refusalOf(sendSigned(build, grant()))).toMatchObject({
    code: 'provider_unavailable',
    parts: { unsent: false, reason: 'ECONNREFUSED' },
  });
  expect(fake.calls).toHaveLength(2);
  expect((await refusalOf(sendSigned(build, grant()))).parts.unsent).toBe(true);
});
