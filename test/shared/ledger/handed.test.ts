import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  HANDED_BLOCK,
  isHanded,
  markHanded,
  moveHandedThrough,
  readHanded,
  readHandles,
  unhandedNumbers,
} from '../../../shared/ledger/index.ts';
import { keys } from '../../../shared/ledger/keys.ts';
import { getItem } from '../../../shared/ledger/read.ts';
import { gather } from './book.ts';
import { openBookings } from './bookedTips.ts';

let bookings: Awaited<ReturnType<typeof openBookings>>;
beforeEach(async () => {
  bookings = await openBookings();
});
afterEach(() => bookings.close());

const span = (from: bigint, to: bigint) =>
  Array.from({ length: Number(to - from) + 1 }, (_, at) => from + BigInt(at));
const unhanded = async (through: bigint, last: bigint, handle = 'alice') =>
  (await gather(unhandedNumbers(bookings.ledger, handle, { through, last }))).flat();

describe('marks of what was handed on', () => {
  it('are none at first: every number is still to be handed on', async () => {
    expect(await unhanded(0n, 3n)).toEqual([1n, 2n, 3n]);
    expect(await unhanded(0n, 0n)).toEqual([]);
  });

  it('add up, in whatever order and however often', async () => {
    const { ledger } = bookings;
    await Promise.all([
      markHanded(ledger, 'alice', [3n, 1n]),
      markHanded(ledger, 'alice', [5n]),
      markHanded(ledger, 'alice', [3n, 3n]),
      markHanded(ledger, 'bob', [2n]),
    ]);
    await markHanded(ledger, 'alice', []);
    expect(await unhanded(0n, 6n)).toEqual([2n, 4n, 6n]);
    expect(await unhanded(0n, 3n, 'bob')).toEqual([1n, 3n]);
    expect(await isHanded(ledger, 'alice', 5n)).toBe(true);
    expect(await isHanded(ledger, 'alice', 6n)).toBe(false);
  });

  it.each([
    ['the end of a block', HANDED_BLOCK],
    ['the start of the next', HANDED_BLOCK + 1n],
    ['far off, with blocks between that nobody wrote', 150n * HANDED_BLOCK + 7n],
    ['beyond what a float tells apart', 2n ** 53n + 1n],
  ])('hold at %s', async (_, number) => {
    await markHanded(bookings.ledger, 'alice', [number]);
    expect(await unhanded(number - 3n, number + 2n)).toEqual([
      number - 2n,
      number - 1n,
      number + 1n,
      number + 2n,
    ]);
  });

  it('take an item for 256 numbers, of less than 3 kB when all are there', async () => {
    const first = 10n ** 9n * HANDED_BLOCK;
    await markHanded(bookings.ledger, 'alice', span(first + 1n, first + HANDED_BLOCK));
    expect(await unhanded(first, first + HANDED_BLOCK)).toEqual([]);
    const item = await getItem(bookings.ledger, keys.handed('alice', 10n ** 9n));
    const numbers = item!.numbers!.NS!;
    expect(numbers).toHaveLength(256);
    // DynamoDB counts a byte for two digits and one more.
    const bytes = numbers.reduce((sum, number) => sum + Math.ceil(number.length / 2) + 1, 0);
    expect(bytes).toBeLessThan(3_000);
  });

  it('are told a block at a time, so that a long outage fits in memory', async () => {
    const pages = await gather(unhandedNumbers(bookings.ledger, 'alice', { through: 10n, last: 600n }));
    expect(pages.map((page) => [page[0], page.at(-1)])).toEqual([
      [11n, 256n],
      [257n, 512n],
      [513n, 600n],
    ]);
  });
});

describe('how far a creator is', () => {
  it('is told with the number of their last tip, for many at once', async () => {
    await bookings.book('alice', 3);
    await moveHandedThrough(bookings.ledger, 'alice', 2n);
    expect(await readHanded(bookings.ledger, ['alice', 'bob', 'nobody'])).toEqual(
      new Map([
        ['alice', { last: 3n, through: 2n }],
        ['bob', { last: 0n, through: 0n }],
        ['nobody', { last: 0n, through: 0n }],
      ]),
    );
  });

  it('never goes back', async () => {
    for (const through of [7n, 5n, 7n]) await moveHandedThrough(bookings.ledger, 'alice', through);
    expect((await readHanded(bookings.ledger, ['alice'])).get('alice')!.through).toBe(7n);
  });

  it('is asked by the handles of all creators', async () => {
    expect(await gather(readHandles(bookings.ledger))).toEqual(['alice', 'bob']);
  });
});
