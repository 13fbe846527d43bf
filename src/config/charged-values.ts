import { isCelList, isCelMap, type CelList, type CelMap, type CelValue } from '@bufbuild/cel';
import { charge } from './cost.ts';

/** Compares two values that are neither lists nor maps. */
export type CompareScalars = (left: CelValue, right: CelValue) => boolean;

/** The steps for reading so many characters. */
export function textCost(value: unknown): number {
  return typeof value === 'string' || value instanceof Uint8Array ? value.length >> 5 : 0;
}

/**
 * CEL's equality, charged for each part that is compared: lists can share their parts, so that a small
 * one has more parts than there is memory.
 */
export function isEqual(left: CelValue, right: CelValue, compareScalars: CompareScalars): boolean {
  charge(5);
  if (left === right) return true;
  if (isCelList(left)) return isCelList(right) && isEqualList(left, right, compareScalars);
  if (isCelMap(left)) return isCelMap(right) && isEqualMap(left, right, compareScalars);
  if (typeof left === 'string' && typeof right === 'string') {
    charge(textCost(left));
    return false;
  }
  charge(5 + textCost(left));
  return compareScalars(left, right);
}

function isEqualList(left: CelList, right: CelList, compareScalars: CompareScalars): boolean {
  if (left.size !== right.size) return false;
  const others = right.values();
  for (const item of left) {
    const other = others.next().value as CelValue;
    if (!isEqual(item, other, compareScalars)) return false;
  }
  return true;
}

function isEqualMap(left: CelMap, right: CelMap, compareScalars: CompareScalars): boolean {
  if (left.size !== right.size) return false;
  for (const [key, item] of left) {
    charge(10 + keyCost(right, key));
    const other = right.get(key);
    if (other === undefined || !isEqual(item, other, compareScalars)) return false;
  }
  return true;
}

/** The steps for looking a key up: a number is compared with all keys, as 1 and 1u are one key. */
export function keyCost(map: CelMap, key: unknown): number {
  return typeof key === 'string' || typeof key === 'boolean' ? 1 : 1 + (map.size >> 2);
}

/** Charges for going through a value with all that it holds. */
export function chargeDeep(
  value: CelValue,
  steps: { readonly part: number; readonly character: number },
): void {
  charge(steps.part);
  if (typeof value === 'string' || value instanceof Uint8Array) charge(value.length * steps.character);
  if (isCelList(value)) for (const item of value) chargeDeep(item, steps);
  if (!isCelMap(value)) return;
  for (const [key, item] of value) {
    chargeDeep(key, steps);
    chargeDeep(item, steps);
  }
}
