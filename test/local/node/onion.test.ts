import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePayload, encodeCustomRecords, encodePayload, OnionError } from '../../../local/node/onion.ts';
import { RecordError } from '../../../shared/amp/index.ts';
import lnd from '../../fixtures/lnd-settled.json' with { type: 'json' };

const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const customRecords = fc
  .uniqueArray(
    fc.tuple(fc.bigInt({ min: 65_536n, max: 2n ** 64n - 1n }), fc.uint8Array({ maxLength: 300 })),
    {
      selector: ([type]) => type,
      maxLength: 6,
    },
  )
  .map((entries) => entries.sort(([a], [b]) => (a < b ? -1 : 1)));

type Shown = { custom_records: Record<string, string>; custom_channel_data: string };

describe('an onion payload', () => {
  test('comes back as it was written, AMP or not, with any custom records', () => {
    const mpp = fc.record({ paymentAddr: bytes32, totalMsat: u64 });
    const amp = fc.record({ rootShare: bytes32, setId: bytes32, childIndex: u32 });
    const payload = fc.record(
      { amountMsat: u64, cltvExpiry: u32, mpp, amp, customRecords },
      { requiredKeys: ['amountMsat', 'cltvExpiry', 'customRecords'] },
    );
    fc.assert(
      fc.property(payload, ({ customRecords, ...rest }) => {
        const written = encodePayload({ ...rest, customRecords: new Map(customRecords) });
        const { customRecords: read, ...others } = decodePayload(written);
        expect(others).toEqual(rest);
        expect([...read]).toEqual(customRecords);
      }),
    );
  });

  test('writes custom records as lnd does, by type and whatever their order', () => {
    const shown = lnd.settled_events.flatMap((event) => event.htlcs as Shown[]);
    const withRecords = shown.filter(({ custom_channel_data }) => custom_channel_data !== '');
    expect(withRecords).toHaveLength(3);
    for (const { custom_records, custom_channel_data } of withRecords) {
      const records = Object.entries(custom_records).map(
        ([type, value]) => [BigInt(type), bytes(value)] as const,
      );
      expect(Buffer.from(encodeCustomRecords(new Map(records.reverse()))).toString('hex')).toBe(
        custom_channel_data,
      );
    }
  });

  const amount = '0201ff';
  const cltv = '04020101';
  test.each([
    ['without an amount', cltv, 'type 2: is missing'],
    ['without an expiry', amount, 'type 4: is missing'],
    ['with types out of order', cltv + amount, 'type 2: comes after type 4'],
    ['with a type twice', amount + amount, 'type 2: comes after type 2'],
    ['with an amount of nine bytes', `0209${'01'.repeat(9)}${cltv}`, 'type 2: 9 bytes are more than 8'],
    ['with a leading zero byte', `02020001${cltv}`, 'type 2: has a leading zero byte'],
    ['with an unknown even type', `${amount}${cltv}1200`, 'type 18: is even and unknown'],
    ['with a length beyond its end', `${amount}0405`, 'type 4: is longer than the payload'],
    [
      'that ends within a number',
      `${amount}${cltv}fe0001`,
      'type 4: the payload ends within the record after it',
    ],
    [
      'with a number that is not minimal',
      `${amount}${cltv}fd00fc00`,
      'type 4: a number after it is not minimal',
    ],
  ])('%s is refused', (_, written, message) => {
    expect(() => decodePayload(bytes(written))).toThrow(OnionError);
    expect(() => decodePayload(bytes(written))).toThrow(message);
  });

  test('with a malformed MPP or AMP record is refused by the record', () => {
    expect(() => decodePayload(bytes(`${amount}${cltv}0800`))).toThrow(RecordError);
    expect(() => decodePayload(bytes(`${amount}${cltv}0e00`))).toThrow(RecordError);
  });

  test('may have unknown odd types, which are passed over', () => {
    expect(decodePayload(bytes(`${amount}${cltv}1301aa`)).amountMsat).toBe(255n);
  });
});
