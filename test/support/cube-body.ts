import { z } from 'zod';

const attributeValue = z.union([z.string(), z.number(), z.array(z.string()), z.array(z.number()), z.null()]);

/**
 * What Cube documents for the body of generate-session, and nothing else: an unknown field, a duplicate
 * attribute, an id that is not lowercased and trimmed are mistakes.
 *
 * @see https://docs.cube.dev/api-reference/embed/generate-an-embed-session
 */
export const cubeBodySchema = z
  .strictObject({
    deploymentId: z.int(),
    externalId: z
      .string()
      .min(1)
      .refine((id) => id === id.trim().toLowerCase(), 'is not lowercased and trimmed')
      .optional(),
    internalId: z.string().optional(),
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
      .array(z.strictObject({ name: z.string().min(1), value: attributeValue }))
      .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'names one twice'),
    groups: z.array(z.string().min(1)),
    securityContext: z.record(z.string(), z.unknown()).optional(),
    settings: z.record(z.string(), z.union([z.boolean(), z.string()])).optional(),
    branchName: z.string().optional(),
    embedTheme: z.record(z.string(), z.unknown()).optional(),
    isEphemeral: z.boolean().optional(),
    ephemeralTtlSeconds: z.int().optional(),
  })
  .refine(
    ({ externalId, internalId }) => (externalId === undefined) !== (internalId === undefined),
    'needs one of externalId and internalId',
  );
