import { genuine } from '../fuzz/target.ts';

export interface FramingCase {
  readonly what: string;
  readonly bytes: string;
  /** Of the answers, in their order; `closed` where there may be none. */
  readonly statuses: readonly number[];
  /** Whether the connection takes further requests. */
  readonly isOpen: boolean;
}

const host = 'host: x\r\n';
const json = `${host}content-type: application/json\r\n`;
const get = `GET /embeds HTTP/1.1\r\n${host}`;
const post = `POST /embed-url HTTP/1.1\r\n${json}`;
const chunked = `${post}transfer-encoding: chunked\r\n\r\n`;

/** A request that mints, hidden in or behind another one. */
export const hidden = `GET /embed-url?embed=sales&note=hidden HTTP/1.1\r\n${host}authorization: Bearer ${genuine()}\r\n\r\n`;
const inHidden = hidden.length;
const hexOfHidden = hidden.length.toString(16);

function refused(what: string, bytes: string, status = 400): FramingCase {
  return { what, bytes, statuses: [status], isOpen: false };
}

function served(what: string, bytes: string, ...statuses: readonly number[]): FramingCase {
  return { what, bytes, statuses, isOpen: true };
}

function last(what: string, bytes: string, ...statuses: readonly number[]): FramingCase {
  return { what, bytes, statuses, isOpen: false };
}

/** Behind each refused one stands a request that mints: it must not. */
export const framingCases: readonly FramingCase[] = [
  // lines
  refused('lines that end in LF', `GET /embeds HTTP/1.1\nhost: x\n\n${hidden}`),
  refused('one line that ends in LF', `GET /embeds HTTP/1.1\r\nhost: x\nx: y\r\n\r\n${hidden}`),
  refused('a line that ends in CR', `GET /embeds HTTP/1.1\r\nhost: x\rx: y\r\n\r\n${hidden}`),
  refused('an empty line of LF', `GET /embeds HTTP/1.1\r\nhost: x\r\n\n${hidden}`),
  refused('a folded line', `${get}x: y\r\n z\r\n\r\n${hidden}`),
  refused('a folded length', `${post}content-length:\r\n ${inHidden}\r\n\r\n${hidden}`),
  refused('a first header that begins with a space', `GET /embeds HTTP/1.1\r\n x: y\r\n${host}\r\n${hidden}`),
  refused('a space before the colon', `${get}x : y\r\n\r\n${hidden}`),
  refused('a length with a space before the colon', `${post}content-length : ${inHidden}\r\n\r\n${hidden}`),
  refused('a coding with a tab before the colon', `${post}transfer-encoding\t: chunked\r\n\r\n${hidden}`),
  refused('a header without a colon', `${get}nonsense\r\n\r\n${hidden}`),
  refused('a header without a name', `${get}: y\r\n\r\n${hidden}`),
  refused('a NUL in a name', `${get}x\0: y\r\n\r\n${hidden}`),
  refused('a NUL in a value', `${get}x: \0\r\n\r\n${hidden}`),
  refused('a NUL in the target', `GET /embeds\0 HTTP/1.1\r\n${host}\r\n${hidden}`),
  refused('a very long target', `GET /${'x'.repeat(40_000)} HTTP/1.1\r\n${host}\r\n${hidden}`, 431),
  refused('a very long header', `${get}x: ${'x'.repeat(40_000)}\r\n\r\n${hidden}`, 431),
  refused('a very long name', `${get}${'x'.repeat(40_000)}: y\r\n\r\n${hidden}`, 431),
  // lengths
  refused(
    'two lengths that differ',
    `${post}content-length: 0\r\ncontent-length: ${inHidden}\r\n\r\n${hidden}`,
  ),
  refused('the same length twice', `${post}content-length: 2\r\ncontent-length: 2\r\n\r\n{}${hidden}`),
  refused('a list of lengths', `${post}content-length: 2, 2\r\n\r\n{}${hidden}`),
  refused('a length with a plus', `${post}content-length: +2\r\n\r\n{}${hidden}`),
  refused('a negative length', `${post}content-length: -2\r\n\r\n{}${hidden}`),
  refused('a length in hex', `${post}content-length: 0x2\r\n\r\n{}${hidden}`),
  refused('a length of digits with spaces', `${post}content-length: 1 0\r\n\r\n{}${hidden}`),
  refused('an empty length', `${post}content-length: \r\n\r\n${hidden}`),
  refused('a length beyond 64 bits', `${post}content-length: 18446744073709551618\r\n\r\n{}${hidden}`),
  refused('a length beyond the cap', `${post}content-length: 1000000\r\n\r\n${hidden}`, 413),
  refused('a body of a GET', `${get}content-length: ${inHidden}\r\n\r\n${hidden}`),
  served('a body of no bytes of a GET', `${get}content-length: 0\r\n\r\n`, 401),
  // codings
  refused(
    'a length and chunks',
    `${post}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
  ),
  refused(
    'chunks and a length',
    `${post}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n${hidden}`,
  ),
  refused('chunked, identity', `${post}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`),
  refused('identity, chunked', `${post}transfer-encoding: identity, chunked\r\n\r\n0\r\n\r\n${hidden}`),
  refused('gzip, chunked', `${post}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n${hidden}`),
  refused('xchunked', `${post}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`),
  refused('chunked with a parameter', `${post}transfer-encoding: chunked;x=y\r\n\r\n0\r\n\r\n${hidden}`),
  refused(
    'chunked twice',
    `${post}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
  ),
  refused(
    'chunked after identity, in two lines',
    `${post}transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
  ),
  refused('chunked in quotes', `${post}transfer-encoding: "chunked"\r\n\r\n0\r\n\r\n${hidden}`),
  refused('an empty coding', `${post}transfer-encoding: \r\n\r\n${hidden}`),
  refused('a vertical tab before chunked', `${post}transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n${hidden}`),
  refused(
    'chunks in HTTP/1.0',
    `POST /embed-url HTTP/1.0\r\n${json}connection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
  ),
  refused(
    'chunks of a GET',
    `${get}transfer-encoding: chunked\r\n\r\n${hexOfHidden}\r\n${hidden}\r\n0\r\n\r\n`,
  ),
  served('a tab before chunked', `${post}transfer-encoding:\tCHUNKED\r\n\r\n2\r\n{}\r\n0\r\n\r\n`, 401),
  // chunks
  refused('a chunk size that is none', `${chunked}zz\r\n${hidden}`),
  refused('a negative chunk size', `${chunked}-2\r\n{}\r\n0\r\n\r\n${hidden}`),
  refused('a chunk size with a plus', `${chunked}+2\r\n{}\r\n0\r\n\r\n${hidden}`),
  refused('a chunk size with 0x', `${chunked}0x2\r\n{}\r\n0\r\n\r\n${hidden}`),
  refused('a chunk size beyond 64 bits', `${chunked}10000000000000002\r\n{}\r\n0\r\n\r\n${hidden}`),
  refused('a chunk size beyond the cap', `${chunked}fffff\r\n${'x'.repeat(20_000)}${hidden}`, 413),
  refused('a chunk longer than its size', `${chunked}2\r\n{}{}\r\n0\r\n\r\n${hidden}`),
  refused('chunks whose lines end in LF', `${chunked}2\n{}\n0\n\n${hidden}`),
  refused('a chunk size and a space', `${chunked}2 \r\n{}\r\n0\r\n\r\n${hidden}`),
  refused('an extension without end', `${chunked}2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n${hidden}`, 413),
  refused('an extension with an LF', `${chunked}2;x\n{}\r\n0\r\n\r\n${hidden}`),
  served('an extension', `${chunked}2;x=y\r\n{}\r\n0\r\n\r\n`, 401),
  refused(
    'a trailer that names a length',
    `${chunked}2\r\n{}\r\n0\r\ncontent-length: ${inHidden}\r\n\r\n${hidden}`,
  ),
  served('a trailer', `${chunked}2\r\n{}\r\n0\r\nhost: y\r\n\r\n`, 401),
  refused('a trailer without end', `${chunked}0\r\nx: ${'x'.repeat(40_000)}\r\n\r\n${hidden}`, 431),
  // targets, hosts and versions
  refused('absolute-form', `GET http://x/embeds HTTP/1.1\r\n${host}\r\n${hidden}`),
  refused('authority-form', `GET x:80 HTTP/1.1\r\n${host}\r\n${hidden}`),
  refused('asterisk-form', `OPTIONS * HTTP/1.1\r\n${host}\r\n${hidden}`),
  refused('a tunnel', `CONNECT x:80 HTTP/1.1\r\n${host}\r\n${hidden}`),
  refused('no Host', `GET /embeds HTTP/1.1\r\n\r\n${hidden}`),
  refused('two Hosts', `${get}host: y\r\n\r\n${hidden}`),
  refused('no version', `GET /embeds\r\n${host}\r\n${hidden}`),
  refused('HTTP/0.9', `GET /embeds HTTP/0.9\r\n${host}\r\n${hidden}`),
  refused('HTTP/2.0', `GET /embeds HTTP/2.0\r\n${host}\r\n${hidden}`),
  refused('HTTP/1.2', `GET /embeds HTTP/1.2\r\n${host}\r\n${hidden}`),
  refused('http/1.1', `GET /embeds http/1.1\r\n${host}\r\n${hidden}`),
  refused('HTTP/2’s preface', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden}`),
  refused('the start of TLS', `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${hidden}`),
  served('two spaces in the first line', `GET  /embeds HTTP/1.1\r\n${host}\r\n`, 401),
  refused('a tab in the first line', `GET\t/embeds HTTP/1.1\r\n${host}\r\n${hidden}`),
  last('HTTP/1.0', `GET /embeds HTTP/1.0\r\n\r\n${hidden}`, 401),
  served('HTTP/1.0 that stays', 'GET /embeds HTTP/1.0\r\nconnection: keep-alive\r\n\r\n', 401),
  // expectations, upgrades, pipelines
  refused('an unknown expectation', `${post}expect: a-reply\r\ncontent-length: 2\r\n\r\n{}${hidden}`, 417),
  refused('two expectations', `${post}expect: 100-continue, x\r\ncontent-length: 2\r\n\r\n{}${hidden}`, 417),
  served('the known expectation', `${post}expect: 100-continue\r\ncontent-length: 2\r\n\r\n{}`, 100, 401),
  last('an upgrade', `${get}connection: upgrade\r\nupgrade: websocket\r\n\r\n${hidden}`, 401),
  last(
    'an upgrade to HTTP/2',
    `${get}connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n${hidden}`,
    401,
  ),
  last('a close', `${get}connection: close\r\n\r\n${hidden}`, 401),
  served('two requests', `${get}\r\n${get}\r\n`, 401, 401),
  served('line breaks between requests', `${get}\r\n\r\n\r\n${get}\r\n`, 401, 401),
  last('a request and nonsense', `${get}\r\nnonsense\r\n\r\n${hidden}`, 401, 400),
  last(
    'a request with a body, two Hosts',
    `${post}content-length: 2\r\n\r\n{}${get}host: y\r\n\r\n${hidden}`,
    401,
    400,
  ),
];
