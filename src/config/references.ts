import type { Path, ProblemList } from './problems.ts';

/**
 * What one part of the file says of another, and what must or must not stand together. Checked on the
 * raw values, so that it is reported together with whatever is wrong inside those parts.
 */
export function checkReferences(raw: unknown, problems: ProblemList): void {
  const { providers, embeds, sessions, redis } = record(raw);
  if (redis !== undefined) checkOneOf(redis, ['url', 'cluster', 'sentinel'], ['redis'], problems);
  checkSessions(Array.isArray(sessions) ? sessions : [], problems);
  for (const [name, embed] of Object.entries(record(embeds))) {
    checkEmbed(record(embed), ['embeds', name], { providers: Object.keys(record(providers)), problems });
  }
}

function checkSessions(sessions: readonly unknown[], problems: ProblemList): void {
  const issuers = new Set<unknown>();
  for (const [index, session] of sessions.entries()) {
    const path = ['sessions', index];
    const { issuer, audience, require: rules, keys } = record(session);
    if (issuers.has(issuer)) problems.add({ path: [...path, 'issuer'] }, 'stands in an earlier entry too');
    if (issuer !== undefined) issuers.add(issuer);
    if (keys !== undefined) {
      checkOneOf(keys, ['discovery', 'jwks', 'pem', 'secret'], [...path, 'keys'], problems);
    }
    if (audience === undefined && isEmpty(rules)) {
      problems.add(
        { path: [...path, 'audience'] },
        'is missing: without it, require must say what replaces it',
      );
    }
  }
}

function checkEmbed(
  embed: Raw,
  path: Path,
  { providers, problems }: { readonly providers: readonly string[]; readonly problems: ProblemList },
): void {
  const { provider, attributes, public: isPublic, combination, inputs } = embed;
  const add = (below: Path, message: string): void => {
    problems.add({ path: [...path, ...below] }, message);
  };
  if (typeof provider === 'string' && !providers.includes(provider)) {
    add(['provider'], `names no provider; there are: ${providers.join(', ')}`);
  }
  if (isEmpty(attributes) && isPublic === undefined) {
    add(['attributes'], 'is missing: say `public: true` if nothing is to filter this embed');
  }
  if (!isEmpty(attributes) && isPublic === true) {
    add(['public'], 'contradicts `attributes`: an embed is filtered or public');
  }
  for (const [index, attribute] of (Array.isArray(combination) ? combination : []).entries()) {
    if (!Object.hasOwn(record(attributes), String(attribute))) {
      add(['combination', index], 'is not one of `attributes`');
    }
  }
  if (Object.hasOwn(record(inputs), 'embed')) add(['inputs', 'embed'], 'is a reserved name');
}

/** Of these settings exactly one must be given. */
function checkOneOf(value: unknown, names: readonly string[], path: Path, problems: ProblemList): void {
  const given = names.filter((name) => record(value)[name] !== undefined);
  if (given.length !== 1) problems.add({ path }, `needs exactly one of ${names.join(', ')}`);
}

type Raw = Readonly<Record<string, unknown>>;

function record(value: unknown): Raw {
  return typeof value === 'object' && value !== null ? (value as Raw) : {};
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || Object.keys(record(value)).length === 0;
}
