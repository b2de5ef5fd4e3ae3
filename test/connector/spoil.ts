import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Ledger } from '../../shared/ledger/index.ts';
import { keyItem, keys } from '../../shared/ledger/keys.ts';

/** An item as another hand might leave it: the key is right, and nothing else. */
const spoil = ({ client, table }: Ledger, key: { pk: string; sk: string }) =>
  client.send(new PutItemCommand({ TableName: table, Item: { ...keyItem(key), count: { S: 'many' } } }));

export const spoilInvoice = (ledger: Ledger, paymentAddr: string) => spoil(ledger, keys.invoice(paymentAddr));
export const spoilTotals = (ledger: Ledger, handle: string) => spoil(ledger, keys.totals(handle));
export const spoilCreator = (ledger: Ledger, handle: string) => spoil(ledger, keys.creator(handle));
export const spoilTip = (ledger: Ledger, setId: string, node: string) => spoil(ledger, keys.tip(setId, node));
