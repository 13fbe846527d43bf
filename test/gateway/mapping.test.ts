import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readAsked, type Asked } from '../../src/gateway/asked.ts';
import { kinds } from '../../src/config/products.ts';
import { refusalTable, type RefusalCode } from '../../src/gateway/refusal.ts';
import { readCases } from '../support/cases.ts';
import { sentBody, configureEmbed, refusalOf, sessionWith, type EmbedFields } from './sent-body.ts';

const caseSchema = z.strictObject({
  name: z.string(),
  claims: z.record(z.string(), z.unknown()).default({}),
  tenant: z.string().default('acme'),
  user: z.string().default('ann'),
  /** The product that shows the embed. */
  kind: z.enum(kinds).default('hex'),
  embed: z.record(z.string(), z.unknown()),
  query: z.string().optional(),
  json: z.string().optional(),
  body: z.record(z.string(), z.unknown()).optional(),
  refused: z.enum(Object.keys(refusalTable) as [RefusalCode]).optional(),
  reason: z.string().optional(),
  errors: z.array(z.strictObject({ name: z.string(), reason: z.string() })).optional(),
});

describe('claims, an embed and what the browser asks become exactly what the provider is told, or a refusal', () => {
  const open: EmbedFields[] = [];
  afterAll(() => Promise.all(open.map(({ close }) => close())));

  it.each(readCases('mapping'))('%s', (_, text) => {
    const one = caseSchema.parse(parse(text));
    expect(one.body === undefined, 'a case expects a body or a refusal').toBe(one.refused !== undefined);
    const fields = configureEmbed(one.embed, one.kind);
    open.push(fields);
    const session = sessionWith(one.claims, one.tenant, one.user);

    if (one.body !== undefined) {
      expect(sentBody(fields, session, readAsked(askedIn(one)))).toEqual(one.body);
      return;
    }
    const refusal = refusalOf(() => sentBody(fields, session, readAsked(askedIn(one))));
    expect(refusal.code).toBe(one.refused);
    if (one.reason !== undefined) expect(refusal.parts.reason).toBe(one.reason);
    if (one.errors !== undefined) expect(refusal.parts.errors).toEqual(one.errors);
  });
});

function askedIn({ query, json }: z.output<typeof caseSchema>): Asked {
  if (json !== undefined) return { form: 'json', text: json };
  return { form: 'query', query: new URLSearchParams(query ?? 'embed=sales') };
}
