import { z } from 'zod';
import { isCleanText } from './text.ts';

const textInput = z
  .strictObject({
    type: z.literal('string'),
    oneOf: z.array(z.string()).min(1).describe('the only values allowed').optional(),
    maxLength: z.int().min(1).max(4096).describe('longest value, in UTF-16 units').default(256),
    default: z.string().describe('value when the browser gives none').optional(),
  })
  .describe('text');

const numberShape = {
  min: z.number().describe('smallest value').optional(),
  max: z.number().describe('largest value').optional(),
  default: z.number().describe('value when the browser gives none').optional(),
};

const integerInput = z
  .strictObject({ type: z.literal('integer'), ...numberShape })
  .describe('a whole number, exact up to 2^53');

const numberInput = z.strictObject({ type: z.literal('number'), ...numberShape }).describe('a finite number');

const booleanInput = z
  .strictObject({
    type: z.literal('boolean'),
    default: z.boolean().describe('value when the browser gives none').optional(),
  })
  .describe('true or false');

export const inputSchema = z
  .discriminatedUnion('type', [textInput, integerInput, numberInput, booleanInput], {
    error: 'must be string, integer, number or boolean',
  })
  .describe('an input: its type and what it may be')
  .check(({ value, issues }) => {
    if ('min' in value && value.min !== undefined && value.max !== undefined && value.min > value.max) {
      issues.push({ code: 'custom', message: 'is greater than `max`', input: value, path: ['min'] });
    }
    if (value.default === undefined) return;
    const message = inputFault(value, value.default);
    if (message !== undefined) issues.push({ code: 'custom', message, input: value, path: ['default'] });
  });

export type InputConfig = z.output<typeof inputSchema>;
export type InputValue = string | number | boolean;

/** A frame without script carries the ticket of its place in the queue in this parameter of its query. */
export const queueTicketParameter = 'queue-ticket';

/** Why a value does not fit an input, in words that may be shown to the caller; undefined when it fits. */
export function inputFault(input: InputConfig, value: unknown): string | undefined {
  switch (input.type) {
    case 'string':
      if (typeof value !== 'string') return 'must be a string';
      if (!isCleanText(value)) return 'must be well-formed text without control characters';
      if (input.oneOf && !input.oneOf.includes(value)) return `must be one of ${input.oneOf.join(', ')}`;
      return value.length > input.maxLength ? `must have at most ${input.maxLength} characters` : undefined;
    case 'integer':
      return Number.isSafeInteger(value) ? outOfRange(input, Number(value)) : 'must be a whole number';
    case 'number':
      return Number.isFinite(value) ? outOfRange(input, Number(value)) : 'must be a number';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
  }
}

function outOfRange(
  { min, max }: { readonly min?: number | undefined; readonly max?: number | undefined },
  value: number,
): string | undefined {
  if (min !== undefined && value < min) return `must be at least ${min}`;
  if (max !== undefined && value > max) return `must be at most ${max}`;
  return undefined;
}
