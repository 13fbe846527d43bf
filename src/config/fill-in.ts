import { presetFields, presetOf, type PresetField, type PresetName } from './presets.ts';
import { record, type Raw } from './raw.ts';
import { isSecureUrl, parseUrl } from './urls.ts';

/** What a preset gave to one entry of `sessions`: nothing in it that the operator wrote as such. */
export interface FilledIn {
  /** Of the entry, from 0. */
  readonly index: number;
  readonly preset: PresetName;
  readonly fields: Raw;
}

/**
 * Lays presets under what the operator wrote, before anything is checked, so that every rule holds for
 * both alike. What the operator wrote wins; a key of `keys` that says where keys come from leaves no
 * other, and `require` is added to: no rule of a preset is lost by writing another.
 *
 * @param raw the file as it stands; it is not changed
 */
export function fillIn(raw: unknown): { readonly raw: unknown; readonly filledIn: readonly FilledIn[] } {
  const { sessions } = record(raw);
  if (!Array.isArray(sessions)) return { raw, filledIn: [] };
  const filledIn = sessions.flatMap((entry, index) => fieldsFor(record(entry), index));
  const filled = [...listOf(sessions)];
  for (const { index, fields } of filledIn) filled[index] = layUnder(fields, record(sessions[index]));
  return { raw: { ...record(raw), sessions: filled }, filledIn };
}

const keySources = ['discovery', 'jwks', 'pem', 'secret', 'sealed'];

function fieldsFor(entry: Raw, index: number): FilledIn[] {
  const preset = presetOf(entry);
  if (!preset) return [];
  const { keys, require: rules, ...others } = preset.fill(known(entry));
  const own = record(entry.keys);
  const isOwnKey = own.pem !== undefined || own.secret !== undefined; // it implies its algorithm
  const given = Object.entries(others).filter(
    ([key]) => entry[key] === undefined && !(key === 'algorithms' && isOwnKey),
  );
  const fields = {
    ...Object.fromEntries(given),
    ...(keySources.every((source) => own[source] === undefined) && { keys }),
    ...(rules !== undefined && { require: rules }),
  };
  return [{ index, preset: preset.name, fields }];
}

function layUnder({ keys, require: rules, ...fields }: Raw, entry: Raw): Raw {
  return {
    ...fields,
    ...entry,
    ...(keys !== undefined && isTable(entry.keys) && { keys: { ...keys, ...record(entry.keys) } }),
    // those of the operator first, so that a problem with one is found at its place in the file
    ...(Array.isArray(rules) &&
      isList(entry.require) && { require: [...listOf(entry.require), ...listOf(rules)] }),
  };
}

function isTable(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value));
}

function isList(value: unknown): boolean {
  return value === undefined || Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * What is missing or malformed is a problem of its own, told by preset-references.ts; that nothing which
 * was made from it is another, harmless words stand in its place.
 */
function known(entry: Raw): Parameters<NonNullable<ReturnType<typeof presetOf>>['fill']>[0] {
  const id = (field: Exclude<PresetField, 'authorizedParties'>): string => {
    const parsed = presetFields[field].safeParse(entry[field]);
    return parsed.data ?? 'unknown';
  };
  const parties = presetFields.authorizedParties.safeParse(entry.authorizedParties).data;
  return {
    client: id('client'),
    pool: id('pool'),
    project: id('project'),
    region: id('region'),
    issuer: (products = 'https://unknown.invalid') => {
      const written = isIssuerUrl(entry.issuer) ? entry.issuer : products;
      return written.replace(/\/$/, '');
    },
    azp:
      parties === undefined
        ? []
        : [`claims.azp in [${parties.map((party) => JSON.stringify(party)).join(', ')}]`],
  };
}

/** True for an address below which keys may be looked for. */
export function isIssuerUrl(issuer: unknown): issuer is string {
  const url = typeof issuer === 'string' ? parseUrl(issuer) : undefined;
  return url !== undefined && isSecureUrl(url);
}
