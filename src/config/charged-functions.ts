import {
  celList,
  isCelError,
  isCelList,
  isCelMap,
  type CelEnv,
  type CelList,
  type CelValue,
} from '@bufbuild/cel';
import { countOf, searchCost } from './charged-text.ts';
import { chargeDeep, isEqual, keyCost, textCost, type CompareScalars } from './charged-values.ts';
import { charge } from './cost.ts';

type Functions = CelEnv['funcs'];
type Group = NonNullable<ReturnType<Functions['find']>>;
type Call = Group['call'];

/** What a call is made on, where it is, then its arguments. */
type Args = readonly (CelValue | undefined)[];

const callCost = 4;
/** Of a call that has no overload or fails: an error is made. */
const failureCost = 100;

const wholeText = ([text]: Args): number => 16 * textCost(text);
const search = ([text, part]: Args): number => searchCost(text, part);
// reading a whole number is quadratic in its digits
const digits = ([text]: Args): number => textCost(text) ** 2;
// a zone's rules are looked up each time
const dateField = ([, zone]: Args): number => (zone === undefined ? 40 : 2000);

/** What functions cost beyond a call and the reading of their arguments, before they do anything. */
const costs: Readonly<Record<string, (args: Args) => number>> = {
  '_+_': ([left, right]) => 3 * (textCost(left) + textCost(right)),
  contains: search,
  indexOf: search,
  lastIndexOf: search,
  replace: search,
  split: ([text, separator]) => search([text, separator]) + countOf(text, separator),
  size: wholeText,
  lowerAscii: wholeText,
  upperAscii: wholeText,
  trim: wholeText,
  'strings.quote': wholeText,
  int: digits,
  uint: digits,
  string: () => 40,
  timestamp: () => 50,
  duration: () => 80,
  join: ([list, separator]) => joinCost(list, separator),
  format: ([text, args]) => formatCost(text, args),
  ...Object.fromEntries(
    'FullYear Month Date DayOfMonth DayOfWeek DayOfYear Hours Minutes Seconds Milliseconds'
      .split(' ')
      .map((field) => [`get${field}`, dateField]),
  ),
};

function joinCost(list: CelValue | undefined, separator: CelValue | undefined): number {
  if (!isCelList(list)) return 0;
  charge(list.size);
  let characters = 0;
  for (const item of list) characters += lengthOf(item) + lengthOf(separator);
  return characters >> 3;
}

function lengthOf(value: CelValue | undefined): number {
  return typeof value === 'string' ? value.length : 0;
}

/** Maps are sorted by their keys, and each `%f` makes a formatter of its own. */
function formatCost(text: CelValue | undefined, args: CelValue | undefined): number {
  if (typeof text !== 'string' || args === undefined) return 0;
  chargeDeep(args, { part: 100, character: 4 });
  const fixed = text.match(/%[\d.]*f/g)?.length ?? 0;
  return (text.length >> 2) + 10 * countOf(text, '%') + 1000 * fixed;
}

/** Operators whose work depends on what lists and maps hold. */
const operators: Readonly<Record<string, (library: Call, compare: CompareScalars) => Call>> = {
  '_==_': (library, compare) => equality(library, compare, true),
  '_!=_': (library, compare) => equality(library, compare, false),
  '@in': (library, compare) => (id, target, args) => {
    const [value, container] = args;
    if (isCelMap(container)) charge(keyCost(container, value));
    if (!isCelList(container) || value === undefined) return library(id, target, args);
    for (const item of container) if (isEqual(item, value, compare)) return true;
    return false;
  },
  '_+_': (library) => (id, target, args) => {
    const [left, right] = args;
    if (!isCelList(left) || !isCelList(right)) return library(id, target, args);
    // the library makes a list of lists, which is as slow to go through as it is deep
    charge(left.size + right.size);
    return celList([...left, ...right]);
  },
};

function equality(library: Call, compare: CompareScalars, whenEqual: boolean): Call {
  return (id, target, args) => {
    const [left, right] = args;
    if (left === undefined || right === undefined) return library(id, target, args);
    return isEqual(left, right, compare) === whenEqual;
  };
}

/** Lists that a macro is still making: nothing else can reach one before it has. */
const growing = new WeakMap<CelList, CelValue[]>();

/** What the metered form of an expression calls. Nobody can write these: no name begins with `@`. */
const internals: Readonly<Record<string, Call>> = {
  '@iterate': (_id, _target, [range, cost]) => {
    if (isCelList(range) || isCelMap(range)) charge(range.size * Number(cost));
    return range;
  },
  '@lookup': (_id, _target, [container]) => {
    if (isCelMap(container)) charge(keyCost(container, 0n));
    return container;
  },
  '@list': () => {
    const items: CelValue[] = [];
    const list = celList(items);
    growing.set(list, items);
    return list;
  },
  '@append': (_id, _target, [list, added]) => {
    if (isCelList(list) && isCelList(added)) growing.get(list)?.push(...added);
    return list;
  },
};

/**
 * The functions of an environment, each charged for what it reads, does and makes before it does it.
 *
 * @see https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions
 */
export function chargedFunctions(functions: Functions): Functions {
  const equals = functions.find('_==_');
  const compare: CompareScalars = (left, right) => equals?.call(0, undefined, [left, right]) === true;
  const groups = new Map<string, Group | undefined>();
  const find = (name: string): Group | undefined => {
    if (!groups.has(name)) groups.set(name, chargedGroup(name, functions.find(name), compare));
    return groups.get(name);
  };
  return Object.create(functions, { find: { value: find } }) as Functions;
}

function chargedGroup(name: string, library: Group | undefined, compare: CompareScalars): Group | undefined {
  const call = internals[name] ?? (library && chargedCall(name, library, compare));
  return call && (Object.create(library ?? null, { name: { value: name }, call: { value: call } }) as Group);
}

function chargedCall(name: string, library: Group, compare: CompareScalars): Call {
  const own = library.call.bind(library);
  const call = operators[name]?.(own, compare) ?? own;
  const costOf = costs[name] ?? free;
  return (id, target, args) => {
    let cost = callCost + textCost(target);
    for (const arg of args) cost += textCost(arg);
    charge(cost + costOf(target === undefined ? args : [target, ...args]));
    const result = call(id, target, args);
    if (result === undefined || isCelError(result)) charge(failureCost);
    return result;
  };
}

function free(): number {
  return 0;
}
