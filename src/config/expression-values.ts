import { isCelList, isCelMap, isCelUint, type CelList, type CelMap, type CelValue } from '@bufbuild/cel';
import { charge } from './cost.ts';
import { isPlainText } from './text.ts';

/** What a claim holds and an expression gives: JSON, with maps that have no prototype to pollute. */
export type Value = null | boolean | number | string | readonly Value[] | Claims;
export type Claims = ReadonlyMap<string, Value>;

/**
 * What an expression gave, as JSON has it; charged for each part, however often it is shared. Undefined
 * for what JSON cannot say: bytes, timestamps, types, integers beyond 2^53, maps keyed by other than strings.
 */
export function toValue(value: CelValue): Value | undefined {
  charge(10);
  if (typeof value === 'string') {
    charge(value.length >> 3); // others read it too
    return value;
  }
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'bigint') return toSafeNumber(value);
  if (isCelUint(value)) return toSafeNumber(value.value);
  if (isCelList(value)) return toItems(value);
  return isCelMap(value) ? toEntries(value) : undefined;
}

function toItems(list: CelList): readonly Value[] | undefined {
  const items: Value[] = [];
  for (const item of list) {
    const value = toValue(item);
    if (value === undefined) return undefined;
    items.push(value);
  }
  return items;
}

function toEntries(map: CelMap): Claims | undefined {
  const entries = new Map<string, Value>();
  for (const [key, item] of map) {
    const value = toValue(item);
    if (typeof key !== 'string' || value === undefined) return undefined;
    entries.set(key, value);
  }
  return entries;
}

/** @throws {Error} something in the value, however deep, is empty or no plain text */
export function toFilledJson(input: CelValue): string {
  const value = toValue(input);
  if (value === undefined || !isFilled(value)) throw new Error('json() of an absent or empty value');
  return JSON.stringify(toJson(value));
}

function toSafeNumber(value: bigint): number | undefined {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** True when nothing in the value, however deep, is empty or a text that two readers could take differently. */
function isFilled(value: Value): boolean {
  charge(5);
  if (typeof value === 'string') return isFilledText(value);
  if (value instanceof Map) {
    const entries = [...(value as Claims)];
    return entries.length > 0 && entries.every(([name, item]) => isFilledText(name) && isFilled(item));
  }
  if (Array.isArray(value)) return value.length > 0 && value.every(isFilled);
  return value !== null;
}

function isFilledText(text: string): boolean {
  charge(text.length >> 2);
  return isPlainText(text);
}

function toJson(value: Value): unknown {
  if (value instanceof Map) {
    const record = Object.create(null) as Record<string, unknown>;
    for (const [key, item] of value as Claims) record[key] = toJson(item);
    return record;
  }
  return Array.isArray(value) ? value.map(toJson) : value;
}
