import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPublicAddress } from '../../../functions/ssrf/addresses.ts';
import { checkWebhookUrl, WebhookUrlError } from '../../../functions/ssrf/urls.ts';
import { poster } from '../../../functions/webhooks/post.ts';

/** Addresses that a webhook never reaches, and why. */
const REFUSED: [address: string, what: string][] = [
  ['0.0.0.0', 'this host'],
  ['0.1.2.3', 'this network'],
  ['10.0.0.1', 'private'],
  ['10.255.255.255', 'private'],
  ['100.64.0.1', "a carrier's NAT"],
  ['100.100.100.200', 'metadata at Alibaba'],
  ['100.127.255.255', "a carrier's NAT"],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['168.63.129.16', 'metadata at Azure'],
  ['169.254.0.1', 'link-local'],
  ['169.254.169.254', 'metadata at AWS, Google, Azure'],
  ['169.254.170.2', 'credentials of containers at AWS'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.0.0.1', 'IETF assignments'],
  ['192.0.0.192', 'metadata at Oracle'],
  ['192.0.2.1', 'documentation'],
  ['192.88.99.1', '6to4 relays'],
  ['192.168.1.1', 'private'],
  ['198.18.0.1', 'benchmarking'],
  ['198.19.255.255', 'benchmarking'],
  ['198.51.100.1', 'documentation'],
  ['203.0.113.1', 'documentation'],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::7f00:1', 'IPv4-compatible'],
  ['::8.8.8.8', 'IPv4-compatible'],
  ['::ffff:127.0.0.1', 'IPv4-mapped'],
  ['::ffff:8.8.8.8', 'IPv4-mapped'],
  ['::ffff:a9fe:a9fe', 'IPv4-mapped metadata'],
  ['::ffff:0:127.0.0.1', 'IPv4-translated'],
  ['64:ff9b::7f00:1', 'NAT64'],
  ['64:ff9b::8.8.8.8', 'NAT64'],
  ['64:ff9b:1::1', 'local NAT64'],
  ['100::1', 'discard'],
  ['100:0:0:1::1', 'dummy'],
  ['2001::1', 'Teredo'],
  ['2001:2::1', 'benchmarking'],
  ['2001:10::1', 'ORCHID'],
  ['2001:20::1', 'ORCHIDv2'],
  ['2001:db8::1', 'documentation'],
  ['2002:7f00:1::', '6to4'],
  ['2002:808:808::1', '6to4'],
  ['3fff::1', 'documentation'],
  ['5f00::1', 'segment routing'],
  ['4000::1', 'given out to nobody'],
  ['fc00::1', 'unique local'],
  ['fd00:ec2::254', 'metadata at AWS'],
  ['fe80::1', 'link-local'],
  ['fec0::1', 'site-local'],
  ['ff02::1', 'multicast'],
];

const PUBLIC = [
  '1.1.1.1',
  '8.8.8.8',
  '11.0.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '169.253.0.1',
  '192.0.1.1',
  '198.17.0.1',
  '223.255.255.255',
  '2606:4700::1111',
  '2a00:1450:4001::1',
  '2001:4860:4860::8888',
];

/** Ways to write an address that some program or other takes for 127.0.0.1, 169.254.169.254 or [::1]. */
const SPELLINGS = [
  '127.1',
  '127.0.1',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '127.0.0.1.',
  '①②⑦.⓪.⓪.①',
  '127。0。0。1',
  '%31%32%37.0.0.1',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.43518',
  '0',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '[0000::0001]',
];

describe('of addresses', () => {
  test.each(REFUSED)('%s (%s) is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each(PUBLIC)('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test.each(['', 'localhost', '8.8.8', '8.8.8.8.8', '8.8.8.8/8', '::g', '8.8.8.8%eth0', '1.1.1.1 '])(
    '%j, which is none, is not public',
    (text) => expect(isPublicAddress(text)).toBe(false),
  );
});

describe('a connection', () => {
  /** Notes whoever reaches this machine. */
  let reached = 0;
  const server = createServer((_, response) => {
    reached++;
    response.end();
  });
  let port: number;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => void server.close());
  const going = new AbortController().signal;
  const send = (url: string, resolve: () => Promise<string[]>) =>
    poster({ resolve })({ url, headers: {}, body: '{}' }, going);

  test.each(REFUSED)('is not made where a name leads to %s (%s)', async (address) => {
    const answer = await send(`https://hooks.example:${port}/`, async () => [address]);
    expect(answer).toMatchObject({
      error: 'hooks.example leads to what is no address of the public internet',
    });
  });

  test.each([
    [['8.8.8.8', '127.0.0.1']],
    [['127.0.0.1', '8.8.8.8']],
    [['2606:4700::1111', '::1']],
    [['8.8.8.8', '8.8.4.4', '::ffff:127.0.0.1']],
  ])('is not made where one of several addresses is not public: %j', async (addresses) => {
    expect(await send(`https://hooks.example:${port}/`, async () => addresses)).toMatchObject({
      error: expect.stringContaining('no address of the public internet'),
    });
  });

  test('is not made where a name leads nowhere', async () => {
    expect(await send('https://hooks.example/', async () => [])).toMatchObject({
      error: 'hooks.example leads to no address',
    });
  });

  test.each(SPELLINGS)('is not made to this machine by the spelling %s', async (host) => {
    const answer = await send(`https://${host}:${port}/`, async () => {
      throw new Error('asked DNS');
    });
    expect(answer).toMatchObject({ error: expect.stringMatching(/^url: /) });
  });

  test('is made to the address that was checked, though the name leads elsewhere the next time it is asked', async () => {
    const answers = [['127.0.0.1'], ['10.0.0.1']];
    let asked = 0;
    const resolve = async () => answers[asked++]!;
    const posted = poster({ allowLoopback: true, resolve })(
      { url: `https://rebinding.example:${port}/`, headers: {}, body: '{}' },
      going,
    );
    // It reached the server, which speaks no TLS; a second question would have led elsewhere.
    expect(await posted).toMatchObject({ error: expect.not.stringContaining('10.0.0.1') });
    expect(asked).toBe(1);
  });

  test('reached this machine in none of these cases', () => expect(reached).toBe(0));
});

describe('a URL', () => {
  const check = (url: string, allowLoopback = false) => checkWebhookUrl(url, { allowLoopback });

  test.each([
    ['https://example.com', 'https://example.com/'],
    ['https://EXAMPLE.com:443/a?b=c', 'https://example.com/a?b=c'],
    ['https://example.com:8443/hook', 'https://example.com:8443/hook'],
    ['https://1.1.1.1/', 'https://1.1.1.1/'],
    ['https://1.2.3/', 'https://1.2.0.3/'],
    ['https://[2606:4700::1111]/', 'https://[2606:4700::1111]/'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
    ['https://xn--bcher-kva.example/', 'https://xn--bcher-kva.example/'],
    ['https://example。com/', 'https://example.com/'],
    ['https://my_hooks.example.com/', 'https://my_hooks.example.com/'],
    ['https://@example.com/', 'https://example.com/'],
    [`https://${'a'.repeat(63)}.example/`, `https://${'a'.repeat(63)}.example/`],
  ])('%s is stored as %s', (url, stored) => expect(check(url)).toBe(stored));

  test.each([
    ['http://example.com/', 'must begin with https://'],
    ['ftp://example.com/', 'must begin with https://'],
    ['file:///etc/passwd', 'must begin with https://'],
    ['javascript:alert(1)', 'must begin with https://'],
    ['/hook', 'is not an absolute URL'],
    ['https://', 'is not an absolute URL'],
    ['https://me:secret@example.com/', 'user name or password'],
    ['https://example.com/#part', 'fragment'],
    ['https://example.com:25/', 'port 25'],
    ['https://example.com:80/', 'port 80'],
    ['https://example.com:0/', 'port 0'],
    ['https://example.com:65536/', 'is not an absolute URL'],
    ['https://example.com:443x/', 'is not an absolute URL'],
    ['https://a..com/', '"a..com" has an empty label'],
    ['https://a。。com/', '"a..com" has an empty label'],
    ['https://a%2e%2ecom/', '"a..com" has an empty label'],
    ['https://.example.com/', '".example.com" has an empty label'],
    ['https://example.com../', '"example.com." has an empty label'],
    ['https://example.com./', '"example.com." must not end with a dot'],
    ['https://example.com。/', '"example.com." must not end with a dot'],
    ['https://example.com.:8443/', '"example.com." must not end with a dot'],
    ['https://-a.example.com/', '"-a" is no label'],
    ['https://a-.example.com/', '"a-" is no label'],
    ['https://*.example.com/', '"*" is no label'],
    ["https://a'b.example.com/", 'is no label'],
    ['https://a+b.example.com/', '"a+b" is no label'],
    [`https://${'a'.repeat(64)}.example/`, 'is no label'],
    [`https://${'a.'.repeat(126)}example/`, 'a name longer than 253'],
    // Node 20 takes them for no URLs.
    ['https://xn--/', /is not an absolute URL|is not a name of the public internet/],
    ['https://xn--a.example/', /is not an absolute URL|"xn--a" is no label of a name in DNS/],
    ['https://1.2.3.4.5/', 'is not an absolute URL'],
    ['https://example.com.0x7f/', 'is not an absolute URL'],
    ['https://256.1.1.1/', 'is not an absolute URL'],
    ['https://me@example.com/', 'user name or password'],
    ['https://example.com@127.0.0.1/', 'user name or password'],
    ['https://:secret@example.com/', 'user name or password'],
    ['https://example.com%00.evil.example/', 'is not an absolute URL'],
    ['https:example.com', 'is not an absolute URL'],
    ['https:/example.com', 'is not an absolute URL'],
    ['https:///example.com', 'is not an absolute URL'],
    ['https:\\\\example.com', 'backslashes'],
    ['https://example.com\\@127.0.0.1/', 'backslashes'],
    ['https://exam\nple.com/', 'line breaks'],
    [' https://example.com/', 'spaces'],
    ['https://example.com/a b', 'spaces'],
    ['https://example.com/\u0000', 'control characters'],
    ['https://localhost/', 'not a name of the public internet'],
    ['https://localhost./', 'not a name of the public internet'],
    ['https://app.localhost/', 'not a name of the public internet'],
    ['https://printer.local/', 'not a name of the public internet'],
    ['https://metadata.google.internal/', 'not a name of the public internet'],
    ['https://router.home.arpa/', 'not a name of the public internet'],
    ['https://intranet/', 'not a name of the public internet'],
    [`https://example.com/${'a'.repeat(2_048)}`, 'longer than 2048'],
    [`https://example.com/${'ü'.repeat(1_000)}`, 'longer than 2048'],
  ])('%s is refused', (url, reason) => {
    expect(() => check(url)).toThrow(WebhookUrlError);
    expect(() => check(url)).toThrow(reason);
  });

  test.each(SPELLINGS)('with the host %s is refused', (host) => {
    expect(() => check(`https://${host}/`)).toThrow(WebhookUrlError);
  });

  test.each([
    'http://localhost:3000/hook',
    'http://127.0.0.1:80/',
    'http://[::1]:3000/',
    'https://localhost/',
  ])('%s may be used in development', (url) => {
    expect(check(url, true)).toBe(new URL(url).href);
    expect(() => check(url)).toThrow(WebhookUrlError);
  });

  test.each(['http://example.com/', 'http://10.0.0.1/', 'https://192.168.0.1/', 'https://printer.local/'])(
    '%s is refused in development, too',
    (url) => expect(() => check(url, true)).toThrow(WebhookUrlError),
  );
});
