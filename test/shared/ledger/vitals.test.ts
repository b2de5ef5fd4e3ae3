import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ALARMS } from '../../../connector/health/alarms.ts';
import { type Item, itemSize } from '../../../local/table/value.ts';
import {
  LeaseLostError,
  moveHints,
  readNode,
  readVitalSigns,
  saveVitalSigns,
  takeLease,
  type VitalSigns,
} from '../../../shared/ledger/index.ts';
import { keyItem, keys } from '../../../shared/ledger/keys.ts';
import { gather, hex, LATER, lead, NODE, NOW, openBook } from './book.ts';

let book: Awaited<ReturnType<typeof openBook>>;
beforeEach(async () => {
  book = await openBook();
});
afterEach(() => book.close());

const AFTER = new Date(NOW.getTime() + 60_000);
const ALL: VitalSigns = {
  aliveAt: NOW,
  version: '0.1.0',
  waiting: 3,
  checkpointAt: NOW,
  auditedAt: NOW,
  drift: 2,
  firstExpiry: LATER,
  alarms: Object.fromEntries(Object.keys(ALARMS).map((name) => [name, 10_000])),
  alarmsAt: NOW,
};
const signs = () => gather(readVitalSigns(book.ledger));

describe('the vital signs of a connector', () => {
  it('lie with its node', async () => {
    await saveVitalSigns(book.ledger, await lead(book.ledger), ALL);
    expect(await signs()).toEqual([{ node: NODE, signs: ALL }]);
  });

  it('are not known of a node whose connector has not told', async () => {
    await lead(book.ledger);
    expect(await signs()).toEqual([{ node: NODE, signs: undefined }]);
  });

  it('stay as they were where nothing new is told', async () => {
    const lease = await lead(book.ledger);
    await saveVitalSigns(book.ledger, lease, ALL);
    await saveVitalSigns(book.ledger, lease, { aliveAt: AFTER, version: '0.2.0', waiting: 0 });
    expect(await signs()).toEqual([
      { node: NODE, signs: { ...ALL, aliveAt: AFTER, version: '0.2.0', waiting: 0 } },
    ]);
  });

  it('tell of no expiry once an audit finds no invoices', async () => {
    const lease = await lead(book.ledger);
    await saveVitalSigns(book.ledger, lease, ALL);
    const { firstExpiry: _, ...without } = ALL;
    await saveVitalSigns(book.ledger, lease, without);
    expect(await signs()).toEqual([{ node: NODE, signs: without }]);
  });

  it('are a sign of life: who saw the lease before can not take it', async () => {
    const lease = await lead(book.ledger);
    const seen = await readNode(book.ledger, NODE);
    await saveVitalSigns(book.ledger, lease, ALL);
    expect(
      await takeLease(book.ledger, { node: NODE, network: 'regtest', holder: 'rival', seen }),
    ).toBeUndefined();
  });

  it('are not written by who has lost the lease', async () => {
    const old = await lead(book.ledger, 'old');
    await saveVitalSigns(book.ledger, await lead(book.ledger, 'new'), ALL);
    await expect(saveVitalSigns(book.ledger, old, { ...ALL, waiting: 9 })).rejects.toThrow(LeaseLostError);
    expect(await signs()).toMatchObject([{ signs: { waiting: 3 } }]);
  });

  it("leave the node's item within 1 kB, so that a commit's fence costs what it did, and so are they themselves", async () => {
    const lease = await lead(book.ledger, 'h'.repeat(64));
    await moveHints(book.ledger, lease, {
      settleIndex: 10n ** 9n,
      addIndex: 10n ** 9n,
      addMark: hex('a'),
      plainIndex: 10n ** 9n,
      plainMark: hex('b'),
      auditCursor: NOW.toISOString(),
    });
    await saveVitalSigns(book.ledger, lease, { ...ALL, waiting: 2_000, drift: 2_000 });
    for (const key of [keys.node(NODE), keys.signs(NODE)]) {
      const { Item } = await book.ledger.client.send(
        new GetItemCommand({ TableName: book.ledger.table, Key: keyItem(key) }),
      );
      expect(itemSize(Item as Item)).toBeLessThan(1_000);
    }
  });
});
