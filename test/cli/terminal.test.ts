import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSat, sat, when } from '../../cli/api/amounts.ts';
import { backoffMs, isPassing, retryAfterMs } from '../../cli/api/retrying.ts';
import { fields, table } from '../../shared/command/columns.ts';
import { cut, jsonLine, plain, widthOf } from '../../shared/command/terminal.ts';
import { HOSTILE } from '../functions/public/jar.ts';
import { openServed, type Served } from './stage.ts';

/** All that a terminal or the bidirectional algorithm would act on. */
const ACTING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const LINES = [
  ['moves the cursor', 'a\u001b[2J\u001b[1;1Hb'],
  ['does so by one character', 'a\u009b2Jb'],
  ['sets the window’s title', 'a\u001b]0;title\u0007b'],
  ['goes back over what was there', 'sats\r0\b\b'],
  ['is of two lines', 'one\r\n#99  2100000 sat\n'],
  ['turns the order around', 'pay \u202e001\u202c \u2066x\u2069 \u200f'],
  ['parts lines in Unicode’s own way', 'a\u2028b\u2029c'],
  ['hides letters', 'a\u200b\u2060\ufeff\u{e0041}b\u00ad'],
  ['has half of a pair', 'a\ud800b'],
] as const;

describe('what others wrote', () => {
  it.each(LINES)('that %s is harmless on a terminal', (_, text) => {
    expect(plain(text)).not.toMatch(ACTING);
    expect(jsonLine({ text })).not.toMatch(ACTING);
    expect(JSON.parse(jsonLine({ text }))).toEqual({ text });
    expect(table([{ name: 'A' }], [[text]], undefined)).toMatch(/^A\n[^\n]*$/);
  });

  it.each(['Grüße', '你好，世界', 'שלום', 'mañana', '👍🏽 thanks', 'e\u0301te\u0301'])(
    'like %j stays',
    (text) => {
      expect(plain(text)).toBe(text);
    },
  );

  it('has no tower of marks', () => {
    expect(plain(`a${'\u0301'.repeat(50)}b`)).toBe(`a${'\u0301'.repeat(4)}b`);
  });
});

describe('the width of a text', () => {
  it.each([
    ['abc', 3],
    ['你好', 4],
    ['e\u0301', 1],
    ['👍', 2],
    ['ｆ', 2],
    ['', 0],
  ])('of %j is %i columns', (text, width) => expect(widthOf(text)).toBe(width));

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['你好世界', 6, '你好…'],
    ['ab cdef', 4, 'ab…'],
  ])('%j cut to %i is %j', (text, width, kept) => {
    expect(cut(text, width)).toBe(kept);
    expect(widthOf(kept)).toBeLessThanOrEqual(width);
  });
});

describe('a table', () => {
  const columns = [{ name: 'ID' }, { name: 'TEXT', cuts: true }, { name: 'SAT', right: true }];
  const rows = [
    ['a1', 'short', '5'],
    ['b22', 'a text that goes on and on', '12345.678'],
  ];

  it('has figures to the right', () => {
    expect(table(columns, rows, undefined)).toBe(
      [
        'ID   TEXT                              SAT',
        'a1   short                               5',
        'b22  a text that goes on and on  12345.678',
      ].join('\n'),
    );
  });

  it('cuts texts to fit the terminal', () => {
    expect(table(columns, rows, 32)).toBe(
      [
        'ID   TEXT                    SAT',
        'a1   short                     5',
        'b22  a text that goe…  12345.678',
      ].join('\n'),
    );
  });

  it('tells one row below the other where even that does not fit, with nothing cut', () => {
    expect(table(columns, rows, 20)).toBe(
      'id    a1\ntext  short\nsat   5\n\nid    b22\ntext  a text that goes on and on\nsat   12345.678',
    );
  });

  it('of one thing leaves out what there is not', () => {
    expect(
      fields([
        ['a', 'x'],
        ['long', undefined],
        ['bc', ''],
        ['bcd', 'y'],
      ]),
    ).toBe('a    x\nbcd  y');
  });
});

describe('amounts and times', () => {
  it.each([
    ['2100', '2100000', '2100'],
    ['0.001', '1', '0.001'],
    ['12.34', '12340', '12.34'],
    ['0', '0', '0'],
    ['9007199254740.993', '9007199254740993', '9007199254740.993'],
  ])('%s sat are %s msat, and shown as %s', (given, msat, shown) => {
    expect([readSat('amount', given), sat(msat)]).toEqual([msat, shown]);
  });

  it.each(['', '-1', '1e3', '1.', '.5', '1.0000', '1,5', '2100000000000001', '١'])(
    '%j is refused',
    (given) => {
      expect(() => readSat('amount', given)).toThrow(/^--amount: .* is not an amount in satoshi/);
    },
  );

  it('are told to the second, in UTC', () => {
    expect(when('2026-11-24T10:58:31.123Z')).toBe('2026-11-24 10:58:31Z');
  });
});

describe('waiting', () => {
  it.each([
    [1, 0, 125],
    [1, 1, 250],
    [3, 1, 1000],
    [8, 1, 30_000],
    [1e9, 0, 15_000],
  ])('after try %i, by chance %d, is %i ms', (attempt, chance, ms) => {
    expect(backoffMs(attempt, chance)).toBe(ms);
  });

  it.each([
    [null, undefined],
    ['7', 7000],
    ['Tue, 24 Nov 2026 11:00:10 GMT', 10_000],
    ['Tue, 24 Nov 2026 10:00:00 GMT', 0],
    ['soon', undefined],
  ])('as told by Retry-After %j is %j ms', (value, ms) => {
    expect(retryAfterMs(value, new Date('2026-11-24T11:00:00Z'))).toBe(ms);
  });

  it.each([
    [429, undefined, true],
    [503, undefined, true],
    [500, undefined, true],
    [409, 'in-progress', true],
    [409, 'changed', true],
    [409, 'refused', false],
    [404, 'unknown-tip', false],
  ])('helps against %i %s: %j', (status, kind, helps) => {
    expect(isPassing(status, kind && { type: `urn:problem-type:ampjar:${kind}` })).toBe(helps);
  });
});

describe('a message of a payer who means no good', () => {
  let served: Served;
  beforeAll(async () => {
    served = await openServed();
    await served.book({ message: `\u001b[2J\u001b[H${HOSTILE}\r\n#1  0 sat`, sender: 'Mal\u0007\u202elory' });
  });
  afterAll(() => served.close());

  it.each([
    'tips list --limit 2',
    'tips show 26',
    'tips list --limit 2 --json',
    'creators show',
    'tips show 26 --json',
  ])('does nothing to the terminal in %j', async (line) => {
    const { code, out } = await served.ampjar(line, { key: served.stage.keys.alice.token, COLUMNS: '100' });
    expect(code).toBe(0);
    expect(out.replaceAll('\n', '')).not.toMatch(ACTING);
  });

  it('stands in one line that fits the terminal', async () => {
    const env = { key: served.stage.keys.alice.token, COLUMNS: '100' };
    const { out } = await served.ampjar('tips list --limit 1', env);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^#26 .* 21 {2}Any amount {2}Mallory +\[2J\[H<\/script>.*…$/);
    expect(lines.map(widthOf).every((width) => width <= 100)).toBe(true);
  });
});
