import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { eventJson } from '../../../connector/lnd/messages.ts';
import { readKeptEvent, toEvent } from '../../../connector/payments/events.ts';
import { HANDLERS } from '../../../connector/payments/kinds.ts';
import { PAYMENT_KIND_NAMES } from '../../../shared/ledger/index.ts';
import { paymentToQuarantine, quarantineAction } from '../../../shared/ledger/quarantine.ts';
import { MESSAGE, settledMessage } from '../played.ts';
import { recorded, recordedEvent } from '../recorded.ts';

/** Without the message that told of it. */
const told = ({ raw: _, ...event }: any) => event;

describe('an event that is kept', () => {
  it.each(recorded.map(({ memo }, at) => [at, memo]))('says the same when it is read again: %i, %j', (at) => {
    const raw = recordedEvent(at);
    expect(told(readKeptEvent(eventJson(raw)))).toEqual(told(toEvent(raw)));
  });

  it.each(PAYMENT_KIND_NAMES)('names its kind in the table, and is read again as one: %s', (kind) => {
    const at = recorded.findIndex((_, index) => toEvent(recordedEvent(index)).kind === kind);
    const raw = recordedEvent(at);
    const payment = toEvent(raw);
    if (payment.kind !== kind) throw new Error(payment.kind);
    const { said } = HANDLERS[kind].verify(payment.settlement);
    const quarantined = paymentToQuarantine(said, { reason: 'a test', event: eventJson(raw) });
    expect(quarantineAction('ampjar', 'node', quarantined).Put!.Item).toMatchObject({ via: { S: kind } });
    expect(told(readKeptEvent(quarantined.event, kind))).toEqual(told(payment));
  });

  it('is of each kind that there is', () => {
    const kinds = recorded.map((_, at) => readKeptEvent(eventJson(recordedEvent(at))).kind);
    expect(new Set(kinds)).toEqual(new Set(['amp', 'bolt11', 'other']));
  });

  it('that could not be read can not be read again, either', () => {
    const raw = recordedEvent(7);
    raw.amt_paid_msat = 'many';
    expect(readKeptEvent(eventJson(raw))).toMatchObject({ kind: 'unreadable' });
  });

  it('is whole in the table however many shards it came in and whatever its payer sent with each', () => {
    const invoice = {
      paymentRequest: 'lnbcrt1',
      paymentAddr: 'ab'.repeat(32),
      memo: 'Tip',
      addIndex: 3n,
      creationDate: 0n,
    };
    const records = new Map([
      [MESSAGE, Buffer.from('hello')],
      [70_001n, randomBytes(1_000)],
    ]);
    const raw = settledMessage(invoice, 7n, 1_795_000_000n, { amountMsat: 483_000n, shards: 966, records });
    for (const htlc of raw.htlcs) htlc.custom_channel_data = randomBytes(1_010);
    const before = toEvent(raw);
    if (before.kind !== 'amp') throw new Error(before.kind);
    const quarantined = paymentToQuarantine(
      { via: 'amp', ...before.settlement },
      { reason: 'a test', event: eventJson(raw) },
    );
    const item = quarantineAction('ampjar', 'node', quarantined).Put!.Item!;
    expect(item).not.toHaveProperty('cutFrom');
    const kept = readKeptEvent(gunzipSync(item.event!.B!).toString());
    if (kept.kind !== 'amp') throw new Error(kept.kind);
    expect(HANDLERS.amp.verify(kept.settlement)).toEqual(HANDLERS.amp.verify(before.settlement));
    expect(HANDLERS.amp.verify(kept.settlement)).toMatchObject({ said: { shards: 966, message: 'hello' } });
  });
});
