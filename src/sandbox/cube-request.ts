import { z } from 'zod';

const attributeValue = z.union([
  z.string(),
  z.number(),
  z.array(z.string()),
  z.array(z.number()),
  z.null(), // clears the attribute
]);

/**
 * The body of generate-session: what Cube documents and nothing else. Unlike Hex, Cube refuses a field that it does
 * not know.
 */
const sessionRequest = z
  .strictObject({
    deploymentId: z.int(),
    externalId: z
      .string()
      .min(1)
      .refine((id) => id === id.trim().toLowerCase(), 'must be lowercased and trimmed')
      .optional(),
    internalId: z.string().min(1).optional(),
    email: z.string().optional(),
    userProfile: z
      .strictObject({ displayName: z.string().optional(), picture: z.string().optional() })
      .optional(),
    embedTenantName: z
      .string()
      .regex(/^[a-z][a-z0-9-]{3,34}[a-z0-9]$/)
      .optional(),
    creatorMode: z.boolean().optional(),
    userAttributes: z
      .array(z.strictObject({ name: z.string(), value: attributeValue }))
      .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'names an attribute twice')
      .default([]),
    groups: z.array(z.string().min(1)).optional(),
    securityContext: z.record(z.string(), z.unknown()).optional(),
    settings: z
      .object({ locale: z.string().optional(), timezone: z.string().optional() })
      .catchall(z.boolean())
      .optional(),
    branchName: z.string().optional(),
    embedTheme: z.unknown().optional(),
    isEphemeral: z.boolean().optional(),
    ephemeralTtlSeconds: z.int().optional(),
  })
  .refine(
    ({ externalId, internalId }) => (externalId === undefined) !== (internalId === undefined),
    'needs exactly one of externalId and internalId',
  )
  .refine(
    ({ creatorMode, embedTenantName }) => creatorMode !== true || embedTenantName !== undefined,
    'creatorMode needs embedTenantName',
  );

export type SessionRequest = z.infer<typeof sessionRequest>;
export type AttributeValue = NonNullable<SessionRequest['userAttributes'][number]['value']>;

/** Reads a parsed body; a string says what is wrong with it. */
export function readSessionRequest(body: unknown): SessionRequest | string {
  const read = sessionRequest.safeParse(body);
  if (read.success) return read.data;
  return read.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ');
}
