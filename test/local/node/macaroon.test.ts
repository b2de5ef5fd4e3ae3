import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { CALLS as CONNECTOR_CALLS } from '../../../connector/lnd/client.ts';
import { checkMacaroon, permissions } from '../../../connector/lnd/macaroon.ts';
import { Bakery } from '../../../local/node/macaroon.ts';
import { decodeMacaroonId, encodeMacaroonId, MacaroonIdError } from '../../../local/node/macaroon-id.ts';
import { CALLS } from '../../../local/node/permissions.ts';

const now = Date.parse('2026-11-24T12:00:00Z');
const bakery = (rootKey = randomBytes(32)): Bakery => new Bakery(rootKey, randomBytes, () => now, CALLS);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const uris = (...calls: string[]): { entity: string; action: string }[] =>
  calls.map((action) => ({ entity: 'uri', action }));
const ADD = '/lnrpc.Lightning/AddInvoice';
const PAY = '/routerrpc.Router/SendPaymentV2';

describe('the identifier of a macaroon', () => {
  const id = {
    nonce: Buffer.alloc(16, 7),
    storageId: '0',
    ops: [{ entity: 'info', actions: ['read', 'write'] }],
  };
  const written = `030a10${'07'.repeat(16)}120130${'1a13'}0a04696e666f120472656164${'12057772697465'}`;

  test('is a byte 3 and the protobuf message of nonce, root key id and operations', () => {
    expect(hex(encodeMacaroonId(id))).toBe(written);
    expect(decodeMacaroonId(Buffer.from(written, 'hex'))).toEqual({
      ...id,
      nonce: Uint8Array.from(id.nonce),
    });
  });

  test.each([
    ['of another version', `02${written.slice(2)}`],
    ['that is cut off', written.slice(0, -2)],
    ['with a field that is a number', '030801'],
    ['that is empty', ''],
  ])('%s is refused', (_, bytes) => {
    expect(() => decodeMacaroonId(Buffer.from(bytes, 'hex'))).toThrow(MacaroonIdError);
  });
});

describe('a macaroon', () => {
  test('for the calls of the connector is the one that the connector takes', () => {
    const baked = bakery().bake(uris(...CONNECTOR_CALLS));
    expect(() => checkMacaroon(baked)).not.toThrow();
    expect(permissions(baked).sort()).toEqual(CONNECTOR_CALLS.map((call) => `uri:${call}`).sort());
  });

  test('of the admin allows every call, and the connector refuses it', () => {
    const baking = bakery();
    const admin = baking.bakeAdmin();
    for (const call of CALLS.keys()) expect(() => baking.authorize(call, [hex(admin)])).not.toThrow();
    expect(() => checkMacaroon(admin)).toThrow('allows more than the connector needs');
  });

  test('for one call allows that call alone, the first time and the second', () => {
    const baking = bakery();
    const macaroon = hex(baking.bake(uris(ADD)));
    for (const _ of [1, 2]) {
      expect(() => baking.authorize(ADD, [macaroon])).not.toThrow();
      expect(() => baking.authorize(PAY, [macaroon])).toThrow(/^permission denied$/);
    }
  });

  test('for an entity allows the calls that need no more', () => {
    const baking = bakery();
    const macaroon = hex(baking.bake([{ entity: 'invoices', action: 'read' }]));
    expect(() => baking.authorize('/lnrpc.Lightning/ListInvoices', [macaroon])).not.toThrow();
    expect(() => baking.authorize(ADD, [macaroon])).toThrow('permission denied');
  });

  test('is not needed for the state of the wallet', () => {
    expect(() => bakery().authorize('/lnrpc.State/GetState', [])).not.toThrow();
  });

  test('altered anywhere in its last 32 bytes, or of another node, is refused', () => {
    const baking = bakery();
    const baked = Buffer.from(baking.bake(uris(ADD)));
    const altered = Buffer.from(baked);
    altered[altered.length - 1]! ^= 1;
    const message = 'verification failed: signature mismatch after caveat verification';
    expect(() => baking.authorize(ADD, [hex(altered)])).toThrow(message);
    expect(() => bakery().authorize(ADD, [hex(baked)])).toThrow(message);
  });

  test.each([
    ['missing', [], 'expected 1 macaroon, got 0'],
    ['doubled', ['00', '00'], 'expected 1 macaroon, got 2'],
    ['not hexadecimal', ['xyz'], 'encoding/hex: invalid byte'],
    ['junk', ['0201ff'], 'unmarshal v2: '],
  ])('%s is refused', (_, given, message) => {
    expect(() => bakery().authorize(ADD, given)).toThrow(message);
  });

  test.each([
    ['no permissions', [], 'permission list cannot be empty'],
    ['an unknown call', uris('/lnrpc.Lightning/StealFunds'), 'must be an existing URI'],
    ['an unknown entity', [{ entity: 'money', action: 'read' }], 'invalid permission entity'],
    ['an unknown action', [{ entity: 'info', action: 'eat' }], 'invalid permission action'],
  ])('for %s is not made', (_, asked, message) => {
    expect(() => bakery().bake(asked)).toThrow(message);
  });

  const { importMacaroon } = createRequire(import.meta.url)('macaroon');
  const narrowed = (macaroon: Uint8Array, caveat: string): string => {
    const copy = importMacaroon(macaroon);
    copy.addFirstPartyCaveat(caveat);
    return hex(copy.exportBinary());
  };
  test.each([
    ['time-before 2026-11-24T12:00:01Z', undefined],
    ['time-before 2026-11-24T11:59:59Z', 'macaroon has expired'],
    ['color blue', 'caveat not recognized'],
  ])('narrowed by its bearer to "%s" is held to it', (caveat, message) => {
    const baking = bakery();
    const macaroon = narrowed(baking.bake(uris(ADD)), caveat);
    const authorize = (): void => baking.authorize(ADD, [macaroon]);
    if (message === undefined) expect(authorize).not.toThrow();
    else expect(authorize).toThrow(message);
  });
});
