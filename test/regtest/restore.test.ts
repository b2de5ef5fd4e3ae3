import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { restoreTable } from '../../cli/table/restore.ts';
import { CALLS } from '../../connector/lnd/client.ts';
import type { LndAccess } from '../../connector/system.ts';
import { openEmbeddedTable } from '../../local/table/index.ts';
import {
  addCreator,
  type Ledger,
  publicTipId,
  readFeed,
  readInvoice,
  readNode,
  tableDefinition,
} from '../../shared/ledger/index.ts';
import { writeExport } from '../cli/table/exportFolder.ts';
import { wanted } from '../cli/table/wanted.ts';
import { scan } from '../shared/ledger/book.ts';
import { currentOf, expectBooks, tipOf } from './harness/books.ts';
import { runConnector } from './harness/connector.ts';
import { connectNetwork } from './harness/network.ts';
import { payAmp } from './harness/pay.ts';
import { TEXT_MESSAGE } from './harness/records.ts';
import { until } from './harness/until.ts';

const HANDLE = 'restored';

describe('a table out of an export, beside a real lnd', () => {
  const network = connectNetwork<'payer' | 'jar'>(inject('network'));
  const { payer, jar } = network.nodes;
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-restore-'));
  let tables: Awaited<ReturnType<typeof openEmbeddedTable>>;
  let ledger: Ledger;
  let access: LndAccess;

  beforeAll(async () => {
    tables = await openEmbeddedTable({ dir: join(dir, 'table'), clock: Date.now });
    ledger = { client: tables.client(), table: 'before' };
    await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
    const { socket, certPath } = jar;
    access = { socket, certPath, macaroonPath: await jar.bakeMacaroon([...CALLS]) };
    await addCreator(ledger, { handle: HANDLE, name: 'Restored', shows: 'messages' }, new Date());
  });

  afterAll(async () => {
    await tables?.close();
    network.disconnect();
    rmSync(dir, { recursive: true });
  });

  const feed = async (of: Ledger) => (await readFeed(of, HANDLE, { limit: 100 })).tips.reverse();
  const checkpoint = async (of: Ledger) => (await readNode(of, jar.pubkey))?.settleIndex;

  it('has every payment again, once, as lnd has them, and goes on from lnd’s last', async () => {
    const first = runConnector(ledger, access, { rotateAfter: 4, rotateRestMs: 0 });
    await first.live();
    const invoice = await currentOf(ledger, HANDLE);
    const { paymentRequest } = invoice;
    const words = new Map([[TEXT_MESSAGE, Buffer.from('before the export')]]);
    const early = await payAmp(payer, { paymentRequest, amountMsat: 1_000_000n, records: words });
    await tipOf(ledger, early.setId);
    await until('a checkpoint', 60, async () => (await checkpoint(ledger)) !== undefined);
    writeExport(join(dir, 'export'), await scan(ledger));
    const then = (await checkpoint(ledger))!;

    for (const amountMsat of [2_000_001n, 300_000_000n, 4_000n])
      await payAmp(payer, { paymentRequest, amountMsat, maxShardMsat: 100_000_000n });
    // The invoice has had its share, and the table that is restored knows nothing of the one that followed.
    const next = await currentOf(ledger, HANDLE, { not: invoice });
    const late = await payAmp(payer, { ...next, amountMsat: 5_000n });
    await tipOf(ledger, late.setId);
    await until('all five are booked', 60, async () => (await feed(ledger)).length === 5);
    await first.stop();
    const before = await feed(ledger);

    const args = ['--files', join(dir, 'export'), '--to', 'after'];
    const { client } = ledger;
    const quiet = { onLoopback: true, sleep: async () => {}, random: () => 0.5, print: () => {} };
    await restoreTable(wanted(args), { client, ...quiet });
    const restored: Ledger = { client, table: 'after' };
    expect(await feed(restored)).toHaveLength(1);
    expect(await checkpoint(restored)).toBe(then);
    // While nobody listens, lnd is paid on.
    const between = await payAmp(payer, { paymentRequest, amountMsat: 6_000n });

    const second = runConnector(restored, access);
    await second.live();
    await until('all six are booked', 60, async () => (await feed(restored)).length === 6);
    const after = await feed(restored);
    expect(after.slice(0, 5).map(publicTipId)).toEqual(before.map(publicTipId));
    expect(after.slice(0, 5)).toEqual(before);
    expect(after[5]).toMatchObject({ setId: between.setId, sequence: 6n });
    expect(await readInvoice(restored, next.paymentAddr)).toMatchObject({ status: 'retired', count: 1n });
    await expectBooks(restored, jar, HANDLE, [invoice, next]);
    await until(
      'the checkpoint is at the last of them',
      60,
      async () => ((await checkpoint(restored)) ?? 0n) >= after[5]!.settleIndex,
    );
    await second.stop();

    const third = runConnector(restored, access);
    await third.live();
    expect(third.connector.health).toMatchObject({ drift: 0, booked: 0 });
    await third.stop();
  });
});
