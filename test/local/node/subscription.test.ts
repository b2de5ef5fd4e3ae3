import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import lnd from '../../fixtures/lnd-settled.json' with { type: 'json' };
import { hex, type Messages, type Pair, startPair } from './pair.ts';

let pair: Pair;
beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair.stop());

const add = (request: object): Promise<any> => pair.jar.call('default', 'addInvoice', request);
const pay = async (request: object): Promise<any> => (await pair.payer.pay(request)).at(-1);
const setsOf = (message: any): string[] => Object.keys(message.amp_invoice_state);
const settleIndexOf = (message: any): string =>
  message.is_amp
    ? (Object.values(message.amp_invoice_state)[0] as { settle_index: string }).settle_index
    : message.settle_index;

/** Three AMP payments and a plain one, settle indexes 1 to 4, to two invoices. */
const payFour = async (): Promise<string[]> => {
  const amp = await add({ is_amp: true, memo: 'static' });
  const plain = await add({ value: '7' });
  const hashes = [];
  for (const amt of ['1', '2'])
    hashes.push(await pay({ payment_request: amp.payment_request, amp: true, amt }));
  hashes.push(await pay({ payment_request: plain.payment_request }));
  hashes.push(await pay({ payment_request: amp.payment_request, amp: true, amt: '3' }));
  return hashes.map(({ payment_hash }) => payment_hash);
};

test('live messages are one for an invoice, and one for each set, with that set alone', async () => {
  const messages = pair.jar.subscribe();
  const hashes = await payFour();
  const [opened, plainOpened, first, second, plain, third] = await messages.take(6);
  expect([opened.state, plainOpened.state]).toEqual(['OPEN', 'OPEN']);
  expect(opened.htlcs).toEqual([]);
  expect([first, second, third].map(setsOf)).toEqual([[hashes[0]], [hashes[1]], [hashes[3]]]);
  expect([first, second, third].map(({ htlcs }) => htlcs.length)).toEqual([1, 1, 1]);
  expect([first, second, third].map(({ amt_paid_msat }) => amt_paid_msat)).toEqual(['1000', '3000', '6000']);
  expect([first, second, third].map(({ settle_index, settle_date }) => [settle_index, settle_date])).toEqual([
    ...[
      ['0', '0'],
      ['0', '0'],
      ['0', '0'],
    ],
  ]);
  expect([first, second, plain, third].map(settleIndexOf)).toEqual(['1', '2', '3', '4']);
  expect(plain).toMatchObject({ amp_invoice_state: {}, state: 'SETTLED', settle_index: '3' });
  messages.end();
});

/** What a subscription brings before an invoice that is added after it. */
const before = async (messages: Messages): Promise<any[]> => {
  const marker = await add({ memo: 'marker' });
  const found = [];
  for (let message = await messages.next(); ; message = await messages.next()) {
    if (message.add_index === marker.add_index) return found;
    found.push(message);
  }
};

test.each([
  ['0', []],
  ['1', ['2', '3', '4']],
  ['3', ['4']],
  ['4', []],
  ['1000', []],
  ['18446744073709551615', []],
])(
  'a settle index of %s replays what settled after it, but 0 replays nothing',
  async (settle_index, replayed) => {
    await payFour();
    const messages = pair.jar.subscribe({ settle_index });
    expect((await before(messages)).map(settleIndexOf)).toEqual(replayed);
    messages.end();
  },
);

test('a plain payment is kept back from who asks from beyond it, until an AMP payment came', async () => {
  const amp = await add({ is_amp: true });
  const payPlain = async (): Promise<any> =>
    pay({ payment_request: (await add({ value: '7' })).payment_request });
  const messages = pair.jar.subscribe({ settle_index: '1000', add_index: '1000' });
  // Neither call answers before the subscription was made: they come in order on one connection.
  await payPlain();
  await pay({ payment_request: amp.payment_request, amp: true, amt: '1' });
  await payPlain();
  expect((await messages.take(2)).map(settleIndexOf)).toEqual(['2', '3']);
  messages.end();
});

test('an invoice that was canceled is not replayed', async () => {
  const [first, canceled] = [await add({}), await add({ is_amp: true })];
  await pair.jar.call('invoices', 'cancelInvoice', { payment_hash: canceled.r_hash });
  const last = await add({});
  const messages = pair.jar.subscribe({ add_index: first.add_index });
  expect((await messages.next()).add_index).toBe(last.add_index);
  messages.end();
});

test('a replay is the same after the node was started again', async () => {
  await payFour();
  const replay = async (): Promise<any[]> => {
    const messages = pair.jar.subscribe({ settle_index: '1' });
    const found = await messages.take(3);
    messages.end();
    return found;
  };
  const first = await replay();
  await pair.restart();
  expect(await replay()).toEqual(first);
});

test('an add index replays invoices as they are now, with all their sets', async () => {
  await add({ memo: 'before' });
  const hashes = await payFour();
  const messages = pair.jar.subscribe({ add_index: '1' });
  const [amp, plain] = await messages.take(2);
  expect(amp).toMatchObject({ state: 'SETTLED', memo: 'static' });
  expect(setsOf(amp).sort()).toEqual([hashes[0], hashes[1], hashes[3]].sort());
  expect(plain).toMatchObject({ state: 'SETTLED', add_index: '3' });
  messages.end();
});

test('settlements that come while a long replay is sent follow it, each once', async () => {
  const { payment_request } = await add({ is_amp: true });
  const send = (): Promise<unknown> =>
    pair.payerNode.pay({ paymentRequest: payment_request, amp: true, amountMsat: 1000n });
  await Promise.all(Array.from({ length: 700 }, send));
  const messages = pair.jar.subscribe({ settle_index: '1' });
  const sending = Promise.all(Array.from({ length: 300 }, send));
  const indexes = (await messages.take(999)).map(settleIndexOf);
  await sending;
  expect(indexes).toEqual(Array.from({ length: 999 }, (_, i) => String(i + 2)));
  messages.end();
});

/** A message as the fixtures hold it: bytes in hex, custom records by decimal type. */
const plainly = (value: any, key = ''): any => {
  if (Buffer.isBuffer(value)) return hex(value);
  if (Array.isArray(value)) return value.map((each) => plainly(each));
  if (value === null || typeof value !== 'object') return value;
  const name = (each: string): string =>
    key === 'custom_records' ? String(Buffer.from(each, 'latin1').readBigUInt64LE()) : each;
  return Object.fromEntries(Object.entries(value).map(([each, of]) => [name(each), plainly(of, each)]));
};

/** Every field with its type, set ids and record types left out of the names; values that can't differ stay. */
const shape = (value: any, key = ''): any => {
  if (Array.isArray(value)) return value.map((each) => shape(each));
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).map(([name, of]) => {
      const shown = key === 'amp_invoice_state' ? 'set' : name;
      return [shown, key === 'custom_records' ? 'bytes' : shape(of, name)];
    });
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  if (typeof value === 'number') return 'number';
  return typeof value === 'string' && /^([0-9a-f]{2})+$|^[0-9]+$|^ln/.test(value) ? 'text' : value;
};

// Not cltv_expiry: the recorded node was not left at the default of its time lock delta.
const SAME = ['memo', 'value_msat', 'is_amp', 'is_keysend', 'state', 'expiry', 'features'];

test('messages have the fields, types and fixed values of real ones, for every kind of payment', async () => {
  const { settled_events: events } = lnd;
  const byMemo = (memo: string): any => events.find((event) => event.memo === memo);
  const records = Object.entries(events[9]!.htlcs[0]!.custom_records).map(([type, value]) => [
    type,
    Buffer.from(value as string, 'hex'),
  ]);
  const dest = Buffer.from(pair.jarNode.pubkey, 'hex');
  const preimage = randomBytes(32);
  const keysend = { 5482373484: preimage, 34349334: Buffer.from('old keysend') };

  const messages = pair.jar.subscribe();
  const open = await add({ memo: 'Tip alice', is_amp: true });
  const fixed = await add({ memo: 'Coffee tier', is_amp: true, value: '3000', expiry: '86400' });
  const plain = await add({ memo: 'plain bolt11', value: '1234' });
  await messages.take(3);
  const request = { payment_request: open.payment_request, amp: true };
  await pay({ ...request, amt_msat: '1000000' });
  await pay({ ...request, amt_msat: '500000000', max_shard_size_msat: '100000000' });
  await pay({ payment_request: fixed.payment_request, amp: true });
  await pay({ payment_request: plain.payment_request });
  await pay({ dest, amp: true, amt: '777', dest_custom_records: Object.fromEntries(records) });
  const payment_hash = createHash('sha256').update(preimage).digest();
  await pay({ dest, amt: '55', payment_hash, dest_custom_records: keysend });

  const ours = (await messages.take(8)).filter(({ state }) => state === 'SETTLED');
  const theirs = [events[0], events[2], byMemo('Coffee tier'), byMemo('plain bolt11'), events[9], events[11]];
  expect(ours).toHaveLength(6);
  for (const [i, message] of ours.entries()) {
    expect(shape(plainly(message))).toEqual(shape(theirs[i]));
    for (const field of SAME) expect(plainly(message)[field]).toEqual(theirs[i][field]);
  }
  messages.end();
});
