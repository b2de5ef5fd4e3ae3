import { join } from 'node:path';
import type { Random } from '../../shared/amp/index.ts';
import type { Network } from '../../shared/bolt11/index.ts';
import { exists, PRIVATE, writeWhole } from '../../shared/command/files.ts';
import { DataFolder } from '../folder.ts';
import type { Peer } from './channel.ts';
import { nodeCredentials } from './credentials.ts';
import { InvoiceBook } from './invoices.ts';
import { invoicesCalls } from './invoices-calls.ts';
import { lightningCalls, type NodeParts } from './lightning-calls.ts';
import { Bakery, URI_ENTITY } from './macaroon.ts';
import { Payer, type Payment } from './payer.ts';
import { planPayment, type SendPayment } from './payment-plan.ts';
import { CALLS } from './permissions.ts';
import { Receiver } from './receiver.ts';
import { routerCalls } from './router-calls.ts';
import { serve } from './server.ts';
import { NodeStore } from './store.ts';

export interface DevNodeOptions {
  /** where keys, certificate, macaroon and database are; made when it isn't there */
  dir: string;
  network: Network;
  alias: string;
  /** milliseconds since 1970 */
  clock: () => number;
  random: Random;
  /** of 127.0.0.1; a free one when 0 or absent */
  port?: number;
  /** nodes of this process to be connected with */
  peers?: readonly DevNode[];
}

/** A development node: to a client it is an lnd, to its peers in the process it is the other end of a channel. */
export interface DevNode extends Peer {
  /** localhost and port, as ln-service takes it */
  readonly socket: string;
  readonly certPath: string;
  readonly adminMacaroonPath: string;
  /** Make a macaroon for single calls, as `/lnrpc.Lightning/AddInvoice`; in the binary format. */
  bakeMacaroon(uris: readonly string[]): Uint8Array;
  /** Open a channel between this node and another of the process, for payments both ways. */
  connectPeer(other: DevNode): void;
  /** Know a peer, without it knowing this node: half of {@link connectPeer}. */
  addPeer(peer: Peer): void;
  /**
   * Pay from within the process: the same payment as SendPaymentV2, without gRPC between.
   * @throws RpcError for a payment that can't be sent
   */
  pay(send: SendPayment): Promise<Payment>;
  /** Resolves when what the node knows can't be kept any more; it has to be stopped then. */
  readonly failed: Promise<Error>;
  stop(): Promise<void>;
}

const EXPIRE_EVERY_MS = 5_000;

/**
 * Start a development node: lnd's gRPC, TLS and macaroons over a real AMP payer and receiver, with a channel in memory in place of a network.
 * What it knows survives the process, however it ends.
 *
 * All channels count as announced. So an invoice that asks for route hints (`private`) gets none, as at an lnd with such channels: a
 * hint names the public node before the last one, and here payer and receiver are each other's peers. Hints are tried on real nodes.
 * @throws ListenError when the port can't be had, TableFolderError and TableInUseError when the folder can't
 */
export async function startDevNode(options: DevNodeOptions): Promise<DevNode> {
  const { dir, network, alias, clock, random, port = 0 } = options;
  const folder = DataFolder.take(dir);
  const { credentials, store } = await openNode(folder, { random, clock }).catch((error) => {
    folder.release();
    throw error;
  });
  const book = new InvoiceBook(store, clock);
  const peers = new Map<string, Peer>();
  const receiver = new Receiver(book, store, clock);
  const payer = new Payer(store, peers, clock, random);
  const bakery = new Bakery(credentials.macaroonRootKey, random, clock, CALLS);
  const adminMacaroonPath = join(dir, 'admin.macaroon');
  if (!(await exists(adminMacaroonPath))) await writeWhole(adminMacaroonPath, bakery.bakeAdmin(), PRIVATE);

  const parts: NodeParts = { network, alias, credentials, book, store, bakery, peers, random, clock };
  const server = await serve({ ...credentials, port }, bakery, {
    lightning: lightningCalls(parts),
    invoices: invoicesCalls(parts, receiver),
    router: routerCalls(parts, payer),
    state: { unary: { GetState: () => ({ state: 'SERVER_ACTIVE' }) } },
  }).catch(async (error) => {
    await store.close();
    throw error;
  });
  const expiring = setInterval(() => receiver.expireHeld(book.addedAfter(0)), EXPIRE_EVERY_MS);
  expiring.unref();

  const node: DevNode = {
    socket: `localhost:${server.port}`,
    certPath: credentials.certPath,
    adminMacaroonPath,
    pubkey: credentials.pubkey,
    receive: (htlc) => receiver.receive(htlc),
    bakeMacaroon: (uris) => bakery.bake(uris.map((action) => ({ entity: URI_ENTITY, action }))),
    connectPeer(other) {
      node.addPeer(other);
      other.addPeer(node);
    },
    addPeer: (peer) => void peers.set(peer.pubkey, peer),
    async pay(send) {
      const context = { network, self: credentials.pubkey, now: clock(), random };
      return payer.pay(planPayment(send, context));
    },
    failed: store.failed,
    async stop() {
      clearInterval(expiring);
      await receiver.stop();
      server.stop();
      await store.close();
    },
  };
  for (const peer of options.peers ?? []) node.connectPeer(peer);
  return node;
}

/** What a node keeps in its folder. */
async function openNode(folder: DataFolder, { random, clock }: Pick<DevNodeOptions, 'random' | 'clock'>) {
  const credentials = await nodeCredentials(folder.dir, random, clock());
  return { credentials, store: new NodeStore(folder) };
}
