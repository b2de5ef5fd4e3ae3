import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { type Item, itemSize } from '../local/table/value.ts';
import { batchLength, bookTips, type Ledger } from '../shared/ledger/index.ts';
import { aTip, openBooks } from './ledger.ts';

/** A ledger that keeps the keys of the items which its last transaction wrote. */
function recording({ client, table }: Ledger) {
  let written: Item[] = [];
  const send = (command: unknown) => {
    if (command instanceof TransactWriteItemsCommand) {
      written = command.input.TransactItems!.map(({ Put, Update }) => {
        const { pk, sk } = { ...Put?.Item, ...Update?.Key } as Item;
        return { pk: pk!, sk: sk! };
      });
    }
    return client.send(command as never);
  };
  return { ledger: { client: { send } as unknown as DynamoDBClient, table }, keys: () => written };
}

const KILOBYTE = 1024;

/**
 * What DynamoDB charges for the write of an item by its rules: a unit for each started kilobyte, two within a transaction,
 * and one for each started kilobyte that goes to an index.
 */
function unitsOf(item: Item): number {
  const kilobytes = Math.ceil(itemSize(item) / KILOBYTE);
  return 2 * kilobytes + (item.listPk ? kilobytes : 0);
}

/**
 * Write units that a tip takes, booked alone and in a full batch of one creator's. The embedded table gives no consumed
 * capacity, so they are computed from the items that the real transaction wrote.
 */
export async function writeUnits(dir: string): Promise<{ alone: number; inBatch: number; batch: number }> {
  const { tables, ledger, lease, invoice } = await openBooks(dir);
  const { ledger: recorded, keys } = recording(ledger);
  const unitsOfBatch = async (size: number, from: number): Promise<number> => {
    const tips = Array.from({ length: size }, (_, at) => aTip(invoice, BigInt(from + at)));
    await bookTips(recorded, lease, { tips, asides: [] }, { settleIndex: BigInt(from + size) });
    let units = 0;
    for (const key of keys()) {
      const asked = { TableName: ledger.table, Key: key as Record<string, AttributeValue> };
      const { Item } = await ledger.client.send(new GetItemCommand(asked));
      units += unitsOf(Item as Item);
    }
    return units / size;
  };
  try {
    // The first tip of all makes totals, which later ones change.
    await unitsOfBatch(1, 1);
    const batch = batchLength(Array.from({ length: 200 }, () => aTip(invoice, 1n)));
    return { alone: await unitsOfBatch(1, 2), inBatch: await unitsOfBatch(batch, 3), batch };
  } finally {
    await tables.close();
  }
}
