import { expect, it } from 'vitest';
import { readAsked } from '../../src/gateway/asked.ts';
import { refusalOf } from './sent-body.ts';

it('at most 20 errors are reported, however many there are', () => {
  const fields = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`f${index}`, 1]));
  const refusal = refusalOf(() => readAsked({ form: 'json', text: JSON.stringify(fields) }));
  expect(refusal.parts.errors).toHaveLength(20);
});
