import { afterEach, describe, expect, test, vi } from 'vitest';
import { createSend, type OutboundRequest } from '../../src/providers/send.ts';
import { createAuthority, createSelfSigned, type Certified } from '../support/certificates.ts';
import type { Answer } from '../support/fake-provider.ts';
import { startTlsServer } from '../support/tls-server.ts';
import { grant, openProvider, openSend, refusalOf } from './support.ts';

const request: OutboundRequest = {
  method: 'POST',
  path: '/api/v1/mint?x=1',
  headers: { authorization: 'Bearer t0ken', 'content-type': 'application/json' },
  body: '{"orgId":"Müller ✓"}',
  hidden: () => ['t0ken', 'Müller ✓'],
};

const good: Answer = { status: 200, body: '{"url":"https://app.hex.tech/x"}' };

test('the request goes out as it was built, and the answer comes back as it was given', async () => {
  const fake = await openProvider();
  fake.answer({ status: 200, headers: { 'x-trace': 'abc' }, body: '{"ünï":"✓"}' });
  const { send } = openSend(fake.origin);
  const answer = await send(request, grant());
  expect(answer).toMatchObject({ status: 200, text: '{"ünï":"✓"}', headers: { 'x-trace': 'abc' } });
  expect(fake.calls).toMatchObject([
    { method: 'POST', path: '/api/v1/mint?x=1', headers: request.headers, body: request.body },
  ]);
});

test.each([200, 201, 204, 400, 401, 403, 404, 409, 422, 424, 429, 499])(
  'status %i is an answer: given back, not tried again',
  async (status) => {
    const fake = await openProvider();
    fake.answer({ status, ...(status === 204 ? {} : { body: 'words' }) });
    const leave = grant();
    expect(await openSend(fake.origin).send(request, leave)).toMatchObject({ status });
    expect([fake.calls.length, leave.asked]).toEqual([1, 0]);
  },
);

test.each([301, 302, 303, 307, 308])('a redirect (%i) is not followed', async (status) => {
  const [fake, elsewhere] = [await openProvider(), await openProvider()];
  elsewhere.answer(good);
  fake.answer({ status, headers: { location: `${elsewhere.origin}/mint` } });
  expect(await openSend(fake.origin).send(request, grant())).toMatchObject({ status });
  expect(elsewhere.calls).toEqual([]);
});

describe('a second attempt', () => {
  const unanswered: readonly Answer[] = [{ status: 502 }, { status: 503 }, { status: 504 }, 'reset'];

  test.each(unanswered)('is made after %j, once, with a second place in the budget', async (first) => {
    const fake = await openProvider();
    fake.answer(first, good);
    const leave = grant();
    const { send, outcomes } = openSend(fake.origin);
    expect(await send(request, leave)).toMatchObject({ status: 200 });
    expect(leave.asked).toBe(1);
    expect(fake.calls.map(({ body }) => body)).toEqual([request.body, request.body]);
    expect(outcomes).toHaveLength(2);
    expect(outcomes[1]).toBe('200');
  });

  test.each(unanswered)('is not made after %j when the budget has no other place', async (first) => {
    const fake = await openProvider();
    fake.answer(first, good);
    const leave = grant(false);
    const refusal = await refusalOf(openSend(fake.origin).send(request, leave));
    expect(refusal).toMatchObject({ code: 'provider_unavailable', parts: { unsent: false } });
    expect([fake.calls.length, leave.asked]).toEqual([1, 1]);
  });

  test.each(unanswered)('that fails with %j too is the last', async (failure) => {
    const fake = await openProvider();
    fake.answer(failure);
    const leave = grant();
    const refusal = await refusalOf(openSend(fake.origin).send(request, leave));
    expect(refusal).toMatchObject({ code: 'provider_unavailable', parts: { unsent: false } });
    expect([fake.calls.length, leave.asked]).toEqual([2, 1]);
  });

  const answered: readonly Answer[] = [
    { status: 500 },
    { status: 501 },
    { status: 505 },
    { status: 529 },
    { status: 200, body: 'x'.repeat(65_537) },
    { status: 200, body: Buffer.from([0x7b, 0xff, 0x7d]) },
    'reset in the body',
    'noise',
  ];

  test.each(answered)('is never made once something was answered: %j', async (answer) => {
    const fake = await openProvider();
    fake.answer(answer, good);
    const leave = grant();
    const refusal = await refusalOf(openSend(fake.origin).send(request, leave));
    expect(refusal).toMatchObject({ code: 'provider_unavailable', parts: { unsent: false } });
    expect([fake.calls.length, leave.asked]).toEqual([1, 0]);
  });

  test('needs no second place where nothing listened, and then answers', async () => {
    const fake = await openProvider();
    fake.answer(good);
    await fake.refuse();
    const outcomes: string[] = [];
    const observe = (outcome: string): void => {
      outcomes.push(outcome);
      if (outcome === 'ECONNREFUSED') fake.accept();
    };
    const { open, send, close } = createSend({ origin: fake.origin, timeoutMs: 2000, observe });
    const leave = grant(false);
    expect(await send(request, open(leave))).toMatchObject({ status: 200 });
    expect([outcomes, leave.asked]).toEqual([['ECONNREFUSED', '200'], 0]);
    await close();
  });

  test('that finds nothing listening either leaves the budget untouched', async () => {
    const fake = await openProvider();
    await fake.refuse();
    const leave = grant();
    const { send, outcomes } = openSend(fake.origin);
    const refusal = await refusalOf(send(request, leave));
    expect(refusal).toMatchObject({
      code: 'provider_unavailable',
      parts: { unsent: true, reason: 'ECONNREFUSED' },
    });
    expect([outcomes, leave.asked]).toEqual([['ECONNREFUSED', 'ECONNREFUSED'], 0]);
  });

  test('that finds nothing listening after a lost connection is not unsent', async () => {
    const fake = await openProvider();
    fake.answer('reset');
    const { send } = openSend(fake.origin);
    const leave = {
      deadlineMs: Infinity,
      another: async () => {
        await fake.refuse();
        return true;
      },
    };
    expect((await refusalOf(send(request, leave))).parts.unsent).toBe(false);
  });
});

describe('the deadline', () => {
  test.each<Answer>(['hang', 'hang in the body', { ...good, delayMs: 2000 }])(
    'ends a call that is not answered in time, and it is not repeated: %j',
    async (answer) => {
      const fake = await openProvider();
      fake.answer(answer, good);
      const leave = grant();
      const { send, outcomes } = openSend(fake.origin, 200);
      const startedAt = performance.now();
      expect((await refusalOf(send(request, leave))).code).toBe('provider_timeout');
      expect(performance.now() - startedAt).toBeLessThan(1000);
      expect([fake.calls.length, leave.asked, outcomes]).toEqual([1, 0, ['timeout']]);
    },
  );

  test('says that it has passed, and nothing else, where an answer began and never ended', async () => {
    const fake = await openProvider();
    fake.answer('hang in the body');
    for (const timeoutMs of [300, 700, 1100]) {
      const refusal = await refusalOf(openSend(fake.origin, timeoutMs).send(request, grant()));
      expect(refusal).toMatchObject({
        code: 'provider_timeout',
        parts: { reason: `no answer within ${timeoutMs} ms` },
      });
    }
  });

  test('is no later than the place in the budget is held; past that nothing is sent', async () => {
    const fake = await openProvider();
    fake.answer('hang');
    const startedAt = performance.now();
    const soon = grant(true, performance.now() + 200);
    expect((await refusalOf(openSend(fake.origin, 60_000).send(request, soon))).code).toBe(
      'provider_timeout',
    );
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(fake.calls).toHaveLength(1);
    const past = grant(true, performance.now() - 1);
    expect(await refusalOf(openSend(fake.origin, 60_000).send(request, past))).toMatchObject({
      code: 'provider_timeout',
      parts: { unsent: true },
    });
    expect(fake.calls).toHaveLength(1);
  });

  test('that passed before anything was sent says nothing of the provider', async () => {
    const fake = await openProvider();
    fake.answer(good);
    const { send, isReachable, outcomes } = openSend(fake.origin);
    for (let call = 0; call < 6; call += 1) {
      await refusalOf(send(request, grant(true, performance.now() - 1)));
    }
    expect([isReachable(), outcomes]).toEqual([true, []]);
    expect(await send(request, grant())).toMatchObject({ status: 200 });
  });

  test('is one for both attempts', async () => {
    const fake = await openProvider();
    fake.answer({ status: 503, delayMs: 600 }, { ...good, delayMs: 1600 });
    const startedAt = performance.now();
    const refusal = await refusalOf(openSend(fake.origin, 900).send(request, grant()));
    expect(refusal.code).toBe('provider_unavailable');
    expect(performance.now() - startedAt).toBeLessThan(1500);
    expect(fake.calls).toHaveLength(2);
  });
});

test('an answer may have 64 kB and not a byte more, said beforehand or not', async () => {
  const fake = await openProvider();
  const { send } = openSend(fake.origin);
  for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
    fake.answer({ status: 200, body: 'x'.repeat(65_536), headers });
    expect((await send(request, grant())).text).toHaveLength(65_536);
    fake.answer({ status: 200, body: 'x'.repeat(65_537), headers });
    expect((await refusalOf(send(request, grant()))).parts.reason).toContain('over 64 kB');
  }
});

test('what a provider says is read in no time, however much it is', async () => {
  const fake = await openProvider();
  const { send } = openSend(fake.origin, 5000);
  for (const body of ['a', 'a-', 'a.', '<a href="//'].map((part) => part.repeat(65_000 / part.length))) {
    fake.answer({ status: 500, body });
    const startedAt = performance.now();
    await refusalOf(send(request, grant()));
    expect(performance.now() - startedAt).toBeLessThan(3000);
  }
});

test('what a failing provider says is for the log without what it filters by', async () => {
  const fake = await openProvider();
  const trace = '4bf92f35-77b3-4da6-a3ce-929d0e0e4736';
  fake.answer({
    status: 500,
    body: `{"traceId":"${trace}","error":"no Müller ✓ at https://x.y/z with t0ken"}`,
  });
  const { reason } = (await refusalOf(openSend(fake.origin).send(request, grant()))).parts;
  expect(reason).toBe(`status 500: trace ${trace}: traceId … error no … at https … with …`);
});

describe('the circuit', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('opens after five failures in a row: nothing is sent, and the refusal says so', async () => {
    const fake = await openProvider();
    fake.answer({ status: 503 });
    const { send, isReachable, outcomes } = openSend(fake.origin);
    for (let call = 0; call < 5; call += 1) {
      expect(isReachable()).toBe(true);
      await refusalOf(send(request, grant(false)));
    }
    expect(isReachable()).toBe(false);
    const leave = grant();
    expect(await refusalOf(send(request, leave))).toMatchObject({
      code: 'provider_unavailable',
      parts: { unsent: true, reason: 'circuit open' },
    });
    expect([fake.calls.length, outcomes.length, leave.asked]).toEqual([5, 5, 0]);
  });

  test.each<Answer>(['hang', 'reset', { status: 503 }])('counts %j as a failure', async (answer) => {
    const fake = await openProvider();
    fake.answer(answer);
    const { send, isReachable } = openSend(fake.origin, 150);
    for (let call = 0; call < 5; call += 1) await refusalOf(send(request, grant(false)));
    expect(isReachable()).toBe(false);
  });

  test('an answer of 500 or one that is too large is the request’s own matter', async () => {
    const fake = await openProvider();
    const { send, isReachable } = openSend(fake.origin);
    for (const answer of [{ status: 500 }, { status: 200, body: 'x'.repeat(70_000) }]) {
      fake.answer(answer);
      for (let call = 0; call < 6; call += 1) await refusalOf(send(request, grant()));
    }
    expect(isReachable()).toBe(true);
    expect(fake.calls).toHaveLength(12);
  });

  test('counts failures in a row alone, and a refused request is none', async () => {
    const fake = await openProvider();
    const { send, isReachable } = openSend(fake.origin);
    for (let round = 0; round < 3; round += 1) {
      fake.answer({ status: 503 });
      for (let call = 0; call < 4; call += 1) await refusalOf(send(request, grant(false)));
      fake.answer({ status: round === 0 ? 200 : 429 });
      await send(request, grant(false));
    }
    for (let call = 0; call < 10; call += 1) {
      fake.answer({ status: 401 });
      await send(request, grant(false));
    }
    expect(isReachable()).toBe(true);
  });

  test('lets one call through after ten seconds, and that one decides', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const fake = await openProvider();
    fake.answer({ status: 503 });
    const { send, isReachable } = openSend(fake.origin);
    for (let call = 0; call < 5; call += 1) await refusalOf(send(request, grant(false)));

    vi.setSystemTime(Date.now() + 9_900);
    expect((await refusalOf(send(request, grant(false)))).parts.unsent).toBe(true);
    expect(fake.calls).toHaveLength(5);

    vi.setSystemTime(Date.now() + 200);
    const probes = await Promise.all([1, 2, 3].map(() => refusalOf(send(request, grant(false)))));
    expect(probes.map(({ parts }) => parts.unsent)).toEqual([false, true, true]);
    expect(fake.calls).toHaveLength(6);

    vi.setSystemTime(Date.now() + 10_100);
    fake.answer(good);
    expect(await send(request, grant(false))).toMatchObject({ status: 200 });
    expect(isReachable()).toBe(true);
    expect(await send(request, grant(false))).toMatchObject({ status: 200 });
  });
});

describe('a provider over TLS whose handshake fails was sent nothing, and is out of reach', () => {
  const unvouched = (): Certified => createAuthority().issue('IP:127.0.0.1');
  const selfSigned = (): Certified => createSelfSigned(2);
  test.each<[string, () => Certified]>([
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', unvouched],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', selfSigned],
  ])('%s', async (reason, certified) => {
    const { certificate: cert, privateKey: key } = certified();
    let requests = 0;
    const port = await startTlsServer({ cert, key }, (_request, response) => {
      requests += 1;
      response.end('{}');
    });
    await expectOutOfReach(`https://127.0.0.1:${port}`, reason);
    expect(requests).toBe(0);
  });

  test('it speaks plain HTTP', async () => {
    const { origin } = await openProvider();
    await expectOutOfReach(origin.replace('http:', 'https:'), expect.stringMatching(/^ERR_SSL_/));
  });

  async function expectOutOfReach(origin: string, reason: unknown): Promise<void> {
    const { send, isReachable } = openSend(origin);
    for (let call = 0; call < 5; call += 1) {
      const leave = grant();
      expect(await refusalOf(send(request, leave))).toMatchObject({
        code: 'provider_unavailable',
        parts: { unsent: true, reason },
      });
      expect(leave.asked).toBe(0);
    }
    expect(isReachable()).toBe(false);
  }
});

test('one provider’s circuit says nothing about another’s', async () => {
  const [broken, sound] = [await openProvider(), await openProvider()];
  broken.answer({ status: 503 });
  sound.answer(good);
  const [first, second] = [openSend(broken.origin), openSend(sound.origin)];
  for (let call = 0; call < 6; call += 1) await refusalOf(first.send(request, grant(false)));
  expect(await second.send(request, grant(false))).toMatchObject({ status: 200 });
});
