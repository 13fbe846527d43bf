import { z } from 'zod';
import { callFields } from './calls.ts';
import { attributeTable, completeEmbed, embedFields } from './embed.ts';
import { duration, expression, secureUrl, sessionVariables, table } from './fields.ts';
import { inputSchema } from './inputs.ts';
import { windowSchema } from './limits.ts';
import type { Add } from './problems.ts';
import type { Product } from './product.ts';
import { hasStrangersBelow, isPublicSuffix } from './public-suffix.ts';
import { headerFault, rotating } from './rotating.ts';

const urlHost = z
  .string()
  .regex(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/, 'must be a host such as app.hex.tech or *.hex.tech')
  .describe('host, or *. and a domain for every host below it');

/** Where Hex's own hosts are. */
const hostsOfHex = '*.hex.tech';

/** @see https://learn.hex.tech/docs/share-insights/embedding/signed-embedding */
const hexProviderSchema = z
  .strictObject({
    kind: z.literal('hex').describe('the product'),
    baseUrl: secureUrl('address of Hex’s API').prefault('https://app.hex.tech/api/v1'),
    token: rotating(
      'a workspace token',
      'workspace token with the scope “Create embedded links”',
      headerFault,
    ),
    urlHosts: z
      .array(urlHost)
      .min(1)
      .describe('hosts that a minted URL may have; default: the host of baseUrl, and *.hex.tech')
      .optional(),
    budget: windowSchema.describe('calls that Hex allows this workspace').prefault({ max: 20, per: '1m' }),
    ...callFields,
  })
  .describe('a Hex workspace')
  .transform((provider) => ({
    ...provider,
    urlHosts: provider.urlHosts ?? [provider.baseUrl.hostname, hostsOfHex],
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

const hexEmbedSchema = z
  .strictObject({
    ...embedFields,
    project: z.uuid('must be a UUID').describe('the Hex project’s id'),
    attributes: attributeTable('row-level-security attributes (hexUserAttributes): texts'),
    scopes: scopesSchema.prefault({}),
    display: displaySchema.prefault({}),
    inputs: table(inputSchema, 'what the browser may set (inputParameters)').prefault({}),
    expiresIn: duration('how long the URL may wait to be opened', { minMs: 1, maxMs: 300_000 }).prefault(
      '15s',
    ),
  })
  .describe('a Hex project that browsers may ask for')
  .transform((embed) => completeEmbed('hex', embed, embed.attributes));

export type HexEmbedConfig = z.output<typeof hexEmbedSchema>;

export const hexProduct = {
  provider: hexProviderSchema,
  embed: hexEmbedSchema,
  filters: ['attributes'],
  warn: warnAboutUrlHosts,
} satisfies Product;

/** The hosts of the default are no mistake, and asking for them would load the list at every start. */
function warnAboutUrlHosts({ baseUrl, urlHosts }: HexProviderConfig, add: Add): void {
  const usual = [baseUrl.hostname, hostsOfHex];
  for (const [index, pattern] of urlHosts.entries()) {
    if (usual.includes(pattern)) continue;
    const domain = pattern.replace(/^\*\./, '').replace(/:\d+$/, '');
    const isOpen = pattern.startsWith('*.') ? hasStrangersBelow(domain) : isPublicSuffix(domain);
    if (!isOpen) continue;
    add(
      ['urlHosts', index],
      `${domain} is a public suffix: anyone can have a host below it, and a minted URL may lead there`,
    );
  }
}
