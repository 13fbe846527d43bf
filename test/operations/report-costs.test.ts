import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { expressionsIn } from '../../src/config/expressions-in.ts';
import { readConfig } from '../../src/config/load.ts';
import { createLog } from '../../src/operations/log.ts';
import { formatPath } from '../../src/config/problems.ts';
import { reportCosts } from '../../src/operations/report-costs.ts';

const costly = 'claims.l.map(r, claims.l.map(s, claims.l)) == []';
const config = `
sessions:
  - issuer: https://login.example.com/
    audience: x
    keys: { secret: 'Zc4-kT9!vQ2_mW7+xB5=rN8.hJ3,pL6;' }
    tenant: '${costly} ? "a" : "b"'
    require: ['true', '${costly}']
limits:
  tenant:
    - { when: '${costly}', allow: [{ max: 1, per: 1m }] }
    - { allow: [{ max: 1, per: 1m }] }
providers:
  hex: { kind: hex, token: x }
  cube: { kind: cube, baseUrl: 'https://x.cubecloud.dev', deployment: 3, apiKey: x }
  site: { kind: metabase, siteUrl: 'https://metabase.example.com', secretKey: 'Zc4-kT9!vQ2_mW7+xB5=rN8.hJ3,pL6;' }
embeds:
  sales:
    provider: hex
    project: d148ce6e-fc3b-40cb-9bdc-52b02d470061
    allow: '${costly}'
    attributes: { orgId: '${costly} ? "a" : "b"' }
    scopes: { EXPORT_PDF: '${costly}' }
  deals:
    provider: cube
    dashboard: abc
    attributes: { team: '${costly} ? "a" : "b"' }
    groups: '${costly} ? ["a"] : ["b"]'
    securityContext: { org: '${costly} ? "a" : "b"' }
  board:
    provider: site
    dashboard: 7
    locked: { org: '${costly} ? "a" : "b"' }
`;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('the log names each expression that costs too much as the file does, at most once a minute', () => {
  const loaded = readConfig('gateway.yaml', config, {});
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems, null, 1));
  const lines: string[] = [];
  const log = createLog({ write: (line) => void lines.push(line) });
  const placed = expressionsIn(loaded.config);
  reportCosts(placed, log);
  const evaluateAll = (length: number): void => {
    const claims = new Map([['l', Array.from({ length }, () => 1)]]);
    for (const { expression } of placed) {
      expression.evaluate({ claims, issuer: 'x', tenant: 't', user: 'u' });
    }
  };
  const named = (): unknown[] =>
    lines.splice(0).map((line) => (JSON.parse(line) as { expression: unknown }).expression);

  evaluateAll(1);
  expect(lines).toEqual([]);

  evaluateAll(300);
  const [first = ''] = lines;
  expect(JSON.parse(first)).toMatchObject({ level: 'warn', reason: 'cost limit exceeded' });
  const expected = placed
    .filter(({ expression }) => expression.text.includes('claims.l'))
    .map(({ path }) => formatPath(path));
  expect(expected.toSorted()).toEqual([
    'embeds.board.locked.org',
    'embeds.deals.attributes.team',
    'embeds.deals.groups',
    'embeds.deals.securityContext.org',
    'embeds.sales.allow',
    'embeds.sales.attributes.orgId',
    'embeds.sales.scopes.EXPORT_PDF',
    'limits.tenant[0].when',
    'sessions[0].require[1]',
    'sessions[0].tenant',
  ]);
  expect(named()).toEqual(expected);

  evaluateAll(300);
  vi.advanceTimersByTime(59_999);
  evaluateAll(300);
  expect(lines).toEqual([]);
  vi.advanceTimersByTime(1);
  evaluateAll(300);
  expect(named()).toEqual(expected);
});
