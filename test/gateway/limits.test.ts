import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { LimitsConfig } from '../../src/config/limits.ts';
import type { AdmissionRequest } from '../../src/gateway/admission.ts';
import { readConfig } from '../../src/config/load.ts';
import { admissionFor, tenantSubject } from '../../src/gateway/limits.ts';
import type { Session } from '../../src/gateway/session.ts';
import { sessionWith } from './sent-body.ts';

function readLimits(limits: unknown): LimitsConfig {
  const text = stringify({
    sessions: [
      {
        issuer: 'x',
        audience: 'x',
        keys: { secret: 'Zc4-kT9!vQ2_mW7+xB5=rN8.hJ3,pL6;' },
        tenant: 'claims.org',
      },
    ],
    limits,
    providers: { hex: { kind: 'hex', token: 'x' } },
    embeds: { a: { provider: 'hex', project: 'd148ce6e-fc3b-40cb-9bdc-52b02d470061', public: true } },
  });
  const loaded = readConfig('gateway.yaml', text, {});
  if (!loaded.ok) throw new Error('the limits do not load');
  return loaded.config.limits;
}

const limits = readLimits({
  user: [{ max: 3, per: '1m' }],
  tenant: [
    {
      when: 'claims.plan == "gold"',
      allow: [
        { max: 300, per: '1m' },
        { max: 20_000, per: '1d' },
      ],
    },
    { when: 'claims.trial', allow: [{ max: 5, per: '10s' }] },
    { allow: [{ max: 60, per: '1m' }] },
  ],
});

const embed = { name: 'sales', provider: 'hex' };

const policiesOf = (session: Session): AdmissionRequest['policies'] =>
  admissionFor(limits, session, embed).policies;

const shapeOf = (session: Session): unknown =>
  policiesOf(session).map(({ name, max, perMs }) => [name, max, perMs]);

describe('a session is counted in its user’s windows and in those of the first tenant rule that applies', () => {
  it.each([
    [
      'the first that is true',
      { plan: 'gold', trial: true },
      [
        ['tenant-1m', 300, 60_000],
        ['tenant-1d', 20_000, 86_400_000],
      ],
    ],
    ['the next when the first is false', { plan: 'free', trial: true }, [['tenant', 5, 10_000]]],
    ['the next when the first fails', { trial: true }, [['tenant', 5, 10_000]]],
    ['the last when none is true', { plan: 'free', trial: false }, [['tenant', 60, 60_000]]],
    ['the last when all fail', {}, [['tenant', 60, 60_000]]],
    ['the last when a rule gives no boolean', { trial: 'true' }, [['tenant', 60, 60_000]]],
  ])('%s', (_, claims, tenant) => {
    expect(shapeOf(sessionWith(claims))).toEqual([['user', 3, 60_000], ...tenant]);
  });

  it('all windows of one rule count the same tenant', () => {
    const [, minute, day] = policiesOf(sessionWith({ plan: 'gold' }));
    expect(minute?.subject).toBe(day?.subject);
  });
});

type Who = readonly [tenant: string, user: string, issuer?: string];
type Pair = readonly [Who, Who];

describe('subjects tell users, tenants and issuers apart and name none', () => {
  const subjects = (
    tenant: string,
    user: string,
    issuer = 'https://a.example/',
  ): readonly (string | undefined)[] => {
    const session = { ...sessionWith({}, tenant, user), issuer };
    const [byUser, byTenant] = policiesOf(session);
    expect(byTenant?.subject).toBe(tenantSubject(session));
    return [byUser?.subject, byTenant?.subject];
  };

  it('two users of one tenant share its windows and not each other’s', () => {
    const [ann, acme] = subjects('acme', 'ann');
    const [bob, same] = subjects('acme', 'bob');
    expect(ann).not.toBe(bob);
    expect(acme).toBe(same);
  });

  it.each([
    [
      ['acme', 'ann'],
      ['globex', 'ann'],
    ],
    [
      ['acme', 'ann'],
      ['acme', 'ann', 'https://b.example/'],
    ],
    [
      ['a","b', 'c'],
      ['a', 'b","c'],
    ],
    [
      ['ab', 'c'],
      ['a', 'bc'],
    ],
  ] as Pair[])('%j and %j share nothing', ([tenant, user, issuer], [tenant2, user2, issuer2]) => {
    const all = [...subjects(tenant, user, issuer), ...subjects(tenant2, user2, issuer2)];
    expect(new Set(all).size).toBe(4);
  });

  it('a tenant is never taken for a user', () => {
    const [user, tenant] = subjects('acme', '');
    expect(user).not.toBe(tenant);
  });

  it('43 characters that hold no name', () => {
    for (const subject of subjects('acme', 'ann')) expect(subject).toMatch(/^[\w-]{43}$/);
  });
});
