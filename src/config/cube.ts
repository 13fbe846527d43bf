import { z } from 'zod';
import { callFields } from './calls.ts';
import { checkCubeUses } from './cube-references.ts';
import { attributeTable, completeEmbed, embedFields } from './embed.ts';
import { expression, secureUrl, sessionVariables, table } from './fields.ts';
import type { InputConfig } from './inputs.ts';
import { windowSchema } from './limits.ts';
import type { Product } from './product.ts';
import { headerFault, rotating } from './rotating.ts';

/** A frame's path below baseUrl, with `{…}` where values go. */
function frameTemplate(description: string, values: readonly string[], needed: readonly string[]) {
  return z
    .string()
    .regex(/^\/(?![/\\])[^\s\\#]*$/, 'must be a path that starts with one /, without white space, \\ or #')
    .describe(`${description}; holds ${values.map((value) => `{${value}}`).join(', ')}`)
    .check(({ value, issues }) => {
      const found = [...value.matchAll(/\{([^}]*)\}/g)].map(([, name = '']) => name);
      const stray = found.find((name) => !values.includes(name));
      const missing = needed.find((name) => !found.includes(name));
      if (stray !== undefined) {
        issues.push({ code: 'custom', message: `holds {${stray}}, which there is not`, input: value });
      } else if (missing !== undefined) {
        issues.push({ code: 'custom', message: `needs {${missing}}`, input: value });
      }
    });
}

/** Where Cube's documentation and its demo disagree: the defaults are the documentation's. */
const framesSchema = z
  .strictObject({
    dashboard: frameTemplate(
      'a dashboard’s frame',
      ['publicId', 'deploymentId', 'sessionId'],
      ['publicId', 'sessionId'],
    ).prefault('/embed/dashboard/{publicId}?session={sessionId}'),
    chat: frameTemplate('the chat’s frame', ['deploymentId', 'sessionId'], ['sessionId']).prefault(
      '/embed/chat?sessionId={sessionId}',
    ),
    app: frameTemplate('the app’s frame', ['deploymentId', 'sessionId'], ['sessionId']).prefault(
      '/embed/d/{deploymentId}/app?session={sessionId}',
    ),
  })
  .describe('paths of the frames below baseUrl');

/** @see https://cube.dev/docs/product/apis-integrations/embed-apis/generate-session */
const cubeProviderSchema = z
  .strictObject({
    kind: z.literal('cube').describe('the product'),
    baseUrl: secureUrl('address of the Cube Cloud account, such as https://acme.cubecloud.dev'),
    apiKey: rotating('an API key', 'API key that belongs to an admin', headerFault),
    deployment: z.int().min(1).describe('number of the deployment (deploymentId)'),
    frames: framesSchema.prefault({}),
    budget: windowSchema.describe('calls that this account may be sent; default: no limit').optional(),
    ...callFields,
  })
  .describe('a deployment of a Cube Cloud account');

export type CubeProviderConfig = z.output<typeof cubeProviderSchema>;

const personal = (description: string) => expression(description, sessionVariables).optional();

const settingsSchema = z
  .object({
    locale: z.string().min(1).max(35).describe('such as de-CH').optional(),
    timezone: z.string().min(1).max(64).describe('such as Europe/Zurich').optional(),
  })
  .catchall(z.boolean().describe('a switch of Cube’s, such as allowAi'))
  .describe('settings of the embedded view');

const cubeEmbedSchema = z
  .strictObject({
    ...embedFields,
    dashboard: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be a dashboard’s public id: letters, digits, "-" or "_"')
      .describe('public id of a published dashboard')
      .optional(),
    chat: z.literal(true).describe('true: the analytics chat').optional(),
    app: z.literal(true).describe('true: the whole application; needs creatorMode').optional(),
    externalId: personal(
      'whom Cube keeps attributes for; left out: tenant + ":" + user. Lowercased; with a digest where that or the joining would make two people one',
    ),
    attributes: attributeTable(
      'row-level-security attributes (userAttributes): texts, numbers, lists of texts or of numbers',
    ),
    groups: personal('a list of texts; always sent: left out or [], Cube clears the memberships'),
    securityContext: table(
      expression('must give a value that is not empty', sessionVariables),
      'securityContext of the queries; one that cannot be built refuses the request',
    ).prefault({}),
    email: personal('the reader’s e-mail address'),
    displayName: expression(
      'the reader’s name, as Cube shows it (userProfile)',
      sessionVariables,
      'shown',
    ).optional(),
    embedTenant: personal(
      'scope of what readers create (embedTenantName): 5 to 36 lower-case letters, digits and "-"',
    ),
    creatorMode: z.boolean().describe('true: readers may create and change dashboards').default(false),
    settings: settingsSchema.prefault({}),
  })
  .describe('a Cube dashboard, the chat or the app that browsers may ask for')
  .transform(({ dashboard, chat, ...embed }) =>
    completeEmbed(
      'cube',
      { ...embed, shown: shownOf(dashboard, chat), inputs: new Map<string, InputConfig>() },
      embed.attributes,
    ),
  );

export type CubeEmbedConfig = z.output<typeof cubeEmbedSchema>;

/** What is shown: which frame, and of a dashboard which one. */
export type CubeView =
  { readonly frame: 'dashboard'; readonly publicId: string } | { readonly frame: 'chat' | 'app' };

/** That exactly one is named is checked in cube-references.ts. */
function shownOf(dashboard: string | undefined, chat: true | undefined): CubeView {
  if (dashboard !== undefined) return { frame: 'dashboard', publicId: dashboard };
  return { frame: chat === true ? 'chat' : 'app' };
}

export const cubeProduct = {
  provider: cubeProviderSchema,
  embed: cubeEmbedSchema,
  filters: ['attributes', 'securityContext'],
  check: checkCubeUses,
} satisfies Product;
