import { createSecretKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Value } from '../config/expressions.ts';
import type { MetabaseEmbedConfig, MetabaseProviderConfig, Resource } from '../config/metabase.ts';
import type { Secret } from '../config/secret.ts';
import { isPlainText } from '../config/text.ts';
import type { EmbedUrl, Entity, MintOrder } from '../gateway/embed.ts';
import { Refusal } from '../gateway/refusal.ts';
import { appearanceHash } from './metabase-appearance.ts';
import type { Provider } from './provider.ts';
import { ofUsableLength } from './url-length.ts';

/** What a token says. `exp` is in seconds since the epoch: Metabase believes a token without it for ever. */
export interface TokenPayload {
  readonly resource: Resource;
  readonly params: Readonly<Record<string, Value>>;
  readonly exp: number;
}

const header = { alg: 'HS256', typ: 'JWT' } as const;
const signatureCharacters = 43;

/**
 * Most that the path and query of a URL may have. Metabase takes a request head of 8 kB, and the reader's
 * other header fields need room in it.
 */
const urlBytesMax = 6144;

/**
 * Metabase: signed embedding. The token is made here and nothing is sent, so there is no budget, no
 * deadline and no circuit. It works until it expires, as often as it is opened.
 *
 * Metabase knows one secret at a time and cannot be asked which: the first one signs. A second one may
 * stand ready for the moment when Metabase's own is changed; swap the two then.
 *
 * @see https://www.metabase.com/docs/latest/embedding/static-embedding
 */
export function createMetabaseProvider({ siteUrl, secretKey }: MetabaseProviderConfig): Provider {
  const sign = createSign(secretKey);
  return {
    kind: 'metabase',
    isReachable: () => true,
    close: () => Promise.resolve(),
    bind: (embed: MetabaseEmbedConfig) => ({
      entity: entityOf(embed.resource),
      takes: isFilter,
      prepare: (order) => {
        const { payload, urlWith } = unsignedUrl(siteUrl, embed, order);
        return async (): Promise<EmbedUrl> => {
          const token = await sign(payload);
          return {
            url: ofUsableLength(urlWith(token)),
            token,
            expiresAtMs: payload.exp * 1000,
            singleUse: false,
          };
        };
      },
    }),
  };
}

function entityOf(resource: Resource): Entity {
  return 'dashboard' in resource
    ? { type: 'dashboard', id: resource.dashboard }
    : { type: 'question', id: resource.question };
}

/** @param secrets the characters of the first are the key: what looks like hexadecimal is not decoded */
export function createSign([secret]: readonly Secret[]): (payload: TokenPayload) => Promise<string> {
  if (!secret) throw new TypeError('no secret'); // the loader has checked it
  const key = createSecretKey(secret.reveal(), 'utf8');
  return (payload) => new SignJWT({ ...payload }).setProtectedHeader(header).sign(key);
}

/**
 * Builds all of an embed's URL but the token's signature. Values of editable filters stand outside the
 * token, where readers may change them too.
 *
 * @throws {Refusal} `attribute_missing`, `input_invalid`: the URL is longer than Metabase takes
 */
export function unsignedUrl(
  siteUrl: URL,
  { resource, expiresIn, appearance }: Pick<MetabaseEmbedConfig, 'resource' | 'expiresIn' | 'appearance'>,
  { attributes, inputs }: Pick<MintOrder, 'attributes' | 'inputs'>,
): { readonly payload: TokenPayload; readonly urlWith: (token: string) => string } {
  const exp = Math.floor((Date.now() + expiresIn) / 1000);
  const payload = { resource, params: Object.fromEntries(attributes), exp };
  const { type } = entityOf(resource);
  const path = `${siteUrl.pathname.replace(/\/$/, '')}/embed/${type}/`;
  const editable = [...inputs].map(([slug, value]) => `${slug}=${encodeURIComponent(value)}`);
  const query = editable.length === 0 ? '' : `?${editable.join('&')}`;
  checkLength(path.length + tokenLength(payload), query.length);
  const end = `${query}${appearanceHash(appearance)}`;
  return { payload, urlWith: (token) => `${siteUrl.origin}${path}${token}${end}` };
}

/** Metabase takes `[]` as "no filter", and null or "" as no value: none of them is signed, at any depth. */
function isFilter(value: Value): boolean {
  return Array.isArray(value) ? value.length > 0 && value.every(isScalar) : isScalar(value);
}

function isScalar(value: Value): boolean {
  return typeof value === 'string' ? isPlainText(value) : ['number', 'boolean'].includes(typeof value);
}

/** Characters of the token, known before it is signed. */
function tokenLength(payload: TokenPayload): number {
  const [headerBytes, payloadBytes] = [header, payload].map((part) =>
    Buffer.byteLength(JSON.stringify(part)),
  );
  const encoded = [headerBytes, payloadBytes].map((bytes = 0) => Math.ceil((bytes * 4) / 3));
  return encoded.reduce((sum, length) => sum + length + 1, signatureCharacters);
}

function checkLength(pathBytes: number, queryBytes: number): void {
  if (pathBytes > urlBytesMax) {
    const reason = `attributes: the signed URL would have ${pathBytes} bytes, at most ${urlBytesMax} fit`;
    throw new Refusal('attribute_missing', { reason });
  }
  if (pathBytes + queryBytes > urlBytesMax) {
    const errors = [{ name: 'inputs', reason: 'are too long together' }];
    throw new Refusal('input_invalid', { errors });
  }
}
