import { DeleteItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CursorError,
  decodeCursor,
  decodeEventCursor,
  EventCursorError,
  editCreator,
  encodeCursor,
  encodeEventCursor,
  readEvents,
  type Tip,
} from '../../../shared/ledger/index.ts';
import { keyItem } from '../../../shared/ledger/keys.ts';
import { tipKey } from '../../../shared/ledger/tips.ts';
import { openBookings, proveGone } from './bookedTips.ts';

let bookings: Awaited<ReturnType<typeof openBookings>>;
beforeEach(async () => {
  bookings = await openBookings();
});
afterEach(() => bookings.close());

const page = (after: bigint, limit: number, handle = 'alice') =>
  readEvents(bookings.ledger, handle, { after, limit });
const numbers = (tips: readonly Tip[]) => tips.map(({ sequence }) => Number(sequence));

/** Every tip, page by page. */
async function readAll(limit: number) {
  const all: Tip[] = [];
  let after = 0n;
  for (;;) {
    const { tips, next } = await page(after, limit);
    all.push(...tips);
    if (next === undefined) return all;
    after = next;
  }
}

/** Ten tips of which the third, fourth and eighth are below the minimum. */
async function bookMixed() {
  const dust = [3, 4, 8];
  await editCreator(bookings.ledger, 'alice', { minimumMsat: 500n });
  const tips = [];
  for (let n = 1; n <= 10; n++)
    tips.push(...(await bookings.book('alice', 1, { amountMsat: dust.includes(n) ? 499n : 500n })));
  await bookings.book('bob', 2);
  return tips;
}

describe('the events of a creator', () => {
  it.each([1, 2, 3, 7, 10, 11, 100])('are each there once, ascending, in pages of %i', async (limit) => {
    const tips = await bookMixed();
    const all = await readAll(limit);
    expect(all).toEqual(tips);
    expect(numbers(all.filter(({ dust }) => dust))).toEqual([3, 4, 8]);
  });

  it.each([1, 2, 3, 100])(
    'pass by numbers whose rows are proven to be gone, in pages of %i',
    async (limit) => {
      const tips = await bookMixed();
      for (const at of [0, 3, 4, 9]) {
        const Key = keyItem(tipKey(tips[at]!));
        await bookings.ledger.client.send(new DeleteItemCommand({ TableName: bookings.ledger.table, Key }));
      }
      expect(await readAll(limit)).toEqual([]);
      await proveGone(bookings.ledger, 'alice');
      const left = tips.filter((_, at) => ![0, 3, 4, 9].includes(at));
      expect(await readAll(limit)).toEqual(left);
      const more = await bookings.book('alice', 1);
      expect(await readAll(limit)).toEqual([...left, ...more]);
    },
  );

  it('tell where to go on, now and later', async () => {
    await bookMixed();
    const at = async (after: bigint, limit: number) => {
      const { tips, through, next } = await page(after, limit);
      return [numbers(tips), through, next];
    };
    expect(await at(0n, 4)).toEqual([[1, 2, 3, 4], 4n, 4n]);
    expect(await at(4n, 6)).toEqual([[5, 6, 7, 8, 9, 10], 10n, undefined]);
    expect(await at(10n, 6)).toEqual([[], 10n, undefined]);
    expect(await at(2n ** 64n - 1n, 6)).toEqual([[], 2n ** 64n - 1n, undefined]);
    await bookings.book('alice', 1);
    expect(await at(10n, 6)).toEqual([[11], 11n, undefined]);
  });

  it('end before a number that the index does not list yet, so that nobody goes past it', async () => {
    const tips = await bookMixed();
    await bookings.ledger.client.send(
      new DeleteItemCommand({ TableName: bookings.ledger.table, Key: keyItem(tipKey(tips[5]!)) }),
    );
    expect(numbers(await readAll(3))).toEqual([1, 2, 3, 4, 5]);
    expect(await page(5n, 10)).toEqual({ tips: [], through: 5n });
  });

  it('go on over a row that can not be read', async () => {
    const tips = await bookMixed();
    await bookings.ledger.client.send(
      new UpdateItemCommand({
        TableName: bookings.ledger.table,
        Key: keyItem(tipKey(tips[1]!)),
        UpdateExpression: 'SET amountMsat = :text',
        ExpressionAttributeValues: { ':text': { S: 'much' } },
      }),
    );
    expect(numbers(await readAll(1))).toEqual([1, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect((await page(0n, 2)).next).toBe(2n);
  });

  it('are few reads a page, however many tips there are', async () => {
    await bookings.book('alice', 500);
    let queries = 0;
    const { client, table } = bookings.ledger;
    const counting = {
      table,
      client: {
        send: (command: { input: { Limit?: number } }) => {
          queries++;
          expect(command.input.Limit).toBe(11);
          return client.send(command as never);
        },
      } as never,
    };
    const { tips } = await readEvents(counting, 'alice', { after: 200n, limit: 10 });
    expect(numbers(tips)).toEqual([201, 202, 203, 204, 205, 206, 207, 208, 209, 210]);
    expect(queries).toBe(2);
  });
});

describe('a cursor of events', () => {
  it('is of one creator, and of the events alone', () => {
    const cursor = encodeEventCursor('alice', 41n);
    expect(decodeEventCursor('alice', cursor)).toBe(41n);
    expect(() => decodeEventCursor('bob', cursor)).toThrow(EventCursorError);
    expect(() => decodeEventCursor('alice', encodeCursor('alice', 41n))).toThrow(EventCursorError);
    expect(() => decodeCursor('alice', cursor)).toThrow(CursorError);
    expect(() => decodeEventCursor('alice', '41')).toThrow(/^after: not a cursor of these events/);
  });
});
