import { describe, expect, it } from 'vitest';
import { payerText } from '../../../connector/payments/payerText.ts';

const MESSAGE = 34349334n;
const BOOST = 7629169n;
const bytes = (text: string) => new TextEncoder().encode(text);

const message = (value: Uint8Array) => payerText([new Map([[MESSAGE, value]])]).message;
const boost = (value: unknown) =>
  payerText([new Map([[BOOST, bytes(typeof value === 'string' ? value : JSON.stringify(value))]])]);

/** Nothing that breaks a line, turns text around or is half a character. */
const HARMFUL = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

describe('the message of a payer', () => {
  it.each<[string, Uint8Array, string | undefined]>([
    ['as it is', bytes('Great post! ☕ Спасибо 👩‍🚀'), 'Great post! ☕ Спасибо 👩‍🚀'],
    ['markup, for who shows it to escape', bytes('<b>&"\'</b>'), '<b>&"\'</b>'],
    ['absent when it is empty', bytes(''), undefined],
    ['absent when nothing of it can be seen', bytes(' \n\t\u202e\0 '), undefined],
    ['on one line', bytes(' one\r\ntwo\u2028three\t four '), 'one two three four'],
    ['without control characters', bytes('a\0b\x1b[31mc\x7f\x85d'), 'ab[31mc d'],
    ['without what turns text around', bytes('\u202egnp.exe\u202c \u2066x\u2069'), 'gnp.exe x'],
    [
      'with a mark for each byte that is not UTF-8',
      Uint8Array.of(0xff, 0x61, 0xc3, 0x28, 0xfe),
      '\ufffda\ufffd(\ufffd',
    ],
    // UTF-8 has no surrogates: the three bytes of one are three faults.
    ['with marks for a lone surrogate', Uint8Array.of(0x61, 0xed, 0xa0, 0x80, 0x62), 'a\ufffd\ufffd\ufffdb'],
    ['at most 500 characters', bytes('x'.repeat(501)), 'x'.repeat(500)],
    ['cut between characters, not within', bytes('👍'.repeat(501)), '👍'.repeat(500)],
    ['cut from 100 kB', bytes('y'.repeat(100_000)), 'y'.repeat(500)],
    ['cut from 100 kB that are not UTF-8', new Uint8Array(100_000).fill(0xff), '\ufffd'.repeat(500)],
    ['cut without a space at its end', bytes(`${'z'.repeat(499)} more`), 'z'.repeat(499)],
  ])('is kept %s', (_, given, kept) => {
    expect(message(given)).toBe(kept);
  });

  it('is harmless whatever bytes come, and the same when it is cleaned again', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = Uint8Array.from(
        { length: seed * 7 },
        (_, at) => (Math.imul(seed + at, 2654435761) >>> 13) & 255,
      );
      const kept = message(random) ?? '';
      expect(kept).not.toMatch(HARMFUL);
      expect([...kept].length).toBeLessThanOrEqual(500);
      expect(message(bytes(kept)) ?? '').toBe(kept);
    }
  });

  it('comes from the first shard that carries one', () => {
    const shards = [new Map(), new Map([[MESSAGE, bytes('first')]]), new Map([[MESSAGE, bytes('second')]])];
    expect(payerText(shards)).toEqual({ message: 'first' });
    expect(payerText([])).toEqual({});
    expect(payerText([new Map([[1n, bytes('another record')]])])).toEqual({});
  });
});

describe('a text counts when there is something to read in it', () => {
  const plain = (text: string): [bigint, Uint8Array] => [MESSAGE, bytes(text)];
  const boosted = (message: string, sender_name = ''): [bigint, Uint8Array] => [
    BOOST,
    bytes(JSON.stringify({ message, sender_name })),
  ];
  const UNSEEN = ['', ' ', '\0', '\u202e\n'];

  it.each<[string, [bigint, Uint8Array][][], ReturnType<typeof payerText>]>([
    [
      'an empty message beside a boost',
      [[plain(''), boosted('boost', 'Bo')]],
      { message: 'boost', sender: 'Bo' },
    ],
    ['an empty message in the first shard', [[plain('')], [plain('second')]], { message: 'second' }],
    ['a message in a later shard than a boost', [[boosted('boost')], [plain('plain')]], { message: 'plain' }],
    [
      'an empty boost in the first shard',
      [[boosted('')], [boosted('b', 'Bo')]],
      { message: 'b', sender: 'Bo' },
    ],
    [
      'a name in a later shard than its message',
      [[boosted('b')], [boosted('', 'Bo')]],
      { message: 'b', sender: 'Bo' },
    ],
    ['a boost that is no JSON before one that is', [[[BOOST, bytes('{')]], [boosted('b')]], { message: 'b' }],
  ])('%s', (_, shards, kept) => {
    expect(payerText(shards.map((each) => new Map(each)))).toEqual(kept);
  });

  it('wherever it stands, whatever unseen texts stand before it and beside it', () => {
    const holders: ((text: string) => [bigint, Uint8Array])[] = [plain, (text) => boosted(text)];
    for (const unseen of UNSEEN)
      for (const holder of holders)
        for (let at = 0; at < 3; at++) {
          const shards = [0, 1, 2].map(() => new Map(holders.map((each) => each(unseen))));
          shards[at]!.set(...holder('seen'));
          expect(payerText(shards)).toEqual({ message: 'seen' });
        }
  });
});

describe('the metadata of a podcast boost', () => {
  it('gives message and name of the sender', () => {
    expect(boost({ app_name: 'Pod', message: 'boost!', sender_name: 'Bo' })).toEqual({
      message: 'boost!',
      sender: 'Bo',
    });
    expect(boost({ sender_name: 'n'.repeat(61) })).toEqual({ sender: 'n'.repeat(60) });
  });

  it('gives way to a message of its own, and keeps the name', () => {
    const both = new Map([
      [MESSAGE, bytes('plain')],
      [BOOST, bytes(JSON.stringify({ message: 'boost', sender_name: 'Bo' }))],
    ]);
    expect(payerText([both])).toEqual({ message: 'plain', sender: 'Bo' });
  });

  it.each<[string, unknown, { message?: string; sender?: string }]>([
    [
      'a lone surrogate',
      '{"message":"a\\ud800b","sender_name":"\\udc00"}',
      { message: 'a\ufffdb', sender: '\ufffd' },
    ],
    [
      'control and turning characters',
      { message: 'a\u0000\u202eb', sender_name: '\u2067c\n' },
      { message: 'ab', sender: 'c' },
    ],
    ['values that are no text', { message: { text: 'x' }, sender_name: 7 }, {}],
    ['lists for values', { message: ['x'], sender_name: null }, {}],
    ['a prototype', '{"__proto__":{"message":"x","sender_name":"y"}}', {}],
    ['a constructor', { constructor: { message: 'x' } }, {}],
    ['a list', ['message', 'x'], {}],
    ['a text', '"message"', {}],
    ['null', 'null', {}],
    ['no JSON', '{"message":"x"', {}],
    ['nothing', '', {}],
    ['20,000 lists in each other', '['.repeat(20_000), {}],
    ['more than 20 kB', { message: 'x', padding: 'p'.repeat(20_000) }, {}],
    ['two messages, the last of which counts', '{"message":"x","message":"y"}', { message: 'y' }],
  ])('with %s does no harm', (_, value, kept) => {
    expect(boost(value)).toEqual(kept);
    expect({}).not.toHaveProperty('message');
  });
});
