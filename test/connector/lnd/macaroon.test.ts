import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bakeCommand } from '../../../connector/lnd/calls.ts';
import { CALLS, HINT_CALL } from '../../../connector/lnd/client.ts';
import { checkMacaroon, MacaroonError, permissions } from '../../../connector/lnd/macaroon.ts';
import { Bakery, type Permission } from '../../../local/node/macaroon.ts';
import { CALLS as NODE_CALLS } from '../../../local/node/permissions.ts';

/** A bakery that knows the calls of lnd that these tests name, whether the development node answers them or not. */
const known = new Map([...NODE_CALLS, [HINT_CALL, [{ entity: 'offchain', action: 'read' }]] as const]);
const hash = (text: string) => createHash('sha256').update(text).digest();
const bakery = new Bakery(
  hash('root key'),
  (size) => hash('nonce').subarray(0, size),
  () => 0,
  known,
);

const uris = (...calls: string[]): Permission[] => calls.map((action) => ({ entity: 'uri', action }));
const SEND = '/routerrpc.Router/SendPaymentV2';
const BAKE = '/lnrpc.Lightning/BakeMacaroon';

function refusal(macaroon: Uint8Array, options = { routeHints: false }): MacaroonError {
  try {
    checkMacaroon(macaroon, options);
  } catch (error) {
    if (error instanceof MacaroonError) return error;
    throw error;
  }
  return expect.unreachable('it was accepted');
}

describe('the macaroon of the connector', () => {
  it('allows its calls and no others, in any order', () => {
    checkMacaroon(bakery.bake(uris(...CALLS)));
    checkMacaroon(bakery.bake(uris(...[...CALLS].reverse())));
  });

  it('lists channels when invoices carry route hints, and not when they carry none', () => {
    const hinting = bakery.bake(uris(...CALLS, HINT_CALL));
    checkMacaroon(hinting, { routeHints: true });
    expect(refusal(hinting).message).toContain(`more than the connector needs (uri:${HINT_CALL})`);
    const plain = bakery.bake(uris(...CALLS));
    expect(refusal(plain, { routeHints: true }).message).toContain(`does not allow ${HINT_CALL}`);
  });

  it('is taken with route hints and without by who mints nothing, and still with nothing more', () => {
    for (const calls of [CALLS, [...CALLS, HINT_CALL]]) checkMacaroon(bakery.bake(uris(...calls)));
    expect(() => checkMacaroon(bakery.bakeAdmin())).toThrow('more than the connector needs');
    expect(() => checkMacaroon(bakery.bake(uris(...CALLS.slice(1))))).toThrow(`does not allow ${CALLS[0]}`);
  });

  it.each<[string, Uint8Array, RegExp]>([
    [
      'can do everything',
      bakery.bakeAdmin(),
      /allows more than the connector needs \(address:read, address:write, /,
    ],
    [
      'can pay, too',
      bakery.bake(uris(...CALLS, SEND)),
      /more than the connector needs \(uri:\/routerrpc\S+V2\)/,
    ],
    [
      'can bake, too',
      bakery.bake(uris(...CALLS, BAKE)),
      /more than the connector needs \(uri:\S+BakeMacaroon\)/,
    ],
    [
      'has a whole entity, too',
      bakery.bake([...uris(...CALLS), { entity: 'offchain', action: 'write' }]),
      /more than the connector needs \(offchain:write\)/,
    ],
    [
      'reads invoices by entity, not by call',
      bakery.bake([{ entity: 'invoices', action: 'read' }]),
      /more than the connector needs \(invoices:read\)/,
    ],
    ...CALLS.map((left): [string, Uint8Array, RegExp] => [
      `lacks ${left}`,
      bakery.bake(uris(...CALLS.filter((call) => call !== left))),
      new RegExp(`^macaroon: it does not allow ${left}; `),
    ]),
  ])('is refused when it %s', (_, macaroon, message) => {
    expect(refusal(macaroon).message).toMatch(message);
  });

  const least = bakery.bake(uris(...CALLS));
  const at = (index: number, byte: number) => Buffer.from(least).fill(byte, index, index + 1);
  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['one byte', Uint8Array.of(2)],
    ['zeros', new Uint8Array(500)],
    ['ones', new Uint8Array(500).fill(255)],
    ['text', Buffer.from('not a macaroon')],
    ['hex, as lncli prints it', Buffer.from(Buffer.from(least).toString('hex'))],
    ['the older format', at(0, 1)],
    ['an endless number', Buffer.concat([Uint8Array.of(2), new Uint8Array(20).fill(0x80)])],
    ['a length beyond the end', Uint8Array.of(2, 2, 100, 3)],
    ['half of one', least.subarray(0, least.length / 4)],
    ['another kind of identifier', at(Buffer.from(least).indexOf('lnd') + 6, 4)],
  ])('is not %s', (_, bytes) => {
    const { message } = refusal(bytes);
    expect(message).toMatch(/^macaroon: not a macaroon of lnd's; bake one with: lncli bakemacaroon /);
  });

  it('cut anywhere is refused or the same, never read as another', () => {
    const whole = permissions(least);
    expect(whole).toEqual([...CALLS].sort().map((call) => `uri:${call}`));
    for (let length = 0; length < least.length; length++) {
      try {
        expect(permissions(least.subarray(0, length))).toEqual(whole);
      } catch (error) {
        expect(error).toBeInstanceOf(MacaroonError);
      }
    }
  });

  it('is named by the command that bakes it, in one line with each refusal', () => {
    const refused = refusal(bakery.bakeAdmin()).message;
    expect(refused).not.toContain('\n');
    expect(refused.endsWith(bakeCommand())).toBe(true);
    expect(bakeCommand().split(' ').slice(4)).toEqual(CALLS.map((call) => `uri:${call}`));
    expect(bakeCommand(true)).toBe(`${bakeCommand()} uri:${HINT_CALL}`);
  });
});
