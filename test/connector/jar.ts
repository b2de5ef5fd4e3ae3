import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { CALLS, callLnd } from '../../connector/lnd/client.ts';
import { openServices } from '../../connector/lnd/services.ts';
import { startDevNode } from '../../local/node/index.ts';
import type { SendPayment } from '../../local/node/payment-plan.ts';
import { openEmbeddedTable } from '../../local/table/index.ts';
import {
  addCreator,
  type Ledger,
  readCreatorWithInvoice,
  tableDefinition,
} from '../../shared/ledger/index.ts';

/** Ask again until something is there; the time limit of the test ends it. */
export async function until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await ask();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What a connector stands beside: a development node with a payer, and an embedded table with a creator, alice. */
export async function openJar() {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-connector-'));
  const shared = { network: 'regtest', clock: Date.now, random: randomBytes } as const;
  const node = await startDevNode({ ...shared, dir: join(dir, 'jar'), alias: 'jar' });
  const payer = await startDevNode({ ...shared, dir: join(dir, 'payer'), alias: 'payer', peers: [node] });
  const macaroonPath = join(dir, 'ampjar.macaroon');
  writeFileSync(macaroonPath, node.bakeMacaroon(CALLS));
  const tables = await openEmbeddedTable({ dir: join(dir, 'table'), clock: Date.now });
  const ledger: Ledger = { client: tables.client(), table: 'ampjar' };
  await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
  await addCreator(ledger, { handle: 'alice', name: 'Alice', shows: 'amounts' }, new Date());
  const jar = {
    dir,
    node,
    tables,
    ledger,
    access: { socket: node.socket, certPath: node.certPath, macaroonPath },
    /** The payment request that an option hands out, once it is there. */
    invoice: (handle: string, optionId?: string) =>
      until(async () => (await readCreatorWithInvoice(ledger, handle, optionId)).invoice),
    /** Make an AMP invoice of an open amount at the node, past the connector; with an amount a plain one. */
    async add({ memo, amountMsat }: { memo: string; amountMsat?: bigint }) {
      const services = openServices({
        socket: node.socket,
        cert: readFileSync(node.certPath),
        macaroon: readFileSync(macaroonPath),
      });
      const terms =
        amountMsat === undefined
          ? { is_amp: true, expiry: '31536000' }
          : { value_msat: amountMsat.toString(), expiry: '3600' };
      const added = await callLnd(services.default!, 'addInvoice', { memo, ...terms });
      for (const service of Object.values(services)) service.close();
      return {
        paymentRequest: added.payment_request as string,
        paymentAddr: added.payment_addr.toString('hex') as string,
        paymentHash: added.r_hash.toString('hex') as string,
      };
    },
    mint: async (memo: string) => (await jar.add({ memo })).paymentRequest,
    /** Pay an AMP invoice, or with `amp` false another one. @returns the set id, or the payment hash */
    async pay(
      paymentRequest: string,
      { amountMsat, amp = true }: { amountMsat?: bigint; amp?: boolean } = {},
    ) {
      const { status, failureReason, paymentHash } = await payer.pay({
        paymentRequest,
        amp,
        ...(amountMsat !== undefined && { amountMsat }),
      });
      if (status !== 'SUCCEEDED') throw new Error(`the payment ${status}: ${failureReason}`);
      return paymentHash;
    },
    /** Pay the node without an invoice, 1,000 msat. */
    async send(how: Pick<SendPayment, 'amp' | 'paymentHash' | 'customRecords'>) {
      const { status, failureReason } = await payer.pay({
        ...how,
        dest: node.pubkey,
        amountMsat: 1_000n,
        finalCltvDelta: 40,
      });
      if (status !== 'SUCCEEDED') throw new Error(`the payment ${status}: ${failureReason}`);
    },
    async close() {
      await Promise.all([payer.stop(), node.stop()]);
      await tables.close();
      rmSync(dir, { recursive: true });
    },
  };
  return jar;
}

export type Jar = Awaited<ReturnType<typeof openJar>>;
