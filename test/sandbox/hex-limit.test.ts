import { expect, test } from 'vitest';
import { HexWindow } from '../../src/sandbox/hex-window.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { freePorts, openSandbox, presign } from './support.ts';

test('the twenty-first call within a minute is 429, with Retry-After and a body that is not JSON', async () => {
  const sandbox = await startSandbox({ ...freePorts, gatewayUrl: 'http://localhost:8080' });
  try {
    const statuses: number[] = [];
    for (let call = 0; call < 20; call += 1) statuses.push((await presign(sandbox, {})).status);
    expect(new Set(statuses)).toEqual(new Set([200]));

    const refused = await presign(sandbox, {});
    expect(refused.status).toBe(429);
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(refused.headers.get('content-type')).toContain('text/plain');
  } finally {
    await sandbox.close();
  }
});

test('calls that the token does not allow and calls in test mode count towards no limit', async () => {
  const sandbox = await openSandbox({ callsPerMinute: 1 });
  await presign(sandbox, {}, { token: 'wrong' });
  expect((await presign(sandbox, { testMode: true })).status).toBe(200);
  expect((await presign(sandbox, {})).status).toBe(200);
  expect((await presign(sandbox, {})).status).toBe(429);
  expect((await presign(sandbox, { testMode: true })).status).toBe(200);
});

test('the window starts at its first request and everything is free again 60 s later', () => {
  const window = new HexWindow(2);
  expect([window.take(5_000), window.take(50_000)]).toEqual([0, 0]);
  expect(window.take(50_001)).toBe(14_999);
  expect(window.take(64_999)).toBe(1);
  expect([window.take(65_000), window.take(65_000)]).toEqual([0, 0]);
  expect(window.take(65_000)).toBe(60_000);
});
