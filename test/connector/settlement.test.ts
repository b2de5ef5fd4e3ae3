import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventJson, toSettlement } from '../../connector/lndGrpc.ts';
import { verifySettlement } from '../../connector/settlement.ts';

const recorded = JSON.parse(readFileSync(new URL('../fixtures/lnd-settled.json', import.meta.url), 'utf8'));

/** A recorded event with bytes as gRPC gives them. */
function event(at: number): any {
  const raw = structuredClone(recorded.settled_events[at]);
  const bytes = (hex: string) => Buffer.from(hex, 'hex');
  raw.payment_addr = bytes(raw.payment_addr);
  for (const htlc of raw.htlcs) {
    if (htlc.amp) {
      for (const name of ['root_share', 'set_id', 'hash', 'preimage']) htlc.amp[name] = bytes(htlc.amp[name]);
    }
    htlc.custom_records = Object.fromEntries(
      Object.entries<string>(htlc.custom_records).map(([type, value]) => {
        const key = Buffer.alloc(8);
        key.writeBigUInt64LE(BigInt(type));
        return [key.toString('latin1'), bytes(value)];
      }),
    );
  }
  return raw;
}

const FIVE_SHARDS = 2;
const MESSAGE = 3;
const verify = (raw: any) => verifySettlement(toSettlement(raw)!);

describe('a settled event of lnd', () => {
  it('is verified, with the values of its set alone', () => {
    for (const [at, raw] of recorded.settled_events.entries()) {
      const [entry] = Object.entries<any>(raw.amp_invoice_state);
      if (!entry) continue;
      const [setId, state] = entry;
      expect(verify(event(at))).toMatchObject({
        set: {
          setId,
          amountMsat: BigInt(state.amt_paid_msat),
          settleIndex: BigInt(state.settle_index),
          shards: raw.htlcs.length,
        },
      });
    }
  });

  it('is no settlement when it is not AMP, or tells of several sets', () => {
    expect(toSettlement(event(7))).toBeUndefined();
    const several = event(0);
    several.amp_invoice_state = { ...several.amp_invoice_state, ...event(1).amp_invoice_state };
    expect(toSettlement(several)).toBeUndefined();
  });

  it('brings the message of the payer', () => {
    expect(verify(event(MESSAGE))).toMatchObject({ set: { message: 'Great post! ☕' } });
    expect(verify(event(9))).toMatchObject({ set: { message: 'boost!', sender: 'Bo' } });
  });

  it.each<[string, (raw: any) => void, RegExp]>([
    ['a share is another', (raw) => raw.htlcs[0].amp.root_share.fill(7), /reconstruct/],
    ['a share is too short', (raw) => (raw.htlcs[0].amp.root_share = Buffer.alloc(31)), /reconstruct/],
    ['a preimage is missing', (raw) => (raw.htlcs[0].amp.preimage = Buffer.alloc(0)), /reconstruct/],
    ['a hash is another', (raw) => raw.htlcs[1].amp.hash.fill(0), /reconstruct/],
    ['a shard is missing', (raw) => raw.htlcs.pop(), /sum/],
    ['amounts do not add up', (raw) => (raw.htlcs[0].amt_msat = '9007199254740993'), /sum/],
    ['a shard names another set', (raw) => raw.htlcs[0].amp.set_id.fill(1), /another set/],
    ['an HTLC has no AMP data', (raw) => (raw.htlcs[0].amp = null), /another set/],
    [
      'the set id is not 32 bytes',
      (raw) => (raw.amp_invoice_state = { ab: Object.values(raw.amp_invoice_state)[0] }),
      /set id/,
    ],
    ['nothing settled', (raw) => (raw.htlcs = []), /no settled shards/],
  ])('is refused when %s', (_, spoil, reason) => {
    const raw = event(FIVE_SHARDS);
    spoil(raw);
    expect(verify(raw)).toEqual({ refused: expect.stringMatching(reason) });
  });

  it('never takes 1970 for its time', () => {
    const raw = event(0);
    const [state] = Object.values<any>(raw.amp_invoice_state);
    state.settle_time = '0';
    expect(verify(raw)).toMatchObject({
      set: { settledAt: new Date(Number(raw.htlcs[0].resolve_time) * 1000) },
    });
    raw.htlcs[0].resolve_time = '0';
    expect(verify(raw)).toEqual({ refused: 'no time of settlement' });
  });

  it.each([
    ['100 kB', Buffer.alloc(100_000, 'x'), 'x'.repeat(500)],
    ['not UTF-8', Buffer.from([0x68, 0x69, 0xff, 0xfe]), 'hi\ufffd\ufffd'],
    ['a lone surrogate in CESU-8', Buffer.from([0x61, 0xed, 0xa0, 0x80]), 'a\ufffd\ufffd\ufffd'],
    ['control characters and overrides', Buffer.from('a\u0000\u202eb\nc'), 'ab c'],
  ])('keeps its row when the message is %s', (_, bytes, message) => {
    const raw = event(MESSAGE);
    raw.htlcs[0].custom_records = { [Object.keys(raw.htlcs[0].custom_records)[0]!]: bytes };
    expect(verify(raw)).toMatchObject({ set: { message } });
  });

  it('is kept as JSON with bytes in hex', () => {
    expect(JSON.parse(eventJson(event(0))).payment_addr).toBe(recorded.settled_events[0].payment_addr);
  });
});
