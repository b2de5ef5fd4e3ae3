import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeImportCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ImportTableCommand,
  ListImportsCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  RestoreTableToPointInTimeCommand,
  type TableDescription,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import type { Asked, Parts as Given, Values } from '../../shared/command/command.ts';
import { UsageError } from '../../shared/command/failures.ts';
import { TTL, tableDefinition } from '../../shared/ledger/index.ts';
import { untilWhole } from '../../shared/ledger/partial.ts';
import { isOnLoopback, readPlace } from '../../shared/place.ts';
import { type Item, readExport } from './exportFiles.ts';
import type { RESTORE } from './flags.ts';
import { onTable } from './onTable.ts';

/** Out of what the new table is made. */
type Source =
  | { readonly kind: 'time'; readonly table: string; readonly at: Date | undefined }
  | { readonly kind: 'export'; readonly bucket: string; readonly prefix: string }
  | { readonly kind: 'files'; readonly folder: string };

export interface Wanted {
  readonly to: string;
  readonly source: Source;
}

/** What the command works with. */
export interface Parts {
  readonly client: DynamoDBClient;
  readonly onLoopback: boolean;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Evenly from 0 to 1. */
  readonly random: () => number;
  readonly print: (line: string) => void;
}

type RestoreValues = Values<typeof RESTORE>;

export async function restore(asked: Asked<typeof RESTORE>, { env, sleep, print }: Given) {
  const wanted = readWanted(asked.values, env);
  return onTable(asked, { env }, async ({ client }, place) => {
    const parts = { client, onLoopback: isOnLoopback(place), sleep, random: Math.random, print };
    await restoreTable(wanted, parts);
    return {};
  });
}

/** What the flags ask for. @throws UsageError */
export function readWanted(values: RestoreValues, env: Given['env']): Wanted {
  const { table } = readPlace(values, env);
  if (!/^[\w.-]{3,255}$/.test(values.to))
    throw new UsageError(`--to: ${JSON.stringify(values.to)} is not a name for the new table`);
  return { to: values.to, source: readSource(values, table) };
}

function readSource(values: RestoreValues, table: string): Source {
  const { at, files } = values;
  const given = [at ?? values.table, values.export, files].filter((each) => each !== undefined);
  if (given.length > 1)
    throw new UsageError('--table with --at, --export and --files: one source alone makes a table');
  if (files !== undefined) return { kind: 'files', folder: files };
  if (values.export !== undefined) {
    const [, bucket, prefix] = /^s3:\/\/([a-z0-9.-]{3,63})\/(.+)$/.exec(values.export) ?? [];
    if (bucket === undefined || prefix === undefined)
      throw new UsageError(`--export: ${JSON.stringify(values.export)} is not like s3://BUCKET/PREFIX`);
    return { kind: 'export', bucket, prefix };
  }
  if (at === undefined) return { kind: 'time', table, at };
  const time = new Date(at);
  if (!/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(at) || Number.isNaN(time.getTime()))
    throw new UsageError(`--at: ${JSON.stringify(at)} is not a time like 2026-11-24T11:00:00Z`);
  return { kind: 'time', table, at: time };
}

const LOOK_EVERY_MS = 5_000;

/**
 * Make the table, and give it what comes with no backup: stream, time to live, recovery and protection.
 * @throws UsageError; and what DynamoDB throws
 */
export async function restoreTable({ to, source }: Wanted, parts: Parts): Promise<void> {
  const { client, onLoopback, print } = parts;
  if (source.kind === 'files' && !onLoopback)
    throw new UsageError('--files: it needs an --endpoint of this machine; --export makes a table at AWS');
  if ((await describe(client, to)) === undefined || source.kind === 'files') await make(parts, to, source);
  if (source.kind === 'export') await untilImported(parts, to);
  await untilActive(parts, to);
  await expire(client, to);
  if (!(await describe(client, to))?.StreamSpecification?.StreamEnabled) {
    const { StreamSpecification } = tableDefinition(to);
    await client.send(new UpdateTableCommand({ TableName: to, StreamSpecification }));
    await untilActive(parts, to);
  }
  if (source.kind === 'files') return print(`loaded into the table ${to}`);
  await protect(parts, to);
  const { LatestStreamArn } = await untilActive(parts, to);
  print(
    `${to} is there. In ampjar.settings.ts its stage takes it by\n\n    table: { streamArn: '${LatestStreamArn}' },\n`,
  );
}

async function make(parts: Parts, to: string, source: Source): Promise<void> {
  const { client, print } = parts;
  if (source.kind === 'files') return load(parts, to, source.folder);
  if (source.kind === 'time') {
    const when = source.at ? { RestoreDateTime: source.at } : { UseLatestRestorableTime: true };
    const tables = { SourceTableName: source.table, TargetTableName: to };
    await client.send(new RestoreTableToPointInTimeCommand({ ...tables, ...when }));
    return print(`restoring ${source.table}; a table of some gigabytes takes from minutes to hours`);
  }
  const { StreamSpecification: _, ...definition } = tableDefinition(to);
  print(`importing s3://${source.bucket}/${source.prefix}`);
  await client.send(
    new ImportTableCommand({
      S3BucketSource: { S3Bucket: source.bucket, S3KeyPrefix: source.prefix },
      InputFormat: 'DYNAMODB_JSON',
      InputCompressionType: 'GZIP',
      TableCreationParameters: definition,
    }),
  );
}

/** Wait for the import that makes a table, if one does. @throws UsageError when it failed */
async function untilImported({ client, sleep }: Parts, table: string): Promise<void> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
  const { ImportSummaryList = [] } = await client.send(new ListImportsCommand({ TableArn: Table?.TableArn }));
  for (const { ImportArn } of ImportSummaryList) {
    for (;;) {
      const { ImportTableDescription } = await client.send(new DescribeImportCommand({ ImportArn }));
      const { ImportStatus, FailureCode, FailureMessage } = ImportTableDescription ?? {};
      if (ImportStatus === 'COMPLETED') break;
      if (ImportStatus !== 'IN_PROGRESS')
        throw new UsageError(`--export: the import into ${table} ended: ${FailureCode}: ${FailureMessage}`);
      await sleep(LOOK_EVERY_MS);
    }
  }
}

/** DynamoDB's bound on a batch of writes. */
const BATCH = 25;

async function load(parts: Parts, to: string, folder: string): Promise<void> {
  await parts.client.send(new CreateTableCommand(tableDefinition(to))).catch((error: unknown) => {
    if (!(error instanceof ResourceInUseException)) throw error;
  });
  let batch: Item[] = [];
  for await (const item of readExport(folder)) {
    batch.push(item);
    if (batch.length < BATCH) continue;
    await putAll(parts, to, batch);
    batch = [];
  }
  if (batch.length > 0) await putAll(parts, to, batch);
}

async function putAll({ client, sleep, random }: Parts, table: string, items: readonly Item[]) {
  const put = async (requests: WriteRequest[]) => {
    const { UnprocessedItems = {} } = await client.send(
      new BatchWriteItemCommand({ RequestItems: { [table]: requests } }),
    );
    return UnprocessedItems[table] ?? [];
  };
  const requests = items.map((Item) => ({ PutRequest: { Item } }));
  await untilWhole(requests, put, { sleep, random });
}

/** A table, or undefined when there is none. */
const describe = (client: DynamoDBClient, table: string): Promise<TableDescription | undefined> =>
  client.send(new DescribeTableCommand({ TableName: table })).then(
    ({ Table }) => Table,
    (error: unknown) => {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    },
  );

async function untilActive({ client, sleep }: Parts, table: string): Promise<TableDescription> {
  for (;;) {
    const found = await describe(client, table);
    if (!found) throw new UsageError(`--to: AWS gave up making ${table}; its console says why`);
    const indexes = found.GlobalSecondaryIndexes ?? [];
    if (
      [found.TableStatus, ...indexes.map(({ IndexStatus }) => IndexStatus)].every((each) => each === 'ACTIVE')
    )
      return found;
    await sleep(LOOK_EVERY_MS);
  }
}

async function expire(client: DynamoDBClient, table: string): Promise<void> {
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: table }));
  if (TimeToLiveDescription?.AttributeName === TTL) return;
  const TimeToLiveSpecification = { AttributeName: TTL, Enabled: true };
  await client.send(new UpdateTimeToLiveCommand({ TableName: table, TimeToLiveSpecification }));
}

async function protect(parts: Parts, table: string): Promise<void> {
  const { client } = parts;
  const { ContinuousBackupsDescription } = await client.send(
    new DescribeContinuousBackupsCommand({ TableName: table }),
  );
  const recovery = ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
  if (recovery !== 'ENABLED') {
    const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
    await client.send(
      new UpdateContinuousBackupsCommand({ TableName: table, PointInTimeRecoverySpecification }),
    );
  }
  const { DeletionProtectionEnabled } = await untilActive(parts, table);
  if (!DeletionProtectionEnabled)
    await client.send(new UpdateTableCommand({ TableName: table, DeletionProtectionEnabled: true }));
}
