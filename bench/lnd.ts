import { existsSync } from 'node:fs';
import { CALLS } from '../connector/lnd/client.ts';
import type { LndAccess } from '../connector/system.ts';
import { BINARIES, binaryPath } from '../test/regtest/harness/binaries.ts';
import { unary } from '../test/regtest/harness/grpc.ts';
import type { LndNode } from '../test/regtest/harness/lnd.ts';
import { freePorts } from '../test/regtest/harness/ports.ts';

/** Whether lnd and what belongs to it are built. */
export const hasLnd = (): boolean => BINARIES.every((name) => existsSync(binaryPath(name)));

/** How to get them. */
export const HOW_TO_GET_LND = '.cache/bin/lnd is missing: npm run test:regtest builds it (needs Go)';

/** What a connector needs to stand beside a node: a macaroon for its own calls. */
export async function connectorAccess(node: LndNode): Promise<LndAccess> {
  const { socket, certPath } = node;
  return { socket, certPath, macaroonPath: await node.bakeMacaroon([...CALLS]) };
}

/** Start a node again with its REST side open, which the tests leave shut. @returns its port */
export async function openRest(node: LndNode): Promise<number> {
  const [port] = await freePorts(1);
  const { daemon } = node;
  daemon.args = [...daemon.args.filter((option) => option !== '--norest'), `--restlisten=127.0.0.1:${port}`];
  await node.restart();
  return port!;
}

/** The add index of the newest invoice of a node: how many it has made. */
export async function invoicesMade({ lnd }: Pick<LndNode, 'lnd'>): Promise<number> {
  const { last_index_offset } = await unary<{ last_index_offset: string }>(lnd.default, 'listInvoices', {
    reversed: true,
    num_max_invoices: '1',
  });
  return Number(last_index_offset);
}
