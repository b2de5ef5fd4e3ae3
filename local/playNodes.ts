import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CALLS } from '../connector/lnd/client.ts';
import { PRIVATE, writeWhole } from '../shared/command/files.ts';
import { startDevNode } from './node/index.ts';
import { connectPayer, paymentRoutes } from './payments.ts';

/** A jar and a payer with a channel between them, and the payer's purse. */
export async function startPlayNodes(data: string, random: (length: number) => Uint8Array) {
  const shared = {
    network: 'regtest',
    clock: Date.now,
    random: (size: number) => Buffer.from(random(size)),
  } as const;
  const jar = await startDevNode({ ...shared, dir: join(data, 'jar'), alias: 'jar', port: 0 });
  const payer = await startDevNode({
    ...shared,
    dir: join(data, 'payer'),
    alias: 'payer',
    port: 0,
    peers: [jar],
  });
  const purse = connectPayer({
    socket: payer.socket,
    cert: await readFile(payer.certPath),
    macaroon: await readFile(payer.adminMacaroonPath),
  });
  const macaroonPath = join(data, 'jar', 'ampjar.macaroon');
  await writeWhole(macaroonPath, jar.bakeMacaroon(CALLS), PRIVATE);
  return {
    access: { socket: jar.socket, certPath: jar.certPath, macaroonPath, routeHints: false },
    /** Pay with play money. */
    routes: paymentRoutes(purse),
    /** Resolves when one of them can't keep what it knows any more. */
    failed: Promise.race([jar.failed, payer.failed]),
    /** No payment is made from now on. */
    stopPaying: async () => {
      purse.close();
      await payer.stop();
    },
    stop: () => jar.stop(),
  };
}
