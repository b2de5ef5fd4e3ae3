import { randomBytes } from 'node:crypto';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALLOWANCES, AllowanceError } from '../../../shared/ledger/allowances.ts';
import { REVOKED_KEPT_MS } from '../../../shared/ledger/apiKeys.ts';
import {
  ApiKeyError,
  addCreator,
  addOption,
  createKey,
  listKeys,
  openOptionId,
  readCreator,
  removeOption,
  requestMint,
  revokeKey,
} from '../../../shared/ledger/index.ts';
import { keyItem, keys } from '../../../shared/ledger/keys.ts';
import { TTL } from '../../../shared/ledger/table.ts';
import { NOW, openBook, scan } from './book.ts';

const DAY_MS = 86_400_000;
const TOMORROW = new Date(NOW.getTime() + DAY_MS);
const random = (length: number) => randomBytes(length);

let book: Awaited<ReturnType<typeof openBook>>;
beforeAll(async () => {
  book = await openBook();
  for (const handle of ['alice', 'bob', 'carol', 'dora', 'erin'])
    await addCreator(book.ledger, { handle, name: handle }, NOW);
});
afterAll(() => book.close());

/** Each way in which a creator has the node make an invoice. */
const WAYS: Record<string, (handle: string, now: Date) => Promise<unknown>> = {
  'an option that is made and deleted': async (handle, now) => {
    const { id } = await addOption(book.ledger, handle, { label: 'Tea', amountMsat: 1_000n }, now, random);
    await removeOption(book.ledger, handle, id, now);
  },
  'an invoice that is asked for anew': (handle, now) =>
    requestMint(book.ledger, { handle, optionId: openOptionId(handle), paymentAddr: 'ff'.repeat(32) }, now),
};

/** What of the table makes the node mint, or tells the audit of more. */
const wants = async () => (await scan(book.ledger)).filter(({ pk }) => pk?.S?.startsWith('want#')).length;

describe('invoices of a creator', () => {
  it('are made a hundred times a day, in whichever ways they are asked for, and again the next', async () => {
    const ways = Object.values(WAYS);
    for (let made = 0; made < ALLOWANCES.invoices; made++) await ways[made % ways.length]!('alice', NOW);
    const before = { wants: await wants(), alice: await readCreator(book.ledger, 'alice', true) };
    for (const way of ways) await expect(way('alice', NOW)).rejects.toThrow(AllowanceError);
    const error = await ways[0]!('alice', NOW).catch((thrown: AllowanceError) => thrown);
    expect(new Date(NOW.getTime() + (error as AllowanceError).waitMs).toISOString()).toMatch(
      /T00:00:00.000Z$/,
    );
    expect({ wants: await wants(), alice: await readCreator(book.ledger, 'alice', true) }).toEqual(before);
    for (const way of ways) {
      await way('bob', NOW);
      await way('alice', TOMORROW);
    }
  });

  it('are made as often and no more by many at once', async () => {
    const asked = Array.from({ length: ALLOWANCES.invoices + 20 }, () =>
      WAYS['an invoice that is asked for anew']!('erin', NOW),
    );
    const answers = await Promise.allSettled(asked);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(ALLOWANCES.invoices);
  });

  it('are counted in items that vanish', async () => {
    const counts = (await scan(book.ledger)).filter(({ pk }) => pk?.S?.startsWith('allowance#'));
    expect(counts.length).toBeGreaterThan(2);
    for (const { [TTL]: vanishes } of counts)
      expect(Number(vanishes?.N) * 1000).toBeGreaterThan(NOW.getTime() + DAY_MS);
  });
});

describe('keys of a creator', () => {
  const make = (handle: string, now = NOW) =>
    createKey(book.ledger, { handle, scope: 'read', name: 'x' }, now, random);
  const holding = async (handle: string) =>
    (await listKeys(book.ledger, handle)).filter(({ revokedAt }) => !revokedAt).length;

  it('are a hundred of those that hold, by many at once, too', async () => {
    const answers = await Promise.allSettled(Array.from({ length: 130 }, () => make('bob')));
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
    expect(refused).toHaveLength(30);
    for (const reason of refused) expect(reason).toBeInstanceOf(ApiKeyError);
    expect(await holding('bob')).toBe(100);
    const [first] = await listKeys(book.ledger, 'bob');
    const revoked = Array.from({ length: 5 }, () => revokeKey(book.ledger, 'bob', first!.id, NOW));
    await Promise.all(revoked);
    await make('bob');
    await expect(make('bob')).rejects.toThrow(ApiKeyError);
    expect(await holding('bob')).toBe(100);
  });

  it('are made so often a day, whether they were revoked or not', async () => {
    for (let made = 0; made < ALLOWANCES.keys; made++) {
      const { key } = await make('carol');
      await revokeKey(book.ledger, 'carol', key.id, NOW);
    }
    await expect(make('carol')).rejects.toThrow(AllowanceError);
    await make('carol', TOMORROW);
  });

  it('of before there was a count are counted', async () => {
    const { key } = await make('dora');
    await make('dora');
    const count = keys.apiKeyCount('dora');
    const forget = new DeleteItemCommand({ TableName: book.ledger.table, Key: keyItem(count) });
    await book.ledger.client.send(forget);
    await revokeKey(book.ledger, 'dora', key.id, NOW);
    const item = (await scan(book.ledger)).find(({ pk }) => pk?.S === count.pk);
    expect(item?.count?.N).toBe('1');
  });

  it('vanish thirty days after they were revoked, and their count does not', async () => {
    const revoked = (await scan(book.ledger)).filter(({ revokedAt }) => revokedAt);
    expect(revoked.length).toBeGreaterThan(100);
    for (const { [TTL]: vanishes, revokedAt } of revoked)
      expect(vanishes?.N).toBe(String(Math.ceil((Date.parse(revokedAt!.S!) + REVOKED_KEPT_MS) / 1000)));
    const others = (await scan(book.ledger)).filter(
      ({ pk, revokedAt }) => pk?.S?.startsWith('key#') && !revokedAt,
    );
    for (const item of others) expect(item).not.toHaveProperty(TTL);
  });
});
