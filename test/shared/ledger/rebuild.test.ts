import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  addCreator,
  bookTips,
  compareSums,
  differences,
  type Lease,
  type Ledger,
  type NewInvoice,
  putCurrentInvoice,
  readDay,
  readTotals,
  replaceSums,
  setMinimum,
} from '../../../shared/ledger/index.ts';
import { keyItem, keys } from '../../../shared/ledger/keys.ts';
import { around, LATER, lead, minted, NOW, openBook, paid } from './book.ts';

let ledger: Ledger;
let close: () => Promise<void>;
let lease: Lease;
let invoice: NewInvoice;

beforeEach(async () => {
  ({ ledger, close } = await openBook());
  lease = await lead(ledger);
  await addCreator(ledger, { handle: 'alice', name: 'Alice' }, NOW);
  invoice = minted('alice', 'first');
  await putCurrentInvoice(ledger, lease, {
    invoice,
    previous: undefined,
    want: undefined,
    renewAt: LATER,
    now: NOW,
  });
});

afterEach(() => close());

const DAY_MS = 86_400_000;
const book = (...names: string[]) =>
  bookTips(ledger, lease, { tips: names.map((name) => paid(invoice, name)), asides: [] });
const compare = async () => (await compareSums(ledger, 'alice'))!;

/** Totals that no booking would write. */
const spoil = (amountMsat: string) =>
  ledger.client.send(
    new UpdateItemCommand({
      TableName: ledger.table,
      Key: keyItem(keys.totals('alice')),
      UpdateExpression: 'SET amountMsat = :amount',
      ExpressionAttributeValues: { ':amount': { N: amountMsat } },
    }),
  );

describe('the sums of rows', () => {
  it('agree with the totals that booking keeps, dust included', async () => {
    await setMinimum(ledger, 'alice', 5_000n);
    await bookTips(ledger, lease, {
      tips: [
        paid(invoice, 'dust'),
        paid(invoice, 'tip', { amountMsat: 7_000n }),
        paid(invoice, 'yesterday', {
          settledAt: new Date(NOW.getTime() - DAY_MS),
          amountMsat: 2n ** 53n + 1n,
        }),
      ],
      asides: [],
    });
    const compared = await compare();
    expect(differences(compared)).toEqual([]);
    expect(compared.sequenceFault).toBeUndefined();
    expect(compared.counted.totals).toMatchObject({ count: 3n, amountMsat: 8_000n + 2n ** 53n + 1n });
    expect(compared.counted.days.size).toBe(2);
  });

  it('are none for a creator without tips', async () => {
    expect(differences(await compare())).toEqual([]);
  });

  it('are not compared when a tip is booked meanwhile: whoever asks, asks again', async () => {
    await book('one');
    const rival = around(ledger, 'QueryCommand', { before: () => book('two') });
    expect(await compareSums(rival, 'alice')).toBeUndefined();
    expect(differences(await compare())).toEqual([]);
  });

  it('do not replace totals that a tip was added to since', async () => {
    await book('one');
    await spoil('1');
    const compared = await compare();
    await book('two');
    expect(await replaceSums(ledger, compared)).toBe(false);
    expect((await readTotals(ledger, 'alice')).count).toBe(2n);
    expect(await replaceSums(ledger, await compare())).toBe(true);
    expect(await readTotals(ledger, 'alice')).toMatchObject({ count: 2n, amountMsat: 2_000n });
  });

  it('replace more items than a transaction holds, each part only while no tip comes in', async () => {
    for (let at = 0; at < 150; at += 30) {
      const tips = Array.from({ length: 30 }, (_, each) =>
        paid(invoice, `${at + each}`, { settledAt: new Date(NOW.getTime() - (at + each) * DAY_MS) }),
      );
      await bookTips(ledger, lease, { tips, asides: [] });
    }
    await spoil('1');
    const compared = await compare();
    expect(compared.counted.days.size).toBe(150);
    let parts = 0;
    const rival = {
      table: ledger.table,
      client: {
        send: async (command: never) => {
          if (++parts === 2) await book('between');
          return ledger.client.send(command);
        },
      } as never,
    };
    expect(await replaceSums(rival, compared)).toBe(false);
    // What was replaced by then was right, and the tip in between is in all of it.
    const after = await compare();
    expect(differences(after)).toEqual([]);
    expect(await readDay(ledger, 'alice', NOW.toISOString().slice(0, 10))).toMatchObject({ count: 2n });
  });
});
