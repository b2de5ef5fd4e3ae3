import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { claimIn } from '../../connector/invoices/memo.ts';
import { CALLS } from '../../connector/lnd/client.ts';
import type { LndAccess } from '../../connector/system.ts';
import { openEmbeddedTable } from '../../local/table/index.ts';
import type { Item } from '../../shared/ledger/codec.ts';
import {
  addCreator,
  type Ledger,
  openOptionId,
  readInvoice,
  readQuarantine,
  readTip,
  readTotals,
  tableDefinition,
} from '../../shared/ledger/index.ts';
import { gather, scan } from '../shared/ledger/book.ts';
import { currentOf, expectBooks, tipOf } from './harness/books.ts';
import { runConnector } from './harness/connector.ts';
import { unary } from './harness/grpc.ts';
import { addAmpInvoice, addBolt11Invoice } from './harness/invoices.ts';
import { connectNetwork } from './harness/network.ts';
import { keysend, payAmp, payAmpTo, payPlain } from './harness/pay.ts';
import { until } from './harness/until.ts';

const HANDLE = 'claimed';

describe('memos beside a real lnd', () => {
  const network = connectNetwork<'payer' | 'jar'>(inject('network'));
  const { payer, jar } = network.nodes;
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-memos-'));
  let tables: Awaited<ReturnType<typeof openEmbeddedTable>>;
  let ledger: Ledger;
  let access: LndAccess;

  async function openTable(table: string, items: readonly Item[] = []): Promise<Ledger> {
    const opened = { client: tables.client(), table };
    await opened.client.send(new CreateTableCommand(tableDefinition(table)));
    for (const Item of items) await opened.client.send(new PutItemCommand({ TableName: table, Item }));
    return opened;
  }

  beforeAll(async () => {
    tables = await openEmbeddedTable({ dir: join(dir, 'table'), clock: Date.now });
    ledger = await openTable('claims');
    const { socket, certPath } = jar;
    access = { socket, certPath, macaroonPath: await jar.bakeMacaroon([...CALLS]) };
  });

  afterAll(async () => {
    await tables?.close();
    network.disconnect();
    rmSync(dir, { recursive: true });
  });

  it('are believed of what the connector made alone, before and after the table lost it', async () => {
    const empty = runConnector(ledger, access);
    await empty.live();
    await empty.stop();
    await addCreator(ledger, { handle: HANDLE, name: 'Claimed', shows: 'messages' }, new Date());
    const then = await scan(ledger);

    const first = runConnector(ledger, access);
    await first.live();
    const code = await currentOf(ledger, HANDLE);
    const { memo } = await memoOf(code.paymentAddr);
    expect(claimIn(memo)).toMatchObject({ optionId: openOptionId(HANDLE), proof: {} });
    const paid = [await payAmp(payer, { ...code, amountMsat: 1_000_000n })];
    const option = openOptionId(HANDLE);
    const copy = await addAmpInvoice(jar, { memo });
    const mine = await addAmpInvoice(jar, { memo: `mine (ampjar ${option})` });
    const thanks = await addBolt11Invoice(jar, {
      memo: `thanks (ampjar ${option} ${'A'.repeat(22)})`,
      amountMsat: 4_000_000n,
    });
    const forged = [
      await payAmp(payer, { ...copy, amountMsat: 2_000_000n }),
      await payAmp(payer, { ...mine, amountMsat: 3_000_000n }),
      await payPlain(payer, thanks),
    ];
    paid.push(await payAmp(payer, { ...code, amountMsat: 5_000_000n }));
    for (const { setId } of paid) await tipOf(ledger, setId);
    for (const { setId } of forged) expect(await readTip(ledger, setId)).toBeUndefined();
    // Each at least once: an audit that ran between tells of some again, for they stay unbooked.
    const told = first.warnings.filter(({ alarm }) => alarm === 'memo-unverified');
    expect(told.map(({ paymentAddr }) => paymentAddr)).toEqual(
      expect.arrayContaining([copy, mine, thanks].map(({ paymentAddr }) => paymentAddr)),
    );
    expect(await readTotals(ledger, HANDLE)).toMatchObject({ count: 2n, amountMsat: 6_000_000n });
    await expectBooks(ledger, jar, HANDLE, [code]);
    await first.stop();

    const restored = await openTable('claims-restored', then);
    // While nobody listens, the copy is paid before the code.
    forged.push(await payAmp(payer, { ...copy, amountMsat: 6_000_000n }));
    paid.push(await payAmp(payer, { ...code, amountMsat: 7_000_000n }));
    const second = runConnector(restored, access);
    await second.live();
    expect((await currentOf(restored, HANDLE)).paymentAddr).toBe(code.paymentAddr);
    for (const { setId } of paid) await tipOf(restored, setId);
    forged.push(await payAmp(payer, { ...copy, amountMsat: 8_000_000n }));
    paid.push(await payAmp(payer, { ...code, amountMsat: 9_000_000n }));
    await tipOf(restored, paid.at(-1)!.setId);
    for (const { setId } of forged) expect(await readTip(restored, setId)).toBeUndefined();
    expect(await readInvoice(restored, copy.paymentAddr)).toBeUndefined();
    expect(await readTotals(restored, HANDLE)).toMatchObject({ count: 4n, amountMsat: 22_000_000n });
    expect(await gather(readQuarantine(restored, jar.pubkey))).toEqual([]);
    await expectBooks(restored, jar, HANDLE, [code]);
    await second.stop();
  });

  it('and a connector starts again behind a payment without an invoice, of either kind, and raises no alarm', async () => {
    const sent = [
      () => payAmpTo(payer, { dest: jar.pubkey, amountMsat: 10_000n }),
      () => keysend(payer, { dest: jar.pubkey, amountMsat: 11_000n }),
    ];
    for (const send of sent) {
      expect((await send()).status).toBe('SUCCEEDED');
      for (let start = 0; start < 2; start++) {
        const running = runConnector(ledger, access);
        await running.live();
        await until('it is live', 60, () => running.connector.health.state === 'live');
        expect(running.connector.health.alarms['index-reused']).toBeUndefined();
        await running.stop();
      }
    }
  });

  const memoOf = (paymentAddr: string) =>
    unary<{ memo: string }>(jar.lnd.invoices, 'lookupInvoiceV2', {
      payment_addr: Buffer.from(paymentAddr, 'hex'),
      lookup_modifier: 'HTLC_SET_BLANK',
    });
});
