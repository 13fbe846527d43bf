import type { CubeEmbedConfig, CubeProviderConfig } from '../config/cube.ts';
import type { Expression, Value } from '../config/expressions.ts';
import { isPlainText } from '../config/text.ts';
import type { MintOrder } from '../gateway/embed.ts';
import { Refusal } from '../gateway/refusal.ts';
import type { Session } from '../gateway/session.ts';
import { cubeCall, type CubeCall } from './cube-call.ts';
import { externalIdOf } from './cube-external-id.ts';
import { claimValues } from './hidden.ts';

const tenantNamePattern = /^[a-z][a-z0-9-]{3,34}[a-z0-9]$/;

/**
 * Builds the generate-session call. Cube keeps a user's attributes and groups until a call carries the
 * same name again: so every attribute and `groups` are in every call, and one that cannot be built
 * refuses the request instead of leaving an older value in force.
 *
 * @returns the request still to be signed with an API key, and what of it must not be logged
 * @throws {Refusal} `attribute_missing`
 * @see https://cube.dev/docs/product/apis-integrations/embed-apis/generate-session
 */
export function createGenerateSessionRequest(
  config: Pick<CubeProviderConfig, 'baseUrl' | 'deployment' | 'apiKey'>,
  embed: CubeEmbedConfig,
  { session, attributes }: Pick<MintOrder, 'session' | 'attributes'>,
): CubeCall {
  const person = personOf(embed, session);
  const fields = {
    deploymentId: config.deployment,
    ...person,
    userAttributes: [...attributes].map(([name, value]) => ({ name, value })),
    creatorMode: embed.creatorMode,
    ...(Object.keys(embed.settings).length > 0 && { settings: embed.settings }),
  };
  const values = (): readonly unknown[] => [
    ...Object.values(person).flatMap(valuesIn),
    ...attributes.values(),
    ...claimValues(session),
  ];
  return cubeCall(config, 'generate-session', fields, values);
}

type Person = Readonly<Record<string, unknown>>;

/** Who the session is for and what it may see, beside the attributes. */
function personOf(embed: CubeEmbedConfig, session: Session): Person {
  const { groups, email, displayName, embedTenant, securityContext } = embed;
  const text = (expression: Expression): string | undefined => textOf(expression.evaluate(session));
  const name = displayName && text(displayName);
  const person = {
    externalId: externalIdOf(embed.externalId, session),
    groups: groups ? groupsOf(groups.evaluate(session)) : [],
    ...(email && { email: text(email) }),
    ...(displayName && { userProfile: name === undefined ? undefined : { displayName: name } }),
    ...(embedTenant && { embedTenantName: tenantNameOf(text(embedTenant)) }),
    ...(securityContext.size > 0 && { securityContext: contextOf(securityContext, session) }),
  };
  const missing = Object.entries(person).filter(([, value]) => value === undefined);
  if (missing.length > 0) {
    const names = missing.map(([field]) => field).join(', ');
    throw new Refusal('attribute_missing', { reason: `attributes: ${names}` });
  }
  return person;
}

/** Texts and numbers, and lists of either that are not empty. Cube takes null too: it clears the attribute. */
export function isCubeAttribute(value: Value): boolean {
  if (!Array.isArray(value)) return isNumber(value) || isText(value);
  return value.length > 0 && (value.every(isNumber) || value.every(isText));
}

function isNumber(value: Value): boolean {
  return typeof value === 'number';
}

function isText(value: Value): value is string {
  return typeof value === 'string' && isPlainText(value);
}

function textOf(value: Value | undefined): string | undefined {
  return value !== undefined && isText(value) ? value : undefined;
}

/** An empty list says on purpose that there are no memberships; a list with an empty name says nothing. */
function groupsOf(value: Value | undefined): readonly string[] | undefined {
  return Array.isArray(value) && value.every(isText) ? value : undefined;
}

/** As it is, or not at all: to change it could put two tenants into one. */
function tenantNameOf(text: string | undefined): string | undefined {
  return text !== undefined && tenantNamePattern.test(text) ? text : undefined;
}

function contextOf(
  expressions: ReadonlyMap<string, Expression>,
  session: Session,
): Readonly<Record<string, Value>> | undefined {
  const entries = [...expressions].map(([name, one]) => [name, one.evaluate(session)] as const);
  return entries.every(isContextEntry) ? Object.fromEntries(entries) : undefined;
}

function isContextEntry(entry: readonly [string, Value | undefined]): entry is readonly [string, Value] {
  const [, value] = entry;
  return value !== undefined && (typeof value === 'boolean' || isCubeAttribute(value));
}

function valuesIn(field: unknown): readonly unknown[] {
  return typeof field === 'object' && field !== null ? Object.values(field) : [field];
}
