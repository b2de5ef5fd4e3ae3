import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  INVOICE_REQUEST_LISTS,
  type InvoiceRequest,
  type NewInvoiceRequest,
  pendingInvoiceRequests,
  putInvoiceRequest,
  putInvoiceRequests,
  readInvoiceRequest,
  readInvoiceRequests,
  replyToInvoiceRequest,
  replyToInvoiceRequests,
  TTL,
} from '../../../shared/ledger/index.ts';
import { gather, hex, NOW, openBook, scan } from './book.ts';

let book: Awaited<ReturnType<typeof openBook>>;
beforeAll(async () => {
  book = await openBook();
});
afterAll(() => book.close());

const minutes = (count: number) => new Date(NOW.getTime() + count * 60_000);

async function put(more: Partial<NewInvoiceRequest> = {}): Promise<NewInvoiceRequest> {
  const request = {
    id: randomBytes(16).toString('base64url'),
    handle: 'alice',
    optionId: 'o123456789',
    amountMsat: 2_100n,
    descriptionHash: hex('metadata'),
    client: 'someone',
    createdAt: NOW,
    ...more,
  };
  await putInvoiceRequest(book.ledger, request);
  return request;
}

const minted = (name: string) =>
  ({
    status: 'minted',
    paymentRequest: `lnbcrt1p${name}`,
    paymentHash: hex(name),
    expiresAt: minutes(10),
  }) as const;

async function openIds(): Promise<string[][]> {
  const lists = Array.from({ length: INVOICE_REQUEST_LISTS }, (_, list) =>
    gather(pendingInvoiceRequests(book.ledger, list)),
  );
  return (await Promise.all(lists)).map((list) => list.map(({ id }) => id));
}

const seconds = (date: Date) => String(Math.ceil(date.getTime() / 1_000));
const itemOf = async (id: string) => (await scan(book.ledger)).find(({ pk }) => pk?.S === `ask#${id}`)!;

describe('an ask', () => {
  it('is open at first, as it was put', async () => {
    const request = await put({ comment: 'hello ☕' });
    expect(await readInvoiceRequest(book.ledger, request.id)).toEqual({ ...request, status: 'open' });
  });

  it('without a comment has none', async () => {
    expect(await readInvoiceRequest(book.ledger, (await put()).id)).not.toHaveProperty('comment');
  });

  it('takes one answer: the first', async () => {
    const { id } = await put();
    const request = (await readInvoiceRequest(book.ledger, id))!;
    expect(await replyToInvoiceRequest(book.ledger, request, minted('first'))).toBe(true);
    expect(await replyToInvoiceRequest(book.ledger, request, minted('second'))).toBe(false);
    expect(await replyToInvoiceRequest(book.ledger, request, { status: 'refused', reason: 'too late' })).toBe(
      false,
    );
    expect(await readInvoiceRequest(book.ledger, id)).toEqual({ ...request, ...minted('first') });
  });

  it('of two answers at once takes one', async () => {
    const { id } = await put();
    const request = (await readInvoiceRequest(book.ledger, id))!;
    const taken = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => replyToInvoiceRequest(book.ledger, request, minted(name))),
    );
    expect(taken.filter(Boolean)).toHaveLength(1);
    const { paymentHash } = (await readInvoiceRequest(book.ledger, id))!;
    expect(paymentHash).toBe(hex(['a', 'b', 'c', 'd'][taken.indexOf(true)]!));
  });

  it('that is gone takes none, and does not come back by it', async () => {
    const request = { ...(await put()), id: 'A'.repeat(22), status: 'open' as const };
    expect(await replyToInvoiceRequest(book.ledger, request, minted('ghost'))).toBe(false);
    expect(await readInvoiceRequest(book.ledger, request.id)).toBeUndefined();
  });

  it('whose id is there already changes nothing', async () => {
    const { id } = await put({ amountMsat: 1n });
    await put({ id, amountMsat: 2n });
    expect(await readInvoiceRequest(book.ledger, id)).toMatchObject({ amountMsat: 1n });
  });
});

describe('several asks at once', () => {
  const fresh = async () =>
    (await readInvoiceRequests(book.ledger, [(await put()).id, (await put()).id])) as [
      InvoiceRequest,
      InvoiceRequest,
    ];

  it('are put together', async () => {
    const [first, second] = await fresh();
    const again = [first, second].map(({ status: _, ...request }, at) => ({
      ...request,
      id: `${at}`.repeat(22),
    }));
    expect(await putInvoiceRequests(book.ledger, again)).toEqual([true, true]);
    const ids = again.map(({ id }) => id);
    expect(await readInvoiceRequests(book.ledger, ids)).toEqual(
      again.map((request) => ({ ...request, status: 'open' })),
    );
  });

  it('are answered together, and one that was answered before holds up no other', async () => {
    const [first, second] = await fresh();
    await replyToInvoiceRequest(book.ledger, first, minted('before'));
    const answers = [first, second].map((request, at) => ({ request, answer: minted(`together ${at}`) }));
    expect(await replyToInvoiceRequests(book.ledger, answers)).toEqual([false, true]);
    expect(await readInvoiceRequests(book.ledger, [first.id, second.id])).toEqual([
      { ...first, ...minted('before') },
      { ...second, ...minted('together 1') },
    ]);
  });
});

describe('asks by id', () => {
  it('come in the order that was asked for, undefined where there is none', async () => {
    const [a, b] = [await put(), await put()];
    const ids = [b.id, 'A'.repeat(22), a.id, b.id];
    expect((await readInvoiceRequests(book.ledger, ids)).map((request) => request?.id)).toEqual([
      b.id,
      undefined,
      a.id,
      b.id,
    ]);
  });
});

describe('open asks', () => {
  it('lie in the lists until they are answered, each in one', async () => {
    const asks = await Promise.all(Array.from({ length: 64 }, () => put()));
    const inLists = (await openIds()).flat();
    for (const { id } of asks) expect(inLists.filter((each) => each === id)).toEqual([id]);
    const [first, second] = (await readInvoiceRequests(
      book.ledger,
      asks.slice(0, 2).map(({ id }) => id),
    )) as [never, never];
    await replyToInvoiceRequest(book.ledger, first, minted('listed'));
    await replyToInvoiceRequest(book.ledger, second, { status: 'refused', reason: 'no' });
    const after = (await openIds()).flat();
    expect(asks.map(({ id }) => after.includes(id))).toEqual(asks.map((_, at) => at > 1));
  });

  it('come from every list, so that no partition bounds them all', async () => {
    await Promise.all(Array.from({ length: 64 }, () => put()));
    expect((await openIds()).filter((list) => list.length > 0)).toHaveLength(INVOICE_REQUEST_LISTS);
  });

  it('come in the order of asking', async () => {
    const id = (end: string) => `Z${'x'.repeat(20)}${end}`;
    const late = await put({ id: id('a'), createdAt: minutes(2) });
    const early = await put({ id: id('b'), createdAt: minutes(-2) });
    const list = (await openIds()).find((ids) => ids.includes(late.id))!;
    expect(list[0]).toBe(early.id);
    expect(list.indexOf(late.id)).toBe(list.length - 1);
  });
});

describe('DynamoDB deletes', () => {
  it('an ask that nobody answered after ten minutes', async () => {
    const { id } = await put();
    expect((await itemOf(id))[TTL]).toEqual({ N: seconds(minutes(10)) });
  });

  it('a minted one a day after its invoice expired, a refused one a day after it was asked', async () => {
    const [paid, refused] = [await put(), await put()];
    const [request, other] = await readInvoiceRequests(book.ledger, [paid.id, refused.id]);
    await replyToInvoiceRequest(book.ledger, request!, minted('kept'));
    await replyToInvoiceRequest(book.ledger, other!, { status: 'refused', reason: 'no' });
    expect((await itemOf(paid.id))[TTL]).toEqual({ N: seconds(minutes(10 + 24 * 60)) });
    expect((await itemOf(refused.id))[TTL]).toEqual({ N: seconds(minutes(24 * 60)) });
  });
});
