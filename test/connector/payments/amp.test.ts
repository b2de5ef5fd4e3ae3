import { describe, expect, it } from 'vitest';
import { eventJson } from '../../../connector/lnd/messages.ts';
import { toSettlement, verifySettlement } from '../../../connector/payments/amp.ts';
import { toEvent } from '../../../connector/payments/events.ts';
import { settledMessage, settledPlainMessage } from '../played.ts';
import { recorded, recordedEvent } from '../recorded.ts';

const FIVE_SHARDS = 2;
const MESSAGE = 3;
const verify = (raw: any) => verifySettlement(toSettlement(raw)!);

describe('a settled event of lnd', () => {
  it('is verified, with the values of its set alone', () => {
    for (const [at, raw] of recorded.entries()) {
      const [entry] = Object.entries<any>(raw.amp_invoice_state);
      if (!entry) continue;
      const [setId, state] = entry;
      expect(verify(recordedEvent(at))).toMatchObject({
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
    expect(toSettlement(recordedEvent(7))).toBeUndefined();
    const several = recordedEvent(0);
    several.amp_invoice_state = { ...several.amp_invoice_state, ...recordedEvent(1).amp_invoice_state };
    expect(toSettlement(several)).toBeUndefined();
  });

  it('brings the message of the payer', () => {
    expect(verify(recordedEvent(MESSAGE))).toMatchObject({ set: { message: 'Great post! ☕' } });
    expect(verify(recordedEvent(9))).toMatchObject({ set: { message: 'boost!', sender: 'Bo' } });
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
    const raw = recordedEvent(FIVE_SHARDS);
    spoil(raw);
    expect(verify(raw)).toEqual({ refused: expect.stringMatching(reason) });
  });

  it('never takes 1970 for its time', () => {
    const raw = recordedEvent(0);
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
    const raw = recordedEvent(MESSAGE);
    raw.htlcs[0].custom_records = { [Object.keys(raw.htlcs[0].custom_records)[0]!]: bytes };
    expect(verify(raw)).toMatchObject({ set: { message } });
  });

  it('is kept as JSON with bytes in hex', () => {
    expect(JSON.parse(eventJson(recordedEvent(0))).payment_addr).toBe(recorded[0].payment_addr);
  });
});

describe('a played message', () => {
  const invoice = {
    paymentRequest: 'lnbcrt1',
    paymentAddr: 'ab'.repeat(32),
    memo: 'Tip',
    addIndex: 3n,
    creationDate: 0n,
  };
  const namesOf = (message: any) => [
    Object.keys(message).sort(),
    message.htlcs.map((htlc: any) => Object.keys(htlc).sort()),
    message.htlcs.map((htlc: any) => htlc.amp && Object.keys(htlc.amp).sort()),
  ];

  it.each([
    ['an AMP invoice', 0, settledMessage(invoice, 7n, 1_795_000_000n)],
    ['a plain invoice', 7, settledPlainMessage(invoice, 7n, 1_795_000_000n)],
  ])('of %s has each field that a real lnd’s has', (_, at, message) => {
    const real = recordedEvent(at);
    expect(namesOf({ ...message, htlcs: message.htlcs.slice(0, 1) })).toEqual(namesOf(real));
    for (const [name, value] of Object.entries<any>(real))
      expect([name, message[name]?.constructor]).toEqual([name, value?.constructor]);
  });

  it('misleads as lnd does: by sums of the whole invoice, cut amounts, and HTLCs that failed', () => {
    const amp = settledMessage(invoice, 7n, 1_795_000_000n, { amountMsat: 5_001n, shards: 2 });
    expect(amp).toMatchObject({ settle_index: '0', settle_date: '0', settled: true });
    expect(BigInt(amp.amt_paid_msat)).toBeGreaterThan(5_001n);
    expect(amp.htlcs.map(({ state }: any) => state)).toEqual(['SETTLED', 'SETTLED', 'CANCELED']);
    expect(toEvent(amp)).toMatchObject({
      kind: 'amp',
      settlement: { amountMsat: 5_001n, settleIndex: 7n, shards: [{}, {}] },
    });
    const plain = settledPlainMessage(invoice, 7n, 1_795_000_000n, { amountMsat: 5_001n, shards: 2 });
    expect(plain.amt_paid_sat).toBe('5');
    expect(toEvent(plain)).toMatchObject({
      kind: 'bolt11',
      settlement: { amountMsat: 5_001n, settleIndex: 7n, parts: [2_501n, 2_500n] },
    });
  });
});
