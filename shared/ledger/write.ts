import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  PutItemCommand,
  type TransactWriteItem,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Item } from './codec.ts';
import type { Ledger } from './table.ts';

/** How a write on a condition went; `was` is the item that refused it, where there is one. */
export type Written = { readonly done: true } | { readonly done: false; readonly was?: Item };

/** Make one action of a transaction by itself, at half the price. */
export async function write(
  { client }: Ledger,
  { Put, Update, Delete }: TransactWriteItem,
): Promise<Written> {
  try {
    if (Put) await client.send(new PutItemCommand(Put));
    // The transaction's type allows an update without an expression, which no action here is.
    if (Update) await client.send(new UpdateItemCommand(Update));
    if (Delete) await client.send(new DeleteItemCommand(Delete));
    return { done: true };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return { done: false, ...(error.Item && { was: error.Item }) };
  }
}
