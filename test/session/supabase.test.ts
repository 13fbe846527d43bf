import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cookie, credentials, encode, entry, outcome, sign, verifier } from './support.ts';

const name = 'sb-abc-auth-token';
const token = sign();
const other = sign({ sub: 'eve' });
const verify = verifier([entry({ tokens: ['bearer', 'supabase:abc'] })]);

function document(fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    access_token: token,
    token_type: 'bearer',
    refresh_token: 'r',
    user: {},
    ...fields,
  });
}

function written(text: string | Uint8Array): string {
  return `base64-${encode(text)}`;
}

const judge = (value: string): Promise<string> => outcome(verify(cookie(value)));

describe('Supabase’s cookie', () => {
  it('is the access token in it, which its issuer signed', async () => {
    expect(await verify(cookie(`${name}=${written(document())}`))).toMatchObject({
      tenant: 'acme',
      user: 'ada',
    });
    const forged = document({ access_token: `${token.slice(0, -3)}AAA`, user: { id: 'eve' } });
    expect(await judge(`${name}=${written(forged)}`)).toBe('session_invalid');
  });

  it('wins over chunks that were left behind, as for its own library', async () => {
    const whole = `${name}=${written(document())}`;
    expect(await judge(`${whole}; ${name}.0=x; ${name}.5=y`)).toBe('believed');
    expect(await judge(`${name}=; ${name}.0=${written(document())}`)).toBe('believed');
  });

  it('is refused with a chunk missing or in two values, and beyond ten', async () => {
    const text = written(document());
    expect(await judge(`${name}.1=${text}`)).toBe('session_invalid');
    expect(await judge(`${name}.0=${text}; ${name}.0=${text}A`)).toBe('session_ambiguous');
    const size = Math.ceil(text.length / 11);
    const eleven = Array.from(
      { length: 11 },
      (_, index) => `${name}.${index}=${text.slice(index * size, (index + 1) * size)}`,
    );
    expect(await judge(eleven.join('; '))).toBe('session_invalid');
  });

  it('with another token beside it is nobody’s session', async () => {
    const [one, two] = [document(), document({ access_token: other })].map(written);
    expect(await judge(`${name}=${String(one)}; ${name}=${String(two)}`)).toBe('session_ambiguous');
    const both = { cookie: `${name}=${String(two)}`, authorization: [`Bearer ${token}`] };
    expect(await outcome(verify(credentials(both)))).toBe('session_ambiguous');
    const same = { cookie: `${name}=${String(one)}`, authorization: [`Bearer ${token}`] };
    expect(await outcome(verify(credentials(same)))).toBe('believed');
  });

  it('needs to come from an allowed origin, as every cookie', async () => {
    const sent = `${name}=${written(document())}`;
    expect(await outcome(verify(credentials({ cookie: sent })))).toBe('origin_denied');
    const evil = credentials({ cookie: sent, origin: 'https://evil.example.net' });
    expect(await outcome(verify(evil))).toBe('origin_denied');
  });

  it('of another project, or where its issuer does not list it, is not looked at', async () => {
    expect(await judge(`sb-abd-auth-token=${written(document())}`)).toBe('session_missing');
    expect(await judge(`sb-abc-auth-token-code-verifier=${written(document())}`)).toBe('session_missing');
    const byCookie = verifier([entry({ tokens: [`cookie:${name}`] })]);
    expect(await outcome(byCookie(cookie(`${name}=${written(document())}`)))).toBe('session_invalid');
    const ofOther = verifier([
      entry({ tokens: ['bearer'] }),
      entry({ issuer: 'https://other.example.com/', tokens: ['supabase:abc'] }),
    ]);
    expect(await outcome(ofOther(cookie(`${name}=${written(document())}`)))).toBe('session_invalid');
  });

  it.each<[string, string]>([
    ['the bare token', token],
    ['the bare document', document()],
    ['another prefix', `base64_${encode(document())}`],
    ['the prefix alone', 'base64-'],
    ['padding', `${written(document())}=`],
    [
      'base64 of another alphabet',
      `base64-${Buffer.from('{"a":"\u00ff\u00fe?>"}', 'latin1').toString('base64')}`,
    ],
    ['no JSON', written('access_token')],
    ['a list', written(JSON.stringify([token]))],
    ['a text', written(JSON.stringify(token))],
    ['no access_token', written(document({ access_token: undefined }))],
    ['an empty access_token', written(document({ access_token: '' }))],
    ['an access_token that is no text', written(document({ access_token: [token] }))],
    ['access_token twice', written(document().replace('{', `{"access_token":"${other}",`))],
    ['a prototype’s name', written(document().replace('{', '{"__proto__":{},'))],
    ['a byte-order mark', written(`\ufeff${document()}`)],
    ['bytes that are not UTF-8', written(Buffer.from([0x7b, 0xff, 0x7d]))],
    ['white space around the token', written(document({ access_token: ` ${token}` }))],
    ['a whole document in the place of the token', written(document({ access_token: written(document()) }))],
    ['more than 16,384 characters', written(document({ padding: 'x'.repeat(12_400) }))],
  ])('%s is refused', async (_, value) => {
    expect(await judge(`${name}=${value}`)).toBe('session_invalid');
  });

  it('whatever is in it, nothing else happens', async () => {
    const value = fc.oneof(
      fc.base64String().map((text) => `base64-${text}`),
      fc.json().map(written),
      fc.uint8Array({ maxLength: 60 }).map(written),
      fc.string().map((text) => written(document({ access_token: text }))),
    );
    await fc.assert(
      fc.asyncProperty(value, async (text) => {
        expect(['session_invalid', 'session_missing']).toContain(await judge(`${name}=${text}`));
      }),
      { numRuns: 300, seed: 20_261_120 },
    );
  });
});
