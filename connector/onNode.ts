import { randomBytes } from 'node:crypto';
import type { Env, Values } from '../shared/command/command.ts';
import { mendable } from '../shared/command/failures.ts';
import { type Ledger, readNode } from '../shared/ledger/index.ts';
import type { TABLE } from '../shared/place.ts';
import type { NODE } from './flags.ts';
import { type Memos, readMemos } from './invoices/memo.ts';
import { OtherNodeError, UnknownNodeError, WrongNetworkError } from './lease.ts';
import { connectLnd } from './lnd/client.ts';
import type { Lnd } from './lnd/contract.ts';
import { MacaroonError } from './lnd/macaroon.ts';
import { openLedger, readLndAccess } from './options.ts';
import { readCredentials } from './system.ts';

/** Do something beside lnd, where another macaroon, table or node would do. @throws UsageError */
export const asConnector = <T>(work: () => Promise<T>): Promise<T> =>
  mendable([MacaroonError, OtherNodeError, UnknownNodeError, WrongNetworkError], work);

/** Do something on the table, without lnd. @throws UsageError */
export async function onLedger<T>(
  values: Values<typeof TABLE>,
  env: Env,
  work: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  const ledger = openLedger(values, env);
  return asConnector(() => work(ledger)).finally(() => ledger.client.destroy());
}

/** An lnd, and the table that knows it. */
export interface NodeOnTable {
  readonly ledger: Ledger;
  readonly lnd: Lnd;
  /** Its pubkey. */
  readonly node: string;
  readonly memos: Memos;
}

/** Do something with lnd and the table that knows it. @throws UsageError */
export async function onNode<T>(
  values: Values<typeof NODE>,
  env: Env,
  work: (on: NodeOnTable) => Promise<T>,
): Promise<T> {
  const access = await asConnector(() => readLndAccess(values, env));
  const credentials = await readCredentials(access);
  return onLedger(values, env, async (ledger) => {
    const lnd = connectLnd(credentials);
    try {
      const { node } = await lnd.getInfo();
      if (!(await readNode(ledger, node))) throw new UnknownNodeError(`the table does not know node ${node}`);
      return await work({ ledger, lnd, node, memos: await readMemos(ledger, node, randomBytes) });
    } finally {
      lnd.close();
    }
  });
}
