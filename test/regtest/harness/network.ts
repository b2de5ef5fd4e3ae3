import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BtcdCoords, btcdCoords, generate, mineTo, startBtcd } from './btcd.ts';
import { guardDaemons, killDaemons, stopDaemon } from './daemon.ts';
import { unary } from './grpc.ts';
import {
  awaitState,
  connectLnd,
  type LndCoords,
  type LndNode,
  type LndOptions,
  lndCoords,
  startLnd,
} from './lnd.ts';
import { freePorts } from './ports.ts';
import { until } from './until.ts';

// Segwit is active on simnet after some 300 blocks, and coins of a block can be spent a hundred blocks later.
const FIRST_BLOCKS = 450;
const CHANNEL_SAT = 10_000_000;
const CONFIRMATIONS = 6;

/** A whole network as plain JSON, to be handed from the process that started it to those that use it. */
export type NetworkCoords = {
  dir: string;
  btcd: BtcdCoords;
  nodes: Record<string, LndCoords>;
  /** How many channels each node has. */
  channels: Record<string, number>;
};

export type NetworkOptions<Name extends string> = {
  /** The first has the coins, and opens the channels to each of the others. */
  nodes: readonly [Name, ...Name[]];
  /** Channels to each node, of 10,000,000 sat and at most 483 HTLCs each. */
  channels?: number;
  /**
   * The nodes whose channels are not announced: they are found by route hints alone. lnd gives such hints only where
   * the other end of the channel is public, so one more node needs to be there with announced ones.
   */
  unannounced?: readonly Name[];
  /** Further options of lnd, by the name of the node. */
  args?: Partial<Record<Name, string[]>>;
};

export type Network<Name extends string = string> = {
  coords: NetworkCoords;
  nodes: Record<Name, LndNode>;
  /** Mine blocks, and wait until every node has seen the last. */
  mine(blocks: number): Promise<void>;
  /** Wait until all channels of all nodes are active again, as after a restart. */
  awaitChannels(): Promise<void>;
  /** The coordinates of one more lnd on the same chain, not started yet, without channels, under a name of its own; it ends with the others. */
  spareLnd(name: string, options?: Pick<LndOptions, 'args' | 'locked'>): Promise<LndCoords>;
  /** Connect a spare node that takes calls, and open a channel to it from the first node; what holds it is returned. */
  join(spare: LndCoords): Promise<LndNode>;
  /** Close the connections of this process; the nodes go on. */
  disconnect(): void;
  /** Stop all programs and remove their data. */
  stop(): Promise<void>;
};

type Info = { identity_pubkey: string; block_height: number; synced_to_chain: boolean };
type Channels = { channels: { active: boolean }[] };
type Graph = {
  edges: { node1_pub: string; node2_pub: string; node1_policy: object | null; node2_policy: object | null }[];
};

const getInfo = ({ lnd }: LndNode): Promise<Info> => unary(lnd.default, 'getInfo');

/** A channel counts when its link is up and when the node has both policies: before, no route is found over it. */
async function hasChannels({ lnd, pubkey }: LndNode, expected: number): Promise<boolean> {
  const { channels } = await unary<Channels>(lnd.default, 'listChannels', { active_only: true });
  const { edges } = await unary<Graph>(lnd.default, 'describeGraph', { include_unannounced: true });
  const known = edges.filter(
    ({ node1_pub, node2_pub, node1_policy, node2_policy }) =>
      (node1_pub === pubkey || node2_pub === pubkey) && node1_policy !== null && node2_policy !== null,
  );
  return channels.length >= expected && known.length >= expected;
}

/** Have one node connect to another. @throws ServiceError when it is connected already */
export const connectPeer = ({ lnd }: LndNode, { pubkey, peerSocket }: LndNode): Promise<object> =>
  unary(lnd.default, 'connectPeer', { addr: { pubkey, host: peerSocket } }, 10);

/** Hold a network that another process has started. */
export function connectNetwork<Name extends string = string>(coords: NetworkCoords): Network<Name> {
  const nodes = Object.fromEntries(
    Object.entries(coords.nodes).map(([name, node]) => [name, connectLnd(node)]),
  ) as Record<Name, LndNode>;
  const all: LndNode[] = Object.values(nodes);
  const disconnect = (): void => {
    for (const node of all) node.close();
  };
  const see = async (node: LndNode, height: number): Promise<void> => {
    await until(`${node.name} sees block ${height}`, 30, async () => {
      const info = await getInfo(node);
      return info.synced_to_chain && info.block_height >= height;
    });
  };
  const mine = async (blocks: number): Promise<number> => {
    const height = await generate(coords.btcd, blocks);
    for (const node of all) await see(node, height);
    return height;
  };
  return {
    coords,
    nodes,
    mine: async (blocks) => {
      await mine(blocks);
    },
    join: async (spare) => {
      const first = all[0]!;
      const asked = connectLnd(spare);
      const { identity_pubkey: pubkey } = await getInfo(asked);
      asked.close();
      const node = connectLnd({ ...spare, pubkey });
      await see(node, (await getInfo(first)).block_height);
      await openChannels(first, node, 1, false);
      await see(node, await mine(CONFIRMATIONS));
      await until(`${node.name} can use its channel`, 30, () => hasChannels(node, 1));
      return node;
    },
    awaitChannels: async () => {
      for (const node of all) {
        const expected = coords.channels[node.name]!;
        await until(`${node.name} can use its ${expected} channels`, 60, async () => {
          if (await hasChannels(node, expected)) return true;
          // lnd too connects again by itself, but waits longer and longer in between.
          for (const other of all.slice(1)) await connectPeer(all[0]!, other).catch(() => undefined);
          return false;
        });
      }
    },
    spareLnd: async (name, further = {}) => {
      if (existsSync(join(coords.dir, name))) throw new Error(`a node ${name} has been here already`);
      const [rpcPort, peerPort] = await freePorts(2);
      const spare = {
        name,
        dir: coords.dir,
        btcd: coords.btcd,
        rpcPort: rpcPort!,
        peerPort: peerPort!,
        ...further,
      };
      return lndCoords(spare);
    },
    disconnect,
    stop: async () => {
      disconnect();
      await Promise.all(all.map(({ daemon }) => stopDaemon(daemon)));
      await stopDaemon(coords.btcd.daemon);
      killDaemons(coords.dir);
      rmSync(coords.dir, { recursive: true, force: true });
    },
  };
}

/** Connect two nodes, and open channels from the first to the second; blocks have to be mined to confirm them. */
async function openChannels(from: LndNode, to: LndNode, count: number, unannounced: boolean): Promise<void> {
  await connectPeer(from, to);
  for (let opened = 0; opened < count; opened += 1) {
    await unary(from.lnd.default, 'openChannelSync', {
      node_pubkey: Buffer.from(to.pubkey, 'hex'),
      local_funding_amount: String(CHANNEL_SAT),
      sat_per_vbyte: '1',
      private: unannounced,
    });
  }
}

/**
 * Start btcd on simnet and lnds with channels between them, on loopback, with their data and logs in a folder of
 * the temporary one. When this process ends, whatever the reason, the nodes end too.
 */
export async function startNetwork<Name extends string>(
  options: NetworkOptions<Name>,
): Promise<Network<Name>> {
  const { nodes: names, channels = 3, unannounced = [], args = {} } = options;
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-regtest-'));
  guardDaemons(dir);
  const [chainPort, ...ports] = await freePorts(1 + 2 * names.length);
  const chain = btcdCoords(dir, chainPort!, randomBytes(16).toString('hex'));
  await startBtcd(chain);

  const started = names.map((name, n): LndCoords => {
    const further = (args as Record<string, string[] | undefined>)[name] ?? [];
    const receive = n === 0 ? [] : ['--accept-keysend', '--accept-amp'];
    const [rpcPort, peerPort] = [ports[2 * n]!, ports[2 * n + 1]!];
    return lndCoords({ name, dir, btcd: chain, rpcPort, peerPort, args: [...receive, ...further] });
  });
  await Promise.all(started.map(startLnd));

  const first = connectLnd(started[0]!);
  const { address } = await unary<{ address: string }>(first.lnd.default, 'newAddress');
  first.close();
  const btcd = await mineTo(chain, address);
  // A first block younger than two hours is what lnd waits for before it starts its server.
  await generate(btcd, FIRST_BLOCKS);
  await Promise.all(started.map((coords) => awaitState(coords, 'SERVER_ACTIVE')));

  for (const coords of started) {
    const node = connectLnd(coords);
    coords.pubkey = (await getInfo(node)).identity_pubkey;
    node.close();
  }
  const coords: NetworkCoords = {
    dir,
    btcd,
    nodes: Object.fromEntries(started.map((node) => [node.name, node])),
    channels: Object.fromEntries(
      names.map((name, n) => [name, n === 0 ? channels * (names.length - 1) : channels]),
    ),
  };
  const network = connectNetwork<Name>(coords);
  await network.mine(1);
  const [payer, ...receivers] = names.map((name) => network.nodes[name]);
  for (const receiver of receivers)
    await openChannels(payer!, receiver, channels, unannounced.includes(receiver.name as Name));
  await network.mine(CONFIRMATIONS);
  await network.awaitChannels();
  return network;
}
