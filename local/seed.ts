import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateTableCommand,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { PRIVATE, writeWhole } from '../shared/command/files.ts';
import { sleep } from '../shared/concurrency/sleep.ts';
import {
  addCreator,
  addOption,
  createKey,
  type Ledger,
  readCreator,
  readCreatorWithInvoice,
  TTL,
  tableDefinition,
} from '../shared/ledger/index.ts';

type Random = (length: number) => Uint8Array;

/** Make the table, when it isn't there yet. */
export async function makeTable({ client, table }: Ledger): Promise<void> {
  try {
    await client.send(new CreateTableCommand(tableDefinition(table)));
    const expiring = { AttributeName: TTL, Enabled: true };
    await client.send(new UpdateTimeToLiveCommand({ TableName: table, TimeToLiveSpecification: expiring }));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
}

/** Alice with an open and a fixed option, when she isn't there yet. */
export async function seedAlice(ledger: Ledger, now: Date, random: Random): Promise<void> {
  if (await readCreator(ledger, 'alice')) return;
  await addCreator(ledger, { handle: 'alice', name: 'Alice', shows: 'messages' }, now);
  await addOption(ledger, 'alice', { label: 'Coffee', amountMsat: 3_000_000n }, now, random);
}

const PAYABLE_LOOK_MS = 50;

/** Wait until a creator's open option has its invoice. @returns false when the signal comes before */
export async function payable(ledger: Ledger, handle: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if ((await readCreatorWithInvoice(ledger, handle)).invoice) return true;
    await sleep(PAYABLE_LOOK_MS, signal);
  }
  return false;
}

/** The operator's key, made at the first start and kept for whoever may read the folder. @returns the file's path */
export async function operatorKey(ledger: Ledger, data: string, now: Date, random: Random): Promise<string> {
  const path = join(data, 'operator.key');
  // One that is empty was cut short by a kill, when it was not written whole.
  if ((await readFile(path, 'utf8').catch(() => '')).trim() === '') {
    const { token } = await createKey(ledger, { scope: 'write', name: 'npm start' }, now, random);
    await writeWhole(path, `${token}\n`, PRIVATE);
  }
  return path;
}
