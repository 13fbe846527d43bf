import { z } from 'zod';
import { duration, expression, name, secret, secureUrl, sessionVariables, table } from './fields.ts';
import { inputSchema } from './inputs.ts';
import { Secret } from './secret.ts';
import { windowSchema } from './limits.ts';

const queueSchema = z
  .strictObject({
    maxWait: duration('longest wait for a place in the budget', { minMs: 0, maxMs: 300_000 }).prefault('10s'),
    maxLength: z.int().min(0).max(100_000).describe('longest queue').default(1000),
  })
  .describe('how requests wait while the budget is spent');

const urlHost = z
  .string()
  .regex(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/, 'must be a host such as app.hex.tech or *.hex.tech')
  .describe('host, or *. and a domain for every host below it');

/** @see https://learn.hex.tech/docs/share-insights/embedding/signed-embedding */
export const hexProviderSchema = z
  .strictObject({
    kind: z.literal('hex').describe('the product'),
    baseUrl: secureUrl('address of Hex’s API').prefault('https://app.hex.tech/api/v1'),
    token: z
      .union([secret('workspace token'), z.array(secret('workspace token')).min(1).max(2)], {
        error: 'must be a workspace token, or a list of two during a rotation',
      })
      .describe('workspace token with the scope “Create embedded links”; a list of two during a rotation')
      .check(({ value, issues }) => {
        // an entry that is no secret has its problem already
        for (const [index, token] of [value].flat().entries() as Iterable<[number, unknown]>) {
          if (!(token instanceof Secret) || /^[\x21-\x7e]+$/.test(token.reveal())) continue;
          const message = 'must be visible ASCII without white space: it goes into a header';
          issues.push({ code: 'custom', message, input: '', path: Array.isArray(value) ? [index] : [] });
        }
      })
      .transform((token) => (Array.isArray(token) ? token : [token])),
    urlHosts: z
      .array(urlHost)
      .min(1)
      .describe('hosts that a minted URL may have; default: the host of baseUrl, and *.hex.tech')
      .optional(),
    budget: windowSchema.describe('calls that Hex allows this workspace').prefault({ max: 20, per: '1m' }),
    queue: queueSchema.prefault({}),
    timeout: duration('deadline of the whole call, retry included', { minMs: 100, maxMs: 120_000 }).prefault(
      '10s',
    ),
  })
  .describe('a Hex workspace')
  .transform((provider) => ({
    ...provider,
    urlHosts: provider.urlHosts ?? [provider.baseUrl.hostname, '*.hex.tech'],
  }));

export type HexProviderConfig = z.output<typeof hexProviderSchema>;

const flag = (description: string) => z.boolean().describe(description).optional();

const displaySchema = z
  .strictObject({
    theme: z.enum(['light', 'dark']).describe('colour theme').optional(),
    noEmbedBasePadding: flag('no padding around the app'),
    noEmbedOutline: flag('no outline'),
    noEmbedFooter: flag('no footer'),
    noEmbedHeaderPadding: flag('no padding above the app'),
    showEmbeddedRunButton: flag('shows the run button'),
  })
  .describe('Hex’s displayOptions');

const scopesSchema = z
  .strictObject({
    EXPORT_CSV: expression('may export CSV where this is true', sessionVariables).optional(),
    EXPORT_PDF: expression('may export PDF where this is true', sessionVariables).optional(),
  })
  .describe('scopes, each granted where its expression is true; the two that Hex documents')
  .transform((scopes) => new Map(Object.entries(scopes).filter(([, granted]) => granted !== undefined)));

export const hexEmbedSchema = z
  .strictObject({
    title: z.string().min(1).max(200).describe('title shown to people; default: the name').optional(),
    provider: name.describe('name of a provider of kind hex'),
    project: z.uuid('must be a UUID').describe('the Hex project’s id'),
    allow: expression(
      'who may open the embed; left out: every believed session',
      sessionVariables,
    ).optional(),
    attributes: table(
      expression('must give a non-empty string', sessionVariables),
      'row-level-security attributes (hexUserAttributes); one that cannot be built refuses the request',
    ).optional(),
    public: z.literal(true).describe('true: on purpose no attribute filters this embed').optional(),
    scopes: scopesSchema.prefault({}),
    display: displaySchema.prefault({}),
    inputs: table(inputSchema, 'what the browser may set (inputParameters)').prefault({}),
    expiresIn: duration('how long the URL may wait to be opened', { minMs: 1, maxMs: 300_000 }).prefault(
      '15s',
    ),
    combination: z
      .array(name)
      .describe('attributes that the project references; default: all of them')
      .optional(),
    freshness: duration('how long a combination counts as warm after its last mint', {
      minMs: 1000,
      maxMs: 2_678_400_000,
    }).prefault('1h'),
  })
  .describe('a Hex project that browsers may ask for')
  .transform((embed) => {
    const attributes = embed.attributes ?? new Map<string, never>();
    return { ...embed, attributes, combination: embed.combination ?? [...attributes.keys()] };
  });

export type HexEmbedConfig = z.output<typeof hexEmbedSchema>;
