import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addCreator,
  currentInvoices,
  dropMintRequest,
  dueMintRequests,
  type Lease,
  LeaseLostError,
  openOptionId,
  putCurrentInvoice,
  putRetiredInvoice,
  readCreatorWithInvoice,
  readCurrentInvoices,
  readInvoice,
  readInvoices,
  retiredInvoices,
  retireInvoice,
} from '../../../shared/ledger/index.ts';
import { gather, hex, LATER, lead, minted, NODE, NOW, openBook } from './book.ts';

let book: Awaited<ReturnType<typeof openBook>>;
let lease: Lease;
beforeAll(async () => {
  book = await openBook();
  lease = await lead(book.ledger);
});
afterAll(() => book.close());

const seconds = (count: number) => new Date(NOW.getTime() + count * 1000);
const due = async (at: Date) =>
  (await gather(dueMintRequests(book.ledger, at))).map((mintRequest) => mintRequest.handle);
const current = async (handle: string) => (await readCreatorWithInvoice(book.ledger, handle)).invoice;

describe('wants', () => {
  it('come when they are due, the longest waiting first, and not a millisecond before', async () => {
    await addCreator(book.ledger, { handle: 'late', name: 'Late' }, seconds(3));
    await addCreator(book.ledger, { handle: 'early', name: 'Early' }, seconds(1));
    await addCreator(book.ledger, { handle: 'middle', name: 'Middle' }, seconds(2));
    expect(await due(seconds(3))).toEqual(['early', 'middle', 'late']);
    expect(await due(seconds(2))).toEqual(['early', 'middle']);
    expect(await due(new Date(seconds(2).getTime() - 1))).toEqual(['early']);
  });

  it('are dropped one at a time', async () => {
    const [first] = await gather(dueMintRequests(book.ledger, seconds(3)));
    await dropMintRequest(book.ledger, lease, first!);
    expect(await due(seconds(3))).toEqual(['middle', 'late']);
  });
});

describe('invoices', () => {
  const first = minted('alice', 'first');
  const second = { ...minted('alice', 'second'), addIndex: 8n, amountMsat: 2n ** 53n + 1n };

  it('a minted invoice answers its want, is handed out, and the next want is set', async () => {
    await addCreator(book.ledger, { handle: 'alice', name: 'Alice' }, NOW);
    const [mintRequest] = await gather(dueMintRequests(book.ledger, NOW));
    const put = { invoice: first, previous: undefined, mintRequest, renewAt: LATER, now: NOW };
    expect(await putCurrentInvoice(book.ledger, lease, put)).toBe(true);

    const { node: _, addIndex: __, ...handedOut } = first;
    expect(await current('alice')).toStrictEqual(handedOut);
    expect(await readInvoice(book.ledger, first.paymentAddr)).toStrictEqual({
      ...first,
      status: 'current',
      count: 0n,
      receivedMsat: 0n,
      setSum: 0n,
    });
    expect(await due(NOW)).toEqual([]);
    expect(await due(LATER)).toContain('alice');
  });

  it('the next one retires it, and both stay attributed', async () => {
    const previous = await current('alice');
    const put = { invoice: second, previous, mintRequest: undefined, renewAt: LATER, now: NOW };
    expect(await putCurrentInvoice(book.ledger, lease, put)).toBe(true);
    expect((await current('alice'))?.paymentAddr).toBe(second.paymentAddr);
    const read = await readInvoices(book.ledger, [second.paymentAddr, hex('unknown'), first.paymentAddr]);
    expect(read.map((invoice) => invoice?.status)).toEqual(['current', undefined, 'retired']);
    expect(read[0]?.amountMsat).toBe(2n ** 53n + 1n);
  });

  it.each([
    ['another by now', { ...first }],
    ['none, though there is one', undefined],
  ])('nothing is written when the invoice seen before is %s', async (_, previous) => {
    const third = minted('alice', `third ${_}`);
    const put = { invoice: third, previous, mintRequest: undefined, renewAt: LATER, now: NOW };
    expect(await putCurrentInvoice(book.ledger, lease, put)).toBe(false);
    expect((await current('alice'))?.paymentAddr).toBe(second.paymentAddr);
    expect(await readInvoice(book.ledger, third.paymentAddr)).toBeUndefined();
  });

  it('are read by any number of payment addresses, the same one twice as well', async () => {
    const many = Array.from({ length: 120 }, (_, at) => hex(`unknown ${at}`));
    const read = await readInvoices(book.ledger, [first.paymentAddr, ...many, first.paymentAddr]);
    expect(read.map((invoice) => invoice?.paymentAddr)).toEqual([
      first.paymentAddr,
      ...many.map(() => undefined),
      first.paymentAddr,
    ]);
  });

  it('one that is found at the node is attributed without being handed out, once', async () => {
    const found = minted('alice', 'found');
    expect(await putRetiredInvoice(book.ledger, lease, found, NOW)).toBe(true);
    expect(await putRetiredInvoice(book.ledger, lease, { ...found, handle: 'mallory' }, NOW)).toBe(false);
    expect(await readInvoice(book.ledger, found.paymentAddr)).toMatchObject({
      handle: 'alice',
      status: 'retired',
    });
    expect((await current('alice'))?.paymentAddr).toBe(second.paymentAddr);
  });

  it("a node's invoices are listed, current and retired", async () => {
    const addrs = async (invoices: AsyncIterable<{ paymentAddr: string }>) =>
      (await gather(invoices)).map(({ paymentAddr }) => paymentAddr);
    const sorted = (...names: string[]) => names.map((name) => minted('alice', name).paymentAddr).sort();
    const after = new Date(NOW.getTime() + 1);
    expect(await addrs(currentInvoices(book.ledger, NODE))).toEqual(sorted('second'));
    expect(await addrs(retiredInvoices(book.ledger, NODE, NOW))).toEqual(sorted('first', 'found'));
    expect(await addrs(retiredInvoices(book.ledger, NODE, new Date(0), NOW))).toEqual([]);
    expect(await addrs(retiredInvoices(book.ledger, NODE, new Date(0), after))).toEqual(
      sorted('first', 'found'),
    );
    expect(await addrs(retiredInvoices(book.ledger, NODE, after))).toEqual([]);
    expect(await addrs(currentInvoices(book.ledger, `03${'00'.repeat(32)}`))).toEqual([]);
  });

  it('who lost the lease writes no invoice and drops no want', async () => {
    const previous = await current('alice');
    const old = lease;
    lease = await lead(book.ledger, 'second');
    const put = {
      invoice: minted('alice', 'stale'),
      previous,
      mintRequest: undefined,
      renewAt: LATER,
      now: NOW,
    };
    const mintRequest = { due: LATER, handle: 'alice', optionId: openOptionId('alice') };
    await expect(putCurrentInvoice(book.ledger, old, put)).rejects.toThrow(LeaseLostError);
    await expect(putRetiredInvoice(book.ledger, old, put.invoice, NOW)).rejects.toThrow(LeaseLostError);
    await expect(dropMintRequest(book.ledger, old, mintRequest)).rejects.toThrow(LeaseLostError);
    expect(await readInvoice(book.ledger, put.invoice.paymentAddr)).toBeUndefined();
    expect(await due(LATER)).toContain('alice');
  });
});

describe('the invoice of an option that was taken away', () => {
  it('retires once, under the lease alone, and answers the want', async () => {
    await addCreator(book.ledger, { handle: 'gone', name: 'Gone' }, NOW);
    const [want] = (await gather(dueMintRequests(book.ledger, NOW))).filter(
      ({ handle }) => handle === 'gone',
    );
    const invoice = minted('gone', 'gone');
    const put = { invoice, previous: undefined, mintRequest: undefined, renewAt: LATER, now: NOW };
    await putCurrentInvoice(book.ledger, lease, put);
    expect(await readCurrentInvoices(book.ledger, 'gone', [invoice.optionId, 'neverseen2'])).toStrictEqual(
      new Map([[invoice.optionId, await current('gone')]]),
    );
    const terms = { invoice: (await current('gone'))!, mintRequest: want!, now: seconds(9) };

    const stranger = { ...lease, epoch: lease.epoch + 1n };
    await expect(retireInvoice(book.ledger, stranger, terms)).rejects.toThrow(LeaseLostError);
    expect(await readInvoice(book.ledger, invoice.paymentAddr)).toMatchObject({ status: 'current' });
    expect(await retireInvoice(book.ledger, lease, terms)).toBe(true);
    expect(await readInvoice(book.ledger, invoice.paymentAddr)).toMatchObject({
      status: 'retired',
      retiredAt: seconds(9),
    });
    expect(await due(NOW)).not.toContain('gone');
    const retired = await gather(retiredInvoices(book.ledger, NODE, seconds(9)));
    expect(retired.map(({ paymentAddr }) => paymentAddr)).toContain(invoice.paymentAddr);
    expect(await retireInvoice(book.ledger, lease, { ...terms, now: seconds(10) })).toBe(false);
    expect(await readInvoice(book.ledger, invoice.paymentAddr)).toMatchObject({ retiredAt: seconds(9) });
  });
});
