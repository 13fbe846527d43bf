import { queueTicketParameter } from './inputs.ts';
import { defaultHost, defaultPorts } from './listen.ts';
import type { Add, ProblemList } from './problems.ts';
import type { Product, ProviderUse } from './product.ts';
import { productNamed, productOf, products } from './products.ts';
import { isEmpty, record, type Raw } from './raw.ts';
import { checkSessions } from './session-references.ts';

/**
 * What one part of the file says of another, and what must or must not stand together. Checked on the
 * raw values, so that it is reported together with whatever is wrong inside those parts.
 *
 * @param unresolved paths, as JSON, whose reference led nowhere: what else is wrong with them is no news
 */
export function checkReferences(raw: unknown, unresolved: ReadonlySet<string>, problems: ProblemList): void {
  const { providers, embeds, sessions, redis } = record(raw);
  const add: Add = (path, message) => {
    if (!unresolved.has(JSON.stringify(path))) problems.add({ path }, message);
  };
  checkPorts(record(raw), add);
  if (redis !== undefined) checkRedis(record(redis), add);
  checkSessions(Array.isArray(sessions) ? sessions : [], add);
  for (const [name, embed] of Object.entries(record(embeds))) {
    checkEmbed(record(embed), record(providers), (path, message) => {
      add(['embeds', name, ...path], message);
    });
  }
  for (const product of Object.values<Product>(products)) {
    product.check?.(usesOf(product, record(raw)), add);
  }
}

/** Parameters of a query that are no inputs. */
const reservedNames = ['embed', queueTicketParameter];

/** The providers of a product, each with the embeds that name it. */
function usesOf(product: Product, { providers, embeds, sessions }: Raw): readonly ProviderUse[] {
  return Object.entries(record(providers))
    .filter(([, provider]) => productOf(provider) === product)
    .map(([name, provider]) => ({
      name,
      provider: record(provider),
      embeds: new Map(
        Object.entries(record(embeds))
          .map(([embed, fields]) => [embed, record(fields)] as const)
          .filter(([, fields]) => fields.provider === name),
      ),
      sessions: Array.isArray(sessions) ? sessions.length : 0,
    }));
}

const everyHost = ['0.0.0.0', '::'];
const thisHost = ['127.0.0.1', 'localhost', '::1'];

function checkPorts({ listen, operations }: Raw, add: Add): void {
  const { host = defaultHost, port = defaultPorts.listen } = record(listen);
  const { host: otherHost = defaultHost, port: otherPort = defaultPorts.operations } = record(operations);
  const hosts = [String(host), String(otherHost)];
  const overlap =
    host === otherHost ||
    hosts.some((one) => everyHost.includes(one)) ||
    hosts.every((one) => thisHost.includes(one));
  if (port === otherPort && port !== 0 && overlap) add(['operations', 'port'], 'is the port of `listen` too');
}

function checkRedis(redis: Raw, add: Add): void {
  const given = ['url', 'cluster', 'sentinel'].filter((name) => redis[name] !== undefined);
  if (given.length !== 1) add(['redis'], 'needs exactly one of url, cluster, sentinel');
}

function checkEmbed(embed: Raw, providers: Raw, add: Add): void {
  const { provider, inputs } = embed;
  if (typeof provider === 'string' && !Object.hasOwn(providers, provider)) {
    add(['provider'], `names no provider; there are: ${Object.keys(providers).join(', ') || 'none'}`);
  }
  const product = productNamed(provider, providers);
  if (product) checkFilters(embed, product, add);
  for (const reserved of reservedNames) {
    if (Object.hasOwn(record(inputs), reserved)) add(['inputs', reserved], 'is a reserved name');
  }
}

function checkFilters(embed: Raw, { filters }: Product, add: Add): void {
  const { public: isPublic, combination } = embed;
  const [attributes] = filters;
  const filtering = filters.find((key) => !isEmpty(embed[key]));
  if (filtering === undefined && isPublic === undefined) {
    add([attributes], 'is missing: say `public: true` if nothing is to filter this embed');
  }
  if (filtering !== undefined && isPublic === true) {
    add(['public'], `contradicts \`${filtering}\`: an embed is filtered or public`);
  }
  for (const [index, attribute] of (Array.isArray(combination) ? combination : []).entries()) {
    if (!Object.hasOwn(record(embed[attributes]), String(attribute))) {
      add(['combination', index], `is not one of \`${attributes}\``);
    }
  }
}
