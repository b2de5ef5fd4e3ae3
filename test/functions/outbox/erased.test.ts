import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { enqueue } from '../../../functions/deliveries/enqueue.ts';
import { replay } from '../../../functions/manage/replay.ts';
import { isNewTip, publishRecords } from '../../../functions/outbox/stream.ts';
import type { Item } from '../../../shared/ledger/codec.ts';
import { eraseText, park, putWebhook } from '../../../shared/ledger/index.ts';
import { NOW, scan } from '../../shared/ledger/book.ts';
import { openStage, type Stage } from './stage.ts';

const WRITTEN = { message: 'my very own words ☕', sender: 'Payer McPayface' };

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

/** An item as text, what is packed in it unpacked. */
const plain = (item: Item) =>
  JSON.stringify(item, (_, value) => {
    if (!(value instanceof Uint8Array) && value?.type !== 'Buffer') return value;
    const bytes = Buffer.from(value instanceof Uint8Array ? value : value.data);
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes).toString() : bytes.toString();
  });

/** Kinds of items that hold what the payer wrote. */
async function kindsWithText(): Promise<string[]> {
  const holding = (await scan(stage.ledger)).filter((item) =>
    Object.values(WRITTEN).some((text) => plain(item).includes(text)),
  );
  return [...new Set(holding.map(({ pk }) => pk!.S!.split('#')[0]!))].sort();
}

it('what a payer wrote lies in the tip alone, so that erasing it there leaves it nowhere in the table', async () => {
  const { ledger } = stage;
  const webhook = await putWebhook(
    ledger,
    { handle: 'alice', url: 'https://receiver.example/', events: ['tip.settled'] },
    NOW,
    randomBytes,
  );
  const [tip] = await stage.book('alice', 1, WRITTEN);
  const deps = { ...stage.deps, enqueue: async (events: never) => void (await enqueue(ledger, events, NOW)) };
  expect(await publishRecords(await stage.records(), deps)).toEqual({ batchItemFailures: [] });
  expect(await kindsWithText()).toEqual(['tip']);

  expect(await eraseText(ledger, 'alice', tip!.setId)).not.toHaveProperty('message');
  expect(await kindsWithText()).toEqual([]);
  // Told again, it is told without.
  expect((await replay(ledger, webhook, { after: 0n }, NOW)).queued).toHaveLength(1);
  await publishRecords(await stage.records(), deps);
  expect(await kindsWithText()).toEqual([]);
});

it('a record that was parked keeps it, and has to be deleted by itself', async () => {
  const [tip] = await stage.book('alice', 1, WRITTEN);
  const record = (await stage.records()).find(isNewTip);
  await park(stage.ledger, { id: 'one', reason: 'a test', record }, NOW);
  await eraseText(stage.ledger, 'alice', tip!.setId);
  expect(await kindsWithText()).toEqual(['parked']);
});
