import { errors, jwtVerify } from 'jose';
import { z } from 'zod';

const leewaySeconds = 60;

const parameterValue = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.union([z.string(), z.number(), z.boolean()])),
]);

export type FilterValue = z.infer<typeof parameterValue>;
export type FilterValues = Readonly<Record<string, FilterValue>>;

const entityId = z.union([z.int().min(1), z.string().regex(/^[A-Za-z0-9_-]{21}$/)]);

/** What a token names, read as the one that the page is for. */
const resources = {
  dashboard: z.object({ dashboard: entityId }).transform(({ dashboard }) => dashboard),
  question: z.object({ question: entityId }).transform(({ question }) => question),
} as const;

export type EntityType = keyof typeof resources;

const parameters = z.record(z.string(), parameterValue);

/** What a token may show: a dashboard or question by number or entity id, and the parameters that it sets. */
export interface SignedView {
  readonly id: z.infer<typeof entityId>;
  readonly params: FilterValues;
}

const isCorrupt = 'Message seems corrupt or manipulated';

/**
 * Verifies a token as Metabase does; a string is the text that it says otherwise.
 *
 * `exp` is heeded when it is there and not asked for when it is not: such a token never dies.
 *
 * @param type what the page shows: a token for the other one names nothing
 * @param secret 64 characters, which are the key as they stand: they are not decoded
 */
export async function readToken(
  type: EntityType,
  token: string,
  secret: string,
): Promise<SignedView | string> {
  const payload = await verify(token, secret);
  if (typeof payload === 'string') return payload;
  const shown = resources[type].safeParse(payload.resource);
  if (!shown.success) return `Token is missing value for keypath [:resource :${type}]`;
  if (payload.params === undefined || payload.params === null) {
    return 'Token is missing value for keypath [:params]';
  }
  const params = parameters.safeParse(payload.params);
  if (!params.success) return 'The parameters are neither values nor lists of values.';
  return { id: shown.data, params: params.data };
}

async function verify(token: string, secret: string): Promise<Readonly<Record<string, unknown>> | string> {
  try {
    const options = { algorithms: ['HS256'], clockTolerance: leewaySeconds };
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), options);
    const isFromLater = payload.iat !== undefined && payload.iat > Date.now() / 1000 + leewaySeconds;
    return isFromLater ? `Token is not valid yet (${payload.iat})` : payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) return `Token is expired (${error.payload.exp})`;
    if (error instanceof errors.JOSEError) return isCorrupt;
    throw error;
  }
}
