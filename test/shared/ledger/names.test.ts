import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isOptionId } from '../../../shared/ledger/handles.ts';
import {
  CursorError,
  decodeCursor,
  encodeCursor,
  HandleError,
  isHandle,
  openOptionId,
  parseHandle,
  publicTipId,
} from '../../../shared/ledger/index.ts';

describe('handles', () => {
  it.each(['al', 'alice', 'a-b-c', '42', 'x'.repeat(30)])('%s can be a handle', (handle) => {
    expect(parseHandle(handle)).toBe(handle);
  });

  it.each([
    '',
    'a',
    'x'.repeat(31),
    'Alice',
    'al ice',
    'alice\n',
    '-alice',
    'alice-',
    'a--b',
    'al_ice',
    'al.ice',
    '../alice',
    'al/ice',
    'al#ice',
    'álice',
    'аlice',
    'alice\u0000',
    '🍯🍯',
    'a'.repeat(10_000),
  ])('%j cannot', (handle) => {
    expect(isHandle(handle)).toBe(false);
    expect(() => parseHandle(handle)).toThrow(HandleError);
  });

  it.each(['admin', 'v1', 'well-known', 'tips'])('%s is reserved', (handle) => {
    expect(isHandle(handle)).toBe(true);
    expect(() => parseHandle(handle)).toThrow(`handle: "${handle}" is reserved`);
  });

  it('a refusal quotes the start of a handle alone', () => {
    expect(() => parseHandle('a'.repeat(10_000))).toThrow(/^handle: "a{40}" is not 2 to 30 /);
  });

  it('an open option has an id that follows from its handle', () => {
    expect(isOptionId(openOptionId('alice'))).toBe(true);
    expect(openOptionId('alice')).toBe(openOptionId('alice'));
    expect(openOptionId('alice')).not.toBe(openOptionId('bob'));
  });

  it.each([
    ['amp', 'Pzl2je-3KOcWghqqZcnEFE'],
    ['bolt11', 'AiYIcx6OAOVk-lufLMXXG-'],
  ] as const)('the public id of a tip by %s is what it was in every release', (via, id) => {
    expect(publicTipId({ via, setId: 'ab'.repeat(32), paymentAddr: 'cd'.repeat(32) })).toBe(id);
  });

  it('a public tip id is no part of the set id', () => {
    const tip = { via: 'amp', setId: 'ab'.repeat(32), paymentAddr: 'cd'.repeat(32) } as const;
    expect(publicTipId(tip)).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(publicTipId(tip)).toBe(publicTipId({ ...tip, paymentAddr: 'ce'.repeat(32) }));
    expect(publicTipId(tip)).not.toBe(publicTipId({ ...tip, setId: 'ac'.repeat(32) }));
  });

  it('of a BOLT11 payment, whose hash others know, depends on the payment address, too', () => {
    const tip = { via: 'bolt11', setId: 'ab'.repeat(32), paymentAddr: 'cd'.repeat(32) } as const;
    expect(publicTipId(tip)).not.toBe(publicTipId({ ...tip, paymentAddr: 'ce'.repeat(32) }));
  });
});

describe('cursors', () => {
  it.each([1n, 2n ** 53n + 1n, 2n ** 64n - 1n])('position %s comes back', (sequence) => {
    expect(decodeCursor('alice', encodeCursor('alice', sequence))).toBe(sequence);
  });

  const good = encodeCursor('alice', 41n);
  const moved = Buffer.from(good, 'base64url');
  moved[7] = 42;
  // 22 letters carry 132 bits: the last four are spare, and so are one way to write a cursor twice.
  const spare = `${good.slice(0, -1)}${String.fromCharCode(good.charCodeAt(21) + 1)}`;
  const unchecked = Buffer.concat([moved.subarray(0, 8), createHash('sha256').update('x').digest()]);
  it.each([
    ['of another creator', encodeCursor('bob', 41n)],
    ['moved to another position', moved.toString('base64url')],
    ['with a check of another kind', unchecked.subarray(0, 16).toString('base64url')],
    ['written another way', spare],
    ['padded', `${good}==`],
    ['cut', good.slice(0, -1)],
    ['empty', ''],
    ['a number', '41'],
    ['10,000 letters', 'A'.repeat(10_000)],
    ['not base64url', '#'.repeat(22)],
  ])('a cursor %s is refused', (_, cursor) => {
    expect(() => decodeCursor('alice', cursor)).toThrow(CursorError);
  });
});
