import type { Embed, Entity, Inputs } from './embed.ts';
import { inputFault, type InputConfig, type InputValue } from '../config/inputs.ts';
import { parseStrictJson } from './strict-json.ts';
import { Refusal } from './refusal.ts';

/** What the browser asks for, as it came: parsed only once the session is believed. */
export type Asked =
  | { readonly form: 'query'; readonly query: URLSearchParams }
  | { readonly form: 'json'; readonly text: string }
  /** Metabase's own script: `{entityType, entityId, …}`. */
  | { readonly form: 'guest'; readonly text: string };

/** The embed asked for and the inputs, not yet held against the embed. */
export interface EmbedRequest {
  /** Its name, or what it shows. */
  readonly embed: string | Entity;
  readonly inputs: ReadonlyMap<string, unknown>;
  /** True for a query, where every value is text. */
  readonly isText: boolean;
}

const errorsMax = 20;

interface InputError {
  readonly name: string;
  readonly reason: string;
}

/** @throws {Refusal} `input_invalid`: no embed, a name given twice, an unknown field, broken JSON */
export function readAsked(asked: Asked): EmbedRequest {
  switch (asked.form) {
    case 'query':
      return readQuery(asked.query);
    case 'json':
      return readBody(asked.text);
    case 'guest':
      return readGuestBody(asked.text);
  }
}

function readQuery(query: URLSearchParams): EmbedRequest {
  const values = new Map<string, string>();
  for (const [name, value] of query) {
    if (values.has(name)) throw invalid([{ name, reason: 'is given twice' }]);
    values.set(name, value);
  }
  const embed = values.get('embed');
  values.delete('embed');
  if (embed === undefined || embed === '') throw invalid([{ name: 'embed', reason: 'is missing' }]);
  return { embed, inputs: values, isText: true };
}

function readBody(text: string): EmbedRequest {
  const body = readObject(text);
  const errors = [...body.keys()]
    .filter((name) => name !== 'embed' && name !== 'inputs')
    .map((name): InputError => ({ name, reason: 'is not a known field' }));
  const embed = body.get('embed');
  const inputs = body.has('inputs') ? body.get('inputs') : new Map<string, unknown>();
  if (typeof embed !== 'string' || embed === '') {
    errors.push({ name: 'embed', reason: 'must be a string that is not empty' });
  }
  if (!(inputs instanceof Map)) errors.push({ name: 'inputs', reason: 'must be an object' });
  if (errors.length > 0) throw invalid(errors);
  return { embed: String(embed), inputs: inputs as ReadonlyMap<string, unknown>, isText: false };
}

/**
 * Reads what Metabase's embed.js posts. Its other fields are Metabase's own affair and choose nothing.
 *
 * @see https://www.metabase.com/docs/latest/embedding/guest-embedding
 */
function readGuestBody(text: string): EmbedRequest {
  const body = readObject(text);
  const [type, id] = [body.get('entityType'), body.get('entityId')];
  const errors: InputError[] = [];
  if (type !== 'dashboard' && type !== 'question') {
    errors.push({ name: 'entityType', reason: 'must be dashboard or question' });
  }
  if ((typeof id !== 'string' || id === '') && !Number.isSafeInteger(id)) {
    errors.push({ name: 'entityId', reason: 'must be a whole number or an entity id' });
  }
  if (errors.length > 0) throw invalid(errors);
  return { embed: { type: String(type), id: String(id) }, inputs: new Map(), isText: false };
}

function readObject(text: string): ReadonlyMap<string, unknown> {
  const { value, fault } = parseStrictJson(text);
  if (fault !== undefined) throw invalid([{ name: 'body', reason: fault }]);
  if (!(value instanceof Map)) throw invalid([{ name: 'body', reason: 'must be a JSON object' }]);
  return value as ReadonlyMap<string, unknown>;
}

/**
 * Holds the inputs against what the embed declares, and adds its defaults.
 *
 * @throws {Refusal} `input_invalid` with the errors, the first 20 of them
 */
export function readInputs(embed: Pick<Embed, 'inputs'>, request: EmbedRequest): Inputs {
  const inputs = new Map<string, InputValue>();
  const errors: InputError[] = [];
  for (const name of request.inputs.keys()) {
    if (!embed.inputs.has(name)) errors.push({ name, reason: 'is not an input of this embed' });
  }
  for (const [name, config] of embed.inputs) {
    const given = request.inputs.get(name);
    const value = request.isText && typeof given === 'string' ? fromText(config, given) : given;
    const chosen = value === undefined ? config.default : value;
    if (chosen === undefined) continue;
    const reason = inputFault(config, chosen);
    if (reason === undefined) inputs.set(name, chosen as InputValue);
    else errors.push({ name, reason });
  }
  if (errors.length > 0) throw invalid(errors);
  return inputs;
}

/** A query's text as the input's type; text that does not read as one stays text, and is refused as such. */
function fromText({ type }: InputConfig, text: string): unknown {
  switch (type) {
    case 'string':
      return text;
    case 'integer':
    case 'number':
      return /^-?(0|[1-9]\d{0,15})(\.\d{1,16})?$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' || text === 'false' ? text === 'true' : text;
  }
}

function invalid(errors: readonly InputError[]): Refusal {
  return new Refusal('input_invalid', {
    errors: errors.slice(0, errorsMax).map(({ name, reason }) => ({ name: name.slice(0, 64), reason })),
  });
}
