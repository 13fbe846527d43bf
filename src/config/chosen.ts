import { z } from 'zod';
import { record, type Raw } from './raw.ts';

/** Parses an entry with the schema that it itself, or another part of the file, asks for. */
export function chosen<Output>(choose: (entry: Raw) => z.ZodType<Output>): z.ZodType<Output> {
  return z.unknown().transform((entry, context): Output => {
    const parsed = choose(record(entry)).safeParse(entry, { reportInput: true });
    if (parsed.success) return parsed.data;
    context.issues.push(...(parsed.error.issues as z.core.$ZodRawIssue[]));
    return z.NEVER;
  });
}
