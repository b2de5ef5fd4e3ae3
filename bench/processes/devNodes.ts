import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CALLS } from '../../connector/lnd/client.ts';
import { startDevNode } from '../../local/node/index.ts';
import { atATime } from '../atATime.ts';
import { serveParent } from '../child.ts';

/** Payments of one sat and a bit, to payment requests in turn. */
export interface Spree {
  readonly paymentRequests: readonly string[];
  readonly payments: number;
  /** How many are on their way at a time. */
  readonly atOnce: number;
}

export type DevNodes = Awaited<ReturnType<typeof openNodes>>;

/** A development node, and a payer with a channel to it. */
async function openNodes({ dir }: { readonly dir: string }) {
  const shared = { network: 'regtest', clock: Date.now, random: randomBytes, port: 0 } as const;
  const jar = await startDevNode({ ...shared, dir: join(dir, 'jar-node'), alias: 'jar' });
  const payer = await startDevNode({ ...shared, dir: join(dir, 'payer-node'), alias: 'payer', peers: [jar] });
  const macaroonPath = join(dir, 'connector.macaroon');
  writeFileSync(macaroonPath, jar.bakeMacaroon([...CALLS]), { mode: 0o600 });
  const { socket, certPath, adminMacaroonPath } = jar;
  return {
    calls: {
      access: () => ({ socket, certPath, macaroonPath, adminMacaroonPath }),
      /** @returns the seconds that it took until all were settled */
      pay: ({ paymentRequests, payments, atOnce }: Spree) =>
        atATime(atOnce, payments, async (at) => {
          const paymentRequest = paymentRequests[at % paymentRequests.length]!;
          const { status } = await payer.pay({ paymentRequest, amountMsat: BigInt(1_000 + at), amp: true });
          if (status !== 'SUCCEEDED') throw new Error(`payment ${at} ${status}`);
        }),
    },
    async stop() {
      await payer.stop();
      await jar.stop();
    },
  };
}

serveParent(openNodes);
