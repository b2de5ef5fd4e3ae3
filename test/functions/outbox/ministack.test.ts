import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutboxDeps } from '../../../functions/outbox/publish.ts';
import { GRACE_MS, reconcile } from '../../../functions/outbox/reconcile.ts';
import { publishRecords, type StreamRecord } from '../../../functions/outbox/stream.ts';
import { readHanded, readParked, tableDefinition } from '../../../shared/ledger/index.ts';
import { type Ministack, startMinistack } from '../../conformance/ministack.ts';
import { readStream } from '../../conformance/subject.ts';
import { gather, NOW } from '../../shared/ledger/book.ts';
import { startBooking } from '../../shared/ledger/bookedTips.ts';
import { suitesHere } from '../../toolchains.ts';
import { Receiver } from './stage.ts';

describe.runIf(suitesHere().has('ministack'))('on the stream and the table of another make', () => {
  let ministack: Ministack;
  let client: DynamoDBClient;
  beforeAll(async () => {
    ministack = await startMinistack();
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    client = new DynamoDBClient({ endpoint: ministack.endpoint, region: 'us-east-1', credentials });
  });
  afterAll(async () => {
    client.destroy();
    await ministack.stop();
  });

  it('tips are handed on once, marked and parked, and what the stream lost is swept', async () => {
    const ledger = { client, table: 'ampjar' };
    await client.send(new CreateTableCommand(tableDefinition(ledger.table)));
    const { book } = await startBooking(ledger, ['alice']);
    const webhooks = new Receiver();
    const live = new Receiver();
    const deps: OutboxDeps = {
      ledger,
      clock: () => new Date(NOW.getTime() + GRACE_MS),
      enqueue: webhooks.take,
      publish: live.take,
      report: () => {},
    };
    await book('alice', 3);
    const { Table } = await client.send(new DescribeTableCommand({ TableName: ledger.table }));
    const records = (await readStream(client, Table!.LatestStreamArn!)) as StreamRecord[];
    const last = records.findLast(({ dynamodb }) => dynamodb!.NewImage?.sequence)!;
    last.dynamodb!.NewImage!.amountMsat = { S: 'much' };
    expect(await publishRecords(records, deps)).toEqual({ batchItemFailures: [] });
    expect(new Set(webhooks.numbers).size).toBe(2);
    expect(await gather(readParked(ledger))).toMatchObject([{ handle: 'alice', handedSince: false }]);
    await book('alice', 300);
    expect(await reconcile(deps)).toEqual({ creators: 1, handed: 301, failed: 0 });
    expect(new Set(live.numbers).size).toBe(303);
    expect(await gather(readParked(ledger))).toMatchObject([{ handedSince: true }]);
    expect((await readHanded(ledger, ['alice'])).get('alice')).toEqual({ last: 303n, through: 303n });
  });
});
