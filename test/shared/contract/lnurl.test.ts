import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { utils } from 'lnurl-pay';
import { describe, expect, test } from 'vitest';
import {
  decodeLnurl,
  encodeLnurl,
  lightningAddress,
  lnurlpUri,
  pageWithLnurl,
  payMetadata,
  payRequestUrl,
} from '../../../shared/contract/lnurl.ts';

/** Two other libraries. */
const { decodeUrlOrAddress } = utils;
const { encode }: { encode(url: string): string } = createRequire(import.meta.url)('lnurl');

/** The example of LUD-01. */
const URL_OF_LUD01 =
  'https://service.com/api?q=3fc3645b439ce8e7f2553a69e5267081d96dcd340693afabe04be7b0ccd178df';
const LNURL_OF_LUD01 =
  'LNURL1DP68GURN8GHJ7UM9WFMXJCM99E3K7MF0V9CXJ0M385EKVCENXC6R2C35XVUKXEFCV5MKVV34X5EKZD3EV56NYD3HXQURZEPEXEJXXEPNXSCRVWFNV9NXZCN9XQ6XYEFHVGCXXCMYXYMNSERXFQ5FNS';

describe('an LNURL', () => {
  test('is the bech32 of LUD-01’s example, and leads back to it in either case', () => {
    expect(encodeLnurl(URL_OF_LUD01)).toBe(LNURL_OF_LUD01);
    expect(decodeLnurl(LNURL_OF_LUD01)).toBe(URL_OF_LUD01);
    expect(decodeLnurl(LNURL_OF_LUD01.toLowerCase())).toBe(URL_OF_LUD01);
  });

  test.each([
    'https://tips.example/.well-known/lnurlp/alice',
    'https://tips.example/.well-known/lnurlp/alice?option=k7fq2mzt4x',
    `https://${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.example/.well-known/lnurlp/${'d'.repeat(30)}`,
    'http://127.0.0.1:8080/.well-known/lnurlp/alice',
  ])('of %s is what other libraries make of it and read in it', (url) => {
    expect(encodeLnurl(url)).toBe(encode(url).toUpperCase());
    expect(decodeLnurl(encodeLnurl(url))).toBe(url);
    if (url.startsWith('https:')) expect(decodeUrlOrAddress(encodeLnurl(url))).toBe(url);
  });

  test.each([
    ['of another prefix', 'BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4'],
    ['with a letter changed', LNURL_OF_LUD01.replace('DP68', 'DP69')],
    ['of nothing', ''],
  ])('%s is refused', (_, text) => expect(() => decodeLnurl(text)).toThrow());
});

describe('a pay request', () => {
  test('is at the address that a Lightning Address stands for', () => {
    const url = payRequestUrl('https://tips.example', 'alice');
    expect(url).toBe('https://tips.example/.well-known/lnurlp/alice');
    expect(lightningAddress('alice', 'https://tips.example')).toBe('alice@tips.example');
    expect(decodeUrlOrAddress('alice@tips.example')).toBe(url);
    expect(lightningAddress('alice', 'http://127.0.0.1:8080')).toBe('alice@127.0.0.1:8080');
  });

  test('of an option is at an address of its own', () => {
    expect(payRequestUrl('https://tips.example', 'alice', 'k7fq2mzt4x')).toBe(
      'https://tips.example/.well-known/lnurlp/alice?option=k7fq2mzt4x',
    );
  });

  test('is opened by lnurlp:, which stands for https alone', () => {
    const uri = lnurlpUri('https://tips.example/.well-known/lnurlp/alice');
    expect(uri).toBe('lnurlp://tips.example/.well-known/lnurlp/alice');
    expect(decodeUrlOrAddress(uri!)).toBe('https://tips.example/.well-known/lnurlp/alice');
    expect(lnurlpUri('http://127.0.0.1:8080/.well-known/lnurlp/alice')).toBeUndefined();
  });
});

describe('the page’s address with an LNURL along', () => {
  test.each([
    [undefined, '/@alice', {}],
    ['k7fq2mzt4x', '/@alice', { option: 'k7fq2mzt4x' }],
  ])('for option %s opens the page, and holds what wallets look for', (option, path, query) => {
    const url = new URL(pageWithLnurl('https://tips.example', 'alice', option));
    expect(url.origin + url.pathname).toBe(`https://tips.example${path}`);
    const { lightning, ...others } = Object.fromEntries(url.searchParams);
    expect(others).toEqual(query);
    expect(decodeLnurl(lightning!)).toBe(payRequestUrl('https://tips.example', 'alice', option));
    expect(decodeUrlOrAddress(url.href)).toBe(payRequestUrl('https://tips.example', 'alice', option));
  });
});

describe('metadata', () => {
  const HOSTILE = 'Tip "]],[["text/html","<img src=x>"]] \\ \u202e \u{1f600}';

  test('is JSON of pairs, with one text/plain, whatever is in it, and its hash is of its UTF-8 bytes', () => {
    const { metadata, descriptionHash } = payMetadata(HOSTILE, 'alice@tips.example');
    expect(JSON.parse(metadata)).toEqual([
      ['text/plain', HOSTILE],
      ['text/identifier', 'alice@tips.example'],
    ]);
    expect(descriptionHash).toBe(createHash('sha256').update(Buffer.from(metadata, 'utf8')).digest('hex'));
  });
});
