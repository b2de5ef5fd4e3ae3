import { randomBytes } from 'node:crypto';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { Memos, readMemos } from '../../connector/invoices/memo.ts';
import { type Ledger, readMemoSecret } from '../../shared/ledger/index.ts';
import { keyItem, keys } from '../../shared/ledger/keys.ts';
import { NOW } from '../shared/ledger/book.ts';

/** Memos of whoever does not know the secret of a table. */
export const strangersMemos = (node: string) => new Memos(randomBytes(32), node);

/** The memos of a node as its connectors write them. The table's secret is made if none of them has led yet. */
export async function memosOf(ledger: Ledger, node: string): Promise<Memos> {
  if (!(await readMemoSecret(ledger))) {
    const made = { secret: { B: randomBytes(32) }, madeAt: { S: NOW.toISOString() } };
    const Item = { ...keyItem(keys.memoSecret()), ...made };
    await ledger.client.send(new PutItemCommand({ TableName: ledger.table, Item }));
  }
  return readMemos(ledger, node, randomBytes);
}
