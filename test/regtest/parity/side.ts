import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDevNode } from '../../../local/node/index.ts';
import { closeLnd, type Lnd, openLnd } from '../harness/grpc.ts';
import type { Base } from './likeness.ts';

/** A node, real or not, by what a client needs. */
type Node = { socket: string; certPath: string; adminMacaroonPath: string; pubkey: string };

/** A receiving node and one that pays it, as the script of calls holds them: by their raw services, with all rights. */
export interface Side {
  jar: Lnd;
  payer: Lnd;
  /** hex */
  pubkeys: { jar: string; payer: string };
  /** A macaroon that the receiver doesn't know. */
  payerMacaroon: Uint8Array;
  /** Connect to the receiver with another macaroon. */
  withMacaroon(bytes: Uint8Array): Lnd;
  close(): Promise<void>;
}

/** A piece of the script: calls of a node and its payer, and the answers. `base` is what the node had come to before. */
export type Step = (side: Side, base: Base) => Promise<unknown>;

/** Pieces by what they do. */
export type Steps = Readonly<Record<string, Step>>;

/** Connect to two nodes that run. */
export function connectSide(jar: Node, payer: Node): Side {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-parity-'));
  const opened: Lnd[] = [];
  const open = ({ socket, certPath, adminMacaroonPath }: Node): Lnd => {
    const lnd = openLnd(socket, certPath, adminMacaroonPath);
    opened.push(lnd);
    return lnd;
  };
  return {
    jar: open(jar),
    payer: open(payer),
    pubkeys: { jar: jar.pubkey, payer: payer.pubkey },
    payerMacaroon: readFileSync(payer.adminMacaroonPath),
    withMacaroon(bytes) {
      const adminMacaroonPath = join(dir, `${opened.length}.macaroon`);
      writeFileSync(adminMacaroonPath, bytes, { mode: 0o600 });
      return open({ ...jar, adminMacaroonPath });
    },
    async close() {
      for (const lnd of opened) closeLnd(lnd);
      rmSync(dir, { recursive: true });
    },
  };
}

/** Start two development nodes, on the network of the real ones so that their payment requests have the same prefix. */
export async function developmentSide(): Promise<Side> {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-parity-'));
  const shared = { network: 'simnet', clock: Date.now, random: randomBytes } as const;
  const jar = await startDevNode({ ...shared, dir: join(dir, 'jar'), alias: 'jar' });
  const payer = await startDevNode({ ...shared, dir: join(dir, 'payer'), alias: 'payer', peers: [jar] });
  const side = connectSide(jar, payer);
  return {
    ...side,
    async close() {
      await side.close();
      await payer.stop();
      await jar.stop();
      rmSync(dir, { recursive: true });
    },
  };
}
