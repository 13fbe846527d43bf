import { z } from 'zod';

/**
 * The body of createPresignedUrl. Unknown keys are dropped without a word, as Hex does, so a misspelt key passes.
 *
 * `expiresIn` is in milliseconds: the longest time between the answer and the frame's request for the URL.
 */
const presignRequest = z.object({
  hexUserAttributes: z.record(z.string(), z.string()).default({}),
  scope: z.array(z.string()).default([]),
  inputParameters: z.record(z.string(), z.unknown()).default({}),
  expiresIn: z.number().min(1).max(300_000).default(15_000),
  displayOptions: z
    .object({
      theme: z.enum(['light', 'dark']).optional(),
      noEmbedBasePadding: z.boolean().default(false),
      noEmbedOutline: z.boolean().default(false),
      noEmbedFooter: z.boolean().default(false),
      noEmbedHeaderPadding: z.boolean().default(false),
      showEmbeddedRunButton: z.boolean().default(false),
    })
    .prefault({}),
  testMode: z.boolean().default(false),
});

export type PresignRequest = z.infer<typeof presignRequest>;

/** Reads a parsed body; a string says what is wrong with it. */
export function readPresignRequest(body: unknown): PresignRequest | string {
  const read = presignRequest.safeParse(body);
  if (read.success) return read.data;
  return read.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ');
}

/** Whether a body, right or wrong elsewhere, asks for the test mode that counts towards no limit. */
export function asksForTestMode(body: unknown): boolean {
  return z.object({ testMode: z.literal(true) }).safeParse(body).success;
}
