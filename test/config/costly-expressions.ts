/** A token of 16 kB carries 12,288 bytes of JSON. */
export const claimBytesMax = 12_288;

const numbers = Array.from({ length: 2700 }, (_, index) => index % 10);
const ones = { list: Array.from({ length: 5800 }, () => 1) };
const twoLists = { roles: numbers, permissions: numbers };
const some = Array.from({ length: 400 }, () => 1);
const twoTexts = { text: 'a'.repeat(6000), other: 'b'.repeat(5000), list: some };
const oneText = { text: 'a'.repeat(11_300), list: some };
const digits = { text: '9'.repeat(11_300), list: some };
const listAndText = { list: numbers, text: 'x'.repeat(5000) };
const texts = { list: Array.from({ length: 1300 }, (_, index) => `r${index}`) };
const table = { map: Object.fromEntries(Array.from({ length: 1300 }, (_, index) => [`k${index}`, 1])) };
const accents = {
  map: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`${'é'.repeat(50)}${index}`, 1])),
};

/** Letters in no order that an automaton could foresee. */
const letters = {
  text: `c${Array.from({ length: 11_900 }, (_, index) => 'ab'[(index * index * 7 + (index >> 3)) % 2]).join('')}`,
};

const times = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => part(index)).join('');
const doubled = (step: (name: string) => string, count = 30): string =>
  times(count, (index) => `.map(x${index}, ${step(`x${index}`)})`);
const pairs = `[1]${doubled((name) => `[${name}, ${name}]`)}`;
const maps = `[[1]]${doubled((name) => `{"a": ${name}, "b": ${name}}`)}`;
const each = (body: string): string => `claims.list.exists(x, ${body})`;

/** What a search has to hold against the text at each of its places. */
const middle = 'claims.text.substring(4000) + "b" + claims.text.substring(4000)';

/** Expressions that load, each with the claims that make them cost the most. */
export const costly: readonly (readonly [expression: string, claims: object])[] = [
  // loops in loops
  ['claims.roles.exists(r, claims.permissions.exists(p, p == r + ":view"))', twoLists],
  ['claims.roles.exists(r, claims.permissions.exists(p, p + "x" == r || p + "y" == r))', twoLists],
  ['claims.list.exists_one(x, claims.list.exists_one(y, claims.list.exists_one(z, z == x)))', ones],
  ['claims.list.all(x, !(0 in claims.list))', ones],
  ['claims.list.filter(x, x in claims.list)', ones],
  [each('claims.list == [0] + claims.list'), ones],
  [each('size(claims.list + claims.list) == 1'), ones],
  [each(`${times(28, (index) => `[x].exists(y${index}, `)}claims.a.b.c${')'.repeat(28)}`), ones],
  [`claims.list${doubled((name) => name, 25)}`, ones],
  ['claims.list.map(x, x).map(x, x).map(x, x).map(x, x)', ones],
  // parts that are shared
  [pairs, {}],
  [`json(${pairs})`, {}],
  [`${pairs} == ${pairs}`, {}],
  [`[1] in ${pairs}`, {}],
  [`${maps} == ${maps}`, {}],
  [`"%s".format(${pairs})`, {}],
  [`[1]${doubled((name) => `[${name}, ${name}] + [${name}, ${name}]`, 14)}`, {}],
  ['claims.list.map(x, claims.list)', ones],
  ['json(claims.list.map(x, claims.list))', ones],
  ['claims.list.map(x, claims.list) == claims.list.map(x, claims.list)', ones],
  // texts that grow
  ['claims.text.replace("a", claims.other)', twoTexts],
  ['claims.text.replace("", claims.other)', twoTexts],
  ['claims.text.replace("a", "aaaaaaaa").replace("a", "aaaaaaaa").replace("a", "aaaaaaaa")', oneText],
  [`[claims.text]${doubled((name) => `${name} + ${name}`, 20)}[0].size()`, oneText],
  ['claims.text.split("").join(claims.text)', oneText],
  ['claims.text.split("").map(x, claims.text).join("")', oneText],
  ['claims.text.split("").map(x, x + claims.text)', oneText],
  ['claims.list.map(x, claims.text + string(x)).join("").contains("yy")', listAndText],
  ['claims.list.map(x, (claims.text + string(x)).upperAscii())', listAndText],
  [each('claims.text + "y" == "z" + claims.text'), listAndText],
  // texts that are read again and again
  [each('claims.text.lowerAscii() == x'), oneText],
  [each('size(claims.text) == 1'), oneText],
  [each('claims.text.trim() == x'), oneText],
  [each('claims.text.split("").size() == 1'), oneText],
  [each('claims.text.contains("b")'), oneText],
  [each('bytes(claims.text) == b"x"'), oneText],
  [each('claims.text < claims.text + "a" && false'), oneText],
  [each('claims.text.lastIndexOf(claims.other) == 5'), twoTexts],
  ['claims.text.lastIndexOf(claims.text.substring(3000) + "b")', twoTexts],
  ['claims.text.contains(claims.text.substring(2000) + "b" + claims.text.substring(2000))', twoTexts],
  [each('claims.text.indexOf("", 3) == 99'), listAndText],
  [each(`claims.text.replace(${middle}, "") == x`), twoTexts],
  [each(`claims.text.split(${middle}).size() == 9`), twoTexts],
  // patterns
  ['claims.text.matches(claims.other)', { text: 'a', other: '(x{30}){30}'.repeat(1000) }],
  ['claims.text.matches(claims.other)', { text: 'a', other: 'x{1000}'.repeat(1500) }],
  ['claims.text.matches(claims.other)', { text: 'a', other: 'a'.repeat(11_900) }],
  ['claims.text.matches(claims.other)', { text: 'aaaa', other: '(?i)[Ā-翿]' }],
  ['claims.text.matches(claims.other)', { text: 'a', other: '(?i)[^\\pL\\pN]'.repeat(3) }],
  ['claims.text.matches(claims.other)', { text: 'a', other: `${'('.repeat(900)}a${')'.repeat(900)}` }],
  ['claims.text.matches("(a|b)*a(a|b){12}c$")', letters],
  ['claims.text.matches("^c(a|b)*a(a|b){100}c$")', letters],
  ['claims.text.matches("(a?b?){100}d?$")', letters],
  ['claims.text.matches("(\\\\b|\\\\B|a|b){0,60}$")', letters],
  [each('x.matches("^[a-z]+@[a-z.]+$")'), texts],
  [each('x.matches("^" + x)'), texts],
  [each('x.matches("(" + x)'), texts],
  // numbers and times
  ['int(claims.text)', digits],
  [each('int(claims.text.substring(0, 300)) == 1'), digits],
  [each('double(claims.text) == 1.5'), digits],
  [each('timestamp("2020-01-01T00:00:00Z").getHours("Europe/Berlin") == 99'), ones],
  [each('timestamp("nonsense") == x'), ones],
  [each('string(timestamp(1)) == "x"'), ones],
  [each('duration("1h1m1s1ms1us1ns") == duration("2h")'), ones],
  [each('duration(claims.text) == duration("1s")'), { list: numbers, text: `${'1'.repeat(120)}h` }],
  // formats
  [each('"%.6f".format([1.5]) == "x"'), ones],
  ['claims.text.format(claims.list)', { text: '%f'.repeat(1500), list: Array<number>(1500).fill(1.5) }],
  ['claims.text.format(claims.list)', { text: '%.100e'.repeat(900), list: Array<number>(900).fill(1.5) }],
  ['"%s".format([claims.map])', accents],
  ['claims.map.exists(k, "%s".format([claims.map]) == k)', table],
  [each('"%x".format([claims.text]) == x'), oneText],
  // maps
  ['claims.map.exists(k, claims.map[1] == k)', table],
  ['claims.map.exists(k, claims.map[claims.map.size()] == k)', table],
  ['claims.map.exists(k, 1 in claims.map)', table],
  ['claims.map.all(k, claims.map == claims.map)', table],
  // failing steps, each with an error
  [each(`${times(90, () => 'claims.zzz || ')}false`), ones],
  [each(`claims${'.a'.repeat(900)}`), ones],
  [each(`${times(200, () => 'x.a || ')}false`), ones],
  [each(`${times(80, () => '(x ? true : true) || ')}false`), ones],
  [each(`${times(120, () => 'x + "a" == x || ')}false`), ones],
  [each(`${times(120, () => 'x < "a" || ')}false`), ones],
  [each(`${'!'.repeat(1900)}x`), ones],
  [each('bool(claims.text)'), listAndText],
  [each('x % 0 == 1'), ones],
  [each('9223372036854775807 + 1 == 1'), ones],
  // long bodies
  [each(`[${times(600, () => 'x,')}x] == 1`), ones],
  [each(`{${times(200, (index) => `${index}: x, `)}"a": x} == 1`), ones],
  [`claims.list.map(x, ${times(300, () => 'x + ')}1)`, ones],
  [each(`${times(50, () => '"a".split("").size() == 9 || ')}false`), ones],
];
