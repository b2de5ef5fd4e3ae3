import type { LndAccess } from '../connector/system.ts';
import { closeLnd, openLnd } from '../test/regtest/harness/grpc.ts';
import type { Setting } from './bench.ts';
import { type Child, startChild } from './child.ts';
import { invoicesMade } from './lnd.ts';
import type { DevNodes } from './processes/devNodes.ts';

/** A development node. */
export interface DevNode {
  readonly access: LndAccess;
  /** The process that it is in, with its payer. */
  readonly nodes: Child<DevNodes>;
  /** How many invoices it has made. */
  made(): Promise<number>;
}

/** Start a development node and its payer in a process of their own. */
export async function openDevNode({ folder, defer }: Setting): Promise<DevNode> {
  const nodes = await startChild<DevNodes>('devNodes', { dir: folder('nodes') });
  defer(() => nodes.stop());
  const { adminMacaroonPath, ...access } = await nodes.ask('access');
  const lnd = openLnd(access.socket, access.certPath, adminMacaroonPath);
  defer(async () => closeLnd(lnd));
  return { access, nodes, made: () => invoicesMade({ lnd }) };
}
