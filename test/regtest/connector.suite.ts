import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CALLS } from '../../connector/lnd/client.ts';
import { checkMacaroon } from '../../connector/lnd/macaroon.ts';
import type { Choices } from '../../connector/system.ts';
import {
  addCreator,
  addOption,
  type CurrentInvoice,
  type Ledger,
  openOptionId,
  readInvoice,
  readTip,
  readTotals,
  tableDefinition,
} from '../../shared/ledger/index.ts';
import { currentOf, expectBooks, tipOf } from './harness/books.ts';
import { type Running, runConnector } from './harness/connector.ts';
import { addBolt11Invoice, ampStates, cancelInvoice, paymentHashOf } from './harness/invoices.ts';
import { connectNetwork } from './harness/network.ts';
import { keysend, payAmp, payAmpTo, payPlain } from './harness/pay.ts';
import { TEXT_MESSAGE } from './harness/records.ts';

/** A table service of any make. */
export type Tables = { client: DynamoDBClient; close(): Promise<void> };

/**
 * The connector beside a real lnd, booking every kind of payment into a table.
 * @param open makes the tables; left out where this machine has none of that make
 */
export function describeConnector(name: string, open?: () => Promise<Tables>): void {
  describe.skipIf(!open)(`the connector beside a real lnd and ${name}`, () => {
    const network = connectNetwork<'payer' | 'jar'>(inject('network'));
    const { payer, jar } = network.nodes;
    const message = new Map([[TEXT_MESSAGE, Buffer.from('Great post! ☕')]]);
    // A name of this suite's own: what others paid on the same node to the same name would be found, and booked.
    const own = (handle: string) => `${handle}-of-${name.split(' ').at(-1)!}`;
    let tables: Tables;
    let ledger: Ledger;
    let running: Running;
    let start: (choices?: Partial<Choices>) => Running;

    beforeAll(async () => {
      tables = await open!();
      ledger = { client: tables.client, table: 'ampjar' };
      await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
      const { socket, certPath } = jar;
      const macaroonPath = await jar.bakeMacaroon([...CALLS]);
      start = (choices) => runConnector(ledger, { socket, certPath, macaroonPath }, choices);
      running = start();
    });

    afterAll(async () => {
      await running?.stop();
      await tables?.close();
      network.disconnect();
    });

    const creator = async (handle: string): Promise<CurrentInvoice> => {
      await addCreator(ledger, { handle, name: handle, shows: 'messages' }, new Date());
      running.connector.hint();
      return currentOf(ledger, handle);
    };

    it('refuses a macaroon that can spend, and says how to bake the right one', () => {
      expect(() => checkMacaroon(readFileSync(jar.adminMacaroonPath))).toThrow(
        /more than .*lncli bakemacaroon/,
      );
    });

    it('books payments to an open invoice: odd msat, five shards, a message', async () => {
      const invoice = await creator(own('alice'));
      const { paymentRequest } = invoice;
      const paid = [
        await payAmp(payer, { paymentRequest, amountMsat: 1_000_000n }),
        await payAmp(payer, { paymentRequest, amountMsat: 12_345_678n }),
        await payAmp(payer, { paymentRequest, amountMsat: 500_000_000n, maxShardMsat: 100_000_000n }),
        await payAmp(payer, { paymentRequest, amountMsat: 2_100_000n, records: message }),
      ];
      expect(paid.map(({ status }) => status)).toEqual(Array(4).fill('SUCCEEDED'));
      expect(await tipOf(ledger, paid[1]!.setId)).toMatchObject({
        amountMsat: 12_345_678n,
        handle: own('alice'),
      });
      expect((await tipOf(ledger, paid[2]!.setId)).shards).toBeGreaterThanOrEqual(5);
      expect(await tipOf(ledger, paid[3]!.setId)).toMatchObject({ message: 'Great post! ☕' });
      await expectBooks(ledger, jar, own('alice'), [invoice]);
    });

    it('books fixed amounts and overpayments, among payments of other kinds; underpaying is refused', async () => {
      const open = await creator(own('bob'));
      const coffee = { label: 'Coffee', amountMsat: 3_000_000n };
      const { id } = await addOption(ledger, own('bob'), coffee, new Date(), randomBytes);
      running.connector.hint();
      const invoice = await currentOf(ledger, own('bob'), { optionId: id });
      const { paymentRequest, paymentAddr } = invoice;
      const dest = jar.pubkey;
      const exact = await payAmp(payer, { paymentRequest });
      await payPlain(payer, await addBolt11Invoice(jar, { amountMsat: 1_234_000n }));
      const over = await payAmpTo(payer, { dest, paymentAddr, amountMsat: 4_000_000n });
      await keysend(payer, { dest, amountMsat: 55_000n });
      const unasked = await payAmpTo(payer, { dest, amountMsat: 9_000n, records: message });
      const under = await payAmpTo(payer, { dest, paymentAddr, amountMsat: 2_999_000n });
      const last = await payAmp(payer, { ...open, amountMsat: 5_000n });
      expect([exact, over, unasked, under, last].map(({ status }) => status)).toEqual([
        ...['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'FAILED', 'SUCCEEDED'],
      ]);
      await tipOf(ledger, last.setId);
      await expectBooks(ledger, jar, own('bob'), [open, invoice]);
      expect((await readTotals(ledger, own('bob'))).options).toEqual(
        new Map([
          [id, { count: 2n, amountMsat: 7_000_000n }],
          [openOptionId(own('bob')), { count: 1n, amountMsat: 5_000n }],
        ]),
      );
      // Settled before the last one, and nobody's here.
      expect(await readTip(ledger, unasked.setId)).toBeUndefined();
    });

    it('books what is paid to a retired invoice, and hands out another', async () => {
      await running.stop();
      running = start({ rotateAfter: 2, rotateRestMs: 0 });
      const retired = await creator(own('carol'));
      const { paymentRequest, paymentAddr } = retired;
      for (const amountMsat of [21_000n, 22_000n]) await payAmp(payer, { paymentRequest, amountMsat });
      const current = await currentOf(ledger, own('carol'), { not: retired });
      expect(await readInvoice(ledger, paymentAddr)).toMatchObject({ status: 'retired' });
      const late = await payAmp(payer, { paymentRequest, amountMsat: 23_000n });
      const fresh = await payAmp(payer, { ...current, amountMsat: 24_000n });
      expect(await tipOf(ledger, late.setId)).toMatchObject({ handle: own('carol'), paymentAddr });
      expect(await tipOf(ledger, fresh.setId)).toMatchObject({ paymentAddr: current.paymentAddr });
      await expectBooks(ledger, jar, own('carol'), [retired, current]);
      await running.stop();
      running = start();
    });

    it('books what is paid to an invoice that lnd would not cancel, as it was paid before', async () => {
      const invoice = await creator(own('dora'));
      const { paymentRequest, paymentAddr } = invoice;
      await payAmp(payer, { paymentRequest, amountMsat: 31_000n });
      const refused = cancelInvoice(jar, { paymentHash: await paymentHashOf(jar, paymentAddr) });
      await expect(refused).rejects.toMatchObject({ details: 'htlc already settled' });
      const after = await payAmp(payer, { paymentRequest, amountMsat: 32_000n });
      expect(await tipOf(ledger, after.setId)).toMatchObject({ handle: own('dora') });
      await expectBooks(ledger, jar, own('dora'), [invoice]);
    });

    it('books nothing on an invoice that was canceled before it was paid: payments to it fail', async () => {
      const invoice = await creator(own('erin'));
      const { paymentRequest, paymentAddr } = invoice;
      await cancelInvoice(jar, { paymentHash: await paymentHashOf(jar, paymentAddr) });
      const failed = { status: 'FAILED', failureReason: 'FAILURE_REASON_INCORRECT_PAYMENT_DETAILS' };
      expect(await payAmp(payer, { paymentRequest, amountMsat: 41_000n })).toMatchObject(failed);
      const { pubkey: dest } = jar;
      expect(await payAmpTo(payer, { dest, paymentAddr, amountMsat: 42_000n })).toMatchObject(failed);
      expect((await ampStates(jar, paymentAddr)).size).toBe(0);
      await expectBooks(ledger, jar, own('erin'), [invoice]);
    });

    it('books 200 concurrent payments to five invoices', async () => {
      const handles = [own('frank'), own('grace'), own('heidi'), own('ivan'), own('judy')];
      const invoices = await Promise.all(handles.map(creator));
      const paid = await Promise.all(
        Array.from({ length: 200 }, (_, at) =>
          payAmp(payer, { ...invoices[at % 5]!, amountMsat: BigInt(1_000 + at) }),
        ),
      );
      expect(paid.filter(({ status }) => status !== 'SUCCEEDED')).toEqual([]);
      for (const [at, handle] of handles.entries()) await expectBooks(ledger, jar, handle, [invoices[at]!]);
    });

    it('finds what was paid while it was away', async () => {
      const invoice = await creator(own('kim'));
      await running.stop();
      const away = await payAmp(payer, { ...invoice, amountMsat: 7_000n });
      running = start();
      expect(await tipOf(ledger, away.setId)).toMatchObject({ handle: own('kim'), amountMsat: 7_000n });
      await expectBooks(ledger, jar, own('kim'), [invoice]);
    });
  });
}
