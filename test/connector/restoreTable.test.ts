import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restoreTable } from '../../cli/table/restore.ts';
import {
  addCreator,
  addOption,
  compareSums,
  differences,
  type Ledger,
  openOptionId,
  publicTipId,
  putInvoiceRequest,
  readCreatorWithInvoice,
  readFeed,
  readInvoice,
  readInvoiceRequest,
  readNode,
  readTip,
  readTotals,
  tableDefinition,
} from '../../shared/ledger/index.ts';
import { writeExport } from '../cli/table/exportFolder.ts';
import { wanted } from '../cli/table/wanted.ts';
import { type Ministack, startMinistack } from '../conformance/ministack.ts';
import { hex, scan } from '../shared/ledger/book.ts';
import { suitesHere } from '../toolchains.ts';
import { startConnector } from './inProcess.ts';
import { type Jar, openJar, until } from './jar.ts';

/** A way to have a table back: what is taken of it at a time, and how a new one is made of that. */
interface Way {
  client(): DynamoDBClient;
  /** @returns the arguments of `npm run restore` that make the new table of what was taken */
  take(table: string): Promise<readonly string[]>;
}

const embedded = (jar: Jar): Way => ({
  client: () => jar.ledger.client,
  async take(table) {
    const folder = mkdtempSync(join(jar.dir, 'export-'));
    writeExport(folder, await scan({ ...jar.ledger, table }));
    return ['--files', folder];
  },
});

/** AWS's own import and recovery, as ministack does them. Its export writes no files: those are written here. */
const atAws = (client: DynamoDBClient, endpoint: string, dir: string): Way => ({
  client: () => client,
  async take(table) {
    const folder = mkdtempSync(join(dir, 'export-'));
    writeExport(folder, await scan({ client, table }));
    const bucket = `${endpoint}/backup`;
    await fetch(bucket, { method: 'PUT' });
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const data = files.filter((file) => file.endsWith('.json.gz'));
    for (const file of data)
      await fetch(`${bucket}/${file}`, { method: 'PUT', body: readFileSync(join(folder, file)) });
    return ['--export', `s3://backup/${dirname(data[0]!)}/`];
  },
});

describe.each([
  'files of an export',
  'an export in S3 that ministack imports',
  'point-in-time recovery, ministack’s',
])('a table out of %s', (name) => {
  const here = name.includes('ministack') ? suitesHere().has('ministack') : true;

  describe.skipIf(!here)('and the connector on it', () => {
    let jar: Jar;
    let ministack: Ministack | undefined;
    let way: Way;
    let ledger: Ledger;

    beforeAll(async () => {
      jar = await openJar();
      way = embedded(jar);
      if (name.includes('ministack')) {
        ministack = await startMinistack();
        const { endpoint } = ministack;
        const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
        const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
        way = atAws(client, endpoint, jar.dir);
      }
      ledger = { client: way.client(), table: 'before' };
      await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
      await addCreator(ledger, { handle: 'alice', name: 'Alice', shows: 'messages' }, new Date());
    });

    afterAll(async () => {
      await jar.close();
      if (ministack) {
        way.client().destroy();
        await ministack.stop();
      }
    });

    const start = (on: Ledger) => startConnector({ ...jar, ledger: on });

    const invoice = (optionId?: string) =>
      until(async () => (await readCreatorWithInvoice(ledger, 'alice', optionId)).invoice);

    async function tip(paymentRequest: string, amountMsat?: bigint) {
      const setId = await jar.pay(paymentRequest, { ...(amountMsat !== undefined && { amountMsat }) });
      return until(() => readTip(ledger, setId));
    }

    async function plainTip() {
      const id = randomBytes(16).toString('base64url');
      const [optionId, descriptionHash] = [openOptionId('alice'), hex('metadata')];
      const terms = { handle: 'alice', optionId, amountMsat: 7_000n, descriptionHash, client: 'one' };
      await putInvoiceRequest(ledger, { id, ...terms, createdAt: new Date() });
      const { paymentRequest } = await until(async () => {
        const ask = await readInvoiceRequest(ledger, id);
        return ask?.status === 'minted' && ask;
      });
      const hash = await jar.pay(paymentRequest!, { amp: false });
      return until(() => readTip(ledger, hash));
    }

    it('has every payment again, once, under the ids of before, and goes on from lnd’s last', async () => {
      const first = start(ledger);
      await first.live();
      const open = await invoice();
      await tip(open.paymentRequest, 1_000n);
      await plainTip();
      // The checkpoint moves with the next tip or sign of life.
      await until(async () => (await readNode(ledger, jar.node.pubkey))?.settleIndex !== undefined);
      const source = await way.take(ledger.table);
      // A restore to a time that ministack can't go back to is made at that time.
      const restored = { ...ledger, table: 'after' };
      const args = name.startsWith('point') ? ['--table', ledger.table] : source;
      const lines: string[] = [];
      const restore = () =>
        restoreTable(wanted([...args, '--to', restored.table]), {
          client: ledger.client,
          onLoopback: true,
          sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 50))),
          random: () => 0.5,
          print: (line) => lines.push(line),
        });
      if (name.startsWith('point')) await restore();

      await tip(open.paymentRequest, 2_000n);
      await plainTip();
      const tea = await addOption(
        ledger,
        'alice',
        { label: 'Tea', amountMsat: 3_000n },
        new Date(),
        randomBytes,
      );
      const teaInvoice = await invoice(tea.id);
      const lost = await tip(teaInvoice.paymentRequest);
      await tip(open.paymentRequest, 4_000n);
      await first.stop();
      const feed = async (of: Ledger) => (await readFeed(of, 'alice', { limit: 100 })).tips;
      const before = await feed(ledger);
      expect(before).toHaveLength(6);

      if (!name.startsWith('point')) await restore();
      if (ministack)
        expect(lines.at(-1)).toMatch(/table: \{ streamArn: 'arn:aws:dynamodb:.*\/stream\/.*' \}/);
      expect(await feed(restored)).toHaveLength(2);

      const second = start(restored);
      await second.live();
      await jar.pay(open.paymentRequest, { amountMsat: 5_000n });
      await until(async () => (await readTotals(restored, 'alice')).count === 6n);
      // All but the tip of an option that is not there: it is kept for who makes the option again.
      const ids = (tips: typeof before) => tips.map(publicTipId).sort();
      const after = await feed(restored);
      expect(ids(after.filter(({ amountMsat }) => amountMsat !== 5_000n))).toEqual(
        ids(before.filter(({ setId }) => setId !== lost.setId)),
      );
      for (const each of before.filter(({ setId }) => setId !== lost.setId)) {
        const { amountMsat, settledAt, paymentAddr, via, settleIndex } = each;
        expect(await readTip(restored, each.setId)).toMatchObject({
          ...{ amountMsat, settledAt, paymentAddr, via, settleIndex },
        });
      }
      expect(after.map(({ sequence }) => sequence)).toEqual([6n, 5n, 4n, 3n, 2n, 1n]);
      expect(differences((await compareSums(restored, 'alice'))!)).toEqual([]);
      expect(await readInvoice(restored, open.paymentAddr)).toMatchObject({ status: 'current' });

      // The checkpoint comes to lnd's last settlement again, and nothing is found missing from there on.
      const [newest] = after.map(({ settleIndex }) => settleIndex).sort((a, b) => Number(b - a));
      await until(async () => (await readNode(restored, jar.node.pubkey))?.settleIndex === newest);
      await second.stop();
      const third = start(restored);
      await third.live();
      expect(third.connector.health.drift).toBe(0);
      expect(third.alarms()).toEqual([]);
      await third.stop();
    });
  });
});
